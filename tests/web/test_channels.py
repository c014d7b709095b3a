"""Who is told that a channel does not fare well, in which words, and what to do about it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.orm import Session

from bot.bootstrap import build_connectors
from bot.core.settings import Settings
from bot.store.tables import ChannelAccount
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in

META = ("messenger", "instagram", "whatsapp")
# All on, with one account each, where nobody answers.
VALUES = {
    f"AISLE_{channel.upper()}_{name}": value
    for channel in META
    for name, value in {
        "ACCOUNT": "1077",
        "TOKEN": "t",
        "APP_SECRET": "s",
        "VERIFY_TOKEN": "v",
        "API": "http://127.0.0.1:9",
    }.items()
}
HTML = {"Accept": "text/html"}
LITHUANIAN = {"Accept-Language": "lt"}


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings, channels=build_connectors(VALUES)) as started:
        await started.services.accounts.stop()  # states are those that each test sets
        yield started


def faring(
    session: Session, channel: str, state: str, reason: str = "", name: str = "", account: str = "1077"
) -> None:
    session.merge(ChannelAccount(channel=channel, account=account, name=name, state=state, reason=reason))


@pytest.fixture
async def well(desk: RunningDesk) -> RunningDesk:
    """Nothing is the matter with any account."""
    for channel in META:
        await desk.services.database.write(faring, channel, "ok")
    return desk


@pytest.fixture
async def ill(desk: RunningDesk) -> RunningDesk:
    """Instagram is broken, Messenger needs a look, WhatsApp is well."""
    write = desk.services.database.write
    await write(faring, "messenger", "warning", "the token ends on 2026-12-01", "Larch & Loom")
    await write(faring, "instagram", "broken", "the platform refuses the token: connect it again")
    await write(faring, "whatsapp", "ok")
    return desk


async def test_while_all_is_well_nobody_is_told_anything(well: RunningDesk) -> None:
    async with signed_in(well, "Boss", "manager") as boss:
        assert await boss.call("GET", "/api/channels") == (200, {"ok": True, "channels": []})


async def test_nobody_is_told_of_an_account_that_is_no_longer_in_use(well: RunningDesk) -> None:
    await well.services.database.write(faring, "telegram", "broken", "revoked")
    await well.services.database.write(faring, "messenger", "broken", "revoked", account="an old Page")
    async with signed_in(well, "Boss", "manager") as boss:
        assert await boss.call("GET", "/api/channels") == (200, {"ok": True, "channels": []})


async def test_a_manager_reads_what_is_wrong_the_worst_first_and_where_help_is(ill: RunningDesk) -> None:
    async with signed_in(ill, "Boss", "manager") as boss:
        _, answer = await boss.call("GET", "/api/channels")
    broken, warning = answer["channels"]
    assert (broken["channel"], broken["account"], broken["state"]) == ("instagram", "1077", "broken")
    assert broken["headline"] == "Instagram (1077): nothing can be sent."
    assert broken["reason"] == "the platform refuses the token: connect it again"
    assert "aisle channel check instagram" in broken["advice"]
    assert broken["guide"] == "/channels/instagram"
    assert warning["headline"] == "Messenger (Larch & Loom) needs a look."
    assert "both ways" in warning["meaning"]


async def test_an_agent_is_told_only_what_keeps_replies_from_leaving(ill: RunningDesk) -> None:
    async with signed_in(ill, "Ana") as agent:
        _, answer = await agent.call("GET", "/api/channels")
        assert [one["channel"] for one in answer["channels"]] == ["instagram"]
        assert "Tell a manager" in answer["channels"][0]["advice"]
        assert answer["channels"][0]["reason"] == answer["channels"][0]["guide"] == ""
        assert (await page(agent, "/channels/instagram"))[0] == 403


async def test_it_is_said_in_the_readers_language(ill: RunningDesk) -> None:
    async with signed_in(ill, "Boss", "manager") as boss:
        _, answer = await boss.call("GET", "/api/channels", headers=LITHUANIAN)
    assert answer["channels"][0]["headline"] == "Instagram (1077): nieko negalima išsiųsti."
    assert "aisle channel check messenger" in answer["channels"][1]["advice"]


async def page(agent: Agent, path: str) -> tuple[int, str]:
    async with agent.http.get(agent.url + path, headers=HTML) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("path", ["/dashboard", "/inbox"])
async def test_pages_have_a_place_for_it_that_is_empty_until_there_is_something(
    desk: RunningDesk, path: str
) -> None:
    async with signed_in(desk, "Boss", "manager") as boss:
        status, text = await page(boss, path)
    assert status == 200
    assert (
        '<div class="channels" id="channels" role="status" aria-label="State of the channels"></div>' in text
    )
    assert "/static/channels.js" in text


async def test_the_guide_of_a_channel_is_on_the_desk_itself(desk: RunningDesk) -> None:
    async with signed_in(desk, "Boss", "manager") as boss:
        status, text = await page(boss, "/channels/telegram")
        assert status == 200
        assert "What breaks, and how to mend it" in text
        assert "@BotFather" in text
        for wrong in ("/channels/pigeon", "/channels/..%2Fapi", "/channels/README"):
            assert (await page(boss, wrong))[0] == 404


async def test_strangers_learn_nothing_of_the_channels(ill: RunningDesk) -> None:
    async with ill.http.get(f"{ill.url}/api/channels") as response:
        assert response.status == 401
