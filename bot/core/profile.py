"""The shop's profile: a TOML file a shop owner can read (bot/shop/demo/shop.toml is the example)."""

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.errors import BadInput

TOUCHES = ("question", "complaint")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Profile:
    """What the shop is and how it wants to be spoken for. Times of day are in `timezone`."""

    name: str
    bot_name: str = "Aisle"
    accent: str = "#0b5d4f"
    currency: str = "EUR"
    locale: str = "en"
    locales: tuple[str, ...] = ("en",)
    timezone: str = "UTC"
    email: str = ""
    phone: str = ""
    address: str = ""
    reply_minutes: int = 5
    hours: dict[str, tuple[time, time]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    proof: tuple[str, ...] = ("email", "postcode")
    proof_attempts: int = 5
    starters: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    touches: tuple[str, ...] = TOUCHES  # public comments that get one private reply

    def is_open(self, at: datetime) -> bool:
        """Whether people are at work at `at` (aware)."""
        local = at.astimezone(ZoneInfo(self.timezone))
        if local.date() in self.holidays:
            return False
        span = self.hours.get(DAYS[local.weekday()])
        return span is not None and span[0] <= local.time() < span[1]

    def opens_next(self, at: datetime) -> datetime | None:
        """The next opening after `at` within two weeks, or None when the shop has no hours."""
        zone = ZoneInfo(self.timezone)
        local = at.astimezone(zone)
        for ahead in range(15):
            day = local.date() + timedelta(days=ahead)
            span = self.hours.get(DAYS[day.weekday()])
            if span is None or day in self.holidays:
                continue
            opening = datetime.combine(day, span[0], zone)
            if opening > at:
                return opening
        return None


def _hours(raw: Any) -> dict[str, tuple[time, time]]:
    spans = {}
    for day, text in dict(raw).items():
        if day not in DAYS:
            raise BadInput(f"hours: {day!r} is not a weekday", field=f"hours.{day}")
        try:
            opening, closing = (time.fromisoformat(part.strip()) for part in str(text).split("-"))
        except ValueError as error:
            raise BadInput(f"hours.{day}: write 09:00-17:30, not {text!r}", field=f"hours.{day}") from error
        spans[day] = (opening, closing)
    return spans


def load(path: Path) -> Profile:
    """Read a profile.

    Raises:
        BadInput: not TOML, an unknown field, or a value that makes no sense; names the field.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    known = set(Profile.__dataclass_fields__)
    for key in raw:
        if key not in known:
            raise BadInput(f"{path}: unknown field {key!r}", field=key)
    if "name" not in raw:
        raise BadInput(f"{path}: the shop needs a name", field="name")
    values = dict(raw)
    values["hours"] = _hours(raw.get("hours", {}))
    try:
        values["holidays"] = frozenset(
            day if isinstance(day, date) else date.fromisoformat(str(day)) for day in raw.get("holidays", [])
        )
    except ValueError as error:
        raise BadInput(f"{path}: holidays are dates such as 2026-12-25", field="holidays") from error
    for key in ("locales", "proof"):
        if key in raw:
            values[key] = tuple(raw[key])
    answered = raw.get("touches", {}).get("answer", TOUCHES)
    if not isinstance(answered, list | tuple) or set(answered) - set(TOUCHES):
        raise BadInput(f"{path}: touches.answer lists some of {', '.join(TOUCHES)}", field="touches.answer")
    values["touches"] = tuple(answered)
    values["starters"] = {
        locale: tuple((item["title"], item["send"]) for item in items)
        for locale, items in raw.get("starters", {}).items()
    }
    try:
        ZoneInfo(values.get("timezone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput(f"{path}: unknown timezone {values['timezone']!r}", field="timezone") from error
    return Profile(**values)
