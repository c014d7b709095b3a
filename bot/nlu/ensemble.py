"""Three views of a message and what they say together: n-grams, sentence embedding, likeness to the examples.

The views are logistic regressions over n-grams and over embeddings, and a kernel over the examples' embeddings. Their
log-probabilities are added with weights fitted on held-out parts of the training examples; where embeddings say
nothing (another language) their weight falls to nothing and they are left out. Kept as safetensors and JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from bot.nlu import fitting
from bot.nlu.encoder import Embedder
from bot.nlu.ngrams import SHOP, Style, Vectoriser, grams, words_of
from bot.nlu.scope import learn_threshold

Example = tuple[str, Sequence[str]]  # text, hints

WIDTH = 0.07  # of the kernel, in cosine: an example this much farther away says e times less
FLOOR = 1e-9  # least probability of a view: one view alone cannot rule a class out
NAME_WEIGHT = 2.0  # a class's name counts as this many examples to the embeddings' regression
HELD_OUT_AT_MOST = 3_000  # examples over all folds: enough for three weights and a threshold, and quick
CHANCE = 1.0  # standard deviations by which embeddings have to help to be worth their time


@dataclass(frozen=True)
class Prediction:
    """`probabilities`: one per class, sums to one. `scope`: 0-1, how much this looks like any of the classes."""

    probabilities: np.ndarray
    scope: float


@dataclass(frozen=True)
class Settings:
    """`strength`: inverse regularisation; `folds`: parts of the examples held out to fit weights and threshold."""

    strength: float = 20.0
    encoder_strength: float = 10.0
    folds: int = 4
    seed: int = 7
    style: Style = SHOP
    least: int = 1


@dataclass
class Views:
    """The fitted views; embeddings' parts are empty where they are left out."""

    vectoriser: Vectoriser
    weights: np.ndarray  # features x classes
    bias: np.ndarray
    encoder_weights: np.ndarray  # size x classes
    encoder_bias: np.ndarray
    examples: np.ndarray  # examples x size
    belongs: np.ndarray  # class of each example

    def log_probabilities(self, parts: tuple[list[str], list[str]], vector: np.ndarray | None) -> np.ndarray:
        """views x classes of one text."""
        rows, values = self.vectoriser.rows(*parts)
        scores = [self.bias + values @ self.weights[rows] if len(rows) else self.bias]
        if vector is not None:
            scores.append(self.encoder_bias + vector @ self.encoder_weights)
            scores.append(self._kernel(vector))
        return np.log(np.maximum([_softmax(score) for score in scores], FLOOR))

    def _kernel(self, vector: np.ndarray) -> np.ndarray:
        """Log of the summed likeness per class; a class with many examples has more chances, hence the root."""
        likeness = np.exp((self.examples @ vector - 1) / WIDTH)
        classes = len(self.encoder_bias)
        sums = np.bincount(self.belongs, likeness, minlength=classes)
        counts = np.bincount(self.belongs, minlength=classes)
        return np.log(sums / np.sqrt(np.maximum(counts, 1)) + 1e-12)  # type: ignore[no-any-return]


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

    def predict(self, text: str, hints: Sequence[str] = (), vector: np.ndarray | None = None) -> Prediction:
        """`vector` (length one) is needed where `uses_encoder`; without it the n-grams speak alone."""
        logs = self.views.log_probabilities(
            grams(text, hints, self.style), vector if self.uses_encoder else None
        )
        weights = self.mixture if len(logs) == len(self.mixture) else np.ones(1)
        return _together(logs, weights)

    def words(self) -> list[str]:
        """The words of the examples."""
        return [gram[2:] for gram in self.views.vectoriser.vocabulary if gram.startswith("w:")]

    def coverage(self, text: str) -> float:
        """Share of the words of a text that the examples know; 1 for a text without words."""
        words = words_of(text)
        known = self.views.vectoriser.vocabulary
        return sum(f"w:{word}" in known for word in words) / len(words) if words else 1.0

    def save(self, folder: Path) -> None:
        """Write `ensemble.safetensors` and `ensemble.json`."""
        arrays = {
            "idf": self.views.vectoriser.idf,
            "weights": self.views.weights,
            "bias": self.views.bias,
            "encoder_weights": self.views.encoder_weights,
            "encoder_bias": self.views.encoder_bias,
            "examples": self.views.examples.astype(np.float16),
            "belongs": self.views.belongs.astype(np.int32),
            "mixture": self.mixture,
        }
        save_file(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()},
            str(folder / "ensemble.safetensors"),
        )
        names = {
            "classes": self.classes,
            "threshold": self.threshold,
            "style": self.style.__dict__,
            "vocabulary": list(self.views.vectoriser.vocabulary),
        }
        (folder / "ensemble.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Ensemble:
        """Read what `save` wrote."""
        arrays = load_file(str(folder / "ensemble.safetensors"))
        names = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
        vocabulary = {gram: index for index, gram in enumerate(names["vocabulary"])}
        views = Views(
            Vectoriser(vocabulary, arrays["idf"]),
            arrays["weights"],
            arrays["bias"],
            arrays["encoder_weights"],
            arrays["encoder_bias"],
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


def train(
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    names: Mapping[str, str],
    embedder: Embedder | None,
    off_topic: Sequence[str] = (),
    settings: Settings | None = None,
) -> Ensemble:
    """Fit everything. `names`: wording of a class, one more example of it; `off_topic`: texts of no class at all.

    Deterministic. The threshold comes from the training examples alone: each part of the examples that is held out
    also leaves whole classes out, whose examples then stand for what the bot was never taught.
    """
    chosen = settings or Settings()
    data = _Data.of(examples, labels, names, embedder, off_topic, chosen.style)
    held_out = _held_out(data, chosen)
    known = held_out.is_known
    targets = data.targets[held_out.index]
    logs, targets_known = held_out.logs[known], targets[known]
    mixture = fitting.mixture(logs, targets_known)
    if data.vectors is not None:
        alone = fitting.mixture(logs[:, :1], targets_known)
        if not _helps(logs, mixture, alone, targets_known):
            data, mixture = data.without_vectors(), alone
            held_out = held_out.first_view()
    scope = np.array([_together(log, mixture).scope for log in held_out.logs])
    best = np.array([_together(log, mixture).probabilities.argmax() for log in held_out.logs])
    strange = np.array([_together(log, mixture).scope for log in held_out.strange])
    threshold = learn_threshold(
        scope[known],
        best[known],
        targets_known,
        left_out=scope[~known],
        off_topic=strange,
    )
    views = data.fit(np.arange(len(data.targets)), range(len(data.classes)), chosen)
    return Ensemble(views, classes=data.classes, mixture=mixture, threshold=threshold, style=chosen.style)


def _helps(logs: np.ndarray, mixture: np.ndarray, alone: np.ndarray, targets: np.ndarray) -> bool:
    """Whether embeddings mend more held-out examples than they spoil, by more than chance would (McNemar's z)."""
    with_all = np.einsum("v,rvc->rc", mixture, logs).argmax(axis=1) == targets
    without = np.einsum("v,rvc->rc", alone, logs[:, :1]).argmax(axis=1) == targets
    mended, spoilt = int((with_all & ~without).sum()), int((without & ~with_all).sum())
    return mended - spoilt > CHANCE * np.sqrt(mended + spoilt)


def _together(logs: np.ndarray, weights: np.ndarray) -> Prediction:
    """Log-linear for the class; for the scope the arithmetic mean, which wants the views to agree on one class."""
    return Prediction(_softmax(weights @ logs), float(np.exp(logs).mean(axis=0).max()))


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _HeldOut:
    """What views fitted without them say of examples: `logs` is rows x views x classes, row i is example `index[i]`."""

    index: np.ndarray
    is_known: np.ndarray  # whether its class was among those fitted
    logs: np.ndarray
    strange: np.ndarray  # the same of the off-topic texts

    def first_view(self) -> _HeldOut:
        return _HeldOut(self.index, self.is_known, self.logs[:, :1], self.strange[:, :1])


@dataclass(frozen=True)
class _Data:
    classes: list[str]
    parts: list[tuple[list[str], list[str]]]
    targets: np.ndarray
    vectors: np.ndarray | None
    name_parts: list[tuple[list[str], list[str]]]
    name_vectors: np.ndarray | None
    strange_parts: list[tuple[list[str], list[str]]]
    strange_vectors: np.ndarray | None

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        labels: Sequence[str],
        names: Mapping[str, str],
        embedder: Embedder | None,
        off_topic: Sequence[str],
        style: Style,
    ) -> _Data:
        classes = sorted(set(labels))
        numbers = {label: number for number, label in enumerate(classes)}
        wordings = [names.get(label, label) for label in classes]
        embed: Callable[[Sequence[str]], np.ndarray | None] = (
            embedder.encode if embedder is not None else lambda texts: None
        )
        return cls(
            classes,
            [grams(text, hints, style) for text, hints in examples],
            np.array([numbers[label] for label in labels]),
            embed([text for text, _ in examples]),
            [grams(name, (), style) for name in wordings],
            embed(wordings),
            [grams(text, (), style) for text in off_topic],
            embed(off_topic) if off_topic else None,
        )

    def without_vectors(self) -> _Data:
        return _Data(
            self.classes, self.parts, self.targets, None, self.name_parts, None, self.strange_parts, None
        )

    def fit(self, rows: np.ndarray, kept: Sequence[int] | range, settings: Settings) -> Views:
        """The views over the examples `rows` and the names of the classes `kept`."""
        wordings = list(kept)
        parts = [self.parts[row] for row in rows] + [self.name_parts[number] for number in wordings]
        targets = np.concatenate([self.targets[rows], np.array(wordings, dtype=np.int64)])
        vectoriser = Vectoriser.learn(parts, settings.least)
        weights, bias = fitting.linear(
            fitting.matrix(vectoriser, parts),
            targets,
            len(self.classes),
            strength=settings.strength,
            seed=settings.seed,
        )
        if self.vectors is None or self.name_vectors is None:
            nothing = np.zeros((0, 0), np.float32)
            return Views(
                vectoriser, weights, bias, nothing, nothing[0:0, 0:0].ravel(), nothing, np.zeros(0, int)
            )
        vectors = np.vstack([self.vectors[rows], self.name_vectors[wordings]])
        encoder_weights, encoder_bias = fitting.linear(
            vectors,
            targets,
            len(self.classes),
            strength=settings.encoder_strength,
            seed=settings.seed,
            sample_weight=np.array([1.0] * len(rows) + [NAME_WEIGHT] * len(wordings)),
        )
        return Views(vectoriser, weights, bias, encoder_weights, encoder_bias, vectors, targets)


def _held_out(data: _Data, settings: Settings) -> _HeldOut:
    """Fold by fold: a part of all examples and all examples of some classes are left out, and looked at."""
    chance = np.random.default_rng(settings.seed)
    count = len(data.targets)
    fold_of = np.empty(count, dtype=int)
    for number in range(len(data.classes)):  # each class spread evenly over the folds
        rows = chance.permutation(np.flatnonzero(data.targets == number))
        fold_of[rows] = (np.arange(len(rows)) + number) % settings.folds
    group_of = chance.permutation(len(data.classes)) % (settings.folds + 1)  # the last group is always taught
    folds = min(settings.folds, max(1, HELD_OUT_AT_MOST // count))
    index, is_known, logs, strange = [], [], [], []
    for fold in range(folds):
        is_left_out = group_of[data.targets] == fold if len(data.classes) > 2 else np.zeros(count, bool)
        taught = np.flatnonzero(~is_left_out & (fold_of != fold))
        views = data.fit(taught, sorted(set(data.targets[taught].tolist())), settings)
        for row in np.flatnonzero(is_left_out | (fold_of == fold)):
            index.append(row)
            is_known.append(data.targets[row] in data.targets[taught])
            logs.append(
                views.log_probabilities(data.parts[row], None if data.vectors is None else data.vectors[row])
            )
        for row, parts in enumerate(data.strange_parts):
            vector = None if data.strange_vectors is None else data.strange_vectors[row]
            strange.append(views.log_probabilities(parts, vector))
    shape = (0, *logs[0].shape)
    return _HeldOut(
        np.array(index),
        np.array(is_known),
        np.array(logs),
        np.array(strange) if strange else np.zeros(shape),
    )
