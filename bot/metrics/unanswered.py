"""What the bot could not answer, alike questions together."""

from typing import Any

from sqlalchemy import Select, false
from sqlalchemy.orm import Session

from bot.metrics import alike
from bot.metrics.cohort import distinct, facts
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row
from bot.store.tables import Fact, Message

NAME = "unanswered"
TITLE = "What the bot could not answer"
DEFINITION = (
    "Messages the bot did not understand well enough or has no answer to, alike questions put together; "
    "addresses and long numbers are taken out."
)
FORMULA = "messages with a fallback fact, grouped by likeness of their words, in most conversations first"
COLUMNS = (
    Column("question", "Question", "text"),
    Column("conversations", "Conversations", "count"),
    Column("times", "Times asked", "count"),
    Column("wordings", "Wordings", "count"),
    Column("last_at", "Last asked", "at"),
)
MOST = 200


def _items(scope: Scope) -> Select[Any]:
    return (
        facts(scope, "fallback")
        .join(Message, Message.id == Fact.message_id)
        .where(Message.direction == "in", Message.text != "")
        .add_columns(Fact.message_id, Fact.at, Message.text)
    )


def _found(session: Session, scope: Scope) -> tuple[list[Any], list[alike.Group]]:
    """Each message once (a rephrased turn may leave two facts), and the groups."""
    seen: dict[int, Any] = {}
    for item in session.execute(_items(scope).order_by(Fact.at, Fact.id)):
        seen.setdefault(item.message_id, item)
    items = list(seen.values())
    return items, alike.groups([item.text for item in items])


def compute(session: Session, scope: Scope) -> Result:
    """One row per group of alike questions; at most 200."""
    items, groups = _found(session, scope)
    rows = []
    for group in groups:
        members = [items[position] for position in group.members]
        episodes = {(item.conversation_id, item.episode) for item in members}
        last = max(item.at for item in members)
        cells = (group.text, len(episodes), len(members), group.wordings, last)
        rows.append(Row(group.key, group.text, len(episodes), cells))
    rows.sort(key=lambda row: (-row.conversations, row.label))
    missing = "" if rows else "There was nothing the bot could not answer in this period."
    return Result(COLUMNS, tuple(rows[:MOST]), missing=missing)


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes in which one of the group's questions was asked; `all` for any."""
    items = _items(scope).subquery()
    if row == "all":
        return distinct(items)
    found, groups = _found(session, scope)
    group = next((group for group in groups if group.key == row), None)
    if group is None:
        return distinct(items, false())
    ids = [found[position].message_id for position in group.members]
    return distinct(items, items.c.message_id.in_(ids))
