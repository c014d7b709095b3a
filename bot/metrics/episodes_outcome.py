"""The outcome of every episode of the cohort, from its facts, exclusive: the first rule that fits."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.sql.selectable import CTE

from bot.metrics.cohort import NOT_UNDERSTOOD, cohort, number
from bot.metrics.scope import Scope
from bot.store.tables import Fact, Survey

OUTCOMES = ("bot_confirmed", "bot_assumed", "agent", "missed", "abandoned")
RESOLVED = ("bot_confirmed", "bot_assumed", "agent")
OPEN = "open"
KINDS = (
    "handed_off",
    "first_reply",
    "handed_back",
    "closed",
    "helpful",
    "understood",
    "fallback",
    "answered",
)


def outcomes(scope: Scope) -> CTE:
    """`outcomes(conversation_id, episode, channel, opened_at, closed_at, outcome, handed_off_at, answered_at, …)`.

    Times of facts are microseconds. `handed_off_at` is the first hand-off, `answered_at` the last answer.
    """
    episodes = cohort(scope)

    def when(kind: str, *more: ColumnElement[bool]) -> ColumnElement[Any]:
        return case((and_(Fact.kind == kind, *more), number(Fact.at)))

    marks = (
        select(
            Fact.conversation_id,
            Fact.episode,
            func.min(when("handed_off")).label("handed_off_at"),
            func.max(when("handed_off")).label("last_handed_off_at"),
            func.max(when("first_reply")).label("first_reply_at"),
            func.max(when("handed_back")).label("handed_back_at"),
            func.max(when("closed", Fact.label == "confirmed")).label("confirmed_at"),
            func.max(when("helpful", Fact.label == "yes")).label("helpful_at"),
            func.max(when("helpful", Fact.label == "no")).label("unhelpful_at"),
            func.max(when("understood", Fact.label.not_in(NOT_UNDERSTOOD))).label("understood_at"),
            func.max(when("fallback")).label("fallback_at"),
            func.max(when("answered")).label("answered_at"),
        )
        .where(Fact.kind.in_(KINDS), Fact.at >= scope.start)
        .group_by(Fact.conversation_id, Fact.episode)
        .cte("marks")
    )
    pleased = (
        select(Survey.conversation_id, Survey.episode)
        .where(
            Survey.survey == "csat", Survey.segment == "bot", Survey.score >= 4, Survey.sent_at >= scope.start
        )
        .cte("pleased")
    )
    of = marks.c
    outcome = case(
        (episodes.c.closed_at.is_(None), OPEN),
        (
            and_(
                of.last_handed_off_at.is_not(None),
                func.coalesce(of.first_reply_at, 0) < of.last_handed_off_at,
                func.coalesce(of.handed_back_at, 0) < of.last_handed_off_at,
            ),
            "missed",
        ),
        (of.first_reply_at.is_not(None), "agent"),
        (
            or_(
                of.confirmed_at.is_not(None),
                of.helpful_at > func.coalesce(of.unhelpful_at, 0),
                pleased.c.conversation_id.is_not(None),
            ),
            "bot_confirmed",
        ),
        (
            or_(
                of.unhelpful_at.is_not(None),
                of.understood_at.is_(None),
                of.fallback_at >= of.understood_at,
            ),
            "abandoned",
        ),
        else_="bot_assumed",
    )
    joined = episodes.outerjoin(
        marks, and_(of.conversation_id == episodes.c.conversation_id, of.episode == episodes.c.episode)
    ).outerjoin(
        pleased,
        and_(
            pleased.c.conversation_id == episodes.c.conversation_id, pleased.c.episode == episodes.c.episode
        ),
    )
    return (
        select(
            episodes.c.conversation_id,
            episodes.c.episode,
            episodes.c.channel,
            episodes.c.opened_at,
            episodes.c.closed_at,
            outcome.label("outcome"),
            of.handed_off_at,
            of.answered_at,
        )
        .select_from(joined)
        .cte("outcomes")
    )
