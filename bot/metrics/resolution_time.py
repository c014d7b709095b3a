"""How long it takes until a matter is settled."""

from typing import Any

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from bot.metrics import episodes_outcome
from bot.metrics.cohort import distinct, number
from bot.metrics.response_time import spread_row
from bot.metrics.scope import Scope
from bot.metrics.spread import spreads
from bot.metrics.values import Column, Result

NAME = "resolution_time"
TITLE = "Resolution time"
DEFINITION = (
    "In resolved conversations: by the bot, from the shopper's first message to the bot's last answer, so that "
    "the silence before an idle conversation is closed does not count; by a person, from the first hand-off to closing."
)
FORMULA = (
    "bot: last answer − opening; person: closing − first hand-off (opening, when there was none); "
    "median, 90th percentile and average"
)
COLUMNS = (
    Column("resolved", "Resolved", "count"),
    Column("median", "Median", "seconds"),
    Column("p90", "90th percentile", "seconds"),
    Column("average", "Average", "seconds"),
    Column("conversations", "Conversations", "count"),
)
LABELS = {"bot": "Bot", "agent": "People"}


def _items(session: Session, scope: Scope) -> Select[Any]:
    found = episodes_outcome.outcomes(session, scope, "answered")
    opened, closed = number(found.c.opened_at), number(found.c.closed_at)
    by_person = found.c.outcome == "agent"
    start = case((by_person & (found.c.handed_off_at.is_not(None)), found.c.handed_off_at), else_=opened)
    end = case((by_person, closed), else_=found.c.answered_at)
    gap = end - start
    return select(
        found.c.conversation_id,
        found.c.episode,
        found.c.opened_at,
        case((by_person, "agent"), else_="bot").label("grp"),
        case((gap < 0, 0.0), else_=gap / 1_000_000.0).label("value"),
    ).where(found.c.outcome.in_(episodes_outcome.RESOLVED), end.is_not(None))


def compute(session: Session, scope: Scope) -> Result:
    """Rows `bot` and `agent`."""
    found = spreads(session, _items(session, scope))
    rows = tuple(spread_row(key, label, found[key]) for key, label in LABELS.items() if key in found)
    return Result(COLUMNS, rows, missing="" if rows else "No conversation of this period is resolved.")


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Resolved episodes of the bot, or of people."""
    items = _items(session, scope).subquery()
    return distinct(items, items.c.grp == row)
