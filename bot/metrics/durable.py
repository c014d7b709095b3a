"""Whether what was resolved stayed resolved."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from bot.metrics import episodes_outcome
from bot.metrics.cohort import distinct, number
from bot.metrics.episodes_outcome import RESOLVED
from bot.metrics.outcomes import LABELS
from bot.metrics.scope import DAY, Scope
from bot.metrics.values import Column, Result, Row, percent
from bot.metrics.wilson import wilson

NAME = "durable"
TITLE = "Durably resolved"
DEFINITION = (
    "Of the resolved conversations closed at least 7 days ago, the share whose shopper did not come back "
    "to the same thread within 7 days."
)
FORMULA = (
    "resolved, closed ≥ 7 days ago and not reopened within 7 days ÷ resolved and closed ≥ 7 days ago × 100"
)
DAYS = 7
COLUMNS = (
    Column("share", "Stayed resolved", "percent"),
    Column("n", "Known", "count"),
    Column("durable", "Stayed resolved", "count"),
    Column("back", "Came back", "count"),
    Column("low", "95 % from", "percent"),
    Column("high", "95 % to", "percent"),
)
LABEL_OF = {"all": "All", "bot": "Bot", **{key: LABELS[key] for key in RESOLVED}}
GROUPS = {"all": RESOLVED, "bot": RESOLVED[:2], **{key: (key,) for key in RESOLVED}}


def _items(session: Session, scope: Scope) -> Select[Any]:
    """Resolved episodes old enough to judge; `is_back` 1 when another followed within the days."""
    found = episodes_outcome.outcomes(session, scope, "reopened")
    known_before = (scope.as_of or scope.end) - timedelta(days=DAYS)
    is_back = found.c.back_at < number(found.c.closed_at) + DAYS * DAY
    return select(
        found.c.conversation_id,
        found.c.episode,
        found.c.opened_at,
        found.c.outcome,
        case((is_back, 1), else_=0).label("is_back"),
    ).where(found.c.outcome.in_(RESOLVED), found.c.closed_at <= known_before)


def compute(session: Session, scope: Scope) -> Result:
    """Rows `all`, `bot`, and one per way of being resolved."""
    items = _items(session, scope).subquery()
    query = select(items.c.outcome, func.count(), func.sum(items.c.is_back)).group_by(items.c.outcome)
    counts = {str(outcome): (int(n), int(back)) for outcome, n, back in session.execute(query)}
    if not counts:
        return Result(
            COLUMNS,
            (),
            missing="Nothing resolved in this period is 7 days old yet; choose a longer or earlier period.",
        )
    rows = []
    for key, outcomes in GROUPS.items():
        n = sum(counts.get(outcome, (0, 0))[0] for outcome in outcomes)
        back = sum(counts.get(outcome, (0, 0))[1] for outcome in outcomes)
        low, high = wilson(n - back, n) or (None, None)
        rows.append(Row(key, LABEL_OF[key], n, (percent(n - back, n), n, n - back, back, low, high)))
    return Result(COLUMNS, tuple(rows))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes judged in that row; `back` are those whose shopper came back."""
    items = _items(session, scope).subquery()
    if row == "back":
        return distinct(items, items.c.is_back == 1)
    return distinct(items, items.c.outcome.in_(GROUPS.get(row, ())))
