"""The dashboard's state in the address: which conversations a number is about."""

from dataclasses import dataclass
from datetime import datetime

from sanic import Request
from sqlalchemy.orm import Session

from bot.core.errors import BadInput
from bot.core.times import now
from bot.metrics.cohort import has_own_data
from bot.metrics.scope import PERIODS, SEGMENTS, Scope, period

QUERY = (
    ("period", f"{', '.join(PERIODS)} or custom; 28d when missing"),
    ("from", "first local day of a custom period, e.g. 2026-11-01"),
    ("to", "last local day of a custom period"),
    ("channel", "only conversations of this channel"),
    ("language", "only conversations in this language"),
    ("segment", "bot: no person answered; agent: a person answered; empty: all"),
    (
        "demo",
        "yes: with demo data, no: without; empty: without as soon as there are conversations of your own",
    ),
)
COMPARE = ("compare", "yes: also the period before")


@dataclass(frozen=True)
class Asked:
    """What an address asks for, before the database has been looked at."""

    start: datetime
    end: datetime
    at: datetime
    timezone: str
    channel: str
    language: str
    segment: str
    demo: str
    has_compare: bool

    def scope(self, session: Session) -> Scope:
        """The scope; demo data is left out by default as soon as there is anything else."""
        include = self.demo == "yes" or (self.demo == "" and not has_own_data(session))
        return Scope(
            start=self.start,
            end=self.end,
            timezone=self.timezone,
            channel=self.channel,
            language=self.language,
            segment=self.segment,
            include_demo=include,
            as_of=self.at,
        )


def asked(request: Request) -> Asked:
    """Read the address.

    Raises:
        BadInput: names the parameter that makes no sense.
    """
    at = now()
    timezone = request.app.ctx.services.profile.timezone
    start, end = period(
        _word(request, "period") or "28d",
        now=at,
        timezone=timezone,
        first=_word(request, "from"),
        last=_word(request, "to"),
    )
    return Asked(
        start=start,
        end=end,
        at=at,
        timezone=timezone,
        channel=_word(request, "channel"),
        language=_word(request, "language"),
        segment=_one_of(request, "segment", SEGMENTS),
        demo=_one_of(request, "demo", ("", "yes", "no")),
        has_compare=_one_of(request, "compare", ("", "yes", "no")) == "yes",
    )


def _word(request: Request, name: str) -> str:
    text = str(request.args.get(name) or "")
    if len(text) > 40 or "\0" in text:
        raise BadInput(f"{name} is too long", field=name)
    return text


def _one_of(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    text = _word(request, name)
    if text not in allowed:
        choices = ", ".join(filter(None, allowed))
        raise BadInput(f"{name} must be one of {choices}, or empty", field=name)
    return text
