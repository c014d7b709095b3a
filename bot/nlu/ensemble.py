"""Three views of a message and what they say together: n-grams, sentence embedding, likeness to the examples.

The views are a logistic regression over n-grams, one over n-grams and a kernel of the embeddings together, and the
likeness to the examples of each class. Their log-probabilities are added with weights fitted on held-out parts of the
training examples; embeddings that say nothing (another language) are left out. Kept as safetensors and JSON.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file, save_file

from bot.nlu import fitting
from bot.nlu.encoder import Embedder
from bot.nlu.ngrams import SHOP, Style, Vectoriser, grams, words_of
from bot.nlu.scope import learn_threshold

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

logger = logging.getLogger(__name__)

Example = tuple[str, Sequence[str]]  # text, hints
Features = tuple[np.ndarray, np.ndarray]  # indices and values, as a vectoriser makes them of a text

INSIDE, OUTSIDE = "inside", "out_of_scope"  # classes of a gate
LIKENESS_WIDTH = 0.07  # in cosine: an example this much farther away says e times less
JOINT_WIDTH = 0.5  # the same of the kernel that the regression is over
JOINT_GRAMS = 0.25  # of the n-grams' kernel, in the sum with that of the embeddings
CONSTANT = 1.0  # in each kernel, for the bias
CHARACTERS = 0.7  # share of the characters in the n-grams' kernel; the rest is for whole words
LOGISTIC, SQUARES = 0.9, 1.0  # of the two regressions over the joint kernel, in one score
NOISE = 0.2  # of the regression by least squares
FLOOR = 1e-9  # least probability of a view: one view alone cannot rule a class out
HELD_OUT_AT_MOST = 3_000  # examples over all folds: enough for three weights and a threshold, and quick
MOST_EXAMPLES = 15_000  # more would take gigabytes: a regression keeps a number for each pair of examples
CHANCE = 3.0  # standard errors by which embeddings have to help to be worth their time
LIKENESS = (
    0.2  # weight of the likeness, of that of the joint regression; a fitted one is higher and costs accuracy
)


@dataclass(frozen=True)
class Prediction:
    """`probabilities`: one per class, sums to one. `scope`: 0-1, how much this looks like any of the classes."""

    probabilities: np.ndarray
    scope: float


@dataclass(frozen=True)
class Settings:
    """`strength`: inverse regularisation; `folds`: parts of the examples held out to fit weights and threshold."""

    strength: float = 20.0
    joint_strength: float = 30.0
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
    joint_weights: np.ndarray  # features x classes
    joint_bias: np.ndarray
    joint_dual: np.ndarray  # examples x classes
    examples: np.ndarray  # examples x size
    belongs: np.ndarray  # class of each example

    def __post_init__(self) -> None:
        self._groups = _Groups.of(self.belongs, len(self.bias))

    def log_probabilities(self, features: Features, vector: np.ndarray | None) -> np.ndarray:
        """views x classes of one text."""
        rows, values = features
        scores = [self.bias + values @ self.weights[rows]]
        if vector is not None:
            cosines = self.examples @ vector
            joint = self.joint_bias + values @ self.joint_weights[rows]
            scores.append(joint + _kernel(cosines) @ self.joint_dual)
            scores.append(_likeness(cosines[None], self._groups)[0])
        return _logs(np.array(scores))


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
        return self.views.vectoriser.rows(*grams(text, hints, self.style))

    def predict(self, text: str, hints: Sequence[str] = (), vector: np.ndarray | None = None) -> Prediction:
        """`vector` (length one) is needed where `uses_encoder`; without it the n-grams speak alone."""
        return self.predict_features(self.features(text, hints), vector)

    def predict_features(self, features: Features, vector: np.ndarray | None = None) -> Prediction:
        """The same of a text whose features are known."""
        logs = self.views.log_probabilities(features, vector if self.uses_encoder else None)
        weights = self.mixture if len(logs) == len(self.mixture) else np.ones(1)
        return Prediction(_mixed(logs[None], weights)[0], float(_scope(logs[None])[0]))

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
    known = _Known.of(examples, labels, names, off_topic, chosen)
    return _fitted(_Data.of(known, embedder, off_topic, chosen), chosen)


def train_with_gate(
    examples: Sequence[Example],
    labels: Sequence[str],
    outside: Sequence[str],
    *,
    names: Mapping[str, str],
    embedder: Embedder | None,
    off_topic: Sequence[str] = (),
    settings: Settings | None = None,
) -> tuple[Ensemble, Ensemble]:
    """The same, and a second ensemble of two classes that tells all `examples` (INSIDE) from `outside` (OUTSIDE).

    Both share one vectoriser, so that the features of a text are found once. The second one has n-grams only:
    embeddings would tell a hundredth more, for twice the time.
    """
    chosen = settings or Settings()
    known = _Known.of(examples, labels, names, off_topic, chosen, outside)
    data = _Data.of(known, embedder, off_topic, chosen)
    return _fitted(data, chosen), _fitted(_Data.of_gate(known, data), chosen)


def _fitted(data: _Data, settings: Settings) -> Ensemble:
    """Weights of views and threshold from held-out parts, then the views over everything."""
    held_out = _held_out(data, settings)
    known = held_out.is_known
    targets = data.targets[held_out.index]
    logs, targets_known = held_out.logs[known], targets[known]
    mixture = _mixture(logs, targets_known)
    if data.vectors is not None:
        alone = _mixture(logs[:, :1], targets_known)
        if not _helps(logs, mixture, alone, targets_known):
            data, mixture = data.without_vectors(), alone
            held_out = held_out.first_view()
    probabilities = _mixed(held_out.logs, mixture)
    scope = _scope(held_out.logs)
    threshold = learn_threshold(
        scope[known],
        probabilities.argmax(axis=1)[known],
        targets_known,
        left_out=scope[~known],
        off_topic=_scope(held_out.strange),
    )
    return Ensemble(
        data.fit(settings), classes=data.classes, mixture=mixture, threshold=threshold, style=settings.style
    )


def _mixture(logs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """One weight per view."""
    if logs.shape[1] == 1:
        return fitting.mixture(logs, targets)
    first, second = fitting.mixture(
        np.stack([logs[:, 0], logs[:, 1] + LIKENESS * logs[:, 2]], axis=1), targets
    )
    return np.array([first, second, LIKENESS * second])


def _helps(logs: np.ndarray, mixture: np.ndarray, alone: np.ndarray, targets: np.ndarray) -> bool:
    """Whether embeddings mend more held-out examples than they spoil, and make all likelier by more than chance."""
    rows = np.arange(len(targets))
    with_all, without = _mixed(logs, mixture), _mixed(logs[:, :1], alone)
    mended = int((with_all.argmax(axis=1) == targets).sum() - (without.argmax(axis=1) == targets).sum())
    gains = np.log(with_all[rows, targets] / without[rows, targets])
    return mended > 0 and bool(gains.mean() > CHANCE * gains.std() / np.sqrt(len(gains)))


def _some_of(labels: Sequence[str], seed: int) -> list[int]:
    """Rows of MOST_EXAMPLES examples at most, in order; small classes keep all of theirs."""
    rank: Counter[str] = Counter()
    ranked = []
    for row in np.random.default_rng(seed).permutation(len(labels)).tolist():
        rank[labels[row]] += 1
        ranked.append((rank[labels[row]], row))
    return sorted(row for _, row in sorted(ranked)[:MOST_EXAMPLES])


def _mixed(logs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log-linear: rows x classes of rows x views x classes."""
    return fitting.softmax(np.einsum("v,rvc->rc", weights, logs))


