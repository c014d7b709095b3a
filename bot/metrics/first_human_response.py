"""How long shoppers wait for a person once they need one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import BY_PERSON, distinct, facts, number
from bot.metrics.names import names_of
from bot.metrics.response_time import spread_row
from bot.metrics.scope import Scope, micros
from bot.metrics.spread import spreads
from bot.metrics.values import Column, Result, Row
from bot.store.tables import Fact

NAME = "first_human_response"
TITLE = "First answer by a person"
DEFINITION = (
    "From the hand-off to the first message a person wrote after it, credited to who wrote it; "
    "a hand-off nobody answered (and that did not go back to the bot) has no time: it is counted apart, never as 0."
)
FORMULA = (
    "median, 90th percentile and average of (first message of a person − hand-off) over hand-offs answered"
)
COLUMNS = (
    Column("answers", "Hand-offs", "count"),
    Column("median", "Median", "seconds"),
    Column("p90", "90th percentile", "seconds"),
    Column("average", "Average", "seconds"),
    Column("conversations", "Conversations", "count"),
)


def _items(scope: Scope) -> Select[Any]:
    return facts(scope, "first_reply").where(Fact.value.is_not(None)).add_columns(Fact.user_id)


def _unanswered(scope: Scope) -> Select[Any]:
    """Episodes whose last hand-off lies in the period, nobody wrote after it and the bot did not get it back."""
    handed_off = func.max(case((Fact.kind == "handed_off", number(Fact.at))))
    settled = func.max(case((Fact.kind != "handed_off", number(Fact.at)), else_=0))
    ever = facts(
        replace(scope, end=datetime.max.replace(tzinfo=UTC)), "handed_off", *BY_PERSON, "handed_back"
    )
    bare: Any = ever.with_only_columns(Fact.conversation_id, Fact.episode, handed_off.label("happened_at"))
    found: Select[Any] = bare.group_by(Fact.conversation_id, Fact.episode).having(
        and_(handed_off > settled, handed_off < micros(scope.end))
    )
    return found


def compute(session: Session, scope: Scope) -> Result:
    """Row `all`, one row per person by user id (`user:7`), and `none` for hand-offs without an answer."""
    items = _items(scope)
    value = Fact.value.label("value")
    every = spreads(session, items.add_columns(value, func.coalesce(None, "all").label("grp")))
    by_person = spreads(
        session, items.where(Fact.user_id.is_not(None)).add_columns(value, Fact.user_id.label("grp"))
    )
    rows = [spread_row("all", "All answered", every["all"])] if every else []
    names = names_of(session, by_person)
    people = sorted(by_person.items(), key=lambda item: (-item[1].n, item[0]))
    rows += [spread_row(f"user:{user}", names.get(user, f"#{user}"), found) for user, found in people]
    waiting = _unanswered(scope).subquery()
    n = int(session.scalar(select(func.count()).select_from(waiting)) or 0)
    if n:
        rows.append(Row("none", "No answer by a person", n, (n, None, None, None, n)))
    return Result(
        COLUMNS, tuple(rows), missing="" if rows else "No conversation was handed to a person in this period."
    )


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes with such an answer, of that person, or without one."""
    if row == "none":
        return distinct(_unanswered(scope).subquery())
    items = _items(scope).subquery()
    if row == "all":
        return distinct(items)
    user = row.removeprefix("user:")
    return distinct(items, items.c.user_id == (int(user) if user.isascii() and user.isdecimal() else -1))
