"""Which products shoppers ask about."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from bot.metrics.labelled import behind_label, by_label
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row

NAME = "products"
TITLE = "Products asked about"
DEFINITION = (
    "Products shoppers asked about by name, from the product's page or by choosing it, by conversations."
)
FORMULA = "episodes with a product_asked fact of the product; shown = episodes in which the bot showed it"
COLUMNS = (
    Column("conversations", "Asked about in", "count"),
    Column("asked", "Questions", "count"),
    Column("shown", "Shown in", "count"),
)


def compute(session: Session, scope: Scope) -> Result:
    """One row per product id, most asked about first; the label is the id, the page knows the title."""
    shown = {item.label: item.conversations for item in by_label(session, scope, "product_shown", most=2000)}
    rows = tuple(
        Row(
            item.label, item.label, item.conversations, (item.conversations, item.n, shown.get(item.label, 0))
        )
        for item in by_label(session, scope, "product_asked")
    )
    return Result(COLUMNS, rows, missing="" if rows else "Nobody has asked about a product in this period.")


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes in which the product was asked about."""
    return behind_label(scope, row, "product_asked")
