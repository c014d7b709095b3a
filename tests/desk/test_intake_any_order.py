"""Events of a platform, in any order, cut into any batches, however often told: the same state in the end."""

import uuid
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trials
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.channel import Heard
from bot.core.messages import File
from bot.core.profile import Profile
from bot.core.settings import Settings
from bot.desk.context import Context
from bot.desk.intake import apply_next
from bot.desk.words import Words
from bot.store import platform_events
from bot.store.database import Database
from bot.store.tables import Conversation, Identity, Message, PlatformEvent
from tests.desk.hearing import heard, moment, said
from tests.small_platform import SmallPlatform

CONTEXT = Context(Settings(), Profile(name="Shop", locales=("en", "lt")), Words())
PLATFORM = SmallPlatform()
# A failure names the differing keys; making the story shorter would take minutes.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
OF_MESSAGES = (
    "platform_id",
    "direction",
    "author",
    "text",
    "parts",
    "created_at",
    "state",
    "sent_at",
    "read_at",
    "episode",
)


def story(choices: dict[str, Any]) -> list[Heard]:
    """What a shopper, the platform and somebody in its inbox did, as it happened."""
    who = {"name": "Ona", "locale": "lt"}
    done = [
        said("hello", "m1", 1, aliases=("ona.2",), **who),
        said("where is it", "m2", 10, **who),
        heard("message.sticker", "message:m3", 20, platform_id="m3", parts=(File("sticker"),), **who),
        said("never mind", "m4", 30, **who),
    ]
    for number, (target, seconds) in enumerate(choices["edits"]):
        edited = heard(
            "message.edit",
            f"edit:{target}:{number}",
            40 + seconds,
            target=target,
            text=f"wording {number}",
            detail={"number": number + 1},
        )
        done.append(edited)
    for target, seconds in choices["reactions"]:
        emoji = {"emoji": "❤" if seconds % 3 else ""}
        key = f"reaction:{target}:{seconds}"
        done.append(heard("reaction", key, 50 + seconds, target=target, detail=emoji))
    for target in choices["unsent"]:
        done.append(heard("message.deleted", f"deleted:{target}", 90, target=target))
    for seconds in choices["answers"]:
        mid = f"e{seconds}"
        answer = heard(
            "echo.human", f"message:{mid}", seconds, platform_id=mid, text=f"answer at {seconds}", **who
        )
        done.append(answer)
    for seconds in choices["reads"]:
        mark = {"watermark": moment(seconds).isoformat()}
        done.append(heard("read", f"read:{seconds}", seconds + 0.5, detail=mark))
    for seconds in choices["passes"]:
        passed = {"is_ours": seconds % 2 == 0}
        done.append(heard("handover.pass", f"pass:{seconds}", seconds + 0.25, detail=passed))
    for seconds in choices["referrals"]:
        came = {"referral": {"source": "LINK", "ref": "x"}}
        done.append(heard("referral", f"referral:{seconds}", seconds, detail=came))
    return done


targets = some.sampled_from(["m1", "m2", "m3", "m4", "e15"])
times = some.integers(2, 60)
stories = some.fixed_dictionaries(
    {
        "edits": some.lists(some.tuples(targets, times), max_size=3),
        "reactions": some.lists(some.tuples(targets, times), max_size=3, unique=True),
        "unsent": some.lists(some.sampled_from(["m1", "m2", "m4"]), max_size=2, unique=True),
        "answers": some.lists(some.sampled_from([15, 25, 45]), max_size=2, unique=True),
        "reads": some.lists(times, max_size=2, unique=True),
        "passes": some.lists(times, max_size=2, unique=True),
        "referrals": some.lists(times, max_size=1),
    }
).map(story)


def apply_all(session: Session, account: str, batches: Sequence[Sequence[Heard]]) -> None:
    for batch in batches:
        renamed = [Heard(**{**vars(one), "account": account}) for one in batch]
        platform_events.keep(session, platform_events.rows("small", renamed, at=moment(2_000)))
        session.flush()
        while lanes := [lane for lane in platform_events.open_lanes(session) if lane.account == account]:
            for lane in lanes:
                apply_next(
                    session,
                    lane,
                    context=CONTEXT,
                    platform=PLATFORM,
                    has_product=lambda _sku: False,
                    at=moment(1_500),
                )


def state(session: Session, account: str) -> dict[str, Any]:
    """All that a page or number would show, without what must differ: ids and counters."""
    events = list(session.scalars(select(PlatformEvent).where(PlatformEvent.account == account)))
    has_passes = any(event.kind == "handover.pass" for event in events)
    (conversation,) = session.scalars(select(Conversation).where(Conversation.account == account))
    names = (
        "owner language reason last_shopper_at last_at last_text waiting_since window_at unreachable episode "
        "agent_id left_message closed_at first_reply_at summary"
    )
    messages = [
        {
            **{
                name: getattr(message, name)
                for name in [
                    "platform_id",
                    "direction",
                    "author",
                    "text",
                    "parts",
                    "created_at",
                    "state",
                    "sent_at",
                    "read_at",
                    "episode",
                ]
            },
            # Once hands change back and forth, what was waiting in between may or may not have been answered.
            "is_handled": has_passes or message.handled_at is not None,
            "extra": {name: value for name, value in message.extra.items() if name != "event"},
        }
        for message in session.scalars(select(Message).where(Message.account == account))
    ]
    identities = session.scalars(select(Identity).where(Identity.account == account))
    return {
        "conversation": {name: getattr(conversation, name) for name in names.split()},
        "messages": sorted(messages, key=lambda message: str(message["platform_id"])),
        "identities": sorted((one.external_id, one.name, one.locale) for one in identities),
        "events": sorted((one.key, one.state) for one in events),
    }


@trials(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), phases=UNSHRUNK)
@given(events=stories, data=some.data())
def test_any_order_and_any_repetition_ends_the_same(
    database: Database, events: list[Heard], data: some.DataObject
) -> None:
    told = list(data.draw(some.permutations(events)))
    told += data.draw(some.lists(some.sampled_from(events), max_size=4))
    cuts = sorted(data.draw(some.lists(some.integers(0, len(told)), max_size=6)))
    batches = [told[start:end] for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]
    accounts = uuid.uuid4().hex, uuid.uuid4().hex
    with database.writing() as session:
        apply_all(session, accounts[0], [[one] for one in sorted(events, key=lambda one: one.at)])
        expected = state(session, accounts[0])
    with database.writing() as session:
        apply_all(session, accounts[1], batches)
        found = state(session, accounts[1])
    assert found == expected
