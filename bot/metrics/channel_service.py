"""How shoppers are served on each channel: answers, waiting, hand-offs, ratings, failed deliveries."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select, union_all
from sqlalchemy.orm import Session

from bot.metrics.cohort import distinct, facts
from bot.metrics.scope import Scope
from bot.metrics.spread import spreads
from bot.metrics.surveys import SATISFIED, sent
from bot.metrics.values import Cell, Column, Result, Row, percent
from bot.store.tables import Episode, Fact

NAME = "channel_service"
TITLE = "Service by channel"
DEFINITION = (
    "For each channel, what happened in the period: answers of the bot and of people and how long shoppers waited "
    "for them, hand-offs, ratings of surveys sent, and messages that were given up."
)
FORMULA = (
    "answers and median wait as of the response time; satisfied = ratings of 4 or 5 ÷ ratings × 100; "
    "not delivered = messages given up"
)
COLUMNS = (
    Column("bot_answers", "Answers by the bot", "count"),
    Column("bot_median", "Median wait, bot", "seconds"),
    Column("agent_answers", "Answers by people", "count"),
    Column("agent_median", "Median wait, people", "seconds"),
    Column("handed_off", "Hand-offs", "count"),
    Column("satisfied", "Satisfied", "percent"),
    Column("ratings", "Ratings", "count"),
    Column("failed", "Not delivered", "count"),
)
ACTORS = ("bot", "agent")
COUNTED = ("handed_off", "delivery_failed")
KINDS = ("answered", *COUNTED)


def _happened(scope: Scope) -> Select[Any]:
    """Facts counted here: an answer of the desk itself is none."""
    return facts(scope, *KINDS).where(
        or_(Fact.kind != "answered", and_(Fact.actor.in_(ACTORS), Fact.value.is_not(None)))
    )


def _rated(scope: Scope) -> Any:
    """Surveys sent that fit the scope, with the channel of their episode."""
    items = sent(scope).subquery()
    return (
        select(items.c.conversation_id, items.c.episode, items.c.opened_at, items.c.score, Episode.channel)
        .join(
            Episode,
            (Episode.conversation_id == items.c.conversation_id) & (Episode.number == items.c.episode),
        )
        .subquery()
    )


def compute(session: Session, scope: Scope) -> Result:
    """One row per channel, the busiest first."""
    waits: dict[str, Mapping[str, Any]] = {}
    for actor in ACTORS:
        items = facts(scope, "answered").where(Fact.actor == actor, Fact.value.is_not(None))
        waits[actor] = spreads(
            session, items.add_columns(Fact.channel.label("grp"), Fact.value.label("value"))
        )
    counted: Counter[tuple[str, str]] = Counter()
    happened = facts(scope, *COUNTED).add_columns(Fact.channel, Fact.kind).subquery()
    query = select(happened.c.channel, happened.c.kind, func.count()).group_by(
        happened.c.channel, happened.c.kind
    )
    for channel, kind, count in session.execute(query):
        counted[channel, kind] = count
    rated = _rated(scope)
    good = func.sum(case((rated.c.score >= SATISFIED, 1), else_=0))
    ratings = {
        channel: (int(n), int(satisfied or 0))
        for channel, n, satisfied in session.execute(
            select(rated.c.channel, func.count(rated.c.score), good).group_by(rated.c.channel)
        )
    }
    rows = []
    for channel, behind_it in _conversations(session, scope).items():
        cells: list[Cell] = []
        for actor in ACTORS:
            found = waits[actor].get(channel)
            cells += [found.n if found else 0, found.median if found else None]
        n, satisfied = ratings.get(channel, (0, 0))
        cells += [
            counted[channel, "handed_off"],
            percent(satisfied, n),
            n,
            counted[channel, "delivery_failed"],
        ]
        rows.append(Row(channel, channel, behind_it, tuple(cells)))
    rows.sort(key=lambda row: (-row.conversations, row.key))
    return Result(COLUMNS, tuple(rows), missing="" if rows else "Nothing was answered in this period.")


def _pairs(scope: Scope) -> Any:
    """(conversation_id, episode, happened_at, channel) of all that is counted."""
    happened = _happened(scope).add_columns(Fact.channel.label("channel"))
    rated = _rated(scope)
    ratings = select(
        rated.c.conversation_id, rated.c.episode, rated.c.opened_at.label("happened_at"), rated.c.channel
    ).where(rated.c.score.is_not(None))
    return union_all(happened, ratings).subquery()


def _conversations(session: Session, scope: Scope) -> dict[str, int]:
    """Episodes behind each channel's row."""
    pairs = _pairs(scope)
    once = select(pairs.c.channel, pairs.c.conversation_id, pairs.c.episode).distinct().subquery()
    query = select(once.c.channel, func.count()).group_by(once.c.channel)
    return {str(channel): int(count) for channel, count in session.execute(query)}


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes in which something of the row happened."""
    pairs = _pairs(scope)
    return distinct(pairs, pairs.c.channel == row)
