"""Slips of the keyboard, mended before a message is embedded: rare unknown words become near ones that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST = 4  # letters; shorter words have too many neighbours
LONG = 8  # letters from which two slips are forgiven
_WORD = re.compile(r"[^\W\d_]+")


class Speller:
    """Knows the words of the examples; `is_rare` says of a word that it is hardly one of the language.

    Rare by the encoder's pieces: "mailed" is never taken for "failed", "trakcing" is for "tracking".
    """

    def __init__(self, words: Iterable[str], is_rare: Callable[[str], bool]) -> None:
        self._known = frozenset(words)
        self._candidates = sorted(word for word in self._known if len(word) >= SHORTEST and word.isalpha())
        self._is_rare = is_rare

    def mended(self, text: str) -> str:
        """The text with rare unknown words replaced; all other characters stay."""
        return _WORD.sub(lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        lower = word.lower()
        if len(lower) < SHORTEST or lower in self._known or not self._is_rare(lower):
            return word
        slips = 2 if len(lower) >= LONG else 1
        found = process.extractOne(lower, self._candidates, scorer=OSA.distance, score_cutoff=slips)
        return found[0] if found else word
