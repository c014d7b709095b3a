"""A small model of mood per language: logistic regression over n-grams, without the words of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bot.nlu.ngrams import Style, Vectoriser, grams

LABELS = ("angry", "frustrated", "calm")
STYLE = Style(shortest=3, longest=4, has_concepts=False)
_WORD = "w:"


class MoodModel:
    """`weights` is features x labels; `bias` one value a label."""

    def __init__(self, vectoriser: Vectoriser, weights: np.ndarray, bias: np.ndarray) -> None:
        self._vectoriser = vectoriser
        self._weights = weights
        self._bias = bias

    def scores(self, text: str) -> np.ndarray:
        """Logits in the order of `LABELS`; calm by a little for a text without anything known."""
        indices, values = self._vectoriser.read(text, (), STYLE)
        return self._bias + values @ self._weights.take(indices, axis=0)  # type: ignore[no-any-return]

    def words(self, text: str, most: int = 2) -> list[str]:
        """The words of a text that speak most against calm."""
        weights = self._weights[:, :2].max(axis=1) - self._weights[:, 2]
        found = {}
        for gram in grams(text, (), STYLE)[1]:
            index = self._vectoriser.vocabulary.get(gram)
            if index is not None and gram.startswith(_WORD) and gram[len(_WORD) :].isalpha():
                found[gram[len(_WORD) :]] = float(weights[index] * self._vectoriser.idf[index])
        best = sorted((word for word in found if found[word] > 0), key=lambda word: -found[word])
        return best[:most]

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `model.json`."""
        save_file(
            {
                "weights": np.ascontiguousarray(self._weights, np.float32),
                "bias": np.ascontiguousarray(self._bias, np.float32),
                "idf": self._vectoriser.idf,
            },
            str(folder / "model.safetensors"),
        )
        names = json.dumps(list(self._vectoriser.vocabulary), ensure_ascii=False)
        (folder / "model.json").write_text(names, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> MoodModel:
        """Read what `save` wrote."""
        arrays = load_file(str(folder / "model.safetensors"))
        names = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        vocabulary = {gram: index for index, gram in enumerate(names)}
        return cls(Vectoriser(vocabulary, arrays["idf"]), arrays["weights"], arrays["bias"])


def train(texts: Sequence[str], labels: Sequence[str], *, strength: float, seed: int) -> MoodModel:
    """Fit the model; every label of `LABELS` must be among `labels`."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    read = [grams(text, (), STYLE) for text in texts]
    vectoriser = Vectoriser.learn(read)
    rows = [vectoriser.rows(*gram) for gram in read]
    matrix = csr_matrix(
        (
            np.concatenate([row[1] for row in rows]),
            np.concatenate([row[0] for row in rows]),
            np.cumsum([0] + [len(row[0]) for row in rows]),
        ),
        shape=(len(read), len(vectoriser.vocabulary)),
    )
    targets = np.array([LABELS.index(label) for label in labels])
    counts = np.bincount(targets, minlength=len(LABELS))
    # between as they come and all labels alike: anger is rare, though not as rare as among the examples
    weight = {label: float((len(targets) / count) ** 0.5) for label, count in enumerate(counts)}
    model = LogisticRegression(C=strength, class_weight=weight, max_iter=60, tol=1e-2, random_state=seed)
    model.fit(matrix, targets)
    return MoodModel(
        vectoriser, model.coef_.T.astype(np.float32).copy(), model.intercept_.astype(np.float32).copy()
    )
