"""Words and phrases with what they stand for, looked up in a message word by word; a `*` is any ending or beginning."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import OSA

from bot.core.folding import fold, fold_with_offsets

_WORD = re.compile(r"\w+")
_PATTERN_WORD = re.compile(r"[\w*]+")
_EXACT = 0.5  # a whole word says a little more than a beginning of the same length
_SHORTEST_SLIP = 6  # letters of a word's beginning in which one slip is forgiven
_LONGEST_ENDING = 3  # letters behind the beginning of a word with a slip
_MOST_KEPT = 20_000


class Folded:
    """A message as it is compared: `text` folded, its `words`, and where they stand in what was typed."""

    def __init__(self, typed: str, language: str) -> None:
        self.typed = typed
        self.text, self._offsets = fold_with_offsets(typed, language)
        self.has_digit = any(char in "0123456789" for char in self.text)
        self.places = [found.span() for found in _WORD.finditer(self.text)]
        self.words = [self.text[start:end] for start, end in self.places]

    def typed_span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the folded text as one of the typed text, without blanks at its ends."""
        first, last = self._offsets[start], self._offsets[end]
        if last == first and end > start:
            last += 1
        while last > first + 1 and self.typed[last - 1].isspace():
            last -= 1
        while first < last - 1 and self.typed[first].isspace():
            first += 1
        return first, last

    def typed_words(self, first: int, last: int) -> tuple[int, int]:
        """The words `first` up to `last` (not included) as a stretch of the typed text."""
        return self.typed_span(self.places[first][0], self.places[last - 1][1])


@dataclass(frozen=True)
class Entry:
    """`rest` are the further words of a phrase; `size` says how exactly it was written down."""

    kind: str
    value: Any
    size: float
    rest: tuple["re.Pattern[str]", ...] = ()


@dataclass(frozen=True)
class Hit:
    """Words `first` up to `last` (not included) are one of `kind`."""

    kind: str
    value: Any
    first: int
    last: int


@dataclass
class Lexicon:
    """All words of a language by kind. Of several that fit, the one with most words, then letters, wins."""

    language: str
    _whole: dict[str, list[Entry]] = field(default_factory=dict)
    _begun: dict[str, list[Entry]] = field(default_factory=dict)
    _inside: list[tuple["re.Pattern[str]", Entry]] = field(default_factory=list)
    _slips: dict[str, list[tuple[str, Entry]]] = field(default_factory=dict)
    _known: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    _longest: int = 0

    def add(self, kind: str, items: Iterable[tuple[str, Any]], *, forgives: bool = False) -> None:
        """Add patterns with their values; with `forgives` one slip in a longer word does not matter."""
        for pattern, value in items:
            words = _PATTERN_WORD.findall(fold(str(pattern), self.language))
            if not words or not words[0].strip("*"):
                continue
            first, *rest = words
            bare = first.strip("*")
            size = sum(len(word.replace("*", "")) + ("*" not in word) * _EXACT for word in words)
            entry = Entry(kind, value, size, tuple(re.compile(as_regex(word)) for word in rest))
            if first.startswith("*") or "*" in bare:
                self._inside.append((re.compile(as_regex(first)), entry))
            elif first.endswith("*"):
                self._begun.setdefault(bare, []).append(entry)
                self._longest = max(self._longest, len(bare))
            else:
                self._whole.setdefault(bare, []).append(entry)
            if forgives and not rest and len(bare) >= _SHORTEST_SLIP:
                self._slips.setdefault(bare[:2], []).append((bare, entry))
        self._known.clear()

    def hits(self, words: Sequence[str]) -> list[Hit]:
        """What the words are, from left to right; a word may be of several kinds at once."""
        found: list[Hit] = []
        index = 0
        while index < len(words):
            best = self._at(words, index)
            if not best:
                index += 1
                continue
            length = 1 + len(best[0].rest)
            found += [Hit(entry.kind, entry.value, index, index + length) for entry in best]
            index += length
        return found

    def _at(self, words: Sequence[str], index: int) -> list[Entry]:
        best: list[Entry] = []
        rank = (0, 0.0)
        for entry in self._of(words[index]):
            length = len(entry.rest)
            if length and not (
                index + length < len(words)
                and all(
                    part.fullmatch(word) for part, word in zip(entry.rest, words[index + 1 :], strict=False)
                )
            ):
                continue
            mine = (length, entry.size)
            if mine > rank:
                best, rank = [entry], mine
            elif mine == rank:
                best.append(entry)
        return best

    def _of(self, word: str) -> tuple[Entry, ...]:
        known = self._known.get(word)
        if known is None:
            if len(self._known) > _MOST_KEPT:
                self._known.clear()
            known = self._known[word] = tuple(self._look_up(word))
        return known

    def _look_up(self, word: str) -> list[Entry]:
        found = list(self._whole.get(word, ()))
        for length in range(1, min(len(word), self._longest) + 1):
            found += self._begun.get(word[:length], ())
        found += [entry for pattern, entry in self._inside if pattern.fullmatch(word)]
        if not found and len(word) >= _SHORTEST_SLIP - 1:
            found = [
                entry
                for stem, entry in self._slips.get(word[:2], ())
                if _is_slip(stem, word) and len(word) <= len(stem) + _LONGEST_ENDING
            ]
        return found


def _is_slip(stem: str, word: str) -> bool:
    """Whether `word` begins with `stem`, but for one letter left out, put in, changed or swapped."""
    return any(OSA.distance(stem, word[: len(stem) + more], score_cutoff=1) <= 1 for more in (-1, 0, 1))


def as_regex(pattern: str) -> str:
    """A folded pattern as a regular expression: `*` is any ending, a blank any white space."""
    return r"\s{1,3}".join(re.escape(word).replace(r"\*", r"\w*") for word in pattern.split())
