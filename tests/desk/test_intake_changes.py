"""What becomes of messages after they were said: edited, unsent, reacted to, delivered, read, refused late."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.core.channel import Heard
from bot.core.errors import NotDelivered
from bot.core.settings import Settings
from bot.store import conversations as store
from bot.store.database import Base
from bot.store.tables import Event, Message, Piece
from tests.desk.hearing import Street, heard, moment, said
from tests.fake_brain import FakeBrain
from tests.running import running
from tests.small_platform import SmallPlatform, post


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    platform = SmallPlatform()
    async with running(settings, channels={"small": platform}) as desk:
        yield Street(desk, platform)


def edit(text: str, number: int, seconds: float, target: str = "m1") -> Heard:
    return heard(
        "message.edit",
        f"edit:{target}:{number}",
        seconds,
        target=target,
        text=text,
        detail={"number": number},
    )


def unsent(seconds: float = 9, target: str = "m1") -> Heard:
    return heard("message.deleted", f"deleted:{target}", seconds, target=target)


def reacted(emoji: str, seconds: float, target: str = "m1") -> Heard:
    return heard("reaction", f"r:{target}:{seconds}", seconds, target=target, detail={"emoji": emoji})


async def test_the_latest_wording_counts_whatever_comes_first(street: Street) -> None:
    await street.tell(edit("third", 2, 3))
    await street.tell(edit("second", 1, 2))
    await street.tell(said("first"))
    await street.tell(edit("second", 1, 2))
    message = street.messages()[0]
    assert (message.text, message.extra["edited_at"]) == ("third", moment(3).isoformat())
    assert [turn["message"] for turn in street.desk.brain.turns] == ["third"]
    assert {event.state for event in street.events()} == {"done"}
    assert [event.data for event in street.events() if event.kind == "message.edit"] == [{}, {}]


async def test_the_bot_reads_the_new_wording_when_its_turn_comes_after_it(settings: Settings) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    async with running(settings, brain=brain, channels={"small": SmallPlatform()}) as desk:
        street = Street(desk, SmallPlatform())
        await street.tell(said("person"))
        await street.tell(said("where is order A10O1", "m2", 1))
        await street.tell(edit("where is order A1001", 1, 2, target="m2"))
        events = street.look(select(Event).where(Event.kind == "changed"))
        assert [event.audience for event in events] == ["all"]
        with desk.services.database.reading() as session:
            shown = store.events_after(session, street.conversation().id, 0, for_agents=True)
        (changed,) = [event for event in shown if event["kind"] == "changed"]
        assert changed["what"] == "edited"
        assert changed["message"]["text"] == "where is order A1001"
        assert changed["message"]["extra"]["edited_at"]
    await brain.stop()


@pytest.mark.parametrize("is_late", [False, True])
async def test_what_is_unsent_is_forgotten_everywhere(street: Street, is_late: bool) -> None:
    await street.tell(said("person", "m0"))
    events = [said("my password is rosebud", seconds=1, detail={"quote": "rosebud"}), unsent(5)]
    for event in reversed(events) if is_late else events:
        await street.tell(event)
    message = next(one for one in street.messages() if one.platform_id == "m1")
    assert (message.text, message.parts, message.understood) == ("", [], None)
    assert message.extra["deleted_at"] == moment(5).isoformat()
    assert "rosebud" not in str([event.data for event in street.events()])
    assert "rosebud" not in str(message.extra) + street.conversation().last_text


async def test_no_table_holds_what_was_unsent_and_the_brain_forgets_it(street: Street) -> None:
    await street.tell(said("mute rosebud 4111"), said("person", "m2", 1))
    first = street.messages()[0]
    with street.desk.services.database.writing() as session:
        conversation = store.locked(session, street.conversation().id)
        keys = {"actor": "shopper", "message_id": first.id, "label": "rosebud"}
        store.add_fact(session, conversation, "searched", at=moment(2), **keys)
        second = session.scalars(select(Message).where(Message.platform_id == "m2")).one()
        second.understood = {"intent": "x", "slots": {"card": "4111", "language": "en"}}
        conversation.summary = {**conversation.summary, "details": {"card": "4111", "name": "Ona"}}
    await street.tell(unsent(5))
    with street.desk.services.database.reading() as session:
        rows = [str(row) for table in Base.metadata.sorted_tables for row in session.execute(table.select())]
    assert [row for row in rows if "rosebud" in row or "4111" in row] == []
    assert street.conversation().summary["details"] == {"name": "Ona"}
    await street.until(lambda _session: street.desk.brain.forgotten)
    sender = f"{street.conversation().id}.{first.episode}"
    assert street.desk.brain.forgotten == [{"sender": sender, "message_id": str(first.id)}]
    await street.until(lambda session: "waiting" not in {event.state for event in street.events()})


async def test_what_the_brain_cannot_forget_now_it_forgets_later(street: Street) -> None:
    await street.tell(said("mute rosebud"))
    street.desk.brain.is_down = True
    await street.tell(unsent(5))
    await asyncio.sleep(0.2)
    assert [event.state for event in street.events() if event.kind == "message.deleted"] == ["waiting"]
    street.desk.brain.is_down = False
    await street.desk.services.intake.recover()
    await street.until(lambda session: "waiting" not in {event.state for event in street.events()})
    assert [one["message_id"] for one in street.desk.brain.forgotten] == [str(street.messages()[0].id)]


async def test_who_unsends_a_question_before_it_was_known_waits_for_nothing(street: Street) -> None:
    await street.tell(unsent(5))
    await street.tell(said("never mind"))
    assert street.conversation().waiting_since is None
    assert street.desk.brain.turns == []


async def test_an_unsent_message_stays_unsent_when_it_is_edited_or_repeated(street: Street) -> None:
    await street.tell(said("oops"))
    await street.tell(unsent(2))
    await street.tell(edit("oops again", 1, 3), said("oops"), reacted("❤", 4))
    message = street.messages()[0]
    assert (message.text, sorted(message.extra)) == ("", ["deleted_at", "event"])
    assert "oops" not in str([event.data for event in street.events()])


async def test_an_unsent_question_loses_its_place_in_the_summary_for_agents(street: Street) -> None:
    await street.tell(said("my card is 4111"), said("person", "m2", 1))
    assert "4111" in str(street.conversation().summary)
    await street.tell(unsent(5))
    assert "4111" not in str(street.conversation().summary)


async def test_a_reaction_is_shown_opens_the_window_and_makes_nobody_speak(street: Street) -> None:
    await street.tell(said("hello"))
    ours = street.platform.sent[0]
    target = f"out-aisle:{ours.message_id}:0"
    await street.tell(reacted("😮", 50, target))
    await street.tell(reacted("❤", 60, target), reacted("👍", 55, target))
    message = street.messages()[1]
    assert message.extra["reaction"]["emoji"] == "❤"
    assert street.conversation().window_at == moment(60)
    assert len(street.platform.sent) == 1
    await street.tell(reacted("", 70, target))
    assert [fact.label for fact in street.facts("reaction")] == ["😮", "👍", "❤", "-"]
    assert street.messages()[1].extra["reaction"]["emoji"] == ""


async def test_of_changes_in_one_second_the_last_to_come_counts(street: Street) -> None:
    await street.tell(said("hello"))
    for key, emoji in (("r1", "👍"), ("r2", "")):  # platforms that tell whole seconds only
        await street.tell(heard("reaction", key, 9, target="m1", detail={"emoji": emoji}))
    for key, text in (("e1", "hallo"), ("e2", "hello again")):
        await street.tell(heard("message.edit", key, 9, target="m1", text=text))
    message = street.messages()[0]
    assert (message.extra["reaction"]["emoji"], message.text) == ("", "hello again")


async def test_delivered_and_read_are_noted_once_with_the_earliest_time(street: Street) -> None:
    await street.tell(said("hello"))
    target = f"out-aisle:{street.platform.sent[0].message_id}:0"
    late = {"watermark": moment(1_290).isoformat()}
    await street.tell(heard("read", "read:1", 1_280, detail=late))
    await street.tell(heard("delivery", "delivery:1", 1_260, target=target))
    await street.tell(
        heard("read", "read:0", 1_270, target=target), heard("read", "read:0", 1_270, target=target)
    )
    message, piece = street.messages()[1], street.look(select(Piece))[0]
    assert (message.read_at, piece.read_at, piece.delivered_at) == (
        moment(1_270),
        moment(1_270),
        moment(1_260),
    )
    assert len(street.facts("delivered")) == len(street.facts("read")) == 1
    assert [event.data["up_to"] for event in street.look(select(Event).where(Event.kind == "read"))] == [2]


async def test_a_watermark_that_names_its_message_is_applied_once_and_not_at_every_sweep(
    street: Street,
) -> None:
    await street.tell(said("hello"))
    target = f"out-aisle:{street.platform.sent[0].message_id}:0"
    mark = {"watermark": moment(1_290).isoformat()}
    await street.tell(heard("delivery", "delivery:1", 1_210, target=target, detail=mark))
    await street.desk.services.intake.recover()
    assert [event.state for event in street.events() if event.kind == "delivery"] == ["waiting"]
    assert len(street.facts("delivered")) == 1


async def test_a_watermark_before_a_message_says_nothing_of_it(street: Street) -> None:
    await street.tell(said("hello"))
    mark = {"watermark": moment(-10).isoformat()}
    await street.tell(heard("read", "read:1", -9, detail=mark))
    assert street.messages()[1].read_at is None


async def test_a_status_heard_before_its_message_is_known_waits_for_it(street: Street) -> None:
    await street.tell(heard("status", "s1", 5, target="m77", detail={"status": "delivered"}))
    assert [event.state for event in street.events()] == ["waiting"]


async def test_a_status_that_carries_our_id_settles_a_lost_answer(street: Street) -> None:
    street.platform.refusals.append(NotDelivered("no answer", heals=True, cause="lost"))
    await post(street.desk.http, street.desk.url, said("hello"))
    await street.until(
        lambda session: (
            session.scalar(select(Message.id).where(Message.state == "sending")) is not None
            and not street.platform.refusals
        )
    )
    own = f"aisle:{street.messages()[1].id}:0"
    delivered = {"status": "delivered"}
    await street.tell(heard("status", "s1", 1_210, target="wamid.1", echo_of=own, detail=delivered))
    (piece,) = street.look(select(Piece))
    assert (street.messages()[1].state, piece.platform_id) == ("sent", "wamid.1")
    assert piece.delivered_at == moment(1_210)
    assert street.platform.sent == []


async def test_a_failure_after_the_platform_took_it_is_shown_to_agents(street: Street) -> None:
    await street.tell(said("hello"))
    target = f"out-aisle:{street.platform.sent[0].message_id}:0"
    detail = {"reason": "re-engagement message", "code": "131047", "cause": "person"}
    await street.tell(heard("status.failed", "f1", 5, target=target, detail=detail))
    message = street.messages()[1]
    assert (message.state, message.error) == ("failed", "re-engagement message")
    assert street.conversation().unreachable == "re-engagement message"
    assert [fact.label for fact in street.facts("delivery_failed")] == ["re-engagement message"]
    await street.tell(heard("status", "s2", 4, target=target, detail={"status": "delivered"}))
    assert street.messages()[1].state == "failed"
    await street.tell(said("still here", "m2", 9))
    assert street.conversation().unreachable == ""


async def test_an_echo_of_ours_settles_a_lost_answer(street: Street) -> None:
    street.platform.refusals.append(NotDelivered("no answer", heals=True, cause="lost"))
    await post(street.desk.http, street.desk.url, said("hello"))
    await street.until(
        lambda session: (
            session.scalar(select(Message.id).where(Message.state == "sending")) is not None
            and not street.platform.refusals
        )
    )
    message = street.messages()[1]
    echo = heard(
        "echo", "message:e1", 6, platform_id="e1", text="echo: hello", echo_of=f"aisle:{message.id}:0"
    )
    await street.tell(echo)
    assert street.messages()[1].state == "sent"
    assert street.platform.sent == []
    assert street.look(select(Piece.platform_id)) == ["e1"]
    assert street.conversation().owner == "bot"
