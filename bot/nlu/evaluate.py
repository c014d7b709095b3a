"""`python -m bot.nlu.evaluate`: trains on labelled messages, measures on others; one JSON object on standard output.

What `aisle nlu evaluate` runs in the brain's environment. The classifier is the product's (`bot.nlu.ensemble`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu import datasets, embeddings, encoder, ensemble, measures
from bot.nlu.datasets import BadDataset, Labelled
from bot.nlu.ngrams import Style
from bot.nlu.off_topic import OFF_TOPIC
from bot.nlu.spelling import Speller

OUTSIDE = "out of scope"
OUTSIDE_LABELS = ("NO_NODES_DETECTED", "oos", "out_of_scope")
STYLE = Style(shortest=1, longest=6)
MANY = 4_000  # examples from which a gram has to occur twice to count


@dataclass
class _Run:
    """Predictions of one training, and what it cost."""

    truth: list[str]
    best: list[str]
    confidence: list[float]
    scope: list[float]
    threshold: float
    seconds: list[float]
    cpu_seconds: list[float]
    training_seconds: float
    training_cpu_seconds: float
    model_bytes: int
    mixture: list[float]


def evaluate(
    taught: Sequence[Labelled],
    asked: Sequence[Labelled] | None,
    *,
    folds: int = 5,
    outside: Sequence[str] = OUTSIDE_LABELS,
    has_encoder: bool = True,
    seed: int = 7,
) -> dict[str, Any]:
    """Train on `taught` and measure on `asked`; where that is None, over `folds` parts of `taught` in turn.

    A label in `outside`, or one that was never taught, means out of scope; examples of it are never a class.

    Raises:
        BadDataset: fewer than two intents, or an intent with too few examples for the folds.
    """
    behind = encoder.load() if has_encoder else None
    # over all folds: an intent whose only example is asked is a mistake, not out of scope
    intents = frozenset(label for _, label in taught) - set(outside)
    if asked is not None:
        runs = [_run(taught, asked, intents, outside, behind, seed)]
    else:
        parts = _parts(taught, folds, seed)
        runs = [
            _run([taught[row] for row in rest], [taught[row] for row in part], intents, outside, behind, seed)
            for part, rest in parts
        ]
    limits = [limit for run in runs for limit in [run.threshold] * len(run.truth)]
    found = measures.measure(
        [label for run in runs for label in run.truth],
        [label for run in runs for label in run.best],
        np.array([value for run in runs for value in run.confidence]),
        np.array([value for run in runs for value in run.scope]),
        outside=OUTSIDE,
        thresholds=limits,
    )
    taught_count = len(taught) if asked is not None else len(taught) * (folds - 1) // folds
    return {
        "trained_on": taught_count,
        "classes": len({label for _, label in taught} - set(outside)),
        "folds": 0 if asked is not None else folds,
        "encoder": _encoder(behind, runs),
        "mixture": [[round(value, 3) for value in run.mixture] for run in runs],
        "threshold": round(float(np.mean([run.threshold for run in runs])), 3),
        "training_seconds": round(float(np.mean([run.training_seconds for run in runs])), 2),
        "training_cpu_seconds": round(float(np.mean([run.training_cpu_seconds for run in runs])), 2),
        "model_bytes": int(np.mean([run.model_bytes for run in runs])),
        "latency_ms": latency([value for run in runs for value in run.seconds]),
        "latency_cpu_ms": latency([value for run in runs for value in run.cpu_seconds]),
        **found,
    }


def _run(
    taught: Sequence[Labelled],
    asked: Sequence[Labelled],
    intents: frozenset[str],
    outside: Sequence[str],
    behind: encoder.SentenceEncoder | None,
    seed: int,
) -> _Run:
    lessons = [(text, label) for text, label in taught if label not in outside]
    known = {label for _, label in lessons}
    if len(known) < 2:
        raise BadDataset("a classifier needs examples of at least two intents")
    strangers = [text for text, label in taught if label in outside]
    started, cpu_started = time.perf_counter(), time.process_time()
    made = ensemble.train(
        [(text, ()) for text, _ in lessons],
        [label for _, label in lessons],
        names={label: wording(label) for label in known},
        embedder=embeddings.kept(behind) if behind is not None else None,
        off_topic=[*OFF_TOPIC, *strangers],
        settings=ensemble.Settings(style=STYLE, least=2 if len(lessons) > MANY else 1, seed=seed),
    )
    run = _Run([], [], [], [], made.threshold, [], [], 0.0, 0.0, 0, made.mixture.tolist())
    run.training_seconds = time.perf_counter() - started
    run.training_cpu_seconds = time.process_time() - cpu_started
    with tempfile.TemporaryDirectory() as folder:
        made.save(Path(folder))
        run.model_bytes = sum(path.stat().st_size for path in Path(folder).iterdir())
        made = ensemble.Ensemble.load(Path(folder))  # what is measured is what would be served
    speller = Speller(made.words, behind.is_rare) if behind is not None and made.uses_encoder else None
    for text, label in asked:
        began, cpu_began = time.perf_counter(), time.process_time()
        vector = behind.encode([speller.mended(text)])[0] if behind is not None and speller else None
        prediction = made.predict(text, (), vector)
        run.cpu_seconds.append(time.process_time() - cpu_began)
        run.seconds.append(time.perf_counter() - began)
        top = int(prediction.probabilities.argmax())
        run.truth.append(label if label in intents else OUTSIDE)
        run.best.append(made.classes[top])
        run.confidence.append(float(prediction.probabilities[top]))
        run.scope.append(prediction.scope)
    return run


def _encoder(behind: encoder.SentenceEncoder | None, runs: Sequence[_Run]) -> str:
    if behind is None:
        return "none"
    used = sum(len(run.mixture) > 1 for run in runs)
    return f"{encoder.PACKAGE}, used in {used} of {len(runs)} trainings"


def wording(label: str) -> str:
    """A label as words: `faq/delivery_time` is `delivery time`."""
    return label.rsplit("/", 1)[-1].replace("_", " ").replace("-", " ").lower()


def _parts(taught: Sequence[Labelled], folds: int, seed: int) -> list[tuple[list[int], list[int]]]:
    """Rows asked and rows taught of each fold; every intent is spread evenly."""
    labels = np.array([label for _, label in taught], dtype=object)
    chance = np.random.default_rng(seed)
    fold_of = np.empty(len(labels), dtype=int)
    offset = 0
    for label in sorted(set(labels.tolist())):
        rows = chance.permutation(np.flatnonzero(labels == label))
        fold_of[rows] = (np.arange(len(rows)) + offset) % folds
        offset += len(rows)
    return [
        (np.flatnonzero(fold_of == fold).tolist(), np.flatnonzero(fold_of != fold).tolist())
        for fold in range(folds)
    ]


def latency(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, in ms."""
    return {
        name: round(float(np.quantile(seconds, share)) * 1000, 2)
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }


def main() -> int:
    """Print the figures; code 2 and one line on standard error where the files are at fault."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.evaluate", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out-of-scope", action="append", default=[])
    parser.add_argument("--no-encoder", action="store_true")
    chosen = parser.parse_args()
    try:
        found = evaluate(
            datasets.read(chosen.data),
            datasets.read(chosen.test) if chosen.test else None,
            folds=chosen.folds,
            outside=(*OUTSIDE_LABELS, *chosen.out_of_scope),
            has_encoder=not chosen.no_encoder,
        )
    except BadDataset as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(found, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
