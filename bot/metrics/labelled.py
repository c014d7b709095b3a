"""Counting facts of the cohort by their label: items and the conversations they are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct, facts
from bot.metrics.scope import Scope
from bot.store.tables import Fact


@dataclass(frozen=True)
class Counted:
    """A label, how many facts carry it, in how many episodes, and the average of their values."""

    label: str
    n: int
    conversations: int
    average: float | None


def by_label(
    session: Session, scope: Scope, *kinds: str, without: Sequence[str] = ("",), most: int = 200
) -> list[Counted]:
    """Labels, in most episodes first."""
    items = _items(scope, kinds, without).add_columns(Fact.value).subquery()
    per_episode = (
        select(
            items.c.label,
            func.count().label("n"),
            func.count(items.c.value).label("valued"),
            func.sum(items.c.value).label("total"),
        )
        .group_by(items.c.label, items.c.conversation_id, items.c.episode)
        .subquery()
    )
    query = (
        select(
            per_episode.c.label,
            func.sum(per_episode.c.n),
            func.count().label("episodes"),
            func.sum(per_episode.c.total),
            func.sum(per_episode.c.valued),
        )
        .group_by(per_episode.c.label)
        .order_by(func.count().desc(), per_episode.c.label)
        .limit(most)
    )
    return [
        Counted(str(label), int(n), int(episodes), float(total) / int(valued) if valued else None)
        for label, n, episodes, total, valued in session.execute(query)
    ]


def behind_label(scope: Scope, label: str, *kinds: str, without: Sequence[str] = ("",)) -> Select[Any]:
    """Episodes with such a fact."""
    items = _items(scope, kinds, without).subquery()
    return distinct(items, items.c.label == label)


def _items(scope: Scope, kinds: Sequence[str], without: Sequence[str]) -> Select[Any]:
    return facts(scope, *kinds).add_columns(Fact.label).where(Fact.label.not_in(without))
