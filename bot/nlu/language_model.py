"""Which language a short text is in: naive Bayes over the letters of its words.

Every language has a distribution over character n-grams of padded words and over whole words, smoothed toward the one
of all languages together (Dirichlet prior), so that a language with few examples is not drowned. Kept as safetensors
and JSON.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bot.nlu.met import Met

LONGEST = 5  # letters of an n-gram
PRIOR = 400.0  # how many n-grams of all languages together every language starts from
DEPENDENT = 0.30  # n-grams of one word repeat each other: the share of its own evidence each brings
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_REPEATS = re.compile(r"(\w)\1{2,}")
_MASKED = re.compile(r"\S*[@/\d]\S*|https?:\S+")  # addresses, numbers: of no language


def words_of(text: str) -> list[str]:
    """Lower-case words of letters; addresses and numbers are left out."""
    return _WORD.findall(_REPEATS.sub(r"\1\1", _MASKED.sub(" ", text.lower())))


def grams(words: Iterable[str]) -> list[str]:
    """Character n-grams of padded words, and the words themselves."""
    found: list[str] = []
    for word in words:
        padded = f" {word} "
        for length in range(1, LONGEST + 1):
            found += [padded[start : start + length] for start in range(len(padded) - length + 1)]
        found.append(f"={word}")
    return found


class LanguageModel:
    """`labels` are language codes; `logs` is n-grams x labels."""

    def __init__(
        self,
        labels: Sequence[str],
        vocabulary: Mapping[str, int],
        logs: np.ndarray,
        *,
        remembers: int = 10_000,
    ) -> None:
        self.labels = tuple(labels)
        self._vocabulary = vocabulary
        self._logs = logs
        self._met = Met(self._of, remembers)

    def evidence(self, text: str) -> np.ndarray:
        """Log-likelihood of the text per label, up to a constant; noughts for a text without words."""
        total = np.zeros(len(self.labels), np.float32)
        for word in words_of(text):
            total += self._met(word)
        return DEPENDENT * total  # type: ignore[no-any-return]

    def _of(self, word: str) -> np.ndarray:
        rows = [row for gram in grams([word]) if (row := self._vocabulary.get(gram)) is not None]
        return self._logs[rows].sum(axis=0, dtype=np.float32)  # type: ignore[no-any-return]

    def knows(self, words: Iterable[str]) -> bool:
        """Whether it has met one of these words, in whatever language."""
        return any(f"={word}" in self._vocabulary for word in words)

    def probabilities(self, text: str, prior: Mapping[str, float] | None = None) -> dict[str, float]:
        """Label -> probability; `prior` are weights, 1 where none is given."""
        scores = self.evidence(text) + np.log([(prior or {}).get(label, 1.0) for label in self.labels])
        powers = np.exp(scores - scores.max())
        return dict(zip(self.labels, (powers / powers.sum()).tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write `language.safetensors` and `language.json`."""
        save_file({"logs": self._logs.astype(np.float16)}, str(folder / "language.safetensors"))
        names = {"labels": list(self.labels), "vocabulary": list(self._vocabulary)}
        (folder / "language.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LanguageModel:
        """Read what `save` wrote."""
        names = json.loads((folder / "language.json").read_text(encoding="utf-8"))
        vocabulary = {gram: row for row, gram in enumerate(names["vocabulary"])}
        return cls(names["labels"], vocabulary, load_file(str(folder / "language.safetensors"))["logs"])


def train(texts: Mapping[str, Sequence[str]]) -> LanguageModel:
    """Learn from texts by label."""
    labels = sorted(texts)
    counts = [Counter(gram for text in texts[label] for gram in grams(words_of(text))) for label in labels]
    together: Counter[str] = Counter()
    for count in counts:
        # each language has the same say in what all of them are like
        total = sum(count.values()) or 1
        together.update({gram: number / total for gram, number in count.items()})
    vocabulary = {gram: row for row, gram in enumerate(sorted(together))}
    background = np.array([together[gram] for gram in vocabulary])
    background /= background.sum()
    logs = np.zeros((len(vocabulary), len(labels)), np.float32)
    for column, count in enumerate(counts):
        own = np.array([count[gram] for gram in vocabulary], dtype=np.float64)
        logs[:, column] = np.log((own + PRIOR * background) / (own.sum() + PRIOR))
    logs -= logs.mean(axis=1, keepdims=True)  # what all labels share says nothing
    return LanguageModel(labels, vocabulary, logs)
