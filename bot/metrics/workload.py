"""What each person did."""

from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct, facts
from bot.metrics.names import names_of
from bot.metrics.scope import Scope
from bot.metrics.spread import spreads
from bot.metrics.surveys import SATISFIED, sent
from bot.metrics.values import Column, Result, Row, percent
from bot.metrics.wilson import wilson
from bot.store.tables import Fact

NAME = "workload"
TITLE = "People's workload"
DEFINITION = (
    "For each person the conversations they took, wrote in or closed, what they wrote and closed, how fast they "
    "answered, and how shoppers rated them; times and messages are credited to who wrote, not to who owned the "
    "conversation."
)
FORMULA = (
    "conversations = episodes with an assigned, message_out or closed fact of the person; median of answered facts "
    "of the person; CSAT as defined there, of surveys about the person"
)
COLUMNS = (
    Column("conversations", "Conversations", "count"),
    Column("messages", "Messages", "count"),
    Column("closed", "Closed", "count"),
    Column("first_median", "First answer, median", "seconds"),
    Column("median", "Response time, median", "seconds"),
    Column("score", "Satisfied", "percent"),
    Column("n", "Ratings", "count"),
    Column("low", "95 % from", "percent"),
    Column("high", "95 % to", "percent"),
)


def _items(scope: Scope) -> Select[Any]:
    return (
        facts(scope, "assigned", "message_out", "closed")
        .where(Fact.user_id.is_not(None), or_(Fact.kind != "message_out", Fact.actor == "agent"))
        .add_columns(Fact.user_id, Fact.kind)
    )


def compute(session: Session, scope: Scope) -> Result:
    """One row per person (`user:7`), most conversations first."""
    items = _items(scope).subquery()
    per_episode = (
        select(
            items.c.user_id,
            func.sum(case((items.c.kind == "message_out", 1), else_=0)).label("messages"),
            func.max(case((items.c.kind == "closed", 1), else_=0)).label("closed"),
        )
        .group_by(items.c.user_id, items.c.conversation_id, items.c.episode)
        .subquery()
    )
    query = select(
        per_episode.c.user_id, func.count(), func.sum(per_episode.c.messages), func.sum(per_episode.c.closed)
    ).group_by(per_episode.c.user_id)
    work = {int(user): (int(n), int(said), int(closed)) for user, n, said, closed in session.execute(query)}
    times = {kind: _times(session, scope, kind) for kind in ("first_reply", "answered")}
    ratings = _ratings(session, scope)
    names = names_of(session, work)
    rows = []
    for user, (n, said, closed) in sorted(work.items(), key=lambda item: (-item[1][0], item[0])):
        satisfied, rated = ratings.get(user, (0, 0))
        low, high = wilson(satisfied, rated) or (None, None)
        speeds = (times["first_reply"].get(user), times["answered"].get(user))
        cells = (n, said, closed, *speeds, percent(satisfied, rated), rated, low, high)
        rows.append(Row(f"user:{user}", names.get(user, f"#{user}"), n, cells))
    return Result(
        COLUMNS, tuple(rows), missing="" if rows else "No person has worked on a conversation of this period."
    )


def _times(session: Session, scope: Scope, kind: str) -> dict[int, float]:
    query = facts(scope, kind).where(
        Fact.actor == "agent", Fact.user_id.is_not(None), Fact.value.is_not(None)
    )
    found = spreads(session, query.add_columns(Fact.user_id.label("grp"), Fact.value.label("value")))
    return {int(user): spread.median for user, spread in found.items()}


def _ratings(session: Session, scope: Scope) -> dict[int, tuple[int, int]]:
    items = sent(scope).subquery()
    query = (
        select(items.c.user_id, func.sum(case((items.c.score >= SATISFIED, 1), else_=0)), func.count())
        .where(items.c.user_id.is_not(None), items.c.score.is_not(None))
        .group_by(items.c.user_id)
    )
    return {int(user): (int(satisfied), int(n)) for user, satisfied, n in session.execute(query)}


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes the person worked on."""
    items = _items(scope).subquery()
    user = row.removeprefix("user:")
    return distinct(items, items.c.user_id == (int(user) if user.isascii() and user.isdecimal() else -1))
