"""Three views of a message and what they say together: n-grams, sentence embedding, likeness to the examples.

The views are a logistic regression over n-grams, one over n-grams and a kernel of the embeddings together, and the
likeness to the examples of each class. Their log-probabilities are added with weights that `bot.nlu.teaching` fits.
Kept as safetensors and JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bot.nlu.encoder import REMEMBERED, SIZE
from bot.nlu.fitting import softmax
from bot.nlu.met import Met
from bot.nlu.ngrams import Style, Vectoriser, words_of

Features = tuple[np.ndarray, np.ndarray]  # indices and values, as a vectoriser makes them of a text

INSIDE, OUTSIDE = "inside", "out_of_scope"  # classes of a gate
LIKENESS_WIDTH = 0.07  # in cosine: an example this much farther away says e times less
JOINT_WIDTH = 0.5  # the same of the kernel that the regression is over
FLOOR = 1e-9  # least probability of a view: one view alone cannot rule a class out


@dataclass(frozen=True)
class Prediction:
    """`probabilities`: one per class, sums to one. `scope`: 0-1, how much this looks like any of the classes."""

    probabilities: np.ndarray
    scope: float


@dataclass
class Views:
    """The fitted views; embeddings' parts are empty where they are left out."""

    vectoriser: Vectoriser
    weights: np.ndarray  # features x classes
    bias: np.ndarray
    joint_weights: np.ndarray  # features x classes
    joint_bias: np.ndarray
    joint_dual: np.ndarray  # examples x classes
    examples: np.ndarray  # examples x size
    belongs: np.ndarray  # class of each example

    def __post_init__(self) -> None:
        self._groups = Groups.of(self.belongs, len(self.bias))
        self._met: Met[bytes, np.ndarray] = Met(self._beside_examples, REMEMBERED, longest=4 * SIZE)

    def log_probabilities(self, features: Features, vector: np.ndarray | None) -> np.ndarray:
        """views x classes of one text."""
        rows, values = features
        scores = [self.bias + values @ self.weights.take(rows, axis=0)]
        if vector is not None:
            near, likeness = self._met(np.asarray(vector, np.float32).tobytes())
            scores.append(self.joint_bias + values @ self.joint_weights.take(rows, axis=0) + near)
            scores.append(likeness)
        return logs_of(np.array(scores))

    def _beside_examples(self, vector: bytes) -> np.ndarray:
        """2 x classes: an embedding's part of the joint scores, and its likeness.

        The examples are more than a processor's own cache holds: going through them also drives out everything else.
        """
        cosines = self.examples @ np.frombuffer(vector, np.float32)
        return np.array([kernel(cosines) @ self.joint_dual, likeness_of(cosines[None], self._groups)[0]])


