"""How much was said, and by whom."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct, facts
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row
from bot.store.tables import Fact

NAME = "messages"
TITLE = "Messages"
DEFINITION = "Messages written in the period, by who wrote them; agents' notes do not count."
FORMULA = "number of message_in and message_out facts in the period, by actor"
COLUMNS = (
    Column("messages", "Messages", "count"),
    Column("conversations", "Conversations", "count"),
    Column("each", "Messages per conversation", "number"),
)
ACTORS = {"shopper": "Shoppers", "bot": "Bot", "agent": "People", "system": "Notices"}


def _items(scope: Scope) -> Select[Any]:
    return facts(scope, "message_in", "message_out").add_columns(Fact.actor)


def compute(session: Session, scope: Scope) -> Result:
    """Rows `all`, `shopper`, `bot`, `agent`, `system`."""
    items = _items(scope).subquery()
    per_episode = (
        select(items.c.actor, func.count().label("n"))
        .group_by(items.c.conversation_id, items.c.episode, items.c.actor)
        .subquery()
    )
    query = select(per_episode.c.actor, func.sum(per_episode.c.n), func.count()).group_by(per_episode.c.actor)
    found = {str(actor): (int(n), int(episodes)) for actor, n, episodes in session.execute(query)}
    if not found:
        return Result(COLUMNS, (), missing="No message was written in this period.")
    # Not the shoppers' number: an agent may open a conversation again.
    every = select(func.count()).select_from(behind(session, scope, "all").order_by(None).subquery())
    rows = [_row("all", "All", sum(n for n, _ in found.values()), int(session.scalar(every) or 0))]
    rows += [_row(key, label, *found[key]) for key, label in ACTORS.items() if key in found]
    return Result(COLUMNS, tuple(rows))


def _row(key: str, label: str, n: int, episodes: int) -> Row:
    return Row(key, label, episodes, (n, episodes, n / episodes))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes with a message of that author."""
    items = _items(scope).subquery()
    return distinct(items) if row == "all" else distinct(items, items.c.actor == row)
