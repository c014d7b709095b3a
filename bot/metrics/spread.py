"""Average, median and p90 of durations, by group, in SQL that SQLite and PostgreSQL both know."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Spread:
    """Of `n` values in `conversations` episodes; seconds."""

    n: int
    conversations: int
    average: float
    median: float
    p90: float


def spreads(session: Session, items: Select[Any]) -> dict[Any, Spread]:
    """By group, of a select of (grp, value, conversation_id, episode).

    A quantile q lies at position q · (n − 1) of the sorted values, linear between neighbours
    (as PERCENTILE_CONT).
    """
    values = items.cte("spread_items")
    place = func.row_number().over(partition_by=values.c.grp, order_by=values.c.value) - 1
    n = func.count().over(partition_by=values.c.grp)
    ranked = select(values.c.grp, values.c.value, place.label("place"), n.label("n")).subquery()
    at_median, at_p90 = (ranked.c.n - 1) // 2, (ranked.c.n - 1) * 9 // 10
    neighbours = select(ranked.c.grp, ranked.c.n, ranked.c.place, ranked.c.value).where(
        or_(
            ranked.c.place == at_median,
            ranked.c.place == at_median + 1,
            ranked.c.place == at_p90,
            ranked.c.place == at_p90 + 1,
        )
    )
    sorted_values: dict[Any, dict[int, float]] = {}
    for group, _count, position, value in session.execute(neighbours):
        sorted_values.setdefault(group, {})[int(position)] = float(value)
    per_episode = (
        select(values.c.grp, func.count().label("n"), func.sum(values.c.value).label("total"))
        .group_by(values.c.grp, values.c.conversation_id, values.c.episode)
        .subquery()
    )
    totals = select(
        per_episode.c.grp, func.sum(per_episode.c.n), func.count(), func.sum(per_episode.c.total)
    ).group_by(per_episode.c.grp)
    found = {}
    for group, count, conversations, total in session.execute(totals):
        places = sorted_values[group]
        found[group] = Spread(
            n=int(count),
            conversations=int(conversations),
            average=float(total) / int(count),
            median=_quantile(places, int(count), 5),
            p90=_quantile(places, int(count), 9),
        )
    return found


def _quantile(places: dict[int, float], n: int, tenths: int) -> float:
    whole, rest = divmod((n - 1) * tenths, 10)
    low = places[whole]
    return low if rest == 0 else low + (places[whole + 1] - low) * rest / 10
