"""How long shoppers wait for an answer, from the bot and from people, apart."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct, facts, step_of
from bot.metrics.scope import Scope
from bot.metrics.spread import Quantiles, Spread, spreads_and_steps
from bot.metrics.values import Column, Point, Result, Row, Series
from bot.store.tables import Fact

NAME = "response_time"
TITLE = "Response time"
DEFINITION = (
    "From the first message of a shopper that nobody has answered yet to the first answer to it, "
    "counted for the bot and for people apart."
)
FORMULA = (
    "average = sum of (first answer − request) ÷ requests answered; median and 90th percentile of the same"
)
COLUMNS = (
    Column("answers", "Answers", "count"),
    Column("median", "Median", "seconds"),
    Column("p90", "90th percentile", "seconds"),
    Column("average", "Average", "seconds"),
    Column("conversations", "Conversations", "count"),
)
ACTORS = {"bot": "Bot", "agent": "People"}


def _items(scope: Scope) -> Select[Any]:
    return facts(scope, "answered").where(Fact.actor.in_(ACTORS), Fact.value.is_not(None))


def spread_row(key: str, label: str, found: Spread) -> Row:
    """A row of COLUMNS."""
    cells = (found.n, found.median, found.p90, found.average, found.conversations)
    return Row(key, label, found.conversations, cells)


def compute(session: Session, scope: Scope) -> Result:
    """Rows `bot` and `agent`; series `bot.median`, `bot.p90`, `agent.median`, `agent.p90` in seconds."""
    step = step_of(Fact.at, scope).label("step")
    items = _items(scope).add_columns(Fact.actor.label("grp"), step, Fact.value.label("value"))
    all_time, grid = spreads_and_steps(session, items)
    rows = tuple(spread_row(key, label, all_time[key]) for key, label in ACTORS.items() if key in all_time)
    if not rows:
        return Result(COLUMNS, (), missing="No message was answered in this period.")
    lines = [_line(scope, actor, name, grid) for actor in sorted(all_time) for name in ("median", "p90")]
    return Result(COLUMNS, rows, tuple(lines))


def _line(scope: Scope, actor: str, name: str, grid: Mapping[tuple[Any, ...], Quantiles]) -> Series:
    points = []
    for step in scope.steps():
        found = grid.get((actor, step))
        value = getattr(found, name) if found else None
        points.append(Point(scope.step_name(step), value, found.n if found else 0))
    return Series(f"{actor}.{name}", "seconds", tuple(points))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes with an answer by the bot, or by a person."""
    items = _items(scope).add_columns(Fact.actor).subquery()
    return distinct(items, items.c.actor == row)
