"""Health says the truth about each part, and figures are given to those who may read them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bot.core.settings import Settings
from bot.core.times import now
from bot.desk.people import make_api_key
from bot.store.tables import Message
from tests.running import RunningDesk, running


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings, modules=("chat", "health")) as started:
        yield started


async def _health(desk: RunningDesk) -> tuple[int, dict[str, Any]]:
    async with desk.http.get(f"{desk.url}/health") as response:
        return response.status, await response.json()


async def _metrics(desk: RunningDesk, **headers: str) -> tuple[int, str]:
    async with desk.http.get(f"{desk.url}/metrics", headers=headers) as response:
        return response.status, await response.text()


async def test_each_part_is_reported_and_a_missing_one_degrades_the_whole(desk: RunningDesk) -> None:
    status, health = await _health(desk)
    assert status == 200, "a desk without its actions still serves"
    assert {name: part["state"] for name, part in health["parts"].items()} == {
        "desk": "up",
        "brain": "up",
        "actions": "down",
        "database": "up",
        "outbox": "up",
        "queue": "up",
    }
    assert health["state"] == "degraded"
    assert health["ok"] is True


async def test_a_brain_that_is_gone_is_down_and_never_an_error(desk: RunningDesk) -> None:
    await desk.brain.stop()
    status, health = await _health(desk)
    assert status == 200
    assert health["parts"]["brain"]["state"] == "down"
    assert "messages wait" in health["parts"]["brain"]["detail"]


async def test_without_a_database_the_whole_is_down(desk: RunningDesk) -> None:
    with desk.services.database.writing() as session:
        session.execute(text("ALTER TABLE conversations RENAME TO elsewhere"))
    status, health = await _health(desk)
    assert (status, health["state"], health["parts"]["database"]["state"]) == (503, "down", "down")


async def test_a_message_that_does_not_leave_degrades_the_outbox(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    with desk.services.database.writing() as session:
        session.add(
            Message(
                conversation_id=shopper.conversation_id,
                episode=1,
                direction="out",
                author="agent",
                channel="elsewhere",
                state="sending",
                created_at=now(),
                stored_at=now() - timedelta(minutes=5),
                next_try_at=now() + timedelta(hours=1),
            )
        )
    _status, health = await _health(desk)
    assert health["parts"]["outbox"]["state"] == "degraded"
    assert health["parts"]["outbox"]["figures"]["sending"] == 1


async def test_health_gives_away_no_address_and_no_secret(desk: RunningDesk) -> None:
    async with desk.http.get(f"{desk.url}/health") as response:
        body = await response.text()
    settings = desk.services.settings
    for private in (settings.secret_key, settings.internal_secret, settings.brain_url, settings.database):
        assert private not in body


async def test_figures_count_turns_and_messages(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo")
    status, figures = await _metrics(desk)
    assert status == 200
    values = dict(line.rsplit(" ", 1) for line in figures.splitlines() if not line.startswith("#"))
    assert float(values["aisle_turns_total"]) == 1
    assert float(values["aisle_turn_seconds_count"]) == 1
    assert float(values['aisle_messages_total{channel="web",direction="in"}']) == 1
    assert float(values["aisle_brain_up"]) == 1
    assert float(values['aisle_outbox{state="failed"}']) == 0


async def test_figures_are_refused_to_strangers_and_given_for_a_key(desk: RunningDesk) -> None:
    outside = {"X-Forwarded-For": "203.0.113.9"}
    assert (await _metrics(desk, **outside))[0] == 403
    assert (await _metrics(desk, **outside, Authorization="Bearer wrong"))[0] == 403
    with desk.services.database.writing() as session:
        key = make_api_key(session, "prometheus")
    assert (await _metrics(desk, **outside, Authorization=f"Bearer {key}"))[0] == 200


async def test_a_brain_that_hangs_does_not_hang_health(settings: Settings) -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with running(
        replace(settings, actions_url=f"http://127.0.0.1:{port}"), modules=("health",)
    ) as desk:
        asked = aiohttp.ClientTimeout(total=3)
        async with desk.http.get(f"{desk.url}/health", timeout=asked) as response:
            health = await response.json()
        assert health["parts"]["actions"]["state"] == "degraded"
    server.close()
