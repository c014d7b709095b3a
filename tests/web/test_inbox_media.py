"""Files shoppers sent, given out to agents: as what they are known to be, or as a download nothing opens by itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.errors import NotDelivered, NotFound, TooLarge
from bot.core.ids import new_id
from bot.core.settings import Settings
from bot.core.times import now
from bot.store import messages
from bot.web import inbox_media
from tests.desk.platforms import FakePlatform
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in
from tests.web.talks import open_talk

PNG = b"\x89PNG\r\n\x1a\n and more"


class Keeper(FakePlatform):
    """A channel that keeps shoppers' files."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self.answer: Any = (PNG, "image/png")

    async def media(self, account: str, platform_id: str) -> tuple[bytes, str]:
        self.asked.append((account, platform_id))
        if isinstance(self.answer, Exception):
            raise self.answer
        content: tuple[bytes, str] = self.answer
        return content


class Plain(FakePlatform):
    """One that keeps none."""

    name = "plain"


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
async def desk(settings: Settings, keeper: Keeper) -> AsyncIterator[RunningDesk]:
    channels: dict[str, Any] = {"fake": keeper, "plain": Plain()}
    async with running(settings, channels=channels, modules=("chat", "sign_in", "inbox")) as started:
        yield started


@pytest.fixture
async def ana(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ana") as agent:
        yield agent


def sent(desk: RunningDesk, channel: str = "fake", *, direction: str = "in", **part: str) -> str:
    """The address of the second part of a message with a file."""
    file = {"type": "file", "kind": "image", "url": "", "title": "", "platform_id": "f1", **part}
    with desk.services.database.writing() as session:
        made = open_talk(session, channel)
        row = messages.add(
            session,
            {
                "conversation_id": made.id,
                "episode": 1,
                "direction": direction,
                "author": "shopper" if direction == "in" else "agent",
                "channel": channel,
                "account": "shop",
                "platform_id": new_id(),
                "text": "",
                "parts": [{"type": "text", "text": "look"}, file],
                "created_at": now(),
                "stored_at": now(),
                "handled_at": now(),
                "state": "received",
            },
        )
        return f"/api/inbox/conversations/{made.id}/messages/{row.id}/media?part=1"


async def test_a_picture_is_shown_and_comes_from_the_channel(
    desk: RunningDesk, ana: Agent, keeper: Keeper
) -> None:
    async with ana.http.get(desk.url + sent(desk)) as response:
        content = await response.read()
        headers = response.headers
    assert (response.status, content, headers["Content-Type"]) == (200, PNG, "image/png")
    assert headers["Content-Disposition"].startswith("inline; filename=")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert keeper.asked == [("shop", "f1")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<script>alert(1)</script>", "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<script>alert(1)</script>", "image/png"),
        (b"<html>", "image/png\r\nX-Evil: 1"),
        (b"", ""),
    ],
)
async def test_whatever_is_not_what_it_says_is_only_a_download(
    desk: RunningDesk, ana: Agent, keeper: Keeper, content: bytes, kind: str
) -> None:
    keeper.answer = (content, kind)
    async with ana.http.get(desk.url + sent(desk)) as response:
        headers = response.headers
    assert (response.status, headers["Content-Type"]) == (200, "application/octet-stream")
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "X-Evil" not in headers


async def test_a_name_a_shopper_chose_never_becomes_the_files_name(desk: RunningDesk, ana: Agent) -> None:
    address = sent(desk, title='a"; filename="evil.exe\r\nX-Evil: 1')
    async with ana.http.get(desk.url + address) as response:
        assert "evil" not in str(response.headers).lower()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (NotFound("gone"), 404),
        (TooLarge("too large"), 413),
        (NotDelivered("no answer", heals=True), 502),
        ((b"x" * (inbox_media.LARGEST + 1), "image/png"), 413),
    ],
    ids=["gone", "refused as too large", "no answer", "too large"],
)
async def test_what_the_channel_does_not_give_is_an_error_in_words(
    desk: RunningDesk, ana: Agent, keeper: Keeper, answer: Any, status: int
) -> None:
    keeper.answer = answer
    seen, body = await ana.call("GET", sent(desk))
    assert seen == status
    assert body["message"]


async def test_only_files_of_shoppers_of_that_conversation_are_given(
    desk: RunningDesk, ana: Agent, keeper: Keeper
) -> None:
    address, other = sent(desk), sent(desk)
    mixed = f"{address.split('/messages/')[0]}/messages/{other.split('/messages/')[1]}"
    wrong = [
        mixed,
        address.replace("part=1", "part=0"),
        address.replace("part=1", "part=9"),
        sent(desk, direction="out"),
        sent(desk, platform_id=""),
        sent(desk, "plain"),
    ]
    assert [(await ana.call("GET", one))[0] for one in wrong] == [404] * len(wrong)
    assert keeper.asked == []


async def test_strangers_get_no_files(desk: RunningDesk, keeper: Keeper) -> None:
    async with desk.http.get(desk.url + sent(desk)) as response:
        assert response.status == 401
    assert keeper.asked == []


async def test_a_few_files_are_fetched_at_once_and_all_arrive(desk: RunningDesk, ana: Agent) -> None:
    addresses = [sent(desk) for _ in range(9)]
    answers = await asyncio.gather(*(_status(ana, address) for address in addresses))
    assert answers == [200] * 9


async def _status(agent: Agent, address: str) -> int:
    async with agent.http.get(agent.url + address) as response:
        return response.status
