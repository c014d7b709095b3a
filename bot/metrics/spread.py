"""Average, median and p90 of durations, by group, in SQL that SQLite and PostgreSQL both know."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Quantiles:
    """Of `n` values; seconds."""

    n: int
    median: float
    p90: float


@dataclass(frozen=True)
class Spread:
    """Of `n` values in `conversations` episodes; seconds."""

    n: int
    conversations: int
    average: float
    median: float
    p90: float


def quantiles(session: Session, items: Select[Any]) -> dict[tuple[Any, ...], Quantiles]:
    """By group, of a select with `value` and one or two columns `grp` and `step` to group by.

    A quantile q lies at position q · (n − 1) of the sorted values, linear between neighbours
    (as PERCENTILE_CONT).
    """
    values = items.subquery()
    groups = [values.c[name] for name in ("grp", "step") if name in values.c]
    place = func.row_number().over(partition_by=groups, order_by=values.c.value) - 1
    n = func.count().over(partition_by=groups)
    ranked = select(*groups, values.c.value, place.label("place"), n.label("n")).subquery()
    at_median, at_p90 = (ranked.c.n - 1) // 2, (ranked.c.n - 1) * 9 // 10
    neighbours = select(
        ranked.c.n, ranked.c.place, ranked.c.value, *(ranked.c[column.name] for column in groups)
    ).where(
        or_(
            ranked.c.place == at_median,
            ranked.c.place == at_median + 1,
            ranked.c.place == at_p90,
            ranked.c.place == at_p90 + 1,
        )
    )
    places: dict[tuple[Any, ...], dict[int, float]] = {}
    counts: dict[tuple[Any, ...], int] = {}
    for count, position, value, *group in session.execute(neighbours):
        key = tuple(group)
        places.setdefault(key, {})[int(position)] = float(value)
        counts[key] = int(count)
    return {
        key: Quantiles(count, _quantile(places[key], count, 5), _quantile(places[key], count, 9))
        for key, count in counts.items()
    }


def spreads(session: Session, items: Select[Any]) -> dict[Any, Spread]:
    """By group, of a select of (conversation_id, episode, grp, value)."""
    values = items.subquery()
    per_episode = (
        select(values.c.grp, func.count().label("n"), func.sum(values.c.value).label("total"))
        .group_by(values.c.grp, values.c.conversation_id, values.c.episode)
        .subquery()
    )
    totals = select(
        per_episode.c.grp, func.sum(per_episode.c.n), func.count(), func.sum(per_episode.c.total)
    ).group_by(per_episode.c.grp)
    found = quantiles(session, items)
    return {
        group: Spread(
            n=int(n),
            conversations=int(conversations),
            average=float(total) / int(n),
            median=found[(group,)].median,
            p90=found[(group,)].p90,
        )
        for group, n, conversations, total in session.execute(totals)
    }


def _quantile(places: dict[int, float], n: int, tenths: int) -> float:
    whole, rest = divmod((n - 1) * tenths, 10)
    low = places[whole]
    return low if rest == 0 else low + (places[whole + 1] - low) * rest / 10