def _scope(logs: np.ndarray) -> np.ndarray:
    """The arithmetic mean, which wants the views to agree on one class: one per row."""
    return np.exp(logs).mean(axis=1).max(axis=1)  # type: ignore[no-any-return]


def _logs(scores: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(fitting.softmax(scores), FLOOR))  # type: ignore[no-any-return]


def _kernel(cosines: np.ndarray) -> np.ndarray:
    return np.exp((cosines - 1) / np.float32(JOINT_WIDTH))


@dataclass(frozen=True)
class _Groups:
    """Examples by class: `order` puts those of one side by side, `starts` and `counts` are of the `present` ones."""

    order: np.ndarray
    present: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    classes: int

    @classmethod
    def of(cls, belongs: np.ndarray, classes: int) -> _Groups:
        order = np.argsort(belongs, kind="stable")
        found = np.unique(belongs[order], return_index=True, return_counts=True)
        return cls(order, *found, classes)


def _likeness(cosines: np.ndarray, groups: _Groups) -> np.ndarray:
    """texts x classes: log of the summed likeness; a class with many examples has more chances, hence the root."""
    near = np.exp((cosines - 1) / np.float32(LIKENESS_WIDTH))
    sums = np.zeros((len(cosines), groups.classes), np.float32)
    sums[:, groups.present] = np.add.reduceat(near[:, groups.order], groups.starts, axis=1) / np.sqrt(
        groups.counts
    )
    return np.log(sums + np.float32(1e-12))  # type: ignore[no-any-return]


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
class _Known:
    """All texts of a training as features: examples, then the wording of each class, then what is outside.

    `likeness`: of all pairs by their n-grams.
    """

    classes: list[str]
    targets: np.ndarray  # of examples and wordings
    texts: list[str]
    vectoriser: Vectoriser
    shares: np.ndarray  # of the features
    features: csr_matrix
    likeness: np.ndarray
    strange: csr_matrix  # features of the off-topic texts

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        labels: Sequence[str],
        names: Mapping[str, str],
        off_topic: Sequence[str],
        settings: Settings,
        outside: Sequence[str] = (),
    ) -> _Known:
        # one text in two scripts is folded into the same: twice the work, and nothing new
        once = dict.fromkeys(
            (text, tuple(hints), label) for (text, hints), label in zip(examples, labels, strict=True)
        )
        taught, labels = [(text, hints) for text, hints, _ in once], [label for *_, label in once]
        if len(taught) > MOST_EXAMPLES:
            kept = _some_of(labels, settings.seed)
            logger.warning("Trained on %s of %s examples, chosen by chance", len(kept), len(taught))
            taught, labels = [taught[row] for row in kept], [labels[row] for row in kept]
        classes = sorted(set(labels))
        numbers = {label: number for number, label in enumerate(classes)}
        texts: list[Example] = [
            *taught,
            *((names.get(label, label), ()) for label in classes),
            *((text, ()) for text in dict.fromkeys(outside)),
        ]
        parts = [grams(text, hints, settings.style) for text, hints in texts]
        vectoriser = Vectoriser.learn(parts, settings.least)
        shares = _shares(vectoriser.vocabulary)
        features = fitting.matrix(vectoriser, parts)
        strange = [grams(text, (), settings.style) for text in off_topic]
        return cls(
            classes,
            np.array([*(numbers[label] for label in labels), *range(len(classes))]),
            [text for text, _ in texts],
            vectoriser,
            shares,
            features,
            fitting.inner(features, features, shares),
            fitting.matrix(vectoriser, strange),
        )


