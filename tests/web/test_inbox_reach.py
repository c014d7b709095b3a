"""Agents see whether their reply can reach the shopper, are refused when it cannot, and send failed ones again."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.bootstrap import build_connectors
from bot.core.messages import Text
from bot.core.ownership import Owner
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk.say import say
from bot.store import conversations
from bot.store.tables import ChannelAccount, Conversation, Message
from bot.web.pages import catalogues
from tests.desk.platforms import FakePlatform, refusal
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in
from tests.web.talks import open_talk

Change = Callable[[Conversation], Any]


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform()


@pytest.fixture
async def desk(settings: Settings, platform: FakePlatform) -> AsyncIterator[RunningDesk]:
    channels = {"web": build_connectors({})["web"], "fake": platform}
    async with running(settings, channels=channels, modules=("chat", "sign_in", "inbox")) as started:
        yield started


@pytest.fixture
async def ana(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ana") as agent:
        yield agent


def conversation(desk: RunningDesk, *, channel: str = "fake", ago: timedelta | None = timedelta(0)) -> str:
    """A shopper of another house's channel, who wrote so long ago."""
    with desk.services.database.writing() as session:
        made = open_talk(session, channel)
        made.last_shopper_at = None if ago is None else now() - ago
        return made.id


def change(desk: RunningDesk, conversation_id: str, work: Change) -> None:
    with desk.services.database.writing() as session:
        work(conversations.locked(session, conversation_id))


def count_messages(desk: RunningDesk) -> int:
    with desk.services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


async def can_reply(ana: Agent, conversation_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await ana.opened(conversation_id))["conversation"]["can_reply"]
    return found


async def test_on_the_web_a_reply_can_always_leave(desk: RunningDesk, ana: Agent) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    assert await can_reply(ana, shopper.conversation_id) == {
        "ok": True,
        "way": "response",
        "until": None,
        "reason": "",
        "detail": "",
    }


@pytest.mark.parametrize(
    ("ago", "way", "lasts"),
    [
        (timedelta(hours=1), "response", timedelta(hours=24)),
        (timedelta(days=2), "human_agent", timedelta(days=7)),
    ],
)
async def test_the_page_is_told_by_which_way_and_until_when(
    desk: RunningDesk, ana: Agent, ago: timedelta, way: str, lasts: timedelta
) -> None:
    found = await can_reply(ana, conversation(desk, ago=ago))
    assert (found["ok"], found["way"], found["reason"]) == (True, way, "")
    ends_in = datetime.fromisoformat(found["until"]) - now()
    assert timedelta(0) < lasts - ago - ends_in < timedelta(minutes=1)


def _unreachable(row: Conversation) -> None:
    row.unreachable = "blocked"


def _elsewhere(row: Conversation) -> None:
    row.owner, row.agent_id, row.reason = Owner.AGENT.value, None, "elsewhere"


@pytest.mark.parametrize(
    ("channel", "ago", "work", "reason"),
    [
        ("fake", timedelta(days=8), None, "agent_window"),
        ("fake", None, None, "never_wrote"),
        ("fake", timedelta(0), _unreachable, "unreachable"),
        ("fake", timedelta(0), _elsewhere, "elsewhere"),
        ("gone", timedelta(0), None, "channel_off"),
    ],
)
async def test_the_page_is_told_why_no_reply_can_leave(
    desk: RunningDesk, ana: Agent, channel: str, ago: timedelta | None, work: Change | None, reason: str
) -> None:
    made = conversation(desk, channel=channel, ago=ago)
    change(desk, made, work or (lambda row: None))
    found = await can_reply(ana, made)
    assert (found["ok"], found["reason"]) == (False, f"cannot_reply.{reason}")
    for locale in ("en", "lt"):
        assert catalogues()[locale][found["reason"]]


