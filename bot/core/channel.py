"""The contract of a channel: what it can show, and how a message is sent over it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.messages import Part


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show; limits count characters. One row per channel, no if-chains over names."""

    text_limit: int
    quick_replies: int
    has_cards: bool
    window_seconds: int | None  # None: we may write at any time


@dataclass(frozen=True)
class Outgoing:
    """A message on its way out."""

    message_id: int
    conversation_id: str
    account: str
    recipient: str
    text: str
    parts: tuple[Part, ...]
    last_shopper_at: datetime | None


@dataclass(frozen=True)
class Receipt:
    """What the platform said: its id of the message."""

    platform_id: str


class Connector(Protocol):
    """One per channel, found by name in `connectors.NAMES`."""

    name: str
    capabilities: Capabilities
    is_live: bool  # delivered by the event row itself: nothing leaves the house, so sending cannot fail

    async def send(self, message: Outgoing) -> Receipt:
        """Hand `message` to the platform.

        Raises:
            NotDelivered: refused; `heals` says whether to try again.
            OutsideWindow: the platform's window has closed.
        """
        ...
