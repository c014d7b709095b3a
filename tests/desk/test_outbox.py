"""The outbox over a channel of another house: in order, side by side, owner asked again, windows kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.ids import new_id
from bot.core.messages import ProductCard, Products, Text
from bot.core.ownership import Owner
from bot.core.times import now
from bot.desk.outbox import AT_ONCE_PER_CHANNEL
from bot.desk.say import say
from bot.store import conversations
from bot.store.database import Database
from bot.store.tables import Identity, Touch
from tests.desk.platforms import FakePlatform, Sender, refusal, sending_over


@pytest.fixture
async def sender(database: Database) -> AsyncIterator[Sender]:
    async with sending_over(database, FakePlatform()) as started:
        yield started


def hand_over(sender: Sender, conversation_id: str) -> None:
    """A person takes the conversation."""

    def work(session):  # type: ignore[no-untyped-def]
        conversation = conversations.locked(session, conversation_id)
        conversations.change_owner(session, conversation, Owner.QUEUE)

    sender.change(work)


async def test_messages_and_their_pieces_leave_in_order(sender: Sender) -> None:
    conversation = sender.conversation()
    for text in ("one|two|three", "four", "five|six"):
        last = sender.say(conversation, text)
    await sender.settled(last)
    assert sender.platform.taken == ["one", "two", "three", "four", "five", "six"]
    assert sender.states(conversation) == ["sent"] * 3
    assert sender.pieces(last) == [("sent", "mid.5"), ("sent", "mid.6")]
    assert sender.facts("message_out") == ["", "", ""]


@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_message_costs_one_write_more_than_it_has_pieces(sender: Sender, pieces: int) -> None:
    conversation = sender.conversation()
    sender.outbox.notify(conversation)
    await sender.quiet()
    commits = sender.count_commits()
    message = sender.say(conversation, "|".join("abc"[:pieces]))
    await sender.settled(message)
    await sender.quiet()
    assert len(commits) - 1 == pieces + 1  # one is the test's own


async def test_a_piece_is_committed_before_its_call(sender: Sender) -> None:
    sender.platform.gate = asyncio.Event()
    message = sender.say(sender.conversation(), "one|two")
    await sender.until(lambda: sender.platform.calls == ["one"])
    assert sender.pieces(message) == [("sending", None)]
    assert sender.message(message).state == "sending"


async def test_conversations_do_not_wait_for_each_other_up_to_a_limit(sender: Sender) -> None:
    sender.platform.gate = asyncio.Event()
    last = [sender.say(sender.conversation(), "hello") for _ in range(AT_ONCE_PER_CHANNEL + 6)][-1]
    await sender.until(lambda: sender.platform.at_once == AT_ONCE_PER_CHANNEL)
    await sender.quiet()
    assert sender.platform.most_at_once == AT_ONCE_PER_CHANNEL
    sender.platform.gate.set()
    await sender.settled(last)
    await sender.until(lambda: len(sender.platform.taken) == AT_ONCE_PER_CHANNEL + 6)


async def test_a_bots_message_stops_where_a_person_takes_over(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.gate = asyncio.Event()
    message = sender.say(conversation, "one|two|three")
    await sender.until(lambda: sender.platform.calls == ["one"])
    hand_over(sender, conversation)
    sender.platform.gate.set()
    await sender.settled(message, "dropped")
    await sender.quiet()
    assert sender.platform.taken == ["one"]
    assert sender.pieces(message) == [("sent", "mid.1")]
    assert sender.facts("reply_dropped") == [""]
    assert sender.facts("message_out") == []
    assert sender.told(conversation)[-1]["error"] == "stopped after 1 of 3 parts"


async def test_what_people_and_the_desk_say_leaves_whoever_owns_the_conversation(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.gate = asyncio.Event()
    sender.say(conversation, "bot")
    await sender.until(lambda: sender.platform.calls == ["bot"])
    sender.say(conversation, "late bot")
    hand_over(sender, conversation)
    sender.say(conversation, "notice|again", author="system")
    last = sender.say(conversation, "person", author="agent")
    sender.platform.gate.set()
    await sender.settled(last)
    assert sender.platform.taken == ["bot", "notice", "again", "person"]
    assert sender.states(conversation) == ["sent", "dropped", "sent", "sent"]


async def test_a_refused_message_does_not_hold_up_those_behind_it(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.script = [refusal("message")]
    first = sender.say(conversation, "refused")
    await sender.settled(sender.say(conversation, "next"))
    assert sender.message(first).state == "failed"
    assert sender.message(first).error == "it is the message"
    assert sender.facts("delivery_failed") == ["it is the message"]
    assert sender.told(conversation)[0]["state"] == "failed"
    assert sender.pieces(first) == [("failed", None)]


async def test_a_message_that_cannot_be_shown_fails_alone(sender: Sender) -> None:
    conversation = sender.conversation()
    broken = sender.say(conversation, "unrenderable")
    await sender.settled(sender.say(conversation, "next"))
    assert sender.message(broken).state == "failed"
    assert sender.platform.taken == ["next"]


async def test_after_the_window_the_bot_is_silent_and_agents_see_why(sender: Sender) -> None:
    conversation = sender.conversation(wrote=timedelta(days=2))
    message = await sender.settled(sender.say(conversation, "too late"), "failed")
    assert message.error == "window: the shopper's last message is more than 24 hours old"
    assert sender.facts("delivery_failed") == [message.error]
    assert sender.platform.calls == []


async def test_an_agent_may_write_for_seven_days_and_the_platform_is_told_that_it_is_a_person(
    sender: Sender,
) -> None:
    early, late = sender.conversation(wrote=timedelta(days=6)), sender.conversation(wrote=timedelta(days=8))
    sent = await sender.settled(sender.say(early, "sorry", author="agent"))
    refused = await sender.settled(sender.say(late, "sorry", author="agent"), "failed")
    assert [seen.way for seen in sender.platform.seen] == ["human_agent"]
    assert sent.extra["way"] == "human_agent"
    assert refused.error.startswith("window: ")


async def test_a_tap_opens_the_window_for_the_bot(sender: Sender) -> None:
    conversation = sender.conversation(wrote=timedelta(days=3))

    def tap(session):  # type: ignore[no-untyped-def]
        conversations.locked(session, conversation).window_at = now()

    sender.change(tap)
    await sender.settled(sender.say(conversation, "hello again"))


def comment(sender: Sender, *, ago: timedelta) -> None:
    """A public comment."""
    touch = Touch(channel="fake", account="shop", platform_id="c1", kind="comment", at=now() - ago)
    sender.change(lambda session: session.add(touch))


async def test_a_comment_is_answered_privately_and_its_author_becomes_known(sender: Sender) -> None:
    comment(sender, ago=timedelta(days=3))
    conversation = sender.conversation(wrote=None)
    sender.platform.person_told = "psid-of-the-author"
    await sender.settled(sender.say(conversation, "hello", extra={"comment": "c1"}))
    (seen,) = sender.platform.seen
    with sender.database.reading() as session:
        known = conversations.of_identity(
            session, channel="fake", account="shop", external_id="psid-of-the-author"
        )
    assert (seen.way, seen.comment) == ("private_reply", "c1")
    assert known is not None
    assert known[1] == conversation


async def test_a_comment_too_old_is_not_answered(sender: Sender) -> None:
    comment(sender, ago=timedelta(days=8))
    message = sender.say(sender.conversation(wrote=None), "hello", extra={"comment": "c1"})
    assert (await sender.settled(message, "failed")).error == "window: the comment is more than 7 days old"


async def test_a_shopper_the_channel_does_not_know_gets_nothing(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.change(lambda session: session.query(Identity).delete())
    message = await sender.settled(sender.say(conversation, "hello"), "failed")
    assert message.error == "the channel does not know this shopper"


async def test_addresses_of_our_own_pages_go_out_whole(sender: Sender) -> None:
    conversation = sender.conversation()
    card = ProductCard(
        "t1", "Tent", 100, "EUR", "in_stock", 1, "/shop/products/t1", "https://cdn.test/t1.png"
    )

    def work(session):  # type: ignore[no-untyped-def]
        row = conversations.locked(session, conversation)
        say(session, row, [Text("Look"), Products((card,))], author="bot", at=now())

    sender.change(work)
    sender.outbox.notify(conversation)
    await sender.until(lambda: len(sender.platform.seen) == 1)
    products = sender.platform.seen[0].parts[1]
    assert isinstance(products, Products)
    assert products.items[0].url == "https://shop.test/shop/products/t1"
    assert products.items[0].image == "https://cdn.test/t1.png"


async def test_a_conversation_that_is_gone_is_no_trouble(sender: Sender) -> None:
    sender.outbox.notify(new_id())
    await sender.settled(sender.say(sender.conversation(), "hello"))