class Ensemble:
    """A trained classifier with a threshold of its own for what it was never taught."""

    def __init__(
        self,
        views: Views,
        *,
        classes: list[str],
        mixture: np.ndarray,
        threshold: float,
        style: Style,
    ) -> None:
        self.views = views
        self.classes = classes
        self.mixture = mixture
        self.threshold = threshold
        self.style = style

    @property
    def uses_encoder(self) -> bool:
        """Whether a prediction needs the text's embedding."""
        return len(self.mixture) > 1

    def features(self, text: str, hints: Sequence[str] = ()) -> Features:
        """What the n-grams of a text are to this ensemble, and to one that shares its vectoriser."""
        return self.views.vectoriser.read(text, hints, self.style)

    def predict(self, text: str, hints: Sequence[str] = (), vector: np.ndarray | None = None) -> Prediction:
        """`vector` (length one) is needed where `uses_encoder`; without it the n-grams speak alone."""
        return self.predict_features(self.features(text, hints), vector)

    def predict_features(self, features: Features, vector: np.ndarray | None = None) -> Prediction:
        """The same of a text whose features are known."""
        logs = self.views.log_probabilities(features, vector if self.uses_encoder else None)
        weights = self.mixture if len(logs) == len(self.mixture) else np.ones(1)
        return Prediction(mixed(logs[None], weights)[0], float(scope_of(logs[None])[0]))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the examples; those that only an ensemble beside it was taught weigh nothing."""
        is_taught = self.views.weights.any(axis=1)
        vocabulary = self.views.vectoriser.vocabulary
        return frozenset(gram[2:] for gram, row in vocabulary.items() if gram[:2] == "w:" and is_taught[row])

    def coverage(self, text: str) -> float:
        """Share of the words of a text that the examples know; 1 for a text without words."""
        words = words_of(text)
        return sum(word in self.words for word in words) / len(words) if words else 1.0

    def save(self, folder: Path, *, beside: Ensemble | None = None) -> None:
        """Write `ensemble.safetensors` and `ensemble.json`; the large arrays in 16 bits.

        Without the vectoriser where it is that of the ensemble `beside`.
        """
        arrays = {
            "weights": self.views.weights.astype(np.float16),
            "bias": self.views.bias,
            "joint_weights": self.views.joint_weights.astype(np.float16),
            "joint_bias": self.views.joint_bias,
            "joint_dual": self.views.joint_dual,
            "examples": self.views.examples.astype(np.float16),
            "belongs": self.views.belongs.astype(np.int32),
            "mixture": self.mixture,
        }
        names = {"classes": self.classes, "threshold": self.threshold, "style": self.style.__dict__}
        if beside is None:
            arrays["idf"] = self.views.vectoriser.idf
            names["vocabulary"] = list(self.views.vectoriser.vocabulary)
        save_file(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()},
            str(folder / "ensemble.safetensors"),
        )
        (folder / "ensemble.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, beside: Ensemble | None = None) -> Ensemble:
        """Read what `save` wrote, `beside` the same ensemble."""
        arrays = load_file(str(folder / "ensemble.safetensors"))
        names = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
        if beside is None:
            vocabulary = {gram: index for index, gram in enumerate(names["vocabulary"])}
            vectoriser = Vectoriser(vocabulary, arrays["idf"])
        else:
            vectoriser = beside.views.vectoriser
        views = Views(
            vectoriser,
            arrays["weights"].astype(np.float32),
            arrays["bias"],
            arrays["joint_weights"].astype(np.float32),
            arrays["joint_bias"],
            arrays["joint_dual"],
            arrays["examples"].astype(np.float32),
            arrays["belongs"],
        )
        return cls(
            views,
            classes=names["classes"],
            mixture=arrays["mixture"],
            threshold=names["threshold"],
            style=Style(**names["style"]),
        )


def mixed(logs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log-linear: rows x classes of rows x views x classes."""
    return softmax(np.einsum("v,rvc->rc", weights, logs))


def scope_of(logs: np.ndarray) -> np.ndarray:
    """The arithmetic mean, which wants the views to agree on one class: one per row."""
    return np.exp(logs).mean(axis=1).max(axis=1)  # type: ignore[no-any-return]


def logs_of(scores: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(softmax(scores), FLOOR))  # type: ignore[no-any-return]


def kernel(cosines: np.ndarray) -> np.ndarray:
    return np.exp((cosines - 1) / np.float32(JOINT_WIDTH))


@dataclass(frozen=True)
class Groups:
    """Examples by class: `order` puts those of one side by side, `starts` and `counts` are of the `present` ones."""

    order: np.ndarray
    present: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    classes: int

    @classmethod
    def of(cls, belongs: np.ndarray, classes: int) -> Groups:
        order = np.argsort(belongs, kind="stable")
        found = np.unique(belongs[order], return_index=True, return_counts=True)
        return cls(order, *found, classes)


def likeness_of(cosines: np.ndarray, groups: Groups) -> np.ndarray:
    """texts x classes: log of the summed likeness; a class with many examples has more chances, hence the root."""
    near = np.exp((cosines - 1) / np.float32(LIKENESS_WIDTH))
    sums = np.zeros((len(cosines), groups.classes), np.float32)
    sums[:, groups.present] = np.add.reduceat(near[:, groups.order], groups.starts, axis=1) / np.sqrt(
        groups.counts
    )
    return np.log(sums + np.float32(1e-12))  # type: ignore[no-any-return]
