"""One event of a platform at hand: what its handlers are given, and what they say they did."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.channel import Capabilities, Heard
from bot.desk.context import Context
from bot.store.platform_events import DONE, Lane


@dataclass(frozen=True)
class Case:
    """`heard` on `channel`, applied at `at` (our clock; `heard.at` is the platform's)."""

    session: Session
    channel: str
    heard: Heard
    event_id: int
    context: Context
    capabilities: Capabilities
    at: datetime
    has_product: Callable[[str], bool]  # whether the catalogue has a SKU
    is_first_try: bool = True

    @property
    def lane(self) -> Lane:
        """Where it was waiting its turn."""
        return Lane(self.channel, self.heard.account, self.heard.person)


@dataclass(frozen=True)
class Applied:
    """The state an event is left in, and what it touched.

    `target`: what it waits for, when that is not what its row says. `is_content_kept` False: what it said is kept
    elsewhere now, or must not be kept.
    """

    state: str = DONE
    conversation_id: str = ""
    message_id: int | None = None
    needs_turn: bool = False
    is_message: bool = False
    is_content_kept: bool = True
    target: str = ""
