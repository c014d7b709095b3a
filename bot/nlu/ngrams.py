"""Text to n-grams: the same code while training and while answering, so that they cannot differ."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.concepts import concept
from bot.nlu.met import Met

_WORDS = re.compile(r"\w+|[?]|[^\w\s]{2,}", re.UNICODE)
_REPEATS = re.compile(r"(\w)\1{2,}")


@dataclass(frozen=True)
class Style:
    """Lengths of character n-grams; `has_concepts`: whether words of like meaning in a shop count as one (English)."""

    shortest: int = 2
    longest: int = 5
    has_concepts: bool = True


SHOP = Style()


def words_of(text: str) -> list[str]:
    """Lower-case words; a letter written more than twice is written twice ("pleeeease")."""
    return _WORDS.findall(_REPEATS.sub(r"\1\1", text.lower()))


def grams(text: str, hints: Sequence[str] = (), style: Style = SHOP) -> tuple[list[str], list[str]]:
    """Character n-grams inside padded words; words, concepts, pairs of both with one word between, and hints."""
    words = words_of(text)
    return [gram for word in words for gram in letters(word, style)], _whole(words, hints, style)


def letters(word: str, style: Style) -> list[str]:
    """Character n-grams of a padded word; a question mark has none."""
    if word == "?":
        return []
    padded = f" {word} "
    size = len(padded)
    return [
        padded[start : start + length]
        for length in range(style.shortest, min(style.longest, size) + 1)
        for start in range(size - length + 1)
    ]


def _whole(words: list[str], hints: Sequence[str], style: Style) -> list[str]:
    whole = [
        *(f"w:{word}" for word in words),
        *(f"p:{a} {b}" for a, b in zip(["<", *words], [*words, ">"], strict=True)),
        *(f"h:{hint}" for hint in hints),
    ]
    if not style.has_concepts:
        return whole
    meant = [concept(word) for word in words]
    return [
        *whole,
        *(f"c:{word}" for word in meant),
        *(f"q:{a} {b}" for a, b in zip(["<", *meant], [*meant, ">"], strict=True)),
        *(f"s:{a} {b}" for a, b in zip(meant, meant[2:], strict=False)),
    ]


class Vectoriser:
    """TF-IDF with sublinear counts; characters and words are normed apart, so each has half of the say."""

    def __init__(self, vocabulary: dict[str, int], idf: "np.ndarray", *, remembers: int = 4_000) -> None:
        self.vocabulary = vocabulary
        self.idf = idf
        self._most = remembers  # words
        self._met: dict[Style, Met[str, list[int]]] = {}  # a word's n-grams

    @classmethod
    def learn(cls, texts: Iterable[tuple[list[str], list[str]]], least: int = 2) -> "Vectoriser":
        """Vocabulary and weights of what occurs in at least `least` examples."""
        counts: dict[str, int] = {}
        total = 0
        for characters, words in texts:
            total += 1
            for gram in {*characters, *words}:
                counts[gram] = counts.get(gram, 0) + 1
        kept = sorted(gram for gram, count in counts.items() if count >= least)
        idf = np.array([np.log((1 + total) / (1 + counts[gram])) + 1 for gram in kept], dtype=np.float32)
        return cls({gram: index for index, gram in enumerate(kept)}, idf)

    def rows(self, characters: list[str], words: list[str]) -> tuple["np.ndarray", "np.ndarray"]:
        """Indices and values of one text whose n-grams are known."""
        return self._both(self._known(characters), self._known(words))

    def read(
        self, text: str, hints: Sequence[str] = (), style: Style = SHOP
    ) -> tuple["np.ndarray", "np.ndarray"]:
        """Indices and values of a text: those of `rows` for its `grams`."""
        words, met = words_of(text), self._met.get(style)
        if met is None:
            met = self._met[style] = Met(lambda word: self._known(letters(word, style)), self._most)
        characters = [row for word in words for row in met(word)]
        return self._both(characters, self._known(_whole(words, hints, style)))

    def _known(self, items: list[str]) -> list[int]:
        return [row for row in map(self.vocabulary.get, items) if row is not None]

    def _both(self, characters: list[int], words: list[int]) -> tuple["np.ndarray", "np.ndarray"]:
        counts, of_words = _counted(characters), _counted(words)
        indices = np.array([*counts, *of_words], dtype=np.int64)
        values = 1 + np.log(np.array([*counts.values(), *of_words.values()], dtype=np.float32))
        values *= self.idf[indices]
        for part in (values[: len(counts)], values[len(counts) :]):
            norm = math.sqrt(float(part @ part))
            if norm:
                part /= np.float32(norm)
        return indices, values


def _counted(rows: list[int]) -> dict[int, int]:
    """How often each occurs, in the order they come."""
    counts = dict.fromkeys(rows, 1)
    if len(counts) < len(rows):
        counts = dict.fromkeys(counts, 0)
        for row in rows:
            counts[row] += 1
    return counts
