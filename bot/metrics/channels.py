"""Channels side by side."""

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from bot.metrics import episodes_outcome
from bot.metrics.cohort import distinct
from bot.metrics.episodes_outcome import OPEN, RESOLVED
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row, percent

NAME = "channels"
TITLE = "Channels side by side"
DEFINITION = "For each channel, its conversations and how they ended, by the same rules as the outcomes."
FORMULA = (
    "resolved by bot, by a person, missed or abandoned ÷ closed episodes of the channel × 100; "
    "hand-off rate = episodes handed off ÷ episodes of the channel × 100"
)
COLUMNS = (
    Column("conversations", "Conversations", "count"),
    Column("bot", "Resolved by the bot", "percent"),
    Column("agent", "Resolved by a person", "percent"),
    Column("lost", "Missed or abandoned", "percent"),
    Column("handed_off", "Hand-off rate", "percent"),
)


def compute(session: Session, scope: Scope) -> Result:
    """One row per channel, biggest first."""
    found = episodes_outcome.outcomes(session, scope)
    count = func.count()
    query = (
        select(
            found.c.channel,
            count,
            func.sum(case((found.c.outcome == OPEN, 0), else_=1)),
            func.sum(case((found.c.outcome.in_(RESOLVED[:2]), 1), else_=0)),
            func.sum(case((found.c.outcome == "agent", 1), else_=0)),
            func.sum(case((found.c.handed_off_at.is_not(None), 1), else_=0)),
        )
        .group_by(found.c.channel)
        .order_by(count.desc(), found.c.channel)
    )
    rows = []
    for channel, *numbers in session.execute(query):
        n, closed, bot, agent, handed_off = map(int, numbers)
        lost = closed - bot - agent
        shares = (percent(bot, closed), percent(agent, closed), percent(lost, closed), percent(handed_off, n))
        rows.append(Row(str(channel), str(channel), n, (n, *shares)))
    return Result(COLUMNS, tuple(rows), missing="" if rows else "No conversation was opened in this period.")


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes of the channel."""
    found = episodes_outcome.outcomes(session, scope)
    return distinct(found, found.c.channel == row)
