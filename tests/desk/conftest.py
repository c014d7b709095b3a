"""A running desk for each test of the desk's use cases."""

from collections.abc import AsyncIterator

import pytest

from bot.core.settings import Settings
from tests.running import RunningDesk, running


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    """A desk with the scripted brain, on both databases."""
    async with running(settings) as started:
        yield started
