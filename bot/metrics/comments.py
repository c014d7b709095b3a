"""What shoppers wrote beside their rating."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct
from bot.metrics.scope import Scope
from bot.metrics.surveys import sent
from bot.metrics.values import Column, Result, Row

NAME = "comments"
TITLE = "Comments"
DEFINITION = "The newest comments given with a rating, for surveys sent in the period."
FORMULA = "answers with a comment, newest first, at most 200"
COLUMNS = (
    Column("at", "When", "at"),
    Column("score", "Rating", "count"),
    Column("comment", "Comment", "text"),
    Column("segment", "Answered by", "text"),
)
MOST = 200


def compute(session: Session, scope: Scope) -> Result:
    """One row per comment; the key is the survey's id."""
    items = sent(scope).subquery()
    query = (
        select(items.c.id, items.c.answered_at, items.c.score, items.c.comment, items.c.segment)
        .where(items.c.comment != "", items.c.score.is_not(None))
        .order_by(items.c.answered_at.desc(), items.c.id)
        .limit(MOST)
    )
    rows = tuple(
        Row(key, comment, 1, (at, int(score), comment, segment))
        for key, at, score, comment, segment in session.execute(query)
    )
    return Result(COLUMNS, rows, missing="" if rows else "Nobody has written a comment in this period.")


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """The episode commented on."""
    items = sent(scope).subquery()
    return distinct(items, items.c.id == row, items.c.comment != "", items.c.score.is_not(None))
