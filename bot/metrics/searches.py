"""What shoppers looked for, and what the shop did not have."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from bot.metrics.labelled import behind_label, by_label
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row

NAME = "searches"
TITLE = "What shoppers searched for"
DEFINITION = "Product searches made in the chat, by conversations, with how many products they found."
FORMULA = "episodes with a search for the words; hits is the average number of products found"
COLUMNS = (
    Column("conversations", "Conversations", "count"),
    Column("searches", "Searches", "count"),
    Column("hits", "Products found", "number"),
)


def compute(session: Session, scope: Scope) -> Result:
    """One row per search text, biggest first."""
    rows = tuple(
        Row(item.label, item.label, item.conversations, (item.conversations, item.n, item.average))
        for item in by_label(session, scope, "searched")
    )
    return Result(COLUMNS, rows, missing="" if rows else "Nobody has searched for a product in this period.")


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes with that search."""
    return behind_label(scope, row, "searched")
