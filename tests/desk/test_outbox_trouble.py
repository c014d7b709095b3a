"""What the outbox does when platforms refuse, throttle, answer nothing, or we die between a row and a call."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.core.errors import NotDelivered
from bot.core.ownership import Owner
from bot.core.times import now
from bot.desk import sending
from bot.desk.pace import Pace
from bot.desk.sending import ATTEMPTS_MOST, UNCONFIRMED
from bot.store import conversations, outbox, pieces
from bot.store.database import Database
from tests.desk.platforms import (
    FakePlatform,
    Sender,
    arrives_and_hangs,
    arrives_unanswered,
    hangs,
    refusal,
    sending_over,
    vanishes,
)


@pytest.fixture
async def sender(database: Database) -> AsyncIterator[Sender]:
    async with sending_over(database, FakePlatform()) as started:
        yield started


@pytest.fixture
async def blind(database: Database) -> AsyncIterator[Sender]:
    """Over a channel that does not give our ids back."""
    async with sending_over(database, FakePlatform(settles=False)) as started:
        yield started


async def echo(sender: Sender, own_id: str, platform_id: str = "mid.echo") -> None:
    """The platform tells us of a piece it has."""

    def work(session):  # type: ignore[no-untyped-def]
        piece = pieces.find_by_own_id(session, own_id)
        return sending.settle(session, piece, platform_id=platform_id, at=now())

    conversation_id = sender.change(work)
    if conversation_id:
        sender.outbox.notify(conversation_id)


async def test_a_lost_answer_is_settled_by_its_echo_at_once(database: Database) -> None:
    # by the end of an hour's wait the test would have given up
    async with sending_over(database, FakePlatform(), echo_wait_seconds=3600) as sender:
        sender.platform.script = [arrives_unanswered]
        message = sender.say(sender.conversation(), "one|two")
        await sender.until(lambda: bool(sender.platform.own_ids))
        await sender.until(lambda: sender.message(message).next_try_at is not None)
        await echo(sender, sender.platform.own_ids[0])
        await sender.settled(message)
        assert sender.platform.taken == ["one", "two"]
        assert sender.pieces(message) == [("sent", "mid.echo"), ("sent", "mid.2")]
        assert sender.message(message).error == ""


async def test_a_lost_message_without_an_echo_is_sent_again(sender: Sender) -> None:
    sender.platform.script = [None, vanishes]
    message = sender.say(sender.conversation(), "one|two|three")
    await sender.settled(message)
    assert sender.platform.taken == ["one", "two", "three"]
    assert sender.platform.calls == ["one", "two", "two", "three"]


async def test_without_echoes_a_lost_answer_counts_as_sent_and_agents_see_the_doubt(blind: Sender) -> None:
    conversation = blind.conversation()
    blind.platform.script = [arrives_unanswered]
    commits = blind.count_commits()
    message = blind.say(conversation, "one|two")
    row = await blind.settled(message)
    assert blind.platform.taken == ["one", "two"]
    assert len(commits) - 1 == 3, "there is nothing to wait for"
    assert row.error == UNCONFIRMED
    with blind.database.reading() as session:
        events = conversations.events_after(session, conversation, 0, for_agents=True)
    assert [event["message"]["error"] for event in events if event["kind"] == "message"] == [UNCONFIRMED]


async def test_an_echo_faster_than_the_answer_changes_nothing(sender: Sender) -> None:
    sender.platform.gate = asyncio.Event()
    message = sender.say(sender.conversation(), "one|two")
    await sender.until(lambda: sender.platform.calls == ["one"])
    await echo(sender, sender.platform.own_ids[0], "mid.1")
    sender.platform.gate.set()
    await sender.settled(message)
    await sender.quiet()
    assert sender.platform.calls == ["one", "two"]
    assert sender.pieces(message) == [("sent", "mid.1"), ("sent", "mid.2")]
    assert sender.facts("message_out") == [""]


async def test_an_echo_between_the_call_and_its_refusal_counts_as_taken(sender: Sender) -> None:
    async def told_and_refused(platform: FakePlatform, text: str) -> None:
        await echo(sender, platform.own_ids[-1])
        raise refusal("message")

    sender.platform.script = [told_and_refused]
    message = sender.say(sender.conversation(), "one|two")
    await sender.settled(message)
    assert sender.platform.calls == ["one", "two"]


async def test_lost_answers_are_not_repeated_for_ever_and_a_late_echo_still_counts(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.script = [vanishes] * ATTEMPTS_MOST
    message = sender.say(conversation, "one")
    row = await sender.settled(message, "failed")
    assert len(sender.platform.calls) == ATTEMPTS_MOST
    assert row.error == "no answer came"
    await echo(sender, sender.platform.own_ids[0])
    await sender.settled(message)
    assert len(sender.platform.calls) == ATTEMPTS_MOST


async def test_killed_between_row_and_call_the_message_is_sent_after_the_wait(sender: Sender) -> None:
    sender.platform.script = [None, hangs]
    message = sender.say(sender.conversation(), "one|two")
    await sender.until(lambda: sender.platform.calls == ["one", "two"])
    await sender.kill()
    await sender.quiet()
    assert sender.platform.taken == ["one"]
    await sender.settled(message)
    assert sender.platform.taken == ["one", "two"]


async def test_killed_between_call_and_row_the_echo_settles_it(sender: Sender) -> None:
    sender.platform.script = [arrives_and_hangs]
    message = sender.say(sender.conversation(), "one|two")
    await sender.until(lambda: sender.platform.taken == ["one"])
    await sender.kill()
    await echo(sender, sender.platform.own_ids[0])
    await sender.settled(message)
    await sender.quiet()
    assert sender.platform.taken == ["one", "two"]


async def test_killed_without_echoes_nothing_is_sent_twice(blind: Sender) -> None:
    blind.platform.script = [arrives_and_hangs]
    message = blind.say(blind.conversation(), "one|two")
    await blind.until(lambda: blind.platform.taken == ["one"])
    await blind.kill()
    row = await blind.settled(message)
    assert blind.platform.taken == ["one", "two"]
    assert row.error == UNCONFIRMED


async def test_killed_again_and_again_every_piece_arrives_once(sender: Sender) -> None:
    """At every piece of two messages: die after the call, hear the echo, go on."""
    conversation = sender.conversation()
    sender.platform.script = [arrives_and_hangs] * 5
    sender.say(conversation, "one|two|three")
    last = sender.say(conversation, "four|five")
    for count in range(1, 6):
        await sender.until(lambda count=count: len(sender.platform.taken) == count, f"call {count}")
        await sender.kill()
        await echo(sender, sender.platform.own_ids[-1], f"mid.{count}")
    await sender.settled(last)
    assert sender.platform.taken == ["one", "two", "three", "four", "five"]
    assert sender.states(conversation) == ["sent", "sent"]


async def test_a_stop_waits_for_the_answer_that_is_due(sender: Sender) -> None:
    sender.platform.gate = asyncio.Event()
    message = sender.say(sender.conversation(), "one|two")
    await sender.until(lambda: sender.platform.calls == ["one"])
    stopping = asyncio.create_task(sender.outbox.stop())
    await asyncio.sleep(0)
    sender.platform.gate.set()
    await stopping
    assert sender.message(message).state == "sent"


async def test_a_throttled_account_waits_as_one_and_no_attempt_is_used_up(sender: Sender) -> None:
    sender.platform.script = [refusal("busy", heals=True, after=1.0)]
    throttled = sender.say(sender.conversation(), "first")
    await sender.until(lambda: sender.message(throttled).next_try_at is not None)
    others = [sender.say(sender.conversation(), f"other {number}") for number in range(5)]
    elsewhere = sender.say(sender.conversation(account="second"), "elsewhere")
    await sender.settled(elsewhere)
    await sender.quiet()
    assert sender.platform.calls == ["first", "elsewhere"]
    for message in (throttled, *others):
        await sender.settled(message)
    assert sender.message(throttled).attempts == 1


async def test_after_a_pause_one_tries_and_the_others_follow(sender: Sender) -> None:
    sender.platform.script = [refusal("busy", heals=True, after=0.5)]
    first = sender.say(sender.conversation(), "first")
    await sender.until(lambda: sender.message(first).next_try_at is not None)
    sender.platform.gate = asyncio.Event()
    others = [sender.say(sender.conversation(), "other") for _ in range(10)]
    await sender.until(lambda: sender.platform.at_once == 1)
    await sender.quiet()
    assert sender.platform.at_once == 1
    sender.platform.gate.set()
    for message in (first, *others):
        await sender.settled(message)


async def test_a_shopper_who_is_written_to_too_fast_holds_up_nobody_else(sender: Sender) -> None:
    sender.platform.script = [refusal("busy", heals=True, after=0.6, is_shared=False)]
    slowed = sender.say(sender.conversation(), "slowed")
    await sender.until(lambda: sender.message(slowed).next_try_at is not None)
    await sender.settled(sender.say(sender.conversation(), "other"))
    assert sender.message(slowed).state == "pending"
    row = await sender.settled(slowed)
    assert row.attempts == 1


async def test_a_person_who_cannot_be_reached_is_written_to_no_more(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.script = [refusal("person")]
    first = sender.say(conversation, "hello")
    await sender.settled(first, "failed")
    second = await sender.settled(sender.say(conversation, "anyone?"), "failed")
    assert sender.row(conversation).unreachable == "it is the person"
    assert second.error == "unreachable: it is the person"
    assert sender.facts("unreachable") == ["it is the person"]
    assert sender.platform.calls == ["hello"]


async def test_a_person_an_agent_gets_through_to_is_reachable_again(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.script = [refusal("person")]
    await sender.settled(sender.say(conversation, "hello"), "failed")
    await sender.settled(sender.say(conversation, "do you read this?", author="agent"))
    assert sender.row(conversation).unreachable == ""
    await sender.settled(sender.say(conversation, "hello again"))


async def test_a_broken_account_keeps_its_messages_until_it_is_mended(sender: Sender) -> None:
    sender.platform.script = [refusal("account")]
    message = sender.say(sender.conversation(), "hello")
    await sender.until(lambda: sender.message(message).error != "")
    waiting = sender.say(sender.conversation(), "me too")
    await sender.settled(sender.say(sender.conversation(account="second"), "elsewhere"))
    assert await sender.outbox.recover() == 0
    await sender.quiet()
    assert sender.platform.calls == ["hello", "elsewhere"]
    assert [sender.message(row).state for row in (message, waiting)] == ["pending", "pending"]
    with sender.database.reading() as session:
        account = outbox.account(session, "fake", "shop")
        assert account is not None
        assert (account.state, account.reason) == ("broken", "it is the account")

    def mend(session):  # type: ignore[no-untyped-def]
        outbox.account(session, "fake", "shop").state = "ok"  # type: ignore[union-attr]

    sender.change(mend)
    await sender.outbox.recover()
    await sender.settled(message)
    await sender.settled(waiting)
    assert sender.message(message).attempts == 1


async def test_an_account_that_breaks_under_many_messages_at_once_loses_none(blind: Sender) -> None:
    token_ends = asyncio.Event()

    async def is_refused(platform: FakePlatform, text: str) -> None:
        await token_ends.wait()
        raise refusal("account")

    blind.platform.script = [is_refused] * 30
    messages = [blind.say(blind.conversation(), f"message {number}") for number in range(30)]
    await blind.until(lambda: blind.platform.at_once == 30)
    token_ends.set()
    await blind.until(lambda: {blind.message(message).error for message in messages} == {"it is the account"})
    assert {blind.message(message).state for message in messages} == {"pending"}


async def test_an_answer_is_kept_although_the_database_stumbles(blind: Sender) -> None:
    stumbles = iter(range(2))

    def stumble(*_arguments: object) -> None:
        if next(stumbles, None) is not None:
            raise OperationalError("UPDATE messages", {}, Exception("disk"))

    async def then_the_database_stumbles(platform: FakePlatform, text: str) -> None:
        event.listen(blind.database.writer, "before_cursor_execute", stumble)
        raise refusal("message")

    blind.platform.script = [then_the_database_stumbles]
    message = await blind.settled(blind.say(blind.conversation(), "hello"), "failed")
    assert message.error == "it is the message"


async def test_where_another_app_has_the_thread_the_message_fails_and_agents_see_it(sender: Sender) -> None:
    conversation = sender.conversation()
    sender.platform.script = [refusal("owner", heals=True)]
    row = await sender.settled(sender.say(conversation, "hello"), "failed")
    assert row.error == "it is the owner"
    assert sender.told(conversation)[-1]["error"] == "it is the owner"


async def test_a_refusal_that_may_heal_is_tried_again(sender: Sender) -> None:
    sender.platform.script = [refusal("message", heals=True)]
    conversation = sender.conversation()
    first, second = sender.say(conversation, "first"), sender.say(conversation, "second")
    await sender.settled(second)
    assert sender.platform.taken == ["first", "second"]
    assert sender.message(first).attempts == 2


async def test_a_message_in_doubt_is_dropped_when_a_person_takes_over_and_no_echo_comes(
    sender: Sender,
) -> None:
    conversation = sender.conversation()
    sender.platform.script = [vanishes]
    message = sender.say(conversation, "one")
    await sender.until(lambda: sender.message(message).next_try_at is not None)
    sender.change(
        lambda session: conversations.change_owner(
            session, conversations.locked(session, conversation), Owner.QUEUE
        )
    )
    await sender.settled(message, "dropped")
    assert sender.platform.calls == ["one"]


async def test_an_attempt_counts_only_when_others_get_through() -> None:
    woken: list[str] = []
    pace = Pace(woken.append)
    down = NotDelivered("down", heals=True, cause="busy")
    assert not pace.busy("a", down, attempts=1).is_attempt
    assert not pace.busy("a", down, attempts=1).is_attempt
    pace.taken("b")
    assert pace.busy("a", down, attempts=1).is_attempt
    assert not pace.busy("a", down, attempts=1).is_attempt
    pace.close()


async def test_while_one_tries_nobody_else_may() -> None:
    woken: list[str] = []
    is_over = asyncio.Event()

    def wake(key: str) -> None:
        woken.append(key)
        is_over.set()

    pace = Pace(wake)
    pace.busy("a", NotDelivered("wait", heals=True, cause="busy", retry_after_seconds=0.01), attempts=1)
    assert not pace.enter("b")
    await is_over.wait()
    assert woken == ["a"]
    assert pace.enter("a")
    assert not pace.enter("b")
    assert not pace.enter("c")
    pace.leave("a")
    assert woken == ["a", "b"], "the first found nothing to send: it is the next one's turn"
    assert pace.enter("b")
    pace.taken("b")
    assert woken == ["a", "b", "c"]
    assert pace.enter("d")
    pace.close()


async def test_pauses_of_an_account_that_stays_down_grow() -> None:
    pace = Pace(lambda key: None)
    down = NotDelivered("down", heals=True, cause="busy")
    pauses = []
    for _ in range(4):
        pauses.append(pace.busy("a", down, attempts=1).seconds)
        pace._resume()  # the time passes
        assert pace.enter("a")
    assert all(later > earlier for earlier, later in pairwise(pauses))
    asked = NotDelivered("wait", heals=True, cause="busy", retry_after_seconds=900)
    assert pace.busy("a", asked, attempts=1).seconds >= 900
    pace.close()


async def test_many_refused_at_once_are_one_pause() -> None:
    pace = Pace(lambda key: None)
    down = NotDelivered("down", heals=True, cause="busy")
    pauses = [pace.busy(f"conversation {number}", down, attempts=1).seconds for number in range(64)]
    assert max(pauses) < 2
    pace.close()
