"""How satisfied shoppers are, and how sure we can be of it."""

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct, series, step_of
from bot.metrics.scope import Scope
from bot.metrics.surveys import SATISFIED, sent
from bot.metrics.values import Column, Result, Row, percent
from bot.metrics.wilson import wilson

NAME = "csat"
TITLE = "Satisfaction (CSAT)"
DEFINITION = (
    "The share of ratings of 4 or 5 (of 5) among the answers to surveys sent in the period, conversations of the "
    "bot alone and of people apart, with the range in which the true share lies with 95 % certainty."
)
FORMULA = (
    "answers of 4 or 5 ÷ answers × 100, with the Wilson 95 % interval; "
    "response rate = answers to those surveys ÷ those surveys × 100"
)
COLUMNS = (
    Column("score", "Satisfied", "percent"),
    Column("n", "Answers", "count"),
    Column("low", "95 % from", "percent"),
    Column("high", "95 % to", "percent"),
    Column("sent", "Surveys sent", "count"),
    Column("response", "Response rate", "percent"),
    Column("average", "Average (1–5)", "score"),
)
LABELS = {"all": "All", "bot": "Bot alone", "agent": "With a person"}


def compute(session: Session, scope: Scope) -> Result:
    """Rows `all`, `bot`, `agent`; the series is the score per step."""
    items = sent(scope).subquery()
    step = step_of(items.c.opened_at, scope).label("step")
    query = select(
        items.c.segment,
        step,
        func.count(),
        func.count(items.c.score),
        func.sum(case((items.c.score >= SATISFIED, 1), else_=0)),
        func.sum(func.coalesce(items.c.score, 0)),
    ).group_by(items.c.segment, step)
    totals: dict[str, list[int]] = {}
    by_step: dict[int, list[int]] = {}
    for segment, at, *numbers in session.execute(query):
        for into in (totals.setdefault("all", [0] * 4), totals.setdefault(segment, [0] * 4)):
            into[:] = [a + int(b) for a, b in zip(into, numbers, strict=True)]
        known = by_step.setdefault(int(at), [0] * 4)
        known[:] = [a + int(b) for a, b in zip(known, numbers, strict=True)]
    if not totals:
        return Result(COLUMNS, (), missing="No rating was asked for in this period.")
    rows = tuple(_row(key, label, totals[key]) for key, label in LABELS.items() if key in totals)
    scores = {at: (percent(satisfied, n), n) for at, (_, n, satisfied, _) in by_step.items()}
    missing = "" if totals["all"][1] else "Ratings were asked for, but none has been given yet."
    return Result(COLUMNS, rows, (series(scope, "all", "percent", scores),), missing)


def _row(key: str, label: str, numbers: list[int]) -> Row:
    asked, n, satisfied, total = numbers
    low, high = wilson(satisfied, n) or (None, None)
    average = total / n if n else None
    return Row(key, label, asked, (percent(satisfied, n), n, low, high, asked, percent(n, asked), average))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes whose shopper was asked (`all`, `bot`, `agent`), or answered (`answered`)."""
    items = sent(scope).subquery()
    if row == "answered":
        return distinct(items, items.c.score.is_not(None))
    return distinct(items) if row == "all" else distinct(items, items.c.segment == row)
