"""When shoppers write: conversations by weekday and hour."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import cohort, distinct, hour_of, weekday_of
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row

NAME = "volume"
TITLE = "Conversations by weekday and hour"
DEFINITION = "Conversations counted by the weekday and hour, on the shop's clock, at which they were opened."
FORMULA = (
    "number of episodes opened in the period, grouped by weekday and hour of opening in the shop's time zone"
)
COLUMNS = (
    Column("weekday", "Weekday (1 Monday – 7 Sunday)", "number"),
    Column("hour", "Hour", "number"),
    Column("conversations", "Conversations", "count"),
)


def compute(session: Session, scope: Scope) -> Result:
    """One row per weekday and hour that has any; key `1-13` is Monday from 13:00 to 14:00."""
    base = cohort(scope)
    weekday = weekday_of(base.c.opened_at, scope).label("weekday")
    hour = hour_of(base.c.opened_at, scope).label("hour")
    found = session.execute(
        select(weekday, hour, func.count()).group_by(weekday, hour).order_by(weekday, hour)
    )
    rows = tuple(
        Row(f"{day + 1}-{at}", f"{day + 1} {at:02d}:00", int(n), (int(day) + 1, int(at), int(n)))
        for day, at, n in found
    )
    return Result(COLUMNS, rows)


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes opened in that hour of that weekday."""
    base = cohort(scope)
    day, _, hour = row.partition("-")
    return distinct(
        base,
        weekday_of(base.c.opened_at, scope) == _whole(day) - 1,
        hour_of(base.c.opened_at, scope) == _whole(hour),
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else -1
