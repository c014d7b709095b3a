"""Order numbers, bare numbers, price limits and positions ("the second one")."""

import re
from collections.abc import Iterator

from bot.nlu.spans import Span


class OrderNumbers:
    """Order numbers of the form prefix + digits; people leave out the prefix, add `#`, spaces and words."""

    def __init__(self, prefix: str, fewest: int, most: int) -> None:
        letters = re.escape(prefix)
        digits = rf"\d{{{fewest},{most}}}"
        cue = r"(?:order(?:s|ed)?(?:\s+(?:number|num|no|nr|id|code))?|number|nr|no|num)"
        self.prefix = prefix
        self._digits = re.compile(digits)
        self._full = re.compile(rf"(?<![\w@.])#?\s?{letters}[\s.\-_]?\s?({digits})(?![\w@]|-\d)", re.I)
        # with an ending of the language after it: A1001-ის
        inflected = r"(?=(?:-?[a-z]{1,5})?(?![\w@]|-\d))"
        self._full_inflected = re.compile(
            rf"(?<![\w@.])#?\s?{letters}[\s.\-_]?\s?({digits}){inflected}", re.I
        )
        self._hash = re.compile(rf"(?<!\w)#\s?({digits})(?![\w@]|-\d)")
        self._cued = re.compile(
            rf"\b{cue}\b[\s.:#=]{{0,4}}(?:(?:is|was|it'?s)\s)?[\s.:#]{{0,3}}({digits})(?![\w@]|-\d)", re.I
        )
        self._bare = re.compile(rf"(?<![\w@.,:/#€$£+-])({digits})(?![\w@%€]|[-.,:/]\d)")

    def sure(self, text: str) -> Iterator[Span]:
        """Numbers that cannot be anything else, with the shop's prefix."""
        for pattern in (self._full, self._hash, self._cued):
            for match in pattern.finditer(text):
                start = match.start(1) if pattern is self._cued else match.start() + _space(match.group())
                if pattern is self._cued and match.group(1).startswith("0"):
                    continue
                yield Span("order_number", self.named(match.group(1)), start, match.end(1))

    def inflected(self, text: str) -> Iterator[Span]:
        """Numbers with the prefix or `#` in folded text of another language, whatever ending they bear."""
        for pattern in (self._full_inflected, self._hash):
            for match in pattern.finditer(text):
                start = match.start() + _space(match.group())
                yield Span("order_number", self.named(match.group(1)), start, match.end(1))

    def is_number(self, word: str) -> bool:
        """Whether a word is digits that may be an order number."""
        return self._digits.fullmatch(word) is not None and not word.startswith("0")

    def named(self, digits: str) -> str:
        """The digits with the shop's prefix."""
        return f"{self.prefix}{digits}".upper()

    def bare(self, text: str) -> list[Span]:
        """Digits that may be an order number or a postcode; the dialogue decides."""
        return [Span("number", m.group(1), m.start(1), m.end(1)) for m in self._bare.finditer(text)]


def _space(text: str) -> int:
    return len(text) - len(text.lstrip())


def _space_after(text: str) -> int:
    return len(text) - len(text.rstrip())


_MONEY = r"(?:€|eur(?:os?)?|£|\$|usd|gbp|pounds?|bucks)"
_AMOUNT = rf"(?:{_MONEY}\s?)?(\d{{1,5}}(?:[.,]\d{{1,2}})?)\s?(?:{_MONEY}(?!\w))?"
BETWEEN = re.compile(rf"\b(?:between|from)\s{{1,2}}{_AMOUNT}\s{{0,2}}(?:and|to|-|–)\s{{0,2}}{_AMOUNT}", re.I)
SPAN = re.compile(rf"(?<![\w.])(\d{{1,4}})\s?[-–]\s?(\d{{1,4}})\s?{_MONEY}(?!\w)", re.I)
MOST = re.compile(
    r"\b(?:under|below|less\s+than|cheaper\s+than|lower\s+than|not?\s+more\s+than|up\s?to|max(?:imum|\.)?(?:\s+of)?|at\s+most|within|<)\s{0,2}"
    + _AMOUNT,
    re.I,
)
LEAST = re.compile(
    r"\b(?:over|above|more\s+than|at\s+least|min(?:imum|\.)?|starting\s+(?:at|from)|>)\s{0,2}" + _AMOUNT, re.I
)
BUDGET = re.compile(rf"\b(?:budget|spend)\b[\w\s']{{0,20}}?\s{_AMOUNT}", re.I)
AROUND = re.compile(
    rf"(?<!\w)(\d{{1,5}}(?:[.,]\d{{1,2}})?)\s?{_MONEY}?\s(?:or\s(?:less|under|cheaper)|max(?:imum)?|tops)\b",
    re.I,
)


def _minor(text: str) -> str:
    return str(round(float(text.replace(",", ".")) * 100))


def prices(text: str) -> Iterator[Span]:
    """Limits in minor units: `price_max`, `price_min`."""
    for pattern in (BETWEEN, SPAN):
        for match in pattern.finditer(text):
            middle = match.end(1)
            yield Span("price_min", _minor(match.group(1)), match.start(), middle)
            start = middle + _space(text[middle : match.end()])
            yield Span("price_max", _minor(match.group(2)), start, match.end() - _space_after(match.group()))
    for pattern in (MOST, BUDGET, AROUND):
        for match in pattern.finditer(text):
            end = match.end() - _space_after(match.group())
            yield Span("price_max", _minor(match.group(1)), match.start(), end)
    for match in LEAST.finditer(text):
        end = match.end() - _space_after(match.group())
        yield Span("price_min", _minor(match.group(1)), match.start(), end)


_PLACES = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
    "last": -1,
}
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
PLACE = re.compile(rf"\b({'|'.join(_PLACES)})(?:\s+(?:one|item|product|option|picture))?\b", re.I)
NUMBERED = re.compile(rf"\b(?:number|no\.?|nr\.?|option|item|#)\s?({'|'.join(_WORDS)})(?!\w|[.,]\d)", re.I)
ALONE = re.compile(rf"^\W*({'|'.join(key for key in _WORDS if key.isdigit())})\W*$")


def places(text: str) -> Iterator[Span]:
    """`ordinal` 1..5 or -1 for the last."""
    for match in PLACE.finditer(text):
        yield Span("ordinal", str(_PLACES[match.group(1).lower()]), match.start(), match.end())
    for pattern in (NUMBERED, ALONE):
        for match in pattern.finditer(text):
            yield Span("ordinal", str(_WORDS[match.group(1).lower()]), match.start(), match.end())


_CHEAP = re.compile(
    r"\b(?:cheap(?:er|est)?|less expensive|not so expensive|too expensive|lower price[sd]?|affordable|budget)\b",
    re.I,
)
_DEAR = re.compile(r"\b(?:more expensive|most expensive|pricier|premium|high[- ]end|better quality)\b", re.I)


def wishes(text: str) -> Iterator[Span]:
    """`sort`: price_up for cheaper, price_down for dearer."""
    for pattern, value in ((_CHEAP, "price_up"), (_DEAR, "price_down")):
        for match in pattern.finditer(text):
            yield Span("sort", value, match.start(), match.end())
