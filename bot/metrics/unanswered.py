"""What the bot could not answer, alike questions together."""

from collections.abc import Mapping, Sequence
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
    Column("closest", "Closest topic", "text"),
)
MOST = 200
TOPIC = "faq/"  # what can be taught an answer to


def _items(scope: Scope) -> Select[Any]:
    return (
        facts(scope, "fallback")
        .join(Message, Message.id == Fact.message_id)
        .where(Message.direction == "in", Message.text != "")
        .add_columns(Fact.message_id, Fact.at, Message.text, Message.understood)
    )


def _found(session: Session, scope: Scope) -> tuple[list[Any], list[alike.Group]]:
    """Each message once (a rephrased turn may leave two facts), and the groups."""
    seen: dict[int, Any] = {}
    for item in session.execute(_items(scope).order_by(Fact.at, Fact.id)):
        seen.setdefault(item.message_id, item)
    items = list(seen.values())
    return items, alike.groups([item.text for item in items])


def compute(session: Session, scope: Scope) -> Result:
    """One row per group of alike questions; at most 200.

    `closest` is the topic (`faq/returns`) the bot came closest to over all of the group's messages; "" for none.
    """
    items, groups = _found(session, scope)
    rows = []
    for group in groups:
        members = [items[position] for position in group.members]
        episodes = {(item.conversation_id, item.episode) for item in members}
        last = max(item.at for item in members)
        closest = _closest([item.understood for item in members])
        cells = (group.text, len(episodes), len(members), group.wordings, last, closest)
        rows.append(Row(group.key, group.text, len(episodes), cells))
    rows.sort(key=lambda row: (-row.conversations, row.label))
    missing = "" if rows else "There was nothing the bot could not answer in this period."
    return Result(COLUMNS, tuple(rows[:MOST]), missing=missing)


def _closest(readings: Sequence[Mapping[str, Any] | None]) -> str:
    """The topic with the most confidence in sum; messages carry the first few the bot thought of."""
    sums: dict[str, float] = {}
    for reading in readings:
        known = reading or {}
        for item in known.get("topics") or known.get("ranking") or ():
            name, confidence = str(item.get("intent") or ""), item.get("confidence")
            if name.startswith(TOPIC) and isinstance(confidence, (int, float)):
                sums[name] = sums.get(name, 0.0) + confidence
    return min(sums, key=lambda name: (-sums[name], name), default="")


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
