"""How much was said, and by whom."""

from typing import Any

from sqlalchemy import Select, case, func, select
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
    by_actor = {key: func.sum(case((items.c.actor == key, 1), else_=0)).label(key) for key in ACTORS}
    per_episode = (
        select(func.count().label("all"), *by_actor.values())
        .group_by(items.c.conversation_id, items.c.episode)
        .subquery()
    )
    labels = {"all": "All", **ACTORS}
    numbers = [
        number
        for key in labels
        for number in (
            func.coalesce(func.sum(per_episode.c[key]), 0),
            func.coalesce(func.sum(case((per_episode.c[key] > 0, 1), else_=0)), 0),
        )
    ]
    found = [int(number) for number in session.execute(select(*numbers)).one()]
    counts = dict(zip(labels, zip(found[::2], found[1::2], strict=True), strict=True))
    rows = [_row(key, labels[key], n, episodes) for key, (n, episodes) in counts.items() if n]
    if not rows:
        return Result(COLUMNS, (), missing="No message was written in this period.")
    return Result(COLUMNS, tuple(rows))


def _row(key: str, label: str, n: int, episodes: int) -> Row:
    return Row(key, label, episodes, (n, episodes, n / episodes))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes with a message of that author."""
    items = _items(scope).subquery()
    return distinct(items) if row == "all" else distinct(items, items.c.actor == row)
