"""Accounts of channels are looked after: what is found is kept, told, and heeded by the outbox."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.core.channel import Finding
from bot.core.errors import NotDelivered, NotFound
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk.account_health import AccountHealth
from bot.desk.figures import Figures
from bot.store import outbox
from bot.store.database import Database
from bot.store.tables import ChannelAccount
from tests.desk.platforms import FakePlatform, Sender, refusal, sending_over
from tests.running import running

TOKEN = "the token is no longer valid"


class Checkable(FakePlatform):
    """A fake platform that counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.is_reached = True

    async def check(self, account: str) -> list[Finding]:
        self.asked += 1
        if not self.is_reached:
            raise NotDelivered("no route", heals=True, cause="busy")
        return self.findings


@pytest.fixture
def platform() -> Checkable:
    return Checkable()


@pytest.fixture
async def sender(database: Database, platform: Checkable) -> AsyncIterator[Sender]:
    async with sending_over(database, platform) as started:
        yield started


@pytest.fixture
def health(sender: Sender, platform: Checkable) -> AccountHealth:
    return AccountHealth(sender.database, {"fake": platform}, Figures(), mended=sender.outbox.recover)


def kept(database: Database) -> ChannelAccount:
    with database.reading() as session:
        found = outbox.account(session, "fake", "shop")
        assert found is not None
        session.expunge(found)
        return found


@pytest.mark.parametrize(
    ("finding", "state"),
    [
        (Finding("ok", "fine"), "ok"),
        (Finding("ok", "the token ends soon", expires_at=now() + timedelta(days=6)), "warning"),
        (Finding("ok", "the token ends", expires_at=now() + timedelta(days=30)), "ok"),
        (Finding("ok", "81 % of the limit is used", used_percent=81), "warning"),
        (Finding("ok", "20 % of the limit is used", used_percent=20), "ok"),
        (Finding("broken", TOKEN, "make a new one"), "broken"),
    ],
)
async def test_what_is_found_is_kept(
    database: Database, platform: Checkable, health: AccountHealth, finding: Finding, state: str
) -> None:
    platform.findings = [Finding("ok", "reached"), finding]
    await health.look()
    row = kept(database)
    assert row.state == state
    assert (row.expires_at, row.used_percent) == (finding.expires_at, finding.used_percent)
    assert finding.what in row.reason or state == "ok"


async def test_accounts_are_asked_once_an_hour_and_broken_ones_each_time(
    database: Database, platform: Checkable, health: AccountHealth
) -> None:
    await health.look()
    await health.look()
    assert platform.asked == 1
    with database.writing() as session:
        session.execute(update(ChannelAccount).values(checked_at=now() - timedelta(hours=1)))
    await health.look()
    assert platform.asked == 2
    platform.findings = [Finding("broken", TOKEN)]
    await health.check("fake", "shop")
    await health.look()
    await health.look()
    assert platform.asked == 5


async def test_messages_of_a_mended_account_leave_at_once(
    sender: Sender, platform: Checkable, health: AccountHealth
) -> None:
    platform.script = [refusal("account")]
    platform.findings = [Finding("broken", TOKEN)]
    message = sender.say(sender.conversation(), "hello")
    await sender.until(lambda: sender.message(message).error != "")
    await health.look()
    await sender.quiet()
    assert sender.message(message).state == "pending"
    platform.findings = [Finding("ok", "fine")]
    await health.check("fake", "shop")
    await sender.settled(message)


async def test_a_platform_that_cannot_be_asked_neither_breaks_nor_mends(
    database: Database, platform: Checkable, health: AccountHealth
) -> None:
    await health.look()
    platform.is_reached = False
    await health.check("fake", "shop")
    assert kept(database).state == "ok"
    platform.is_reached, platform.findings = True, [Finding("broken", TOKEN)]
    await health.check("fake", "shop")
    platform.is_reached = False
    await health.check("fake", "shop")
    assert kept(database).state == "broken"


async def test_an_account_that_is_not_configured_cannot_be_asked(health: AccountHealth) -> None:
    with pytest.raises(NotFound):
        await health.check("fake", "other")
    with pytest.raises(NotFound):
        await health.check("other", "shop")


@pytest.mark.parametrize(
    ("findings", "state", "may_send"),
    [
        ([], "up", 1),
        ([Finding("ok", "90 % of the limit is used", used_percent=90)], "degraded", 1),
        ([Finding("broken", TOKEN)], "down", 0),
    ],
)
async def test_health_and_figures_tell_how_channels_fare(
    settings: Settings, platform: Checkable, findings: list[Finding], state: str, may_send: int
) -> None:
    platform.findings = findings
    async with running(settings, channels={"fake": platform}, modules=("health",)) as desk:
        await _until_checked(desk.services.database)
        async with desk.http.get(f"{desk.url}/health") as response:
            health: dict[str, Any] = await response.json()
        async with desk.http.get(f"{desk.url}/metrics") as response:
            figures = await response.text()
    assert health["parts"]["channel fake"]["state"] == state
    assert TOKEN not in str(health), "reasons are for those who are signed in"
    assert f'aisle_channel_up{{account="shop",channel="fake"}} {may_send}.0' in figures


async def _until_checked(database: Database) -> None:
    deadline = time.monotonic() + 5
    while True:
        with database.reading() as session:
            row = outbox.account(session, "fake", "shop")
        if row is not None:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
