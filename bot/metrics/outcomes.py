"""How conversations ended: five exclusive outcomes that sum to 100 %."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.metrics import episodes_outcome
from bot.metrics.cohort import distinct, series, step_of
from bot.metrics.episodes_outcome import OPEN, OUTCOMES
from bot.metrics.scope import Scope
from bot.metrics.values import Column, Result, Row, percent

NAME = "outcomes"
TITLE = "Outcomes"
DEFINITION = (
    "Every closed conversation has exactly one outcome, the first that fits: missed hand-off (a person was "
    "called and none answered, here or in another program), resolved by a person, resolved by the bot and "
    "confirmed by the shopper, abandoned (the bot's last turn was a fallback, the shopper said it did not help, "
    "or nothing was understood), else resolved by the bot as far as we can tell."
)
FORMULA = "episodes with the outcome ÷ closed episodes of the period × 100; open ones are counted apart"
COLUMNS = (Column("conversations", "Conversations", "count"), Column("share", "Share of closed", "percent"))
LABELS = {
    "bot": "Resolved by the bot",
    "bot_confirmed": "Resolved by the bot, confirmed",
    "bot_assumed": "Resolved by the bot, assumed",
    "agent": "Resolved by a person",
    "missed": "Missed hand-off",
    "abandoned": "Abandoned",
    "closed": "Closed, all",
    OPEN: "Still open",
}
PARTS = {"bot": ("bot_confirmed", "bot_assumed"), "closed": OUTCOMES}


def compute(session: Session, scope: Scope) -> Result:
    """Rows of the five outcomes, then the sums `bot` (both bot rows) and `closed`, and `open`.

    The series `bot` is the bot's share of what was closed, in percent.
    """
    found = episodes_outcome.outcomes(session, scope)
    step = step_of(found.c.opened_at, scope).label("step")
    by_step: dict[int, dict[str, int]] = {}
    for at, outcome, n in session.execute(
        select(step, found.c.outcome, func.count()).group_by(step, found.c.outcome)
    ):
        by_step.setdefault(int(at), {})[str(outcome)] = int(n)
    counts = {key: sum(step.get(key, 0) for step in by_step.values()) for key in (*OUTCOMES, OPEN)}
    closed = sum(counts[key] for key in OUTCOMES)
    if not closed and not counts[OPEN]:
        return Result(COLUMNS, (), missing="No conversation was opened in this period.")
    rows = [
        Row(key, LABELS[key], counts[key], (counts[key], percent(counts[key], closed))) for key in OUTCOMES
    ]
    for key, parts in PARTS.items():
        n = sum(counts[part] for part in parts)
        rows.append(Row(key, LABELS[key], n, (n, percent(n, closed))))
    rows.append(Row(OPEN, LABELS[OPEN], counts[OPEN], (counts[OPEN], None)))
    return Result(COLUMNS, tuple(rows), (series(scope, "bot", "percent", _bot_share(by_step)),))


def _bot_share(by_step: dict[int, dict[str, int]]) -> dict[int, tuple[float | None, int]]:
    shares: dict[int, tuple[float | None, int]] = {}
    for at, counts in by_step.items():
        closed = sum(counts.get(key, 0) for key in OUTCOMES)
        shares[at] = (percent(sum(counts.get(key, 0) for key in PARTS["bot"]), closed), closed)
    return shares


def behind(session: Session, scope: Scope, row: str) -> Select[Any]:
    """Episodes with that outcome."""
    found = episodes_outcome.outcomes(session, scope)
    return distinct(found, found.c.outcome.in_(PARTS.get(row, (row,))))
