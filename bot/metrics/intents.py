"""What shoppers come for."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from bot.metrics.cohort import NOT_UNDERSTOOD
from bot.metrics.labelled import behind_label, by_label
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row

NAME = "intents"
TITLE = "What shoppers asked for"
DEFINITION = "The intents the bot understood, by how many conversations they came up in."
FORMULA = "episodes with at least one understood message of the intent; confidence is the average over those messages"
COLUMNS = (
    Column("conversations", "Conversations", "count"),
    Column("messages", "Messages", "count"),
    Column("confidence", "Confidence", "percent"),
)


def compute(session: Session, scope: Scope) -> Result:
    """One row per intent, biggest first."""
    found = by_label(session, scope, "understood", without=NOT_UNDERSTOOD)
    rows = tuple(
        Row(
            item.label,
            item.label,
            item.conversations,
            (item.conversations, item.n, None if item.average is None else 100.0 * item.average),
        )
        for item in found
    )
    return Result(
        COLUMNS, rows, missing="" if rows else "The bot has not understood a message in this period yet."
    )


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes in which the intent came up."""
    return behind_label(scope, row, "understood", without=NOT_UNDERSTOOD)
