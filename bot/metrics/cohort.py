"""The episodes a number is about, and their facts; every metric starts here, so that all share one cohort."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Table,
    case,
    cast,
    exists,
    func,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.selectable import CTE

from bot.metrics.scope import DAY, HOUR, Scope
from bot.metrics.values import Point, Series
from bot.store.tables import Episode, Fact

END_OF_TIME = 2**62
LATE = 7 * DAY  # a message may leave that long after its conversation was closed
BY_PERSON = ("first_reply", "answered_elsewhere")  # kinds: a person answered, here or in another program
NOT_UNDERSTOOD = ("", "nlu_fallback", "none_of_these")  # labels of `understood` that are no intent
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
        by_person = tuple_(Episode.conversation_id, Episode.number).in_(answered_by_person())
        wanted = wanted.where(by_person if scope.segment == "agent" else ~by_person)
    return wanted.cte("cohort")


def facts(scope: Scope, *kinds: str) -> Select[Any]:
    """Facts of `kinds` that happened in the period: (conversation_id, episode, happened_at), to be widened.

    What happened is counted when it happened; facts carry channel, language and mark of demo data themselves, so
    that one range of the index on (kind, at) is all there is to read.
    """
    wanted: Any = select(Fact.conversation_id, Fact.episode, Fact.at.label("happened_at")).where(
        Fact.kind.in_(kinds), Fact.at >= scope.start, Fact.at < scope.end
    )
    if scope.channel:
        wanted = wanted.where(Fact.channel == scope.channel)
    if scope.language:
        wanted = wanted.where(Fact.language == scope.language)
    if not scope.include_demo:
        wanted = wanted.where(Fact.is_demo.is_(False))
    if scope.segment:
        by_person = tuple_(Fact.conversation_id, Fact.episode).in_(answered_by_person())
        wanted = wanted.where(by_person if scope.segment == "agent" else ~by_person)
    found: Select[Any] = wanted
    return found


def answered_by_person() -> Select[Any]:
    """(conversation_id, episode) of episodes a person answered in."""
    replies = aliased(Fact)
    query: Any = select(replies.conversation_id, replies.episode).where(replies.kind.in_(BY_PERSON))
    found: Select[Any] = query
    return found


def of_cohort(base: CTE, scope: Scope, *kinds: str) -> Select[Any]:
    """(conversation_id, episode) of facts of the cohort's episodes, whenever they happened, to be widened.

    They lie between the opening of the first and the closing of the last episode, give or take what was still
    on its way out then; that keeps the range of the index short for periods long past.
    """
    last = select(func.max(func.coalesce(number(base.c.closed_at), END_OF_TIME))).scalar_subquery()
    query: Any = select(Fact.conversation_id, Fact.episode).where(
        Fact.kind.in_(kinds), Fact.at >= scope.start, number(Fact.at) <= last + LATE
    )
    found: Select[Any] = query
    return found


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


def distinct(items: Subquery | CTE | Table, *where: ColumnElement[bool]) -> Select[Any]:
    """The (conversation_id, episode) pairs behind items, newest first."""
    return (
        select(items.c.conversation_id, items.c.episode)
        .where(*where)
        .group_by(items.c.conversation_id, items.c.episode)
        .order_by(func.max(number(_when(items))).desc(), items.c.conversation_id, items.c.episode)
    )


def _when(items: Subquery | CTE | Table) -> ColumnElement[Any]:
    when: ColumnElement[Any] = items.c.happened_at if "happened_at" in items.c else items.c.opened_at
    return when


def has_own_data(session: Session) -> bool:
    """Whether there is any episode that is not demo data."""
    return bool(session.scalar(select(exists().where(Episode.is_demo.is_(False)))))