@dataclass(frozen=True)
class _Data:
    """What one ensemble is fitted to: its examples, then (where classes have one) a row for the wording of each."""

    classes: list[str]
    targets: np.ndarray  # of the examples
    all_targets: np.ndarray  # of all rows
    vectoriser: Vectoriser
    shares: np.ndarray  # of the features
    features: csr_matrix
    likeness: np.ndarray  # rows x rows
    vectors: np.ndarray | None
    strange_features: csr_matrix
    strange_vectors: np.ndarray | None

    @classmethod
    def of(
        cls, known: _Known, embedder: Embedder | None, off_topic: Sequence[str], settings: Settings
    ) -> _Data:
        """Everything but what is outside."""
        count = len(known.targets)
        return cls(
            known.classes,
            known.targets[: count - len(known.classes)],
            known.targets,
            known.vectoriser,
            known.shares,
            known.features[:count],
            known.likeness[:count, :count],
            embedder.encode(known.texts[:count]) if embedder is not None else None,
            known.strange,
            embedder.encode(off_topic) if embedder is not None and off_topic else None,
        )

    @classmethod
    def of_gate(cls, known: _Known, inside: _Data) -> _Data:
        """Everything, in two classes."""
        targets = (np.arange(len(known.texts)) >= len(known.targets)).astype(int)
        return replace(
            inside,
            classes=[INSIDE, OUTSIDE],
            targets=targets,
            all_targets=targets,
            features=known.features,
            likeness=known.likeness,
            vectors=None,
            strange_features=known.strange[:0],
            strange_vectors=None,
        )

    def wordings(self, classes: np.ndarray) -> np.ndarray:
        """Rows of the wordings of these classes, where they have one."""
        return len(self.targets) + classes if len(self.all_targets) > len(self.targets) else classes[:0]

    def without_vectors(self) -> _Data:
        return replace(self, vectors=None, strange_vectors=None)

    def fit(self, settings: Settings) -> Views:
        """The views over everything."""
        targets, classes, likeness = self.all_targets, len(self.classes), self.likeness
        dual = fitting.logistic(likeness + CONSTANT, targets, classes, strength=settings.strength)
        weights, bias = self._weights(dual), fitting.bias(targets, classes, CONSTANT * dual)
        if self.vectors is None:
            none, nowhere = np.zeros((0, 0), np.float32), np.zeros(0, int)
            return Views(self.vectoriser, weights, bias, none, none.ravel(), none, none, nowhere)
        joint = _joint(likeness, self.vectors @ self.vectors.T)
        joint_dual = _joint_dual(joint, targets, classes, settings)
        return Views(
            self.vectoriser,
            weights,
            bias,
            np.float32(JOINT_GRAMS) * self._weights(joint_dual),
            fitting.bias(targets, classes, CONSTANT * joint_dual),
            joint_dual,
            self.vectors,
            targets,
        )

    def scores(self, taught: np.ndarray, asked: np.ndarray, settings: Settings) -> np.ndarray:
        """Log-probabilities of the rows `asked`, then of the off-topic texts, by views of the rows `taught`."""
        from scipy.sparse import vstack

        targets, classes = self.all_targets[taught], len(self.classes)
        features = self.features[taught]
        others = vstack([self.features[asked], self.strange_features], "csr")
        unseen = fitting.as_if_unseen(others, features, self.shares > 1)
        likeness = self.likeness[np.ix_(taught, taught)]
        likeness_asked = fitting.inner(unseen, features, self.shares)
        dual = fitting.logistic(likeness + CONSTANT, targets, classes, strength=settings.strength)
        found = [likeness_asked @ dual + fitting.bias(targets, classes, CONSTANT * dual)]
        if self.vectors is not None:
            vectors = self.vectors[taught]
            vectors_asked = self.vectors[asked]
            if self.strange_vectors is not None:
                vectors_asked = np.vstack([vectors_asked, self.strange_vectors])
            cosines = vectors_asked @ vectors.T
            dual = _joint_dual(_joint(likeness, vectors @ vectors.T), targets, classes, settings)
            # the constant is in the bias, which also rules out classes without examples
            scores = (_joint(likeness_asked, cosines) - CONSTANT) @ dual
            found.append(scores + fitting.bias(targets, classes, CONSTANT * dual))
            found.append(_likeness(cosines, _Groups.of(targets, classes)))
        return _logs(np.stack(found, axis=1))

    def _weights(self, dual: np.ndarray) -> np.ndarray:
        """features x classes."""
        return self.shares[:, None] * (self.features.T @ dual)  # type: ignore[no-any-return]


