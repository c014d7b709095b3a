"""Figures for operators (Prometheus), counted as things happen; one object per process."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from sqlalchemy import Engine, event

BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


class Figures:
    """Counters and gauges under the prefix `aisle_`, in a registry of their own (nothing global)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter("aisle_turns_total", "Turns the bot took", registry=self.registry)
        self.turn_seconds = Histogram(
            "aisle_turn_seconds",
            "Seconds from storing a message to the commit of its turn",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.messages = Counter(
            "aisle_messages_total",
            "Messages by direction and channel",
            ("direction", "channel"),
            registry=self.registry,
        )
        self._messages: dict[tuple[str, str], Counter] = {}  # asked for by its labels each time costs thrice
        self.brain_failures = Counter(
            "aisle_brain_failures_total", "Calls to the brain that failed", registry=self.registry
        )
        self.dropped = Counter(
            "aisle_replies_dropped_total",
            "Bot replies not sent because a person owns the chat",
            registry=self.registry,
        )
        self.pages = Gauge(
            "aisle_live_pages", "Open live connections of chats and inboxes", registry=self.registry
        )
        self.queue = Gauge("aisle_queue_length", "Conversations waiting for a person", registry=self.registry)
        self.outbox = Gauge(
            "aisle_outbox", "Messages in the outbox by state", ("state",), registry=self.registry
        )
        self.database_errors = Counter(
            "aisle_database_errors_total", "Statements the database failed or refused", registry=self.registry
        )
        self.account_up = Gauge(
            "aisle_channel_up",
            "1 when an account of a channel may send, 0 when it is broken",
            ("channel", "account"),
            registry=self.registry,
        )
        self.account_used = Gauge(
            "aisle_channel_used_percent",
            "Used of the platform's limit, as it last told",
            ("channel", "account"),
            registry=self.registry,
        )
        self.account_token_seconds = Gauge(
            "aisle_channel_token_seconds",
            "Seconds until the token of an account ends, as last told",
            ("channel", "account"),
            registry=self.registry,
        )
        self.brain_up = Gauge("aisle_brain_up", "1 when the brain answers", registry=self.registry)

    def turn(self, seconds: float) -> None:
        """A turn was committed `seconds` after its message was stored."""
        self.turns.inc()
        self.turn_seconds.observe(seconds)

    def brain_failed(self) -> None:
        """A call to the brain failed."""
        self.brain_failures.inc()

    def message(self, direction: str, channel: str) -> None:
        """A message came in or went out."""
        known = self._messages.get((direction, channel))
        if known is None:
            known = self._messages[direction, channel] = self.messages.labels(direction, channel)
        known.inc()

    def account(
        self,
        channel: str,
        account: str,
        *,
        may_send: bool,
        used_percent: int | None,
        token_seconds: float | None,
    ) -> None:
        """How an account of a channel fares; what is not known is not told."""
        self.account_up.labels(channel, account).set(1 if may_send else 0)
        if used_percent is not None:
            self.account_used.labels(channel, account).set(used_percent)
        if token_seconds is not None:
            self.account_token_seconds.labels(channel, account).set(token_seconds)

    def watch(self, engine: Engine) -> None:
        """Count what the database fails or refuses (a refused repeat of a message counts too)."""

        @event.listens_for(engine, "handle_error")
        def _failed(_context: Any) -> None:
            self.database_errors.inc()
