"""The outcome of every episode of the cohort, from its facts, exclusive: the first rule that fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.sql.selectable import CTE

from bot.metrics.cohort import BY_PERSON, NOT_UNDERSTOOD, cohort, number, of_cohort
from bot.metrics.scope import Scope
from bot.store.database import Moment
from bot.store.tables import Fact, Survey

OUTCOMES = ("bot_confirmed", "bot_assumed", "agent", "missed", "abandoned")
RESOLVED = ("bot_confirmed", "bot_assumed", "agent")
OPEN = "open"
KINDS = ("handed_off", *BY_PERSON, "handed_back", "closed", "helpful", "understood", "fallback")
MORE_KINDS = ("answered", "reopened")
SHARED = "shared outcomes"  # in session.info: the tables made so far, by scope


@contextmanager
def shared(session: Session) -> Iterator[None]:
    """Within, several numbers of one scope read the outcomes once, into a temporary table.

    For reading only: what is written meanwhile is not seen.
    """
    made: dict[Scope, Table] = session.info.setdefault(SHARED, {})
    try:
        yield
        for table in made.values():
            session.execute(DropTable(table))
    finally:
        del session.info[SHARED]


def outcomes(session: Session, scope: Scope, *more_kinds: str) -> CTE | Table:
    """What `query` says, as a table when it is shared between numbers."""
    made: dict[Scope, Table] | None = session.info.get(SHARED)
    if made is None:
        return query(scope, *more_kinds)
    if scope not in made:
        made[scope] = _kept(session, query(scope, *MORE_KINDS), f"outcomes_{len(made)}")
    return made[scope]


def _kept(session: Session, found: CTE, name: str) -> Table:
    table = _table(name)
    session.execute(CreateTable(table))
    columns = list(table.columns)
    session.execute(insert(table).from_select(columns, select(*(found.c[column.name] for column in columns))))
    return table


@cache
def _table(name: str) -> Table:
    """The same each time, so that SQLAlchemy knows queries of it again."""
    return Table(
        name,
        MetaData(),
        Column("conversation_id", String(32)),
        Column("episode", Integer),
        Column("channel", String(20)),
        Column("opened_at", Moment),
        Column("closed_at", Moment),
        Column("outcome", String(20)),
        *(Column(key, BigInteger) for key in ("handed_off_at", "answered_at", "back_at")),
        prefixes=["TEMPORARY"],
    )


def query(scope: Scope, *more_kinds: str) -> CTE:
    """`outcomes(conversation_id, episode, channel, opened_at, closed_at, outcome, handed_off_at, …)`.

    Times of facts are microseconds. `handed_off_at` is the first hand-off. Two columns are empty unless their
    kind is asked for, as reading it costs: `answered_at`, the last answer ("answered"), and `back_at`, when the
    shopper wrote again after the end ("reopened").
    """
    episodes = cohort(scope)
    marks = _marks(episodes, scope, more_kinds)
    pleased = (
        select(Survey.conversation_id, Survey.episode)
        .where(Survey.survey == "csat", Survey.segment == "bot", Survey.score >= 4)
        .where(Survey.sent_at >= scope.start)
        .cte("pleased")
    )
    joined = episodes.outerjoin(marks, _same(marks, episodes)).outerjoin(pleased, _same(pleased, episodes))
    return (
        select(
            episodes.c.conversation_id,
            episodes.c.episode,
            episodes.c.channel,
            episodes.c.opened_at,
            episodes.c.closed_at,
            _outcome(episodes, marks, pleased).label("outcome"),
            marks.c.handed_off_at,
            marks.c.answered_at,
            marks.c.back_at,
        )
        .select_from(joined)
        .cte("outcomes")
    )


def _same(one: CTE, other: CTE) -> ColumnElement[bool]:
    return and_(one.c.conversation_id == other.c.conversation_id, one.c.episode == other.c.episode)


def _marks(episodes: CTE, scope: Scope, more_kinds: tuple[str, ...]) -> CTE:
    """When what happened in each episode, one row each."""

    def when(kind: str, *more: ColumnElement[bool]) -> ColumnElement[Any]:
        return case((and_(Fact.kind == kind, *more), number(Fact.at)))

    # What came after a conversation is told by the next one's `reopened`: it is filed under the one before.
    filed = case((Fact.kind == "reopened", Fact.episode - 1), else_=Fact.episode)
    return (
        of_cohort(episodes, scope, *KINDS, *more_kinds)
        .with_only_columns(
            Fact.conversation_id,
            filed.label("episode"),
            func.min(when("handed_off")).label("handed_off_at"),
            func.max(when("handed_off")).label("last_handed_off_at"),
            func.max(case((Fact.kind.in_(BY_PERSON), number(Fact.at)))).label("first_reply_at"),
            func.max(when("handed_back")).label("handed_back_at"),
            func.max(when("closed")).label("confirmed_at"),
            func.max(when("helpful", Fact.label == "yes")).label("helpful_at"),
            func.max(when("helpful", Fact.label == "no")).label("unhelpful_at"),
            func.max(when("understood", Fact.label.not_in(NOT_UNDERSTOOD))).label("understood_at"),
            func.max(when("fallback")).label("fallback_at"),
            func.max(when("answered")).label("answered_at"),
            func.min(when("reopened")).label("back_at"),
        )
        .where(
            or_(Fact.kind != "closed", Fact.label == "confirmed"),
            or_(Fact.kind != "reopened", Fact.actor == "shopper"),  # not an agent who adds something
        )
        .group_by(Fact.conversation_id, filed)
        .cte("marks")
    )


def _outcome(episodes: CTE, marks: CTE, pleased: CTE) -> ColumnElement[Any]:
    of = marks.c
    is_missed = and_(
        of.last_handed_off_at.is_not(None),
        func.coalesce(of.first_reply_at, 0) < of.last_handed_off_at,
        func.coalesce(of.handed_back_at, 0) < of.last_handed_off_at,
    )
    is_confirmed = or_(
        of.confirmed_at.is_not(None),
        of.helpful_at > func.coalesce(of.unhelpful_at, 0),  # the last word counts
        pleased.c.conversation_id.is_not(None),
    )
    is_abandoned = or_(
        of.unhelpful_at.is_not(None), of.understood_at.is_(None), of.fallback_at >= of.understood_at
    )
    return case(
        (episodes.c.closed_at.is_(None), OPEN),
        (is_missed, "missed"),
        (of.first_reply_at.is_not(None), "agent"),
        (is_confirmed, "bot_confirmed"),
        (is_abandoned, "abandoned"),
        else_="bot_assumed",
    )