def _shares(vocabulary: Iterable[str]) -> np.ndarray:
    """How much each feature counts, one on average of both kinds.

    All but those of characters begin with a letter and a colon, which no word has.
    """
    is_character = np.array([gram[1:2] != ":" or not gram[0].isalpha() for gram in vocabulary])
    return np.where(is_character, np.float32(2 * CHARACTERS), np.float32(2 - 2 * CHARACTERS))


def _joint(likeness: np.ndarray, cosines: np.ndarray) -> np.ndarray:
    return _kernel(cosines) + np.float32(JOINT_GRAMS) * likeness + np.float32(CONSTANT)


def _joint_dual(joint: np.ndarray, targets: np.ndarray, classes: int, settings: Settings) -> np.ndarray:
    logistic = fitting.logistic(joint, targets, classes, strength=settings.joint_strength)
    squares = fitting.least_squares(joint, targets, classes, noise=NOISE)
    return np.float32(LOGISTIC) * logistic + np.float32(SQUARES) * squares


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
        asked = np.flatnonzero(is_left_out | (fold_of == fold))
        classes = np.unique(data.targets[taught])
        found = data.scores(np.concatenate([taught, data.wordings(classes)]), asked, settings)
        index.append(asked)
        is_known.append(np.isin(data.targets[asked], classes))
        logs.append(found[: len(asked)])
        strange.append(found[len(asked) :])
    return _HeldOut(*(np.concatenate(parts) for parts in (index, is_known, logs, strange)))
