"""Everything kept about conversations, row by row, for other programs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.store.tables import Conversation, Fact, Message, Survey

TABLES: dict[str, tuple[type[Any], Any]] = {
    "conversations": (Conversation, Conversation.last_at),
    "messages": (Message, Message.created_at),
    "facts": (Fact, Fact.at),
    "surveys": (Survey, Survey.sent_at),
}
BATCH = 1_000


def columns(name: str) -> list[str]:
    """Column names of a table, in order."""
    return [column.name for column in TABLES[name][0].__table__.columns]


def rows(
    session: Session, name: str, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a table of TABLES from `since` to before `until`; conversations by their last activity.

    Oldest first; times are ISO 8601 in UTC. Memory stays flat however many there are.
    """
    table, at = TABLES[name]
    names = columns(name)
    query: Select[Any] = select(*table.__table__.columns).order_by(at, table.__table__.columns[0])
    if since is not None:
        query = query.where(at >= since)
    if until is not None:
        query = query.where(at < until)
    for row in session.execute(query, execution_options={"yield_per": BATCH}):
        yield {key: _plain(value) for key, value in zip(names, row, strict=True)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
