"""How a language says things: `data/languages/<code>/words.yml`, made ready for looking up when first needed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bot.core import languages
from bot.core.folding import fold
from bot.nlu.lexicon import Lexicon, as_regex

# key of words.yml -> kind in the lexicon; those whose words may be misspelt
KINDS = {
    "carriers": "carrier",
    "things": "thing",
    "colours": "colour",
    "sizes": "size",
    "materials": "material",
    "cheaper": "cheaper",
    "dearer": "dearer",
    "in_stock": "in_stock",
    "ordinals": "ordinal",
    "order_words": "order_word",
    "postcode_words": "postcode_word",
    "phone_words": "phone_word",
    "size_words": "size_word",
    "numbers": "number",
    "pieces": "piece",
    "days": "day",
    "negation": "negation",
    "last": "last",
    "next": "next",
    "past": "past",
    "until": "until",
}
FORGIVING = frozenset({"thing", "colour", "material"})
SIGNS = ("€", "$", "£", "eur*")
AMOUNT_DIGITS = r"\d{1,3}(?:[ .]\d{3})(?!\d)(?:,\d{1,2})?|\d{1,5}(?:[.,]\d{1,2})?"
_UNITS = "cm|mm|m|km|kg|g|gr|l|ml|w|mah|x"
REACH = 60
MOST_KEPT = 20_000
_SLOT = re.compile(r"\{(\w)\}")

# the same in C where there is one: a file is read in a tenth of the time


@dataclass(frozen=True)
class Swap:
    """A way of asking for one thing in place of another: groups `a` (wanted) and `b` (given).

    `opens` are the groups that stand before the pattern, if any do: up to `REACH` characters of the same sentence.
    """

    pattern: "re.Pattern[str]"
    opens: str


@dataclass(frozen=True)
class Wording:
    """What is in words.yml: `lexicon` for single words, and regular expressions over folded text for the rest.

    `limits`: kind (`between`, `under`, `over`, `around`) -> pattern with a group for each amount.
    `sums`: an amount with its currency, see `_sums`.
    `joints`: what may stand between two requests; `turns`: those words of them that say that something else comes.
    `shifts`: named groups `t0`, `t1` … belong to `days`; the number said is in `n0`, `n1` ….
    """

    language: str
    lexicon: Lexicon
    sums: "re.Pattern[str]"
    limits: Mapping[str, "re.Pattern[str]"]
    shifts: "re.Pattern[str] | None"
    days: tuple[int, ...]
    shifting: "Cues"
    numbers: Mapping["re.Pattern[str]", int]
    swaps: tuple[Swap, ...]
    swapping: "Cues"
    joints: "re.Pattern[str]"
    turns: "re.Pattern[str]"
    _counted: dict[str, int | None] = field(default_factory=dict)

    def number(self, word: str) -> int | None:
        """What a word or digits count."""
        if word.isdecimal():
            return int(word)
        if word not in self._counted:
            if len(self._counted) > MOST_KEPT:
                self._counted.clear()
            self._counted[word] = next(
                (value for pattern, value in self.numbers.items() if pattern.fullmatch(word)), None
            )
        return self._counted[word]


@dataclass(frozen=True)
class Cues:
    """A word of each of some templates: where a message has none of them, no template can fit.

    `is_open`: some template has no word whose beginning is known, so that any message may fit.
    """

    whole: frozenset[str]
    begun: tuple[str, ...]
    is_open: bool

    @classmethod
    def of(cls, templates: Iterable[str], language: str) -> "Cues":
        """The longest word of each template."""
        words = [
            max(re.findall(r"(?<![\w*])\w[\w*]*", fold(_SLOT.sub(" ", text), language)), key=len, default="")
            for text in templates
        ]
        return cls(
            frozenset(word for word in words if word and "*" not in word),
            tuple({word.partition("*")[0] for word in words if "*" in word}),
            "" in words,
        )

    def may_be_in(self, words: Iterable[str]) -> bool:
        """Whether a template may fit the words of a message."""
        return self.is_open or any(self.has(word) for word in words)

    def has(self, word: str) -> bool:
        """Whether a word is one of them."""
        return word in self.whole or word.startswith(self.begun)


@cache
def wording(language: str) -> Wording:
    """The wording of a language; an empty one where there is no words.yml."""
    return compiled(languages.own(language, "words"), language)


def compiled(data: Mapping[str, Any], language: str) -> Wording:
    """What a words.yml holds, ready for use."""
    lexicon = Lexicon(language)
    for key, kind in KINDS.items():
        lexicon.add(kind, _pairs(data.get(key)), forgives=kind in FORGIVING)
    for key, kind in (("weekdays", "weekday"), ("months", "month")):
        for place, names in enumerate(data.get(key) or ()):
            lexicon.add(kind, [(name, place) for name in _listed(names)])
    currency = "|".join(
        as_regex(fold(str(name), language))
        for name in dict.fromkeys([*_listed(data.get("currency")), *SIGNS])
    )
    numbers = {
        re.compile(as_regex(fold(name, language))): int(value) for name, value in _pairs(data.get("numbers"))
    }
    ago, later = data.get("ago") or {}, data.get("in") or {}
    shifts = [
        *((text, -int(days)) for text, days in ago.items()),
        *((text, int(days)) for text, days in later.items()),
    ]
    counted = [word for text, _ in shifts for word in re.findall(r"\{n\}\s*([^\s{]+)", text)]
    units = "|".join(as_regex(fold(str(word), language)) for word in [*_listed(data.get("pieces")), *counted])
    return Wording(
        language,
        lexicon,
        _sums(currency),
        {
            kind: pattern
            for kind in ("between", "under", "over", "around")
            if (pattern := _limit(_listed(data.get(kind)), language, currency, units)) is not None
        },
        _shifts([text for text, _ in shifts], numbers, language),
        tuple(days for _, days in shifts),
        Cues.of((text for text, _ in shifts), language),
        numbers,
        tuple(_swap(fold(text, language)) for text in _listed(data.get("swap"))),
        Cues.of(_listed(data.get("swap")), language),
        _joints([*_listed(data.get("joiners")), *_listed(data.get("turns"))], language),
        _any_of(_listed(data.get("turns")), language),
    )


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), item) for key, item in value.items())
    else:
        yield from ((item, item) for item in _listed(value))


def _parts(template: str, language: str) -> Iterator[tuple[str, str]]:
    """(`text`, regular expression) and (`slot`, name) by turns."""
    for index, part in enumerate(_SLOT.split(template)):
        if index % 2:
            yield "slot", part
        elif part:
            folded = fold(part, language)
            inner = as_regex(folded.strip().replace("-", " - ")).replace(r"\s{1,3}\-\s{1,3}", r"\s?-?\s?")
            inner = re.sub(r"^\\-\\s\{1,3\}", r"\\s?-?\\s?", inner)
            before = r"\s{1,3}" if folded[0].isspace() and index else ""
            after = r"\s{1,3}" if folded[-1].isspace() else ""
            yield "text", f"{before}{inner}{after}" if inner else r"\s{1,3}"


def _joined(template: str, language: str, slot: str, glued: str = "") -> str:
    """A template as a regular expression with `slot` in place of each {n}, not inside of other words.

    `glued` takes the place of `slot` where an ending follows without a blank: {n}-მდე.
    """
    parts = list(_parts(template, language))
    made = ""
    for index, (kind, text) in enumerate(parts):
        has_ending = index + 1 < len(parts) and not parts[index + 1][1].startswith(r"\s{1,3}")
        made += text if kind == "text" else glued if glued and has_ending else slot
    return rf"(?<!\w){made}(?!\w)"


def _sums(currency: str) -> "re.Pattern[str]":
    """Groups: currency before, its amount; amount, currency after."""
    return re.compile(
        rf"(?<![\w.,])(?:({currency})\s?({AMOUNT_DIGITS})(?![\w%])"
        rf"|({AMOUNT_DIGITS})(?:,-)?\s?-?({currency})(?!\w))"
    )


def _limit(templates: Iterable[str], language: str, currency: str, units: str) -> "re.Pattern[str] | None":
    amount = rf"(?:(?:{currency})\s?)?({AMOUNT_DIGITS})"
    sum_of = rf"{amount}(?:\s?-?(?:{currency})(?!\w))?"
    glued = rf"{amount}(?:\s?-?(?:{currency}))?"
    parts = [
        _joined(template, language, sum_of, glued) for template in sorted(templates, key=len, reverse=True)
    ]
    if not parts:
        return None
    beside = rf"(?!\s?(?:{_UNITS})\b|\s?%|[-.,:/]\d" + (rf"|\s{{1,2}}(?:{units})(?!\w))" if units else ")")
    return re.compile(f"(?:{'|'.join(parts)}){beside}")


def _shifts(
    templates: list[str], numbers: Mapping["re.Pattern[str]", int], language: str
) -> "re.Pattern[str] | None":
    if not templates:
        return None
    said = "|".join([r"\d{1,3}", *(pattern.pattern for pattern in numbers)])
    order = sorted(range(len(templates)), key=lambda index: -len(templates[index]))
    parts = [
        rf"(?P<t{index}>{_joined(templates[index], language, f'(?P<n{index}>{said})')})" for index in order
    ]
    return re.compile("|".join(parts))


def _joints(joiners: list[str], language: str) -> "re.Pattern[str]":
    """A comma, the end of a sentence, a place in a list, or words that join with those behind: '? also', ', and'."""
    ends = r"(?:[.?!;:]+(?=\s|$)|\n+)"
    place = r"\(?\d\)\s*"
    if not joiners:
        return re.compile(rf"{ends}\s*(?:{place})?|\s{place}|,\s+")
    words = _any_of(joiners, language).pattern
    joined = rf"{words}(?:[\s,]{{1,3}}{words})*,?\s+"
    return re.compile(rf"{ends}\s*(?:{place}|{joined})?|[\s,(-]{{1,3}}(?:{place}|{joined})|,\s+")


def _any_of(words: Iterable[str], language: str) -> "re.Pattern[str]":
    """One of some words; longer ones first, nothing where there is none."""
    said = "|".join(as_regex(fold(word, language)) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{said})(?!\w)" if said else r"(?!)")


def _swap(template: str) -> Swap:
    """A blank stands between a slot and a word."""
    first, *pieces = _SLOT.split(template)
    opens = ""
    if not first.strip():
        opens, *pieces = pieces
        if (
            len(pieces) > 1 and not pieces[0].strip()
        ):  # "{a} {b} instead": only what is in them tells them apart
            opens, pieces = opens + pieces[1], pieces[2:]
    else:
        pieces = [first, *pieces]
    said = r"(?<!\w)"
    for index, part in enumerate(pieces):
        if index % 2:
            is_last = index == len(pieces) - 2 and not pieces[-1].strip()
            said += rf"(?P<{part}>\S[^.!?\n]{{0,{REACH}}}{'' if is_last else '?'})"
        elif part.strip():
            said += (r"\s{1,3}" if index else "") + as_regex(part.strip())
            said += r"\s{1,3}" if index < len(pieces) - 1 else r"(?!\w)"
    return Swap(re.compile(said), opens)
