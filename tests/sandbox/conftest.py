"""A running stand-in, a product that only listens, and somebody who calls the platforms' APIs."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.accounts import generated
from bot.sandbox.serving import Sandbox, running
from tests.sandbox.callers import Caller, Listener


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    started = await Listener().start()
    yield started
    await started.stop()


@pytest.fixture
async def sandbox(listener: Listener) -> AsyncIterator[Sandbox]:
    async with running(generated(listener.url), pauses=(0.01, 0.02)) as started:
        yield started


@pytest.fixture
async def caller(sandbox: Sandbox) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as http:
        yield Caller(sandbox, http)
