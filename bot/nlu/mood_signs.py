"""What in a message speaks for anger or frustration: words and phrases, and how it is written.

Words are those of `anger` in words.yml and of mood.yml beside it. A sign that is denied ('not angry') or part of a
saying that only looks like anger ('damn good') counts for calm.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bot.core import languages
from bot.nlu.lexicon import Folded, Lexicon

ENGLISH = "en"
# kind of sign -> what its first and each further one add to (angry, frustrated, calm), in logits
WEIGHTS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "anger": ((5.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    "mild": ((1.4, 1.0, 0.0), (1.0, 0.4, 0.0)),
    "repeated": ((0.0, 4.0, 0.0), (0.0, 0.6, 0.0)),
    "waiting": ((0.0, 3.5, 0.0), (0.0, 0.6, 0.0)),
    "tired": ((0.0, 3.0, 0.0), (0.0, 0.6, 0.0)),
    "masked": ((3.5, 0.0, 0.0), (0.0, 0.0, 0.0)),
    "angry_emoji": ((3.5, 0.5, 0.0), (0.5, 0.0, 0.0)),
    "cross_emoji": ((0.2, 1.8, 0.0), (0.2, 0.3, 0.0)),
    "capitals": ((0.7, 0.5, 0.0), (0.0, 0.0, 0.0)),
    "exclamation": ((0.6, 0.5, 0.0), (0.0, 0.0, 0.0)),
    "questions": ((0.0, 1.2, 0.0), (0.0, 0.0, 0.0)),
    "calm": ((0.0, 0.0, 3.0), (0.0, 0.0, 0.4)),
    "joy": ((0.0, 0.0, 1.6), (0.0, 0.0, 0.2)),
}
# kind of sign -> code of the reason; the others are no reasons
CODES = {
    "anger": "words",
    "mild": "words",
    "repeated": "repeated",
    "waiting": "waiting",
    "tired": "tired",
    "masked": "masked",
    "angry_emoji": "emoji",
    "cross_emoji": "emoji",
    "capitals": "capitals",
    "exclamation": "exclamation",
    "questions": "exclamation",
}
TIRED = ("repeated", "waiting", "tired")
ANGRY_EMOJI = "😡🤬👿🖕💢"
CROSS_EMOJI = "😤😠🙄😒👎😑"
JOY_EMOJI = "😊😀😃😄😁😆😂🤣🥰😍😘🤩🥳🎉❤💚💙💛💖🙏👍👏🙌✨☺😉🤗"
_DENIED = 1  # words that may stand between 'not' and what it denies
_SHOUTED = 3  # words in capitals that are shouting
_MOST_WORDS = 4  # of a reason
_MASKED = re.compile(r"(?<!\w)[^\W\d_]{1,3}\*+[^\W\d_]{1,7}(?!\w)|(?<!\w)[^\W\d_]{1,2}\*{2,}|[@#$%&*!]{4,}")
_GRAWLIX = re.compile(r"[@#$%&*]")
_EXCLAMATIONS = re.compile(r"!\s?!\s?!")
_QUESTIONS = re.compile(r"[?;՞][?!]*\?{2,}|\?{3,}|\?!|!\?")
_LETTERS = re.compile(r"[^\W\d_]+")
_ENDS = re.compile(r"[.,;:!?…]")
_SIZES = re.compile(r"X{0,4}[SL]|XXS|USB|LED|DHL|DPD|UPS|EUR|USD|GBP|VAT|PDF|SMS|UK|US|EU|HELLO|HI")


@dataclass(frozen=True)
class Signs:
    """`evidence` for angry, frustrated and calm in logits; `reasons`: code -> what gave it, as typed."""

    evidence: tuple[float, float, float]
    reasons: Mapping[str, Sequence[str]]
    is_shouted: bool = False


@dataclass
class _Gathered:
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, words: str = "") -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind not in CODES:
            return
        said = self.reasons.setdefault(CODES[kind], [])
        if words and words not in said and len(said) < _MOST_WORDS:
            said.append(words)


def signs(typed: str, language: str) -> Signs:
    """The signs in a message of `language`; of English words also, as people of all languages swear in it."""
    found = _Gathered()
    _words(Folded(typed, language), lexicon(language), found)
    if language != ENGLISH and any(char.isascii() and char.isalpha() for char in typed):
        _words(Folded(typed, ENGLISH), _foreign(), found)
    for match in _MASKED.finditer(typed):
        if match.group()[0].isalpha() or len(set(_GRAWLIX.findall(match.group()))) > 2:
            found.add("masked", match.group())
    for kind, characters in (
        ("angry_emoji", ANGRY_EMOJI),
        ("cross_emoji", CROSS_EMOJI),
        ("joy", JOY_EMOJI),
    ):
        for char in typed:
            if char in characters:
                found.add(kind, char)
    is_shouted = _is_shouted(typed)
    if is_shouted:
        found.add("capitals")
    if _EXCLAMATIONS.search(typed):
        found.add("exclamation")
    if _QUESTIONS.search(typed):
        found.add("questions")
    totals = [0.0, 0.0, 0.0]
    for kind, count in found.counts.items():
        first, further = WEIGHTS[kind]
        for place in range(3):
            totals[place] += first[place] + min(count - 1, 3) * further[place]
    return Signs((totals[0], totals[1], totals[2]), found.reasons, is_shouted)


def _words(message: Folded, known: Lexicon, found: _Gathered) -> None:
    denied_until = -1
    at: dict[tuple[int, int], set[str]] = {}
    for hit in known.hits(message.words):
        at.setdefault((hit.first, hit.last), set()).add(hit.kind)
    for (first, last), kinds in at.items():
        words = message.typed[slice(*message.typed_words(first, last))]
        if kinds == {"negation"}:
            denied_until = last + _DENIED
            continue
        kind = _of_one_place(kinds)
        if kind in ("anger", "mild", "tired") and first <= denied_until and _together(message, first):
            kind = "calm"
        if kind != "other":
            found.add(kind, words.lower())


def _of_one_place(kinds: set[str]) -> str:
    return next((kind for kind in ("other", "calm", "mild", *TIRED, "anger") if kind in kinds), "other")


def _together(message: Folded, index: int) -> bool:
    """Whether no sentence or clause ends within the few words before a word."""
    start = message.places[max(index - 1 - _DENIED, 0)][0]
    return _ENDS.search(message.text[start : message.places[index][0]]) is None


def _is_shouted(typed: str) -> bool:
    words = [word for word in _LETTERS.findall(typed) if len(word) > 1 and not _SIZES.fullmatch(word)]
    loud = sum(word.isupper() and word.lower() != word for word in words)
    return loud >= _SHOUTED or (loud == 2 and len(words) <= _SHOUTED)


@cache
def moods(language: str) -> Mapping[str, Any]:
    """What data/languages/<language>/mood.yml holds; nothing where there is none."""
    return languages.own(language, "mood")


@cache
def lexicon(language: str) -> Lexicon:
    """The words of mood of a language."""
    made = Lexicon(language)
    words = languages.own(language, "words")
    for kind in ("anger", "negation"):
        made.add(kind, _pairs(words.get(kind)))
    made.add("anger", _pairs(moods(language).get("angry")))
    for kind in ("mild", *TIRED, "calm", "other"):
        made.add(kind, _pairs(moods(language).get(kind)))
    return made


@cache
def _foreign() -> Lexicon:
    """English words of anger that are nothing else in the other languages."""
    made = Lexicon(ENGLISH)
    mild = set(map(str, moods(ENGLISH).get("mild") or ()))
    made.add(
        "anger",
        _pairs(word for word in languages.own(ENGLISH, "words").get("anger") or () if word not in mild),
    )
    made.add("mild", _pairs(["stupid", "scam", "scammers", "useless", "terrible", "ridiculous", "worst"]))
    made.add("negation", _pairs(["not", "no"]))
    return made


def _pairs(patterns: Iterable[Any] | None) -> list[tuple[str, str]]:
    return [(str(pattern), str(pattern)) for pattern in patterns or ()]
