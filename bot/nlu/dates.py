"""Days, said as a date (`24.11.`, `Nov 24`) or by their distance from today (`yesterday`, `3 days ago`)."""

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.nlu.lexicon import Folded, Hit
from bot.nlu.spans import Span
from bot.nlu.wording import Wording

WEEK, MONTH, YEAR = 7, 30, 365
ISO = re.compile(r"(?<![\w-])(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?![\w-])")
DAY_MONTH = re.compile(
    r"(?<![\w.,/:-])(\d{1,2})([./-])\s?(\d{1,2})(?:\2\s?(\d{4}|\d{2})(?!\d))?(\.?)(?![\w/:-])(?!,\d)"
)
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|an|em|og|e|d)?")
_YEAR = re.compile(r"20\d\d")


def dates(message: Folded, hits: list[Hit], wording: Wording, today: date) -> Iterator[Span]:
    """`date` with an ISO value and its grain: day, week, month or year."""
    yield from _written(message, today)
    yield from _with_month(message, hits, wording, today)
    yield from _counted(message, wording, today)
    yield from _named(message, hits, today)


def _written(message: Folded, today: date) -> Iterator[Span]:
    for match in ISO.finditer(message.text):
        found = _date(int(match[1]), int(match[2]), int(match[3]))
        if found is not None:
            yield Span("date", found.isoformat(), *message.typed_span(*match.span()), grain="day")
    for match in DAY_MONTH.finditer(message.text):
        day, mark, month, year, dot = match.groups()
        # "4.50" is a price and "1/2" a half: without a year or a closing dot both parts have two digits
        is_whole = year or (mark == "." and dot) or (mark == "/" and len(day) == len(month) == 2)
        if not is_whole or (mark == "-" and not year):
            continue
        found = (
            _date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
            if year
            else nearest(int(month), int(day), today)
        )
        if found is not None:
            end = match.end() if year is None else match.end() - len(dot)
            yield Span("date", found.isoformat(), *message.typed_span(match.start(), end), grain="day")


def _with_month(message: Folded, hits: list[Hit], wording: Wording, today: date) -> Iterator[Span]:
    """`24 November`, `Nov 24th 2026`, `24. novembra`; a month without a day is not a date."""
    words = message.words
    for hit in hits:
        if hit.kind != "month":
            continue
        first, last = hit.first, hit.last
        before = first - 1 - (first >= 2 and words[first - 1] in _BETWEEN)
        day = _day(words[before]) if before >= 0 else None
        if day is not None:
            first = before
            if first and words[first - 1] == "the":
                first -= 1
        elif last < len(words) and (day := _day(words[last])) is not None:
            last += 1
        if day is None:
            continue
        year = None
        if last < len(words) and _YEAR.fullmatch(words[last]):
            year = int(words[last])
            last += 1
        found = _date(year, hit.value + 1, day) if year else nearest(hit.value + 1, day, today)
        if found is not None:
            yield Span("date", found.isoformat(), *message.typed_words(first, last), grain="day")


_BETWEEN = frozenset({"of", "d", "e", "i", "ya", "mwezi"})


def _day(word: str) -> int | None:
    match = _DAY.fullmatch(word)
    return int(match[1]) if match and 1 <= int(match[1]) <= 31 else None


def _counted(message: Folded, wording: Wording, today: date) -> Iterator[Span]:
    """`3 days ago`, `in a week`, by the templates of the language."""
    if wording.shifts is None or not wording.shifting.may_be_in(message.words):
        return
    for match in wording.shifts.finditer(message.text):
        index = next(place for place in range(len(wording.days)) if match[f"t{place}"] is not None)
        said = match.groupdict().get(f"n{index}")
        count = 1 if said is None else wording.number(said)
        if count is None:
            continue
        days = wording.days[index]
        found = shifted(today, days, count)
        if found is not None:
            yield Span("date", found.isoformat(), *message.typed_span(*match.span()), grain=_grain(days))


def shifted(today: date, days: int, count: int) -> date | None:
    """`count` times a distance: months and years as the calendar has them. None outside of it."""
    size, sign = abs(days), 1 if days >= 0 else -1
    try:
        if size in (MONTH, YEAR):
            months = today.year * 12 + today.month - 1 + sign * count * (1 if size == MONTH else 12)
            year, month = divmod(months, 12)
            return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
        return today + timedelta(days=days * count)
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return None


def _grain(days: int) -> str:
    return {WEEK: "week", MONTH: "month", YEAR: "year"}.get(abs(days), "day")


def _named(message: Folded, hits: list[Hit], today: date) -> Iterator[Span]:
    """`today`, `yesterday`; `last friday`, `on friday`: the next one unless the message looks back."""
    looks_back = any(hit.kind == "past" for hit in hits)
    before = {hit.last: hit for hit in hits if hit.kind in ("last", "next", "until")}
    after = {hit.first: hit for hit in hits if hit.kind in ("last", "next")}
    for hit in hits:
        if hit.kind == "day":
            day = today + timedelta(days=int(hit.value))
            yield Span("date", day.isoformat(), *message.typed_words(hit.first, hit.last), grain="day")
        elif hit.kind == "weekday":
            said = before.get(hit.first) or after.get(hit.last)
            is_past = said.kind == "last" if said is not None else looks_back
            ahead = (hit.value - today.weekday()) % 7
            days = ahead - 7 if is_past else ahead or 7
            has_word = said is not None and said.kind != "until"
            first = min(hit.first, said.first) if said is not None and has_word else hit.first
            last = max(hit.last, said.last) if said is not None and has_word else hit.last
            found = today + timedelta(days=days)
            yield Span("date", found.isoformat(), *message.typed_words(first, last), grain="day")


def nearest(month: int, day: int, today: date) -> date | None:
    """The date without a year that is nearest to today."""
    around = [
        found for year in (today.year - 1, today.year, today.year + 1) if (found := _date(year, month, day))
    ]
    return min(around, key=lambda found: abs((found - today).days), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
