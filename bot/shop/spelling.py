"""Mending a mistyped word with the catalogue's own vocabulary."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.shop.words import stem

if TYPE_CHECKING:
    from bot.shop.index import Index

CANDIDATES = 8


class Speller:
    """The words of one index by length, ready to be compared with."""

    def __init__(self, index: "Index") -> None:
        self.index = index
        self.by_length: dict[int, list[str]] = {}
        for word in index.spelling:
            self.by_length.setdefault(len(word), []).append(word)
        self.near = lru_cache(maxsize=4096)(self._near)

    def _near(self, word: str) -> tuple[tuple[int, str], ...]:
        """(distance, word) of the nearest words: one slip up to seven letters, two in longer words."""
        if len(word) < 4 or len(word) > 30 or not word.isalpha():
            return ()
        slips = 1 if len(word) <= 7 else 2
        found: list[tuple[int, str]] = []
        for length in range(len(word) - slips, len(word) + slips + 1):
            matches = process.extract(
                word, self.by_length.get(length, []), scorer=OSA.distance, score_cutoff=slips, limit=40
            )
            found.extend((int(distance), match) for match, distance, _ in matches)
        return tuple(found)

    def mend(self, word: str, others: Sequence[str]) -> str:
        """The catalogue's word that `word` was meant to be, or empty; `others` are the stems beside it."""
        found = self.near(word)
        if not found:
            return ""
        ranked = sorted(found, key=lambda item: self._cost(word, *item))[:CANDIDATES]
        if others:
            beside = self._documents(others)
            ranked.sort(key=lambda item: (self._together(item[1], beside) == 0, self._cost(word, *item)))
        return ranked[0][1]

    def _cost(self, typed: str, distance: int, word: str) -> tuple[float, str]:
        """Fewer slips first; the first letter is seldom wrong; then the word more products use."""
        cost = distance + 0.5 * (word[0] != typed[0]) - 0.12 * float(np.log1p(self.index.spelling[word]))
        return cost, word

    def _documents(self, stems: Sequence[str]) -> set[int]:
        sets = [set(self.index.postings(word)[0].tolist()) for word in stems]
        return set.union(*sets) if sets else set()

    def _together(self, word: str, beside: set[int]) -> int:
        return sum(1 for number in self.index.postings(stem(word))[0].tolist() if number in beside)

    def split(self, word: str) -> tuple[str, str] | None:
        """`word` as two words of the catalogue run together ('powerbank' -> power, bank), or None."""
        best: tuple[int, tuple[str, str]] | None = None
        for cut in range(3, len(word) - 2):
            left, right = word[:cut], word[cut:]
            uses = min(self.index.spelling.get(left, 0), self.index.spelling.get(right, 0))
            if uses > 0 and (best is None or uses > best[0]):
                best = (uses, (left, right))
        return best[1] if best else None
