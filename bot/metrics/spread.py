"""Average, median and p90 of durations, by group and step of time, from one reading of the items."""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Select, literal
from sqlalchemy.orm import Session

PAGE = 5000  # rows held at a time


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


def quantiles(values: Sequence[float]) -> Quantiles:
    """Of sorted values, at least one.

    A quantile q lies at position q · (n − 1) of the sorted values, linear between neighbours
    (as PERCENTILE_CONT).
    """
    return Quantiles(len(values), _quantile(values, 5), _quantile(values, 9))


def spreads(session: Session, items: Select[Any]) -> dict[Any, Spread]:
    """By group, of a select of (conversation_id, episode, …) with columns `grp` and `value`."""
    return spreads_and_steps(session, items)[0]


def spreads_and_steps(
    session: Session, items: Select[Any]
) -> tuple[dict[Any, Spread], dict[tuple[Any, int], Quantiles]]:
    """By group, and by group and `step` where the select has such a column.

    The values come here to be sorted, eight bytes each: sorting them in SQLite by group, and again by group and
    step, and counting episodes in a third reading takes three times as long.
    """
    columns = items.selected_columns
    step = columns["step"] if "step" in columns else literal(0)
    wanted = (columns["grp"], step, columns["value"], columns["conversation_id"], columns["episode"])
    # Plain rows of the connection, not of the session: half the time.
    rows = session.connection().execute(
        items.with_only_columns(*wanted), execution_options={"yield_per": PAGE}
    )
    values: dict[Any, dict[int, array[float]]] = defaultdict(lambda: defaultdict(lambda: array("d")))
    episodes: dict[Any, set[tuple[str, int]]] = defaultdict(set)
    for grp, at, value, conversation_id, episode in rows:
        values[grp][at].append(value)
        episodes[grp].add((conversation_id, episode))
    return (
        {
            grp: _spread(sorted(chain.from_iterable(parts.values())), len(episodes[grp]))
            for grp, parts in values.items()
        },
        {(grp, at): quantiles(sorted(part)) for grp, parts in values.items() for at, part in parts.items()},
    )


def _spread(values: Sequence[float], conversations: int) -> Spread:
    found = quantiles(values)
    return Spread(found.n, conversations, sum(values) / found.n, found.median, found.p90)


def _quantile(values: Sequence[float], tenths: int) -> float:
    whole, rest = divmod((len(values) - 1) * tenths, 10)
    low = values[whole]
    return low if rest == 0 else low + (values[whole + 1] - low) * rest / 10
