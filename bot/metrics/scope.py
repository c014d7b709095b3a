"""Which conversations a number is about: period, channel, language, who answered, demo data or not."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.errors import BadInput

PERIODS = {"today": 1, "7d": 7, "28d": 28, "90d": 90}
SEGMENTS = ("", "bot", "agent")
LONGEST_DAYS = 800
HOUR = 3_600_000_000
DAY = 24 * HOUR


@dataclass(frozen=True)
class Scope:
    """Episodes opened from `start` (included) to `end` (excluded), both aware UTC.

    `timezone` is the shop's: days and hours are its days and hours. `segment`: "" everybody, "bot" episodes
    no person answered in, "agent" episodes a person answered in. `as_of`: the present, for what needs time
    to show (durable); None means `end`.
    """

    start: datetime
    end: datetime
    timezone: str = "UTC"
    channel: str = ""
    language: str = ""
    segment: str = ""
    include_demo: bool = True
    as_of: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def days(self) -> int:
        """Local calendar days touched, at least 1."""
        return max(1, (self._last_day - self.start.astimezone(self.zone).date()).days + 1)

    @property
    def _last_day(self) -> date:
        return (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()

    def previous(self) -> "Scope":
        """The period before: the same length and time of day, moved back by whole local days.

        An unfinished day is compared with the same part of the earlier one, not with all of it.
        """
        back = timedelta(days=self.days)
        start, end = (
            (moment.astimezone(self.zone).replace(tzinfo=None) - back)
            .replace(tzinfo=self.zone)
            .astimezone(UTC)
            for moment in (self.start, self.end)
        )
        return replace(self, start=start, end=end)

    @property
    def step(self) -> str:
        """What a series counts by: hour up to two days, then day, then week."""
        return "hour" if self.days <= 2 else "day" if self.days <= 120 else "week"

    @property
    def step_micros(self) -> int:
        return {"hour": HOUR, "day": DAY, "week": 7 * DAY}[self.step]

    def offsets(self) -> list[tuple[datetime, int]]:
        """Local minus UTC in microseconds, from each moment on: the first at the start, then at clock changes."""
        found = [(self.start, self._offset(self.start))]
        moment = self.start
        while moment < self.end:
            later = min(moment + timedelta(days=1), self.end)
            if self._offset(later) != found[-1][1]:
                low, high = moment, later
                while high - low > timedelta(seconds=1):
                    middle = low + (high - low) / 2
                    if self._offset(middle) == found[-1][1]:
                        low = middle
                    else:
                        high = middle
                found.append((high.replace(microsecond=0), self._offset(later)))
            moment = later
        return found

    def _offset(self, moment: datetime) -> int:
        offset = moment.astimezone(self.zone).utcoffset() or timedelta()
        return round(offset.total_seconds() * 1_000_000)

    def steps(self) -> list[int]:
        """Numbers of all local steps in the period (local microseconds since 1970 // step_micros)."""
        if self.end <= self.start:
            return []
        changes = self.offsets()
        first = micros(self.start) + changes[0][1]
        last = micros(self.end) - 1 + changes[-1][1]
        return list(range(first // self.step_micros, last // self.step_micros + 1))

    def step_name(self, number: int) -> str:
        """ISO date (of the first day of a week), or date and hour, of a step."""
        local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number * self.step_micros)
        return local.strftime("%Y-%m-%dT%H") if self.step == "hour" else local.date().isoformat()


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970, as the database keeps times."""
    return round(moment.timestamp() * 1_000_000)


def period(
    name: str, *, now: datetime, timezone: str, first: str = "", last: str = ""
) -> tuple[datetime, datetime]:
    """Start and end of a named period up to `now`, or of the local dates `first` to `last` when name is "custom".

    Raises:
        BadInput: an unknown name, a date that is none, or dates in the wrong order.
    """
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    if name in PERIODS:
        return _midnight(today - timedelta(days=PERIODS[name] - 1), zone), now
    if name != "custom":
        raise BadInput(f"period must be one of {', '.join(PERIODS)} or custom", field="period")
    first_day, last_day = _date(first, "from"), _date(last, "to")
    if last_day < first_day:
        raise BadInput("the last day lies before the first", field="to")
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise BadInput(f"a period has at most {LONGEST_DAYS} days", field="from")
    start, end = _midnight(first_day, zone), _midnight(last_day + timedelta(days=1), zone)
    return start, max(start, min(end, now))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _date(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{field} must be a date like 2026-11-20, not {text!r}", field=field) from error
    if not 2000 <= found.year <= 2999:
        raise BadInput(f"{field} must be a date between 2000 and 2999", field=field)
    return found