@pytest.mark.parametrize(
    ("channel", "ago", "work", "said"),
    [
        ("fake", timedelta(days=8), None, "more than 7 days old"),
        ("fake", timedelta(0), _unreachable, "blocked"),
        ("gone", timedelta(0), None, "switched off"),
    ],
)
async def test_such_a_reply_is_refused_before_anything_is_kept(
    desk: RunningDesk,
    ana: Agent,
    platform: FakePlatform,
    channel: str,
    ago: timedelta,
    work: Change | None,
    said: str,
) -> None:
    made = conversation(desk, channel=channel, ago=ago)
    change(desk, made, work or (lambda row: None))
    await ana.act(made, "take")
    before = count_messages(desk)
    status, answer = await ana.reply(made, "hello?")
    assert (status, answer["error"]) == (409, "outside_window")
    assert said in answer["message"]
    assert count_messages(desk) == before
    assert platform.calls == []


async def test_over_a_broken_account_a_reply_is_kept_and_the_agent_knows(
    desk: RunningDesk, ana: Agent, platform: FakePlatform
) -> None:
    made = conversation(desk)
    with desk.services.database.writing() as session:
        row = session.get(ChannelAccount, ("fake", "shop")) or ChannelAccount(channel="fake", account="shop")
        row.state, row.reason, row.checked_at = "broken", "the token is dead", now()
        session.add(row)
    await ana.act(made, "take")
    status, _ = await ana.reply(made, "one moment")
    found = await can_reply(ana, made)
    opened = await ana.opened(made)
    assert status == 200
    assert (found["ok"], found["reason"], found["detail"]) == (
        True,
        "cannot_reply.account_broken",
        "the token is dead",
    )
    assert [message["state"] for message in opened["unsent"]] == ["pending"]
    assert platform.calls == []


async def failed_reply(desk: RunningDesk, ana: Agent, platform: FakePlatform) -> tuple[str, int]:
    """A conversation of Ana's with a reply the platform refused."""
    made = conversation(desk)
    await ana.act(made, "take")
    platform.script = [refusal("message")]
    _, answer = await ana.reply(made, "hello")
    message_id = answer["message"]["id"]
    await ana.hears(
        lambda kind, data: kind == "event" and data["kind"] == "delivery" and data["state"] == "failed", made
    )
    return made, message_id


async def retry(agent: Agent, conversation_id: str, message_id: int) -> tuple[int, Any]:
    return await agent.act(conversation_id, f"messages/{message_id}/retry")


async def test_a_failed_message_is_sent_again_as_the_same_message(
    desk: RunningDesk, ana: Agent, platform: FakePlatform
) -> None:
    made, message_id = await failed_reply(desk, ana, platform)
    assert [row["id"] for row in (await ana.opened(made))["unsent"]] == [message_id]
    status, answer = await retry(ana, made, message_id)
    assert (status, answer) == (200, {"ok": True})
    await ana.hears(lambda kind, data: kind == "event" and data["kind"] == "message", made)
    assert platform.taken == ["hello"]
    assert (await ana.opened(made))["unsent"] == []
    again, _ = await retry(ana, made, message_id)
    assert again == 409


async def test_only_who_has_the_conversation_sends_again(
    desk: RunningDesk, ana: Agent, platform: FakePlatform
) -> None:
    made, message_id = await failed_reply(desk, ana, platform)
    async with signed_in(desk, "Ben") as ben:
        foreign, _ = await retry(ben, made, message_id)
    unknown, _ = await retry(ana, made, message_id + 1_000)
    other = conversation(desk)
    await ana.act(other, "take")
    elsewhere, _ = await retry(ana, other, message_id)
    assert (foreign, unknown, elsewhere) == (409, 404, 404)
    assert platform.taken == []


async def test_what_the_bot_failed_to_say_an_agent_can_send(
    desk: RunningDesk, ana: Agent, platform: FakePlatform
) -> None:
    made = conversation(desk)
    platform.script = [None, refusal("message")]
    with desk.services.database.writing() as session:
        row = say(
            session, conversations.locked(session, made), [Text("first|second")], author="bot", at=now()
        )
    desk.services.changed(made)
    await ana.hears(lambda kind, data: kind == "event" and data["kind"] == "delivery", made)
    await ana.act(made, "take")
    await retry(ana, made, row.id)
    await ana.hears(lambda kind, data: kind == "event" and data["kind"] == "message", made)
    assert platform.taken == ["first", "second"]
