"""Clock: aware UTC times only."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def seconds_between(start: datetime, end: datetime) -> float:
    """Seconds from `start` to `end`; never negative (platform clocks run ahead of ours)."""
    return max(0.0, (end - start).total_seconds())
