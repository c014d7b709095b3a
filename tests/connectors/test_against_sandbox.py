"""The desk with all its channels before the stand-in of the platforms: what a shopper says, and what comes back."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from bot.bootstrap import build_connectors
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import assign, presence, reply
from bot.desk.people import add_user
from bot.sandbox.accounts import environment, generated
from bot.sandbox.acts import offered
from bot.sandbox.serving import Sandbox
from bot.sandbox.serving import running as platforms
from bot.sandbox.world import Entry
from bot.store.tables import Conversation, Message, User
from tests.running import RunningDesk, running

CHANNELS = ("messenger", "instagram", "whatsapp", "telegram")
META = ("messenger", "instagram")
PERSON = "37060000001"
DAY = 86_400
PATIENCE = 20.0
SIZES: dict[str, Callable[[str], int]] = {
    "messenger": len,
    "instagram": lambda text: len(text.encode()),
    "whatsapp": len,
    "telegram": lambda text: len(text.encode("utf-16-le")) // 2,
}
LIMITS = {"messenger": 2000, "instagram": 1000, "whatsapp": 4096, "telegram": 4096}


@dataclass
class House:
    """The desk and what it speaks to."""

    desk: RunningDesk
    sandbox: Sandbox

    def said(self, channel: str, person: str = PERSON) -> list[str]:
        return [entry.view.get("text", "") for entry in self.sandbox.accepted(channel, person)]

    async def hears(self, channel: str, text: str, person: str = PERSON) -> Entry:
        """Wait until the shop has said something with `text`; that entry."""
        found: list[Entry] = []

        def is_there() -> bool:
            found[:] = [e for e in self.sandbox.accepted(channel, person) if text in str(e.view)]
            return bool(found)

        await self.until(is_there, f"{text!r} on {channel}", lambda: self.said(channel, person))
        return found[-1]

    async def until(
        self, condition: Callable[[], Any], what: str, shown: Callable[[], Any] = lambda: ""
    ) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"waited in vain for {what}: {shown()}"
            await asyncio.sleep(0.02)

    def conversation(self, channel: str) -> Conversation:
        with self.desk.services.database.reading() as session:
            return session.scalars(select(Conversation).where(Conversation.channel == channel)).one()

    def messages(self, channel: str, author: str) -> list[Message]:
        with self.desk.services.database.reading() as session:
            query = select(Message).where(Message.channel == channel, Message.author == author)
            return list(session.scalars(query.order_by(Message.id)))

    def agent_answers(self, channel: str, text: str) -> None:
        """Somebody takes the conversation and writes."""
        conversation_id = self.conversation(channel).id
        with self.desk.services.database.writing() as session:
            user = session.scalars(select(User)).first() or add_user(
                session, email="ona@shop.test", name="Ona", role="agent", password="correct horse battery"
            )
            session.flush()
            presence.set_presence(session, user.id, "available", now())
            assign.take(session, conversation_id, user=user)
            reply.reply(session, conversation_id, user=user, text=text, client_id=str(uuid.uuid4()))
        self.desk.services.changed(conversation_id)


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    accounts = generated(f"http://127.0.0.1:{settings.port}")
    chosen = dataclasses.replace(settings, echo_wait_seconds=0.5, public_url="https://shop.example")
    async with platforms(accounts) as sandbox:
        channels = build_connectors(environment(accounts, sandbox.url))
        async with running(chosen, channels=channels) as desk:
            await (
                desk.services.accounts.stop()
            )  # tests ask when they want to know, not while the first look runs
            yield House(desk, sandbox)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_is_said_is_answered_once(channel: str, house: House) -> None:
    house.sandbox.say(channel, PERSON, "ar turite palapinių? 🏕")
    await house.hears(channel, "echo: ar turite palapinių? 🏕")
    await house.sandbox.hooks.settled()
    assert house.said(channel) == ["echo: ar turite palapinių? 🏕"]
    assert [posting.state for posting in house.sandbox.hooks.postings if posting.state != "taken"] == []


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_comes_twice_in_batches_and_out_of_order_is_answered_once(
    channel: str, house: House
) -> None:
    house.sandbox.faults(channel, seed=11, twice=0.6, batch=3, shuffle=0.6, late=0.3, late_seconds=0.2)
    people = [f"3706000010{number}" for number in range(6)]
    for person in people:
        house.sandbox.say(channel, person, f"I am {person}")
    for person in people:
        await house.hears(channel, f"echo: I am {person}", person)
    await house.sandbox.hooks.settled()
    assert {person: house.said(channel, person) for person in people} == {
        person: [f"echo: I am {person}"] for person in people
    }


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_long_answer_leaves_in_pieces_that_fit(channel: str, house: House) -> None:
    words = [f"žodis{number}" for number in range(380)]
    house.sandbox.say(channel, PERSON, " ".join(words))
    await house.hears(channel, words[-1])
    pieces = house.said(channel)
    assert max(SIZES[channel](piece) for piece in pieces) <= LIMITS[channel]
    assert " ".join(pieces).split() == ["echo:", *words]
    assert len(pieces) == -(-SIZES[channel](f"echo: {' '.join(words)}") // LIMITS[channel])


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_tapped_answer_comes_back_as_chosen(channel: str, house: House) -> None:
    house.sandbox.say(channel, PERSON, "buttons")
    await house.hears(channel, "Shall I?")
    house.sandbox.tap(channel, PERSON, "Yes")
    await house.hears(channel, "You said yes.")
    assert house.desk.brain.turns[-1]["message"] == "/affirm"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_product_is_shown_and_can_be_asked_about(channel: str, house: House) -> None:
    house.sandbox.say(channel, PERSON, "product")
    await house.hears(channel, "Two-person tent")

    def offers() -> list[str]:
        return [one.title for entry in house.sandbox.accepted(channel, PERSON) for one in offered(entry.view)]

    await house.until(offers, "something to tap")
    assert "189" in str([entry.view for entry in house.sandbox.accepted(channel, PERSON)])
    before = len(house.desk.brain.turns)
    house.sandbox.tap(channel, PERSON, offers()[0])
    await house.until(lambda: len(house.desk.brain.turns) > before, "a turn about the product")
    assert "Two-person tent" in house.desk.brain.turns[-1]["message"]


@pytest.mark.parametrize("channel", META)
async def test_after_a_day_the_bot_is_silent_and_a_person_may_write(channel: str, house: House) -> None:
    house.sandbox.act(channel, PERSON, "text", text="person please", age_seconds=DAY + 600)
    await house.until(lambda: house.messages(channel, "bot"), "the bot's answer")
    await house.until(
        lambda: {m.state for m in house.messages(channel, "bot")} <= {"failed", "dropped"},
        "the bot's silence",
    )
    house.agent_answers(channel, "Sorry that it took so long.")
    entry = await house.hears(channel, "Sorry that it took so long.")
    assert entry.kind == "HUMAN_AGENT"
    assert len(house.said(channel)) == 1


@pytest.mark.parametrize("channel", META)
async def test_the_platform_knows_better_about_the_window(channel: str, house: House) -> None:
    house.sandbox.say(channel, PERSON, "person please")
    await house.hears(channel, "I see.")
    house.sandbox.wait(channel, PERSON, 8 * DAY)
    house.agent_answers(channel, "Too late.")
    await house.until(lambda: house.messages(channel, "agent")[-1].state == "failed", "the refusal")
    assert "window" in house.messages(channel, "agent")[-1].error
    assert "Too late." not in house.said(channel)


async def test_whatsapp_tells_later_that_the_window_was_closed(house: House) -> None:
    house.sandbox.say("whatsapp", PERSON, "person please")
    await house.hears("whatsapp", "I see.")
    house.sandbox.wait("whatsapp", PERSON, 2 * DAY)
    house.agent_answers("whatsapp", "Too late.")
    await house.until(lambda: house.messages("whatsapp", "agent")[-1].state == "failed", "the failed status")
    assert house.sandbox.accepted("whatsapp", PERSON)[-1].marks["failed"] == 131047


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_waits_for_a_dead_token_leaves_when_there_is_a_new_one(channel: str, house: House) -> None:
    account = house.sandbox.world.account(channel).id
    await house.desk.services.accounts.check(channel, account)
    house.sandbox.faults(channel, dead_token="expired")
    house.sandbox.say(channel, PERSON, "hello")
    await house.until(
        lambda: any(one.state == "pending" and one.error for one in house.messages(channel, "bot")),
        "the platform's refusal of the answer",
    )
    checked = await house.desk.services.accounts.check(channel, account)
    assert checked.state == "broken"
    assert house.sandbox.accepted(channel, PERSON) == []
    house.sandbox.faults(channel, dead_token="")
    await house.desk.services.accounts.check(channel, account)
    await house.hears(channel, "echo: hello")
    assert house.said(channel) == ["echo: hello"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_throttled_message_leaves_when_it_may(channel: str, house: House) -> None:
    house.sandbox.faults(channel, script=["throttle"], throttle_minutes=0, throttle_seconds=1)
    house.sandbox.say(channel, PERSON, "hello")
    await house.hears(channel, "echo: hello")
    assert house.said(channel) == ["echo: hello"]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("fault", ["lost", "garbled"])
async def test_a_lost_answer_does_not_say_it_twice(channel: str, fault: str, house: House) -> None:
    house.sandbox.faults(channel, script=[fault])
    house.sandbox.say(channel, PERSON, "one")
    await house.hears(channel, "echo: one")
    await house.until(lambda: house.messages(channel, "bot")[0].state == "sent", "the message to be settled")
    house.sandbox.say(channel, PERSON, "two")
    await house.hears(channel, "echo: two")
    assert house.said(channel) == ["echo: one", "echo: two"]


@pytest.mark.parametrize("channel", ["messenger", "whatsapp"])
async def test_what_never_arrived_is_said_again_where_that_can_be_known(channel: str, house: House) -> None:
    house.sandbox.faults(channel, script=["drop"])
    house.sandbox.say(channel, PERSON, "one")
    await house.hears(channel, "echo: one")
    await house.until(lambda: house.messages(channel, "bot")[0].state == "sent", "the message to be sent")
    assert house.said(channel) == ["echo: one"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_error_of_the_platform_heals(channel: str, house: House) -> None:
    house.sandbox.faults(channel, script=["error"])
    house.sandbox.say(channel, PERSON, "one")
    await house.hears(channel, "echo: one")
    assert house.said(channel) == ["echo: one"]


@pytest.mark.parametrize("channel", META)
async def test_when_a_person_answers_elsewhere_the_bot_is_silent(channel: str, house: House) -> None:
    house.sandbox.say(channel, PERSON, "hello")
    await house.hears(channel, "echo: hello")
    await house.sandbox.hooks.settled()
    house.sandbox.act(channel, PERSON, "inbox", text="Robin here, I know this one.")
    await house.until(lambda: house.conversation(channel).owner == "agent", "the bot to step back")
    assert house.conversation(channel).reason == "elsewhere"
    turns = len(house.desk.brain.turns)
    house.sandbox.say(channel, PERSON, "thanks")
    await house.until(lambda: len(house.messages(channel, "shopper")) == 2, "the shopper's thanks")
    await house.sandbox.hooks.settled()
    assert (len(house.desk.brain.turns), house.said(channel)) == (turns, ["echo: hello"])
