"""The promises of how a message travels, each through the public door."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.channel import Piece
from bot.core.errors import Conflict
from bot.core.rendering import degrade
from bot.core.settings import Settings
from bot.core.times import now
from bot.core.words import plain
from bot.desk import assign, reply
from bot.desk.people import add_user
from bot.store.tables import Conversation, Event, Fact, Message, User
from tests.fake_brain import FakeBrain
from tests.running import RunningDesk, running


def facts(session: Session, kind: str) -> Sequence[Fact]:
    return session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id)).all()


def agent(session: Session, name: str = "Rasa") -> User:
    return add_user(
        session, email=f"{name.lower()}@shop.test", name=name, role="agent", password="correct horse battery"
    )


async def test_a_message_is_stored_before_it_is_acknowledged_and_before_any_work(settings: Settings) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    brain.gate = asyncio.Event()
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper()
        status, answer = await shopper.send("hello")
        with desk.services.database.reading() as session:
            stored = session.get(Message, answer["message"]["id"])
            assert status == 202
            assert stored is not None
            assert (stored.text, stored.handled_at) == ("hello", None)
        brain.gate.set()
        await shopper.until("echo: hello")
    await brain.stop()


async def test_a_repeated_client_id_changes_nothing(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    client_id = str(uuid.uuid4())
    first = await shopper.send("hello", client_id=client_id)
    again = await asyncio.gather(*(shopper.send("hello", client_id=client_id) for _ in range(5)))
    await shopper.until("echo: hello")
    await asyncio.sleep(0.1)
    assert first[0] == 202
    assert {(status, answer["message"]["seq"]) for status, answer in again} == {
        (200, first[1]["message"]["seq"])
    }
    assert await shopper.thread() == [("shopper", "hello"), ("bot", "echo: hello")]
    assert len(desk.brain.turns) == 1


async def test_copies_sent_side_by_side_are_one_message(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    client_id = str(uuid.uuid4())
    answers = await asyncio.gather(*(shopper.send("hello", client_id=client_id) for _ in range(8)))
    await shopper.until("echo: hello")
    assert sorted(status for status, _ in answers) == [200] * 7 + [202]
    assert await shopper.thread() == [("shopper", "hello"), ("bot", "echo: hello")]


async def test_turns_of_one_conversation_are_taken_one_at_a_time_in_order(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("slow 0.2")
    for number in range(5):
        await shopper.send(f"message {number}")
    await shopper.until("echo: message 4")
    said = [text for author, text in await shopper.thread() if author == "bot"]
    assert said == ["done", *(f"echo: message {number}" for number in range(5))]


async def test_conversations_do_not_wait_for_each_other(desk: RunningDesk) -> None:
    slow, quick = await desk.shopper(), await desk.shopper()
    await slow.send("slow 1.5")
    await quick.send("hello")
    await quick.until("echo: hello")
    assert ("bot", "done") not in await slow.thread()


async def test_events_are_numbered_without_gaps(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await asyncio.gather(*(shopper.send(f"message {number}") for number in range(12)))
    await shopper.until_thread(lambda thread: len(thread) == 24)
    with desk.services.database.reading() as session:
        numbers = session.scalars(
            select(Event.seq).where(Event.conversation_id == shopper.conversation_id).order_by(Event.seq)
        ).all()
    assert numbers == list(range(1, len(numbers) + 1))


async def test_two_agents_cannot_both_take_a_conversation(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    with desk.services.database.writing() as session:
        people = [agent(session, "Ona"), agent(session, "Petras")]
    takes = [desk.services.database.write(assign.take, shopper.conversation_id, user=user) for user in people]
    results = await asyncio.gather(*takes, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Conversation"]


async def test_a_take_with_an_old_version_is_refused(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    with desk.services.database.writing() as session:
        user = agent(session)
    with pytest.raises(Conflict):
        await desk.services.database.write(assign.take, shopper.conversation_id, user=user, version=1)


async def test_a_reply_computed_before_a_person_took_over_is_never_sent(settings: Settings) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper()
        await shopper.send("hello")
        await shopper.until("echo: hello")
        brain.gate = asyncio.Event()
        await shopper.send("question")
        await brain.until_turns(2)
        with desk.services.database.writing() as session:
            user = agent(session)
        await desk.services.database.write(assign.take, shopper.conversation_id, user=user)
        brain.gate.set()
        await desk.services.database.write(
            reply.reply, shopper.conversation_id, user=user, text="Ona here", client_id=str(uuid.uuid4())
        )
        desk.services.changed(shopper.conversation_id)
        await shopper.until("Ona here")
        await asyncio.sleep(0.2)
        assert ("bot", "echo: question") not in await shopper.thread()
    await brain.stop()


async def test_a_reply_still_in_the_outbox_when_a_person_takes_over_is_dropped(desk: RunningDesk) -> None:
    """Between the commit of a turn and its sending, the owner is asked again."""
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    services = desk.services
    with services.database.writing() as session:
        user = agent(session)
        conversation = session.get_one(Conversation, shopper.conversation_id)
        pending = Message(
            conversation_id=conversation.id,
            episode=1,
            direction="out",
            author="bot",
            channel="web",
            text="too late",
            parts=[],
            created_at=now(),
            stored_at=now(),
            state="pending",
            owner_version=conversation.owner_version,
        )
        session.add(pending)
        session.flush()
        assign.take(session, conversation.id, user=user)
    services.outbox.notify(shopper.conversation_id)
    await asyncio.sleep(0.3)
    with services.database.reading() as session:
        assert session.get_one(Message, pending.id).state == "dropped"
        assert len(facts(session, "reply_dropped")) == 1
    assert ("bot", "too late") not in await shopper.thread()


async def test_the_bot_is_silent_while_a_person_has_the_conversation(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    with desk.services.database.writing() as session:
        assign.take(session, shopper.conversation_id, user=agent(session))
    turns = len(desk.brain.turns)
    await shopper.send("are you there")
    await asyncio.sleep(0.2)
    assert len(desk.brain.turns) == turns
    assert (await shopper.thread())[-1] == ("shopper", "are you there")


async def test_what_a_turn_leaves_behind_commits_together(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person about my tent")
    await shopper.until("No person is at the desk")
    with desk.services.database.reading() as session:
        conversation = session.get_one(Conversation, shopper.conversation_id)
        message = session.scalars(select(Message).where(Message.direction == "in")).one()
        assert (conversation.owner, conversation.reason) == ("queue", "asked")
        assert conversation.summary["wants"] == "about my tent"
        assert conversation.summary["details"] == {"order": "A1001"}
        assert message.handled_at is not None
        assert message.understood["intent"] == "talk_to_person"
        at = {fact.at for kind in ("understood", "handed_off") for fact in facts(session, kind)}
        assert at == {message.handled_at}


async def test_the_outbox_sends_in_order_and_retries_what_can_heal(settings: Settings) -> None:
    platform = FakePlatform(fail=2)
    async with running(settings, channels={"web": platform}) as desk:
        shopper = await desk.shopper()
        await shopper.send("one")
        await shopper.until("echo: one")
        await shopper.send("two")
        await shopper.until("echo: two")
        assert platform.taken == ["echo: one", "echo: two"]
        assert platform.calls == 4


async def test_what_cannot_heal_fails_at_once_with_the_reason(settings: Settings) -> None:
    platform = FakePlatform(fail=1, heals=False)
    async with running(settings, channels={"web": platform}) as desk:
        shopper = await desk.shopper()
        await shopper.send("one")
        row = await settled(desk)
        assert (row.state, row.error) == ("failed", "the platform says no")
        with desk.services.database.reading() as session:
            assert [fact.label for fact in facts(session, "delivery_failed")] == ["the platform says no"]
            kinds = session.execute(select(Event.kind, Event.audience)).all()
        assert ("delivery", "agents") in [tuple(kind) for kind in kinds]


async def test_when_the_brain_is_down_the_shopper_is_told_and_answered_later(settings: Settings) -> None:
    import dataclasses

    brain = await FakeBrain(settings.internal_secret).start()
    brain.is_down = True
    quick = dataclasses.replace(settings, slow_notice_seconds=0.3)
    async with running(quick, brain=brain) as desk:
        shopper = await desk.shopper()
        await shopper.send("hello")
        thread = await shopper.until("Your message is kept")
        assert [author for author, _ in thread] == ["shopper", "system"]
        brain.is_down = False
        await shopper.until("echo: hello")
        assert sum("kept" in text for _, text in await shopper.thread()) == 1
    await brain.stop()


async def test_while_the_brain_is_down_a_person_can_take_over(settings: Settings) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    brain.is_down = True
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper()
        await shopper.send("hello")
        await asyncio.sleep(0.1)
        with desk.services.database.writing() as session:
            assign.take(session, shopper.conversation_id, user=agent(session))
        brain.is_down = False
        await asyncio.sleep(1.0)
        assert await shopper.thread() == [("shopper", "hello")]
    await brain.stop()


async def test_a_message_the_brain_cannot_take_goes_to_a_person(settings: Settings) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    brain.is_broken = True
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper()
        await shopper.send("hello")
        await shopper.until("keeps going wrong")
        with desk.services.database.reading() as session:
            assert [fact.label for fact in facts(session, "handed_off")] == ["error"]
    await brain.stop()


async def test_a_restart_finishes_what_was_committed(settings: Settings) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    brain.is_down = True
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper()
        await shopper.send("hello")
        token = shopper.token
    brain.is_down = False
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper(token)
        assert await shopper.until("echo: hello") == [("shopper", "hello"), ("bot", "echo: hello")]
    await brain.stop()


async def test_a_live_page_resumes_by_cursor_without_loss_or_repeat(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("one")
    await shopper.until("echo: one")
    seen: list[int] = []

    async def watch(after: int, until: int) -> None:
        async for event in shopper.live(after):
            if "seq" in event:
                seen.append(event["seq"])
                if len(seen) >= until:
                    return

    await asyncio.wait_for(watch(0, 2), 5)
    await shopper.send("two")
    await shopper.until("echo: two")
    resumed = asyncio.create_task(watch(seen[-1], 6))
    await shopper.send("three")
    await asyncio.wait_for(resumed, 5)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_an_answer_reaches_a_waiting_long_poll(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("one")
    await shopper.until("echo: one")
    poll = asyncio.create_task(shopper.call("GET", "/api/chat/events?after=2&wait=10"))
    await asyncio.sleep(0.1)
    await shopper.send("two")
    _status, answer = await asyncio.wait_for(poll, 5)
    assert answer["events"][0]["message"]["text"] == "two"


class FakePlatform:
    """A channel that leaves the house, refusing the first `fail` calls."""

    name = "web"
    is_live = False

    def __init__(self, fail: int, *, heals: bool = True) -> None:
        from connectors.web import Web

        self.capabilities = Web.capabilities
        self.fail, self.heals = fail, heals
        self.calls = 0
        self.taken: list[str] = []
        self.shown: list[str] = []

    def render(self, message: Any) -> Any:
        shown = degrade(message.parts, self.capabilities)
        return [Piece(0, {"text": message.text, "shown": plain(shown)})]

    async def send(self, message: Any, piece: Piece) -> Any:
        from bot.core.channel import Receipt
        from bot.core.errors import NotDelivered

        self.calls += 1
        if self.calls <= self.fail:
            raise NotDelivered("the platform says no", heals=self.heals)
        self.taken.append(message.text)
        self.shown.append(piece.body["shown"])
        return Receipt(platform_id=f"mid.{self.calls}")


async def test_counts_agree_after_a_busy_minute(desk: RunningDesk) -> None:
    """Many shoppers at once: every message stored once, answered once."""
    shoppers = [await desk.shopper() for _ in range(10)]

    async def talk(shopper: Any) -> None:
        for number in range(5):
            await shopper.send(f"message {number}")
        await shopper.until("echo: message 4")

    await asyncio.gather(*(talk(shopper) for shopper in shoppers))
    with desk.services.database.reading() as session:
        by_author = dict(session.execute(select(Message.author, func.count()).group_by(Message.author)).all())
    assert by_author == {"shopper": 50, "bot": 50}


async def test_outside_the_channels_window_a_message_fails_with_the_reason(settings: Settings) -> None:
    platform = FakePlatform(fail=0)
    platform.capabilities = replace(platform.capabilities, window_seconds=0)
    async with running(settings, channels={"web": platform}) as desk:
        shopper = await desk.shopper()
        await shopper.send("slow 0.2")
        row = await settled(desk)
        assert row.state == "failed"
        assert row.error.startswith("window:")
        assert platform.taken == []


async def test_cards_reach_a_channel_without_cards_as_words(settings: Settings) -> None:
    platform = FakePlatform(fail=0)
    platform.capabilities = replace(platform.capabilities, has_cards=False)
    async with running(settings, channels={"web": platform}) as desk:
        shopper = await desk.shopper()
        await shopper.send("product")
        await shopper.until("Look at this.")
        assert "Two-person tent: 189.00 EUR" in platform.shown[0]


async def settled(desk: RunningDesk) -> Message:
    """The bot's message, once it is sent or failed."""
    deadline = now() + timedelta(seconds=5)
    while True:
        with desk.services.database.reading() as session:
            row = session.scalars(select(Message).where(Message.author == "bot")).one_or_none()
        if row is not None and row.state in ("sent", "failed"):
            return row
        assert now() < deadline
        await asyncio.sleep(0.05)
