"""What every channel does with the stand-in: hear what it was told, and send a message piece by piece."""

from datetime import UTC, datetime

from bot.core.channel import Heard, Outgoing, Platform, Receipt
from bot.core.messages import Choice, QuickReplies
from bot.sandbox.serving import Sandbox
from tests.sandbox.callers import Listener

CHOICES = QuickReplies((Choice("yes", "Yes, please"), Choice("no", "No")))


async def heard(channel: Platform, sandbox: Sandbox, listener: Listener) -> list[Heard]:
    """All that was told so far, each body authentic."""
    await sandbox.hooks.settled()
    found: list[Heard] = []
    for name, headers, raw in listener.heard:
        assert name == channel.name
        channel.check_signature(headers, raw)
        found += channel.parse(raw, at=datetime.now(UTC))
    return found


async def send(channel: Platform, message: Outgoing) -> list[Receipt]:
    """All its pieces, one after another."""
    return [await channel.send(message, piece) for piece in channel.render(message)]
