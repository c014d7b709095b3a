"""The inbox and its page of public touches over several channels: filters, limits, who answered elsewhere."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.bootstrap import build_connectors
from bot.core.ids import new_id
from bot.core.settings import Settings
from bot.core.times import now
from bot.store.tables import Touch
from bot.store.touches import KINDS
from bot.web import pages
from bot.web.pages import catalogues
from connectors import NAMES
from tests.desk.platforms import FakePlatform
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in
from tests.web.talks import open_talk


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    channels: dict[str, Any] = {"web": build_connectors({})["web"], "fake": FakePlatform(text_unit="bytes")}
    async with running(settings, channels=channels) as started:
        yield started


@pytest.fixture
async def ana(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ana") as agent:
        yield agent


def talk(desk: RunningDesk, channel: str) -> str:
    with desk.services.database.writing() as session:
        return open_talk(session, channel).id


def touched(desk: RunningDesk, kind: str, **more: Any) -> None:
    with desk.services.database.writing() as session:
        values = {"channel": "fake", "account": "shop", "platform_id": new_id(), "kind": kind, "text": kind}
        session.add(Touch(**(values | {"at": now() - timedelta(minutes=1)} | more)))


async def test_the_list_is_narrowed_to_a_channel(desk: RunningDesk, ana: Agent) -> None:
    wanted = talk(desk, "fake")
    talk(desk, "web")
    assert [row["id"] for row in await ana.listed("all", channel="fake")] == [wanted]
    assert len(await ana.listed("all")) == 2


@pytest.mark.parametrize(
    ("channel", "limit", "unit"),
    [("fake", 2_000, "bytes"), ("web", 20_000, "characters"), ("gone", None, "characters")],
)
async def test_the_page_knows_how_much_fits_into_a_message(
    desk: RunningDesk, ana: Agent, channel: str, limit: int | None, unit: str
) -> None:
    row = (await ana.opened(talk(desk, channel)))["conversation"]
    assert (row["text_limit"], row["text_unit"]) == (limit, unit)


async def test_touches_are_filtered_by_kind(desk: RunningDesk, ana: Agent) -> None:
    for kind in KINDS:
        touched(desk, kind)
    for kind in KINDS:
        _, answer = await ana.call("GET", f"/api/inbox/touches?kind={kind}")
        assert [row["kind"] for row in answer["touches"]] == [kind]
    _, everything = await ana.call("GET", "/api/inbox/touches")
    assert len(everything["touches"]) == len(KINDS)
    _, nothing = await ana.call("GET", "/api/inbox/touches?kind=rumour")
    assert nothing["touches"] == []


@pytest.mark.parametrize("locale", ["en", "lt"])
async def test_the_pages_name_every_channel_and_kind(desk: RunningDesk, ana: Agent, locale: str) -> None:
    for path in ("/inbox", "/inbox/touches"):
        headers = {"Accept": "text/html", "Accept-Language": locale}
        async with ana.http.get(desk.url + path, headers=headers) as response:
            page = await response.text()
        assert response.status == 200
        assert catalogues()[locale]["touches.title"] in page
        assert '<option value="fake">fake</option>' in page
    texts = catalogues()[locale]
    assert [name for name in NAMES if f"inbox.channel_{name}" not in texts] == []
    assert [kind for kind in KINDS if f"touches.kind_{kind}" not in texts] == []
    states = ("seen", "replied", "failed", "removed")
    assert [state for state in states if f"touches.state_{state}" not in texts] == []


def test_every_channel_has_an_icon() -> None:
    icons = (pages.HERE / "static" / "icons.svg").read_text(encoding="utf-8")
    assert [name for name in NAMES if f'id="{name}"' not in icons] == []
