"""How often and why conversations went to a person."""

from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from bot.metrics.cohort import cohort, distinct, series, step_of
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row, percent
from bot.store.tables import Fact

NAME = "handoffs"
TITLE = "Hand-offs to a person"
DEFINITION = "Conversations that were handed to a person at least once, by the reason of the first hand-off."
FORMULA = "hand-off rate = episodes with a hand-off ÷ episodes of the period × 100"
COLUMNS = (
    Column("conversations", "Conversations", "count"),
    Column("share", "Share of conversations", "percent"),
)
LABELS = {
    "asked": "Asked for a person",
    "not_understood": "Not understood",
    "complaint": "Complaint",
    "angry": "Angry",
    "proof_failed": "Could not prove who they are",
    "request": "A person has to do it",
    "error": "The bot failed",
    "brain_down": "The bot was down",
    "taken": "An agent stepped in",
}


def _items(scope: Scope) -> Select[Any]:
    """One row per episode of the cohort that was handed off: its first hand-off."""
    base = cohort(scope)
    first = func.row_number().over(
        partition_by=(Fact.conversation_id, Fact.episode), order_by=(Fact.at, Fact.id)
    )
    ranked = (
        select(Fact.conversation_id, Fact.episode, Fact.label.label("reason"), first.label("place"))
        .where(Fact.kind == "handed_off", Fact.at >= scope.start)
        .subquery()
    )
    same = and_(base.c.conversation_id == ranked.c.conversation_id, base.c.episode == ranked.c.episode)
    return (
        select(base.c.conversation_id, base.c.episode, base.c.opened_at, ranked.c.reason)
        .join_from(base, ranked, same)
        .where(ranked.c.place == 1)
    )


def compute(session: Session, scope: Scope) -> Result:
    """Row `all` with the hand-off rate, then one per reason, biggest first; the rate as a series."""
    base = cohort(scope)
    step = step_of(base.c.opened_at, scope).label("step")
    opened = {int(at): int(n) for at, n in session.execute(select(step, func.count()).group_by(step))}
    total = sum(opened.values())
    if not total:
        return Result(COLUMNS, (), missing="No conversation was opened in this period.")
    items = _items(scope).subquery()
    step = step_of(items.c.opened_at, scope).label("step")
    reasons: dict[str, int] = {}
    by_step: dict[int, int] = {}
    query = select(step, items.c.reason, func.count()).group_by(step, items.c.reason)
    for at, reason, n in session.execute(query):
        reasons[reason] = reasons.get(reason, 0) + int(n)
        by_step[int(at)] = by_step.get(int(at), 0) + int(n)
    handed = sum(reasons.values())
    rows = [Row("all", "All hand-offs", handed, (handed, percent(handed, total)))]
    for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        rows.append(Row(f"reason:{reason}", LABELS.get(reason, reason), n, (n, percent(n, total))))
    rates = {at: (percent(by_step.get(at, 0), n), n) for at, n in opened.items()}
    return Result(COLUMNS, tuple(rows), (series(scope, "all", "percent", rates),))


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes handed off first for that reason, or for any."""
    items = _items(scope).subquery()
    return distinct(items) if row == "all" else distinct(items, items.c.reason == row.removeprefix("reason:"))
