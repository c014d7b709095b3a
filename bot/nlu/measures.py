"""Figures of how well messages are understood: accuracy, F1, out-of-scope separation, calibration, confusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from bot.nlu.scope import correlation

BINS = 10
CONFUSIONS = 20
THRESHOLDS = np.round(np.arange(0.0, 1.0, 0.01), 2)


def measure(
    truth: Sequence[str],
    best: Sequence[str],
    confidence: np.ndarray,
    scope: np.ndarray,
    *,
    outside: str,
    thresholds: Sequence[float],
) -> dict[str, Any]:
    """All figures of one run. `truth` is `outside` where a message is out of scope; `best` never is.

    `scope` below the message's threshold is a rejection. Shares are 0-1; without out-of-scope messages their figures
    are None.
    """
    right, guess = np.array(truth, dtype=object), np.array(best, dtype=object)
    is_inside = right != outside
    is_hit = guess == right
    is_taken = scope >= np.asarray(thresholds)
    decided = np.where(is_taken, guess, outside)
    intents = per_intent(right[is_inside].tolist(), guess[is_inside].tolist())
    found = {
        "messages": len(right),
        "out_of_scope_messages": int((~is_inside).sum()),
        "accuracy": _mean(is_hit[is_inside]),
        "macro_f1": float(np.mean([row["f1"] for row in intents])) if intents else None,
        "calibration_error": calibration_error(confidence[is_inside], is_hit[is_inside]),
        "accuracy_after_decision": _mean(decided == right),
        "in_scope_after_decision": _mean((decided == right)[is_inside]),
        "intents": intents,
        "confusions": confusions(right[is_inside].tolist(), guess[is_inside].tolist()),
        "out_of_scope": None,
    }
    if is_inside.any() and not is_inside.all():
        found["out_of_scope"] = _separation(right, guess, decided, scope, is_inside, outside)
    return found


def _separation(
    right: np.ndarray,
    guess: np.ndarray,
    decided: np.ndarray,
    scope: np.ndarray,
    is_inside: np.ndarray,
    outside: str,
) -> dict[str, Any]:
    labels = {label: number for number, label in enumerate({outside, *right.tolist(), *guess.tolist()})}
    numbers = np.vectorize(labels.__getitem__, otypes=[int])
    true, guessed = numbers(right), numbers(guess)
    curve = [
        correlation(true, np.where(scope >= limit, guessed, labels[outside])) for limit in THRESHOLDS.tolist()
    ]
    top = int(np.argmax(curve))
    least = np.quantile(scope[is_inside], 0.05)  # rejects one in twenty of what is in scope
    return {
        "auroc": auroc(scope[is_inside], scope[~is_inside]),
        "recall": _mean((decided == outside)[~is_inside]),
        "false_alarms": _mean((decided == outside)[is_inside]),
        "recall_at_5_percent_false_alarms": _mean(scope[~is_inside] < least),
        "mcc": correlation(true, numbers(decided)),
        "best_mcc": curve[top],
        "best_threshold": float(THRESHOLDS[top]),
        "mcc_by_threshold": [
            [limit, round(value, 4)] for limit, value in zip(THRESHOLDS.tolist(), curve, strict=True)
        ],
    }


def per_intent(truth: Sequence[str], best: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and number of messages of every intent that occurs in `truth`, worst F1 first."""
    meant, said = Counter(truth), Counter(best)
    hits = Counter(right for right, guess in zip(truth, best, strict=True) if right == guess)
    rows = [
        {
            "intent": intent,
            "messages": count,
            "precision": hits[intent] / said[intent] if said[intent] else 0.0,
            "recall": hits[intent] / count,
            "f1": 2 * hits[intent] / (count + said[intent]),
        }
        for intent, count in meant.items()
    ]
    return sorted(rows, key=lambda row: (row["f1"], row["intent"]))


def confusions(truth: Sequence[str], best: Sequence[str]) -> list[dict[str, Any]]:
    """What is taken for what, the most frequent first."""
    pairs = Counter((right, guess) for right, guess in zip(truth, best, strict=True) if right != guess)
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [{"intent": a, "taken_for": b, "messages": count} for (a, b), count in ordered[:CONFUSIONS]]


def calibration_error(confidence: np.ndarray, is_hit: np.ndarray) -> float | None:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017, arXiv:1706.04599)."""
    if not len(confidence):
        return None
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(float(confidence[bins == number].sum() - is_hit[bins == number].sum())) for number in range(BINS)
    ]
    return sum(gaps) / len(confidence)


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Chance that a message in scope scores higher than one out of scope; ties count half."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, side="left")
    not_above = np.searchsorted(ordered, inside, side="right")
    return float((below + not_above).mean() / 2 / len(outside))


def _mean(values: np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None
