"""Trouble of every platform, made by the stand-in: each kind says whose matter it is."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.channel import Outgoing, Platform
from bot.core.errors import NotDelivered
from bot.core.messages import Text
from bot.sandbox.accounts import CHANNELS, environment
from bot.sandbox.serving import Sandbox
from connectors import instagram, messenger, telegram, whatsapp
from tests.connectors.talking import send

PERSON = "37060000123"
BUILT = {module.NAME: module.connector for module in (instagram, messenger, telegram, whatsapp)}


@pytest.fixture(params=CHANNELS)
async def channel(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Platform]:
    found = BUILT[request.param](environment(list(sandbox.world.accounts.values()), sandbox.url))
    yield found
    await found.close()


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"script": ["drop"]}, "lost"),
        ({"script": ["lost"]}, "lost"),
        ({"script": ["garbled"]}, "lost"),
        ({"script": ["error"]}, "busy"),
        ({"script": ["throttle"]}, "busy"),
        ({"dead_token": "expired"}, "account"),
        ({"dead_token": "revoked"}, "account"),
    ],
)
async def test_trouble_says_whose_matter_it_is(
    channel: Platform, sandbox: Sandbox, fault: dict[str, Any], cause: str
) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    sandbox.faults(channel.name, **fault)
    message = Outgoing(812, "c1", channel.accounts[0], PERSON, "", (Text("Hello you"),), None)
    with pytest.raises(NotDelivered) as caught:
        await send(channel, message)
    assert caught.value.cause == cause
