"""Finding a metric by name, and the conversations behind one of its rows."""

import importlib
from collections.abc import Sequence
from typing import Any, Protocol, cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.core.errors import NotFound
from bot.metrics import NAMES, episodes_outcome
from bot.metrics.scope import Scope
from bot.metrics.values import Result


class Metric(Protocol):
    """The shape of a module of this package named in NAMES."""

    NAME: str
    TITLE: str
    DEFINITION: str
    FORMULA: str

    def compute(self, session: Session, scope: Scope) -> Result:
        """The numbers."""
        ...

    def behind(self, session: Session, scope: Scope, row: str) -> Select[Any]:
        """The (conversation_id, episode) pairs counted in `row`, newest first."""
        ...


def metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        NotFound: there is none.
    """
    if name not in NAMES:
        raise NotFound(f"there is no metric {name!r}")
    return cast(Metric, importlib.import_module(f"bot.metrics.{name}"))


def computed(session: Session, names: Sequence[str], scope: Scope) -> dict[str, Result]:
    """Several metrics of one scope, cheaper than one by one: what they share is read once."""
    with episodes_outcome.shared(session):
        return {name: metric(name).compute(session, scope) for name in names}


def conversations(
    session: Session, name: str, scope: Scope, *, row: str, limit: int = 50, offset: int = 0
) -> list[tuple[str, int]]:
    """The (conversation id, episode) pairs behind a row of a metric, newest first."""
    query = metric(name).behind(session, scope, row).limit(limit).offset(offset)
    return [(item[0], int(item[1])) for item in session.execute(query)]


def count(session: Session, name: str, scope: Scope, *, row: str) -> int:
    """How many episodes are behind a row."""
    query = metric(name).behind(session, scope, row).order_by(None).subquery()
    return int(session.scalar(select(func.count()).select_from(query)) or 0)
