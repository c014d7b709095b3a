"""Somebody answers in another program: agents see it, the bot keeps out, and comes back by the rules."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.channel import Heard
from bot.core.errors import NotDelivered
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import inbox
from bot.desk.people import add_user
from bot.store import conversations as store
from bot.store.tables import Conversation, Episode, Message
from tests.desk.hearing import Street, heard, moment, said
from tests.running import running
from tests.small_platform import SmallPlatform, post


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    platform = SmallPlatform()
    async with running(settings, channels={"small": platform}) as desk:
        yield Street(desk, platform)


def answered(text: str = "we are on it", mid: str = "e1", seconds: float = 5) -> Heard:
    return heard("echo.human", f"message:{mid}", seconds, platform_id=mid, text=text)


def handed(what: str, seconds: float, **detail: Any) -> Heard:
    return heard(f"handover.{what}", f"{what}:{seconds}", seconds, detail=detail)


async def test_an_answer_from_elsewhere_is_shown_and_silences_the_bot(street: Street) -> None:
    await street.tell(said("hello"))
    await street.tell(answered())
    await street.tell(said("thanks", "m2", 9))
    assert street.thread() == [
        ("shopper", "hello"),
        ("bot", "echo: hello"),
        ("agent", "we are on it"),
        ("shopper", "thanks"),
    ]
    conversation = street.conversation()
    assert (conversation.owner, conversation.agent_id, conversation.reason) == ("agent", None, "elsewhere")
    assert conversation.waiting_since == moment(9)
    assert len(street.desk.brain.turns) == len(street.platform.sent) == 1
    assert [(fact.actor, fact.user_id) for fact in street.facts("answered_elsewhere")] == [("agent", None)]
    assert street.facts("first_reply") == []


async def test_agents_see_where_it_was_answered(street: Street) -> None:
    await street.tell(answered())
    with street.desk.services.database.reading() as session:
        events = store.events_after(session, street.conversation().id, 0, for_agents=True)
    (message,) = [event["message"] for event in events if event["kind"] == "message"]
    assert (message["author"], message["name"], message["extra"]) == ("agent", "", {"elsewhere": True})
    assert [event["reason"] for event in events if event["kind"] == "owner"] == ["elsewhere"]


async def test_an_echo_of_a_message_we_sent_is_nothing_new(street: Street) -> None:
    await street.tell(said("hello"))
    sent = street.platform.sent[0]
    mid = f"out-aisle:{sent.message_id}:0"
    await street.tell(heard("echo", "message:1", 5, platform_id=mid, text=sent.text))
    await street.tell(
        heard("echo.human", "message:2", 5, platform_id="other", echo_of=f"aisle:{sent.message_id}:0")
    )
    assert street.conversation().owner == "bot"
    assert len(street.messages()) == 2


async def test_an_echo_without_our_id_is_matched_by_its_text_or_waits_until_ours_are_settled(
    street: Street,
) -> None:
    street.platform.refusals.append(NotDelivered("no answer", heals=True, cause="lost"))
    await post(street.desk.http, street.desk.url, said("hello"))
    await street.until(
        lambda session: (
            session.scalar(select(Message.id).where(Message.state == "sending")) is not None
            and not street.platform.refusals
        )
    )
    await post(street.desk.http, street.desk.url, answered("hi, I am Asta", "e1", 1_201))
    await street.until(lambda _session: len(street.events("waiting")) == 1)
    assert street.conversation().owner == "bot"
    await street.tell(heard("echo.human", "message:e2", 1_202, platform_id="e2", text="echo: hello"))
    assert street.messages()[1].state == "sent"
    assert street.conversation().owner == "bot"
    await street.desk.services.intake.recover()
    await street.quiet()
    assert street.thread()[-1] == ("agent", "hi, I am Asta")
    assert street.conversation().reason == "elsewhere"
    assert street.platform.sent == []


async def test_our_own_test_to_ourselves_is_ignored(street: Street) -> None:
    await street.tell(heard("echo.self", "message:1", platform_id="m1", text="hi me"))
    assert street.messages() == []
    assert [event.state for event in street.events()] == ["ignored"]


async def test_the_platform_passes_the_thread_back_to_us(street: Street) -> None:
    await street.tell(said("hello"))
    await street.tell(answered(), handed("pass", 8, is_ours=True))
    assert street.conversation().owner == "bot"
    await street.tell(said("and now?", "m2", 9))
    assert street.thread()[-1] == ("bot", "echo: and now?")


@pytest.mark.parametrize("is_late", [False, True])
async def test_of_two_changes_of_hands_the_later_one_counts(street: Street, is_late: bool) -> None:
    await street.tell(said("hello"))
    changes = [handed("take", 5, is_ours=False), handed("pass", 8, is_ours=True)]
    for change in reversed(changes) if is_late else changes:
        await street.tell(change)
    assert street.conversation().owner == "bot"
    await street.tell(handed("take", 11, is_ours=False))
    assert (street.conversation().owner, street.conversation().reason) == ("agent", "elsewhere")


async def test_standing_by_is_seen_and_never_answered(street: Street) -> None:
    standby = heard(
        "standby", "standby:1", 1, platform_id="m1", text="hello there", detail={"was": "message.text"}
    )
    echo = heard("standby", "standby:2", 2, platform_id="e1", text="hi!", detail={"was": "echo.human"})
    await street.tell(standby, echo)
    assert street.thread() == [("shopper", "hello there"), ("agent", "hi!")]
    assert street.messages()[0].extra["standby"] is True
    assert street.conversation().owner == "agent"
    assert street.desk.brain.turns == []


async def test_an_agent_of_ours_keeps_what_they_have(street: Street) -> None:
    await street.tell(said("person"))
    conversation_id = street.conversation().id
    user = await _agent(street)
    await _step(street, inbox.take, conversation_id, user)
    await street.tell(answered(seconds=1_260))
    conversation = street.conversation()
    assert (conversation.owner, conversation.agent_id) == ("agent", user)
    assert street.thread()[-1] == ("agent", "we are on it")


@pytest.mark.parametrize(("step", "owner"), [("hand_back", "bot"), ("close", "closed"), ("take", "agent")])
async def test_an_agent_ends_it_in_the_inbox(street: Street, step: str, owner: str) -> None:
    await street.tell(said("hello"), answered())
    more = {} if step == "take" else {"context": street.desk.services.context}
    await _step(street, getattr(inbox, step), street.conversation().id, await _agent(street), **more)
    assert street.conversation().owner == owner


async def test_after_a_day_of_silence_the_bot_takes_what_comes(street: Street) -> None:
    await street.tell(said("hello"), answered())
    old = now() - timedelta(hours=25)
    with street.desk.services.database.writing() as session:
        session.execute(update(Conversation).values(last_at=old))
    await street.desk.services.intake.close_silent()
    assert street.conversation().owner == "closed"
    await street.tell(said("hello again", "m2", 1_200))
    assert street.thread()[-1] == ("bot", "echo: hello again")
    assert street.look(select(Episode.number).order_by(Episode.number)) == [1, 2]


async def test_an_answer_after_the_end_begins_again_without_the_bot(street: Street) -> None:
    await street.tell(said("bye"))
    assert street.conversation().owner == "closed"
    await street.tell(answered(seconds=1_260))
    await street.tell(said("oh, thanks", "m2", 1_270))
    assert (street.conversation().owner, street.conversation().episode) == ("agent", 2)
    assert len(street.desk.brain.turns) == 1


async def _agent(street: Street) -> int:
    def add(session: Any) -> int:
        user = add_user(
            session, email="a@shop.test", name="Asta", role="agent", password="correct horse battery"
        )
        session.flush()
        return user.id

    return await street.desk.services.database.write(add)


async def _step(street: Street, step: Any, conversation_id: str, user_id: int, **more: Any) -> None:
    await street.desk.services.database.write(step, conversation_id, user_id=user_id, version=None, **more)
