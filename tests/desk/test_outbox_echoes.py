"""Lost answers on platforms that repeat what we said: by our id, or (Instagram) by its words alone."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.channel import Heard
from bot.core.errors import NotDelivered
from bot.core.ids import new_id
from bot.core.messages import Part, ProductCard, Products, Text
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import sending
from bot.desk.say import say
from bot.desk.sending import UNCONFIRMED
from bot.store import conversations, pieces
from bot.store.database import Database
from bot.store.tables import Piece, PlatformEvent
from tests.desk.hearing import Street, heard, said
from tests.desk.platforms import ECHO_WAIT, FakePlatform, Sender, arrives_and_hangs, sending_over
from tests.running import running
from tests.small_platform import SmallPlatform

LOST = NotDelivered("no answer came", heals=True, cause="lost")
TENT = ProductCard("p1", "Tent", 12_000, "EUR", "in_stock", 3, "https://shop.test/tent", "")
CARDS = Products(items=(TENT,))


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    """Before it a platform that repeats our words but not our ids."""
    platform = SmallPlatform(settles=False, echoes=True)
    quick = dataclasses.replace(settings, echo_wait_seconds=0.4)
    async with running(quick, channels={"small": platform}) as desk:
        yield Street(desk, platform)


def repeated(text: str, mid: str = "e1") -> Heard:
    return heard("echo", f"message:{mid}", 5, platform_id=mid, text=text)


async def lose(street: Street, *parts: Part) -> None:
    """The bot says something, and no answer of the platform comes."""
    street.platform.refusals = [LOST]
    conversation_id = street.conversation().id
    with street.desk.services.database.writing() as session:
        conversation = conversations.locked(session, conversation_id)
        say(session, conversation, list(parts), author="bot", at=now())
    street.desk.services.outbox.notify(conversation_id)
    await street.until(lambda _session: not street.platform.refusals)


async def known_to_echo(street: Street) -> None:
    """A shopper who was answered, and the platform has repeated the answer."""
    await street.tell(said("hello"))
    await street.tell(repeated("echo: hello", f"out-aisle:{street.platform.sent[0].message_id}:0"))


def fate(street: Street) -> tuple[str, str]:
    message = street.messages()[-1]
    return message.state, message.error


async def test_the_same_words_settle_a_lost_answer(street: Street) -> None:
    await known_to_echo(street)
    await lose(street, Text("your parcel is on its way"))
    await street.tell(repeated("your parcel is on its way"))
    await asyncio.sleep(0.8)
    assert fate(street) == ("sent", "")
    assert [message.text for message in street.platform.sent] == ["echo: hello"]
    assert street.conversation().owner == "bot"


async def test_without_an_echo_it_is_sent_again(street: Street) -> None:
    await known_to_echo(street)
    await lose(street, Text("your parcel is on its way"))
    await street.quiet()
    assert fate(street) == ("sent", "")
    assert street.platform.sent[-1].text == "your parcel is on its way"


@pytest.mark.parametrize("parts", [(Text("your parcel is on its way"),), (CARDS,)], ids=["words", "cards"])
async def test_a_copy_that_comes_after_it_was_sent_again_is_no_answer_of_a_person(
    street: Street, parts: tuple[Part, ...]
) -> None:
    await known_to_echo(street)
    await lose(street, *parts)
    await street.quiet()
    assert len(street.platform.sent) == 2
    text = "".join(part.text for part in parts if isinstance(part, Text))
    await street.tell(repeated(text, "out-late"))
    assert street.conversation().owner == "bot"
    assert [message.author for message in street.messages()] == ["shopper", "bot", "bot"]


async def test_where_no_echo_was_ever_heard_it_counts_as_sent(street: Street) -> None:
    await street.tell(said("hello"))
    await lose(street, Text("your parcel is on its way"))
    await street.quiet()
    assert fate(street) == ("sent", UNCONFIRMED)
    assert [message.text for message in street.platform.sent] == ["echo: hello"]


@pytest.mark.parametrize("pause", [0.0, 1.0], ids=["in time", "late"])
async def test_the_copy_of_a_card_is_no_answer_of_a_person(street: Street, pause: float) -> None:
    await street.tell(said("hello"))
    await lose(street, CARDS)
    await asyncio.sleep(pause)
    await street.tell(repeated(""))
    await street.quiet()
    assert street.messages()[-1].author == "bot"
    assert street.conversation().owner == "bot"
    assert len(street.platform.sent) == 1
    mine = select(Piece).where(Piece.message_id == street.messages()[-1].id)
    assert [piece.platform_id for piece in street.look(mine)] == ["e1"]


@pytest.fixture
async def sender(database: Database) -> AsyncIterator[Sender]:
    async with sending_over(database, FakePlatform()) as started:
        yield started


async def test_an_echo_has_its_time_from_the_moment_somebody_can_hear_it(sender: Sender) -> None:
    sender.platform.script = [arrives_and_hangs]
    message = sender.say(sender.conversation(), "one")
    await sender.until(lambda: sender.platform.taken == ["one"])
    longer = timedelta(seconds=10 * ECHO_WAIT)  # than an echo may take, nothing ran
    sender.change(lambda session: session.execute(update(Piece).values(tried_at=now() - longer)))
    await sender.kill()
    await asyncio.sleep(ECHO_WAIT / 2)
    own = sender.platform.own_ids[0]

    def settle(session: Any) -> str | None:
        piece = pieces.find_by_own_id(session, own)
        assert piece is not None
        return sending.settle(session, piece, platform_id="mid.echo", at=now())

    sender.outbox.notify(sender.change(settle))
    await sender.settled(message)
    await sender.quiet()
    assert sender.platform.taken == ["one"]


async def test_nothing_is_sent_again_before_what_the_platform_told_is_looked_at(sender: Sender) -> None:
    sender.platform.script = [arrives_and_hangs]
    conversation = sender.conversation()
    message = sender.say(conversation, "one")
    await sender.until(lambda: sender.platform.taken == ["one"])
    person = sender.platform.seen[0].recipient
    event = {"channel": "fake", "account": "shop", "key": new_id(), "kind": "echo", "person": person}
    times = {"at": now(), "stored_at": now(), "state": "new"}
    sender.change(lambda session: session.add(PlatformEvent(**event, **times, data={})))
    await sender.kill()
    await asyncio.sleep(3 * ECHO_WAIT)
    assert sender.platform.taken == ["one"]
    sender.change(lambda session: session.execute(update(PlatformEvent).values(state="ignored")))
    sender.outbox.notify(conversation)  # as whoever applied it does
    await sender.settled(message)
    assert sender.platform.taken == ["one", "one"]
