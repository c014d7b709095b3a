"""The episodes a number is about, and their facts; every metric starts here, so that all share one cohort."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import CTE

from bot.metrics.scope import DAY, HOUR, Scope
from bot.metrics.values import Point, Series
from bot.store.tables import Episode, Fact

NOT_UNDERSTOOD = ("", "nlu_fallback")  # labels of `understood` that are no intent
Moments = ColumnElement[Any] | InstrumentedAttribute[Any]


def cohort(scope: Scope) -> CTE:
    """Episodes opened in the period that fit the scope, as `cohort(conversation_id, episode, channel, …)`."""
    wanted = select(
        Episode.conversation_id,
        Episode.number.label("episode"),
        Episode.channel,
        Episode.language,
        Episode.opened_at,
        Episode.closed_at,
    ).where(Episode.opened_at >= scope.start, Episode.opened_at < scope.end)
    if scope.channel:
        wanted = wanted.where(Episode.channel == scope.channel)
    if scope.language:
        wanted = wanted.where(Episode.language == scope.language)
    if not scope.include_demo:
        wanted = wanted.where(Episode.is_demo.is_(False))
    if scope.segment:
        answered = select(Fact.conversation_id, Fact.episode).where(
            Fact.kind == "first_reply", Fact.at >= scope.start
        )
        by_person = tuple_(Episode.conversation_id, Episode.number).in_(answered)
        wanted = wanted.where(by_person if scope.segment == "agent" else ~by_person)
    return wanted.cte("cohort")


def facts(scope: Scope, *kinds: str, cohort_of: CTE | None = None) -> Select[Any]:
    """Facts of `kinds` of the cohort's episodes: (conversation_id, episode, opened_at), to be narrowed and widened.

    An episode's facts are never older than its opening, which lets the index on (kind, at) do the work.
    """
    base = cohort_of if cohort_of is not None else cohort(scope)
    return (
        select(Fact.conversation_id, Fact.episode, base.c.opened_at)
        .join(base, and_(base.c.conversation_id == Fact.conversation_id, base.c.episode == Fact.episode))
        .where(Fact.kind.in_(kinds), Fact.at >= scope.start)
    )


def number(moment: Moments) -> ColumnElement[Any]:
    """A time as the whole microseconds it is kept as."""
    return type_coerce(moment, BigInteger)


def seconds(start: Moments, end: Moments) -> ColumnElement[Any]:
    """Seconds from one time to another, never negative."""
    gap = number(end) - number(start)
    return case((gap < 0, 0.0), else_=gap / 1_000_000.0)


def local(moment: Moments, scope: Scope) -> ColumnElement[Any]:
    """Microseconds on the shop's wall clock; the same expression on every database."""
    (_, first), *later = scope.offsets()
    if not later:
        return number(moment) + first
    pieces = [(moment >= at, offset) for at, offset in reversed(later)]
    return number(moment) + case(*pieces, else_=first)


def step_of(moment: Moments, scope: Scope) -> ColumnElement[Any]:
    """Number of the step of a series that `moment` falls into."""
    return cast(local(moment, scope) // scope.step_micros, BigInteger)


def weekday_of(moment: Moments, scope: Scope) -> ColumnElement[Any]:
    """0 Monday to 6 Sunday on the shop's wall clock (1 January 1970 was a Thursday)."""
    return cast((local(moment, scope) // DAY + 3) % 7, Integer)


def hour_of(moment: Moments, scope: Scope) -> ColumnElement[Any]:
    """0 to 23 on the shop's wall clock."""
    return cast(local(moment, scope) % DAY // HOUR, Integer)


def series(
    scope: Scope,
    key: str,
    unit: str,
    found: Mapping[int, tuple[float | None, int]],
    *,
    empty: float | None = None,
) -> Series:
    """A series with every step of the period; steps without data are `empty` with n = 0."""
    points = []
    for step in scope.steps():
        value, n = found.get(step, (empty, 0))
        points.append(Point(scope.step_name(step), value, n))
    return Series(key, unit, tuple(points))


def distinct(items: Subquery | CTE, *where: ColumnElement[bool]) -> Select[Any]:
    """The (conversation_id, episode) pairs behind items, newest first."""
    return (
        select(items.c.conversation_id, items.c.episode)
        .where(*where)
        .group_by(items.c.conversation_id, items.c.episode)
        .order_by(func.max(number(items.c.opened_at)).desc(), items.c.conversation_id, items.c.episode)
    )


def has_own_data(session: Session) -> bool:
    """Whether there is any episode that is not demo data."""
    return bool(session.scalar(select(exists().where(Episode.is_demo.is_(False)))))
