"""What platforms tell of our own accounts is kept where operators and the outbox look."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.core.settings import Settings
from bot.store.tables import ChannelAccount
from tests.desk.hearing import Street, heard
from tests.running import running
from tests.small_platform import SmallPlatform


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    platform = SmallPlatform()
    platform.accounts = ()  # the desk's own look at them, as it starts, would count as news after these
    async with running(settings, channels={"small": platform}) as desk:
        yield Street(desk, platform)


async def told(street: Street, kind: str, key: str, **detail: Any) -> tuple[str, str]:
    await street.tell(heard(kind, key, 1_250, person="", detail=detail))
    (account,) = street.look(select(ChannelAccount)) or [ChannelAccount(state="ok", reason="")]
    return account.state, account.reason


async def test_a_block_stops_the_account_until_it_is_taken_back(street: Street) -> None:
    assert await told(street, "policy", "p1", action="warning", reason="spam") == (
        "warning",
        "policy warning: spam",
    )
    assert await told(street, "policy", "p2", action="block", reason="spam") == (
        "broken",
        "policy block: spam",
    )
    assert await told(street, "error", "e1", reason="slow") == ("broken", "policy block: spam")
    assert await told(street, "policy", "p3", action="unblock") == ("ok", "")


async def test_a_refused_template_is_a_warning_and_an_approved_one_nothing(street: Street) -> None:
    approved = await told(street, "template_status", "t1", name="order_shipped", status="APPROVED")
    refused = await told(
        street, "template_status", "t2", name="order_shipped", status="REJECTED", reason="TAG"
    )
    assert approved == ("ok", "")
    assert refused == ("warning", "template order_shipped rejected TAG")


async def test_an_account_says_how_it_fares(street: Street) -> None:
    assert await told(street, "account", "a1", state="broken", reason="banned") == ("broken", "banned")
