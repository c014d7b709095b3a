"""The desk killed with SIGKILL at any instant: a restart finishes what was committed, once and in order."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from bot.core.settings import Settings
from bot.store.database import Database
from bot.store.tables import Event, Message
from tests.fake_brain import FakeBrain
from tests.running import SHOP_FILE, Shopper

ROOT = Path(__file__).parents[2]


class Desk:
    """A desk in a process of its own."""

    def __init__(self, settings: Settings, brain_url: str) -> None:
        self.url = f"http://127.0.0.1:{settings.port}"
        self.environment = {
            **os.environ,
            "AISLE_HOME": str(settings.home),
            "AISLE_DATABASE_URL": settings.database_url,
            "AISLE_PORT": str(settings.port),
            "AISLE_BRAIN_URL": brain_url,
            "AISLE_SECRET_KEY": settings.secret_key,
            "AISLE_INTERNAL_SECRET": settings.internal_secret,
            "AISLE_SHOP_FILE": str(SHOP_FILE),
            "AISLE_MESSAGES_PER_MINUTE": "100000",
            "AISLE_LOG_LEVEL": "error",
        }
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self, http: aiohttp.ClientSession) -> None:
        self.process = subprocess.Popen(  # noqa: ASYNC220 - starting is quick, and the test waits anyway
            [sys.executable, "-m", "bot", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                async with http.post(f"{self.url}/api/chat/start", json={}) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            assert time.monotonic() < deadline, "the desk did not start"
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def processes() -> Iterator[list[Desk]]:
    started: list[Desk] = []
    yield started
    for desk in started:
        desk.kill()


async def test_a_desk_killed_while_it_works_loses_nothing_and_says_nothing_twice(
    settings: Settings, processes: list[Desk]
) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    desk = Desk(settings, brain.url)
    processes.append(desk)
    async with aiohttp.ClientSession() as http:
        await desk.start(http)
        shoppers = []
        for _ in range(4):
            async with http.post(f"{desk.url}/api/chat/start", json={}) as response:
                answer = await response.json()
            shoppers.append(Shopper(http, desk.url, answer["token"], answer["conversation"]["id"]))

        async def talk(shopper: Shopper) -> None:
            for number in range(20):
                client_id = str(uuid.uuid4())
                while True:  # as the page does: the same client id until it is acknowledged
                    try:
                        status, _ = await shopper.send(f"message {number}", client_id=client_id)
                    except (aiohttp.ClientError, OSError):
                        await asyncio.sleep(0.05)
                        continue
                    assert status in (200, 202)
                    break

        talks = [asyncio.create_task(talk(shopper)) for shopper in shoppers]
        for pause in (0.15, 0.3):
            await asyncio.sleep(pause)
            desk.kill()
            await desk.start(http)
        await asyncio.gather(*talks)
        for shopper in shoppers:
            await shopper.until("echo: message 19")
        threads = [await shopper.thread() for shopper in shoppers]
    desk.kill()
    await brain.stop()
    expected = [f"echo: message {number}" for number in range(20)]
    assert [[text for author, text in thread if author == "bot"] for thread in threads] == [expected] * 4
    database = Database(settings.database_url)
    with database.reading() as session:
        stored = session.scalar(select(func.count()).where(Message.direction == "in"))
        gaps = session.execute(
            select(Event.conversation_id, func.count(), func.max(Event.seq)).group_by(Event.conversation_id)
        ).all()
    database.close()
    assert stored == 80
    assert all(count == last for _, count, last in gaps)


async def test_a_brain_killed_in_a_turn_is_asked_again_when_it_is_back(settings: Settings) -> None:
    from tests.running import running

    brain = await FakeBrain(settings.internal_secret).start()
    port = brain.port
    async with running(settings, brain=brain) as desk:
        shopper = await desk.shopper()
        brain.gate = asyncio.Event()
        await shopper.send("hello")
        await brain.until_turns(1)
        await brain.stop()
        back = await FakeBrain(settings.internal_secret, port).start()
        await shopper.until("echo: hello")
        await back.stop()
        assert await shopper.thread() == [("shopper", "hello"), ("bot", "echo: hello")]
