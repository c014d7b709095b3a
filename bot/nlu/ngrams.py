"""Text to n-grams: the same code while training and while answering, so that they cannot differ."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.concepts import concept

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
    characters: list[str] = []
    for word in words:
        if word == "?":
            continue
        padded = f" {word} "
        size = len(padded)
        for length in range(style.shortest, style.longest + 1):
            if size < length:
                break
            characters.extend(padded[index : index + length] for index in range(size - length + 1))
    whole = [
        *(f"w:{word}" for word in words),
        *(f"p:{a} {b}" for a, b in zip(["<", *words], [*words, ">"], strict=True)),
        *(f"h:{hint}" for hint in hints),
    ]
    if not style.has_concepts:
        return characters, whole
    meant = [concept(word) for word in words]
    return characters, [
        *whole,
        *(f"c:{word}" for word in meant),
        *(f"q:{a} {b}" for a, b in zip(["<", *meant], [*meant, ">"], strict=True)),
        *(f"s:{a} {b}" for a, b in zip(meant, meant[2:], strict=False)),
    ]


class Vectoriser:
    """TF-IDF with sublinear counts; characters and words are normed apart, so each has half of the say."""

    def __init__(self, vocabulary: dict[str, int], idf: "np.ndarray") -> None:
        self.vocabulary = vocabulary
        self.idf = idf

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
        """Indices and values of one text."""
        parts = [self._part(characters), self._part(words)]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _part(self, items: list[str]) -> tuple["np.ndarray", "np.ndarray"]:
        counts = Counter(map(self.vocabulary.get, items))
        del counts[None]  # what the examples do not know
        indices = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        values = 1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))
        values = values * self.idf[indices]
        norm = float(np.linalg.norm(values))
        return indices, (values / norm if norm else values).astype(np.float32)
