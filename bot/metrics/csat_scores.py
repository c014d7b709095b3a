"""How many gave which rating."""

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct
from bot.metrics.scope import Scope
from bot.metrics.surveys import sent
from bot.metrics.values import Column, Result, Row, percent

NAME = "csat_scores"
TITLE = "Ratings"
DEFINITION = (
    "How many answers to the surveys sent in the period gave each rating from 1 (poor) to 5 (very good)."
)
FORMULA = "answers with the rating; share = those ÷ all answers × 100"
COLUMNS = (
    Column("answers", "Answers", "count"),
    Column("share", "Share", "percent"),
    Column("bot", "Bot alone", "count"),
    Column("agent", "With a person", "count"),
)
SCALE = 5


def compute(session: Session, scope: Scope) -> Result:
    """Rows `5` to `1`, all of them as soon as there is one answer."""
    items = sent(scope).subquery()
    query = (
        select(items.c.score, func.count(), func.sum(case((items.c.segment == "bot", 1), else_=0)))
        .where(items.c.score.is_not(None))
        .group_by(items.c.score)
    )
    found = {int(score): (int(n), int(bot)) for score, n, bot in session.execute(query)}
    total = sum(n for n, _ in found.values())
    if not total:
        return Result(COLUMNS, (), missing="Nobody has rated a conversation of this period yet.")
    rows = []
    for score in range(SCALE, 0, -1):
        n, bot = found.get(score, (0, 0))
        rows.append(Row(str(score), str(score), n, (n, percent(n, total), bot, n - bot)))
    return Result(COLUMNS, tuple(rows))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes rated so."""
    items = sent(scope).subquery()
    return distinct(items, items.c.score == (int(row) if row in tuple("12345") else -1))
