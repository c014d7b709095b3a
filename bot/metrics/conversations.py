"""How many conversations there were, by channel and over time."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import cohort, distinct, series, step_of
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row, percent

NAME = "conversations"
TITLE = "Conversations"
DEFINITION = (
    "A conversation is one stretch of talk, from a shopper's first message until it is closed; a shopper who "
    "comes back later opens a new one, and it counts in the period in which it was opened."
)
FORMULA = "number of episodes opened in the period"
COLUMNS = (Column("conversations", "Conversations", "count"), Column("share", "Share", "percent"))


def compute(session: Session, scope: Scope) -> Result:
    """Rows `all` and one per channel, biggest first; a series of counts."""
    base = cohort(scope)
    by_channel = [
        (str(channel), int(n))
        for channel, n in session.execute(
            select(base.c.channel, func.count())
            .group_by(base.c.channel)
            .order_by(func.count().desc(), base.c.channel)
        )
    ]
    total = sum(n for _, n in by_channel)
    rows = [Row("all", "All", total, (total, percent(total, total)))]
    rows += [Row(channel, channel, n, (n, percent(n, total))) for channel, n in by_channel]
    step = step_of(base.c.opened_at, scope).label("step")
    found = {
        int(at): (float(n), int(n)) for at, n in session.execute(select(step, func.count()).group_by(step))
    }
    return Result(COLUMNS, tuple(rows), (series(scope, "all", "count", found, empty=0.0),))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes of a channel, or all."""
    base = cohort(scope)
    return distinct(base) if row == "all" else distinct(base, base.c.channel == row)
