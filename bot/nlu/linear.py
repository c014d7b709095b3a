"""Logistic regression over n-grams, with a temperature so that its confidence means something.

Kept as safetensors (weights) and JSON (names): no pickle anywhere.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bot.nlu.ngrams import Vectoriser, grams, words_of

Example = tuple[str, Sequence[str]]  # masked text, hints


class LinearModel:
    """`weights` is features x classes."""

    def __init__(
        self,
        vectoriser: Vectoriser,
        weights: "np.ndarray",
        bias: "np.ndarray",
        classes: list[str],
        temperature: float,
    ) -> None:
        self.vectoriser = vectoriser
        self.weights = weights
        self.bias = bias
        self.classes = classes
        self.temperature = temperature

    def probabilities(self, text: str, hints: Sequence[str]) -> "np.ndarray":
        """One probability per class; sums to one."""
        indices, values = self.vectoriser.rows(*grams(text, hints))
        scores = self.bias + values @ self.weights[indices] if len(indices) else self.bias.copy()
        return _softmax(scores / self.temperature)

    def coverage(self, text: str) -> float:
        """Share of the words of a text that the examples know; 1 for a text without words."""
        words = words_of(text)
        return sum(f"w:{word}" in self.vectoriser.vocabulary for word in words) / len(words) if words else 1.0

    def save(self, folder: Path) -> None:
        """Write `model.safetensors` and `model.json`."""
        arrays = {
            "weights": self.weights.astype(np.float32),
            "bias": self.bias.astype(np.float32),
            "idf": self.vectoriser.idf,
        }
        save_file(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()},
            str(folder / "model.safetensors"),
        )
        names = {
            "classes": self.classes,
            "temperature": self.temperature,
            "vocabulary": list(self.vectoriser.vocabulary),
        }
        (folder / "model.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "LinearModel":
        """Read what `save` wrote."""
        arrays = load_file(str(folder / "model.safetensors"))
        names = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        vocabulary = {gram: index for index, gram in enumerate(names["vocabulary"])}
        return cls(
            Vectoriser(vocabulary, arrays["idf"]),
            arrays["weights"],
            arrays["bias"],
            names["classes"],
            names["temperature"],
        )


def train(examples: Sequence[Example], labels: Sequence[str], *, strength: float, seed: int) -> LinearModel:
    """Fit the model; the temperature is the one that makes held-out parts of the examples most likely."""
    texts = [grams(text, hints) for text, hints in examples]
    classes = sorted(set(labels))
    targets = np.array([classes.index(label) for label in labels])
    folds = np.random.default_rng(seed).permutation(len(texts)) % 3
    scores = np.zeros((len(texts), len(classes)))
    held_out = folds == 0
    vectoriser, weights, bias = _fit(
        [text for text, out in zip(texts, held_out, strict=True) if not out],
        targets[~held_out],
        len(classes),
        strength,
        seed,
    )
    for index in np.flatnonzero(held_out):
        rows, values = vectoriser.rows(*texts[index])
        scores[index] = bias + values @ weights[rows]
    temperature = _temperature(scores[held_out], targets[held_out])
    vectoriser, weights, bias = _fit(texts, targets, len(classes), strength, seed)
    return LinearModel(vectoriser, weights.astype(np.float32), bias.astype(np.float32), classes, temperature)


def _fit(
    texts: Sequence[tuple[list[str], list[str]]],
    targets: "np.ndarray",
    classes: int,
    strength: float,
    seed: int,
):  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    vectoriser = Vectoriser.learn(texts)
    rows = [vectoriser.rows(*text) for text in texts]
    pointers = np.cumsum([0] + [len(row[0]) for row in rows])
    matrix = csr_matrix(
        (np.concatenate([row[1] for row in rows]), np.concatenate([row[0] for row in rows]), pointers),
        shape=(len(texts), len(vectoriser.vocabulary)),
    )
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=80, tol=1e-2, random_state=seed)
    model.fit(matrix, targets)
    weights = np.zeros((matrix.shape[1], classes))
    bias = np.full(classes, -50.0)  # a class too small to be in this part of the examples
    weights[:, model.classes_] = model.coef_.T
    bias[model.classes_] = model.intercept_
    return vectoriser, weights, bias


def _temperature(scores: "np.ndarray", targets: "np.ndarray") -> float:
    grid = np.geomspace(0.3, 3.0, 40)
    losses = []
    for temperature in grid:
        scaled = scores / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(scaled).sum(axis=1))
        losses.append(float(np.mean(log_sums - scaled[np.arange(len(targets)), targets])))
    return float(grid[int(np.argmin(losses))])


def _softmax(scores: "np.ndarray") -> "np.ndarray":
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()  # type: ignore[no-any-return]
