"""The ratings a number is about: surveys sent in the period, whenever they were answered."""

from typing import Any

from sqlalchemy import Select, and_, select

from bot.metrics.scope import Scope
from bot.store.tables import Episode, Survey

SATISFIED = 4  # of 5


def sent(scope: Scope) -> Select[Any]:
    """CSAT surveys sent in the period that fit the scope, to be narrowed and widened.

    The same filters hold for surveys and answers, so a response rate never mixes two cohorts.
    """
    query: Any = (
        select(
            Survey.id,
            Survey.conversation_id,
            Survey.episode,
            Survey.segment,
            Survey.user_id,
            Survey.score,
            Survey.comment,
            Survey.sent_at.label("opened_at"),
            Survey.answered_at,
        )
        .join(
            Episode, and_(Episode.conversation_id == Survey.conversation_id, Episode.number == Survey.episode)
        )
        .where(Survey.survey == "csat", Survey.sent_at >= scope.start, Survey.sent_at < scope.end)
    )
    if scope.channel:
        query = query.where(Episode.channel == scope.channel)
    if scope.language:
        query = query.where(Episode.language == scope.language)
    if scope.segment:
        query = query.where(Survey.segment == scope.segment)
    if not scope.include_demo:
        query = query.where(Survey.is_demo.is_(False))
    found: Select[Any] = query
    return found
