"""Where "this is one of ours" ends: a threshold found without a single real out-of-scope message."""

from __future__ import annotations

import numpy as np

OUT = -1
SHARE_OUT = 0.5  # of real traffic to shop bots about half is out of scope (HINT3: 37-54 %)


def learn_threshold(
    scope: np.ndarray,
    best: np.ndarray,
    targets: np.ndarray,
    *,
    left_out: np.ndarray,
    off_topic: np.ndarray,
) -> float:
    """The threshold with the best correlation (MCC) of decision and truth.

    `scope`, `best`, `targets`: held-out examples of known classes; `left_out`: scope of examples whose class was not
    taught; `off_topic`: scope of texts of no class. Both kinds together weigh SHARE_OUT, half of it each.
    """
    strangers = [part for part in (left_out, off_topic) if len(part)]
    if not strangers or not len(scope):
        return 0.0
    weights = [np.full(len(scope), (1 - SHARE_OUT) / len(scope))]
    weights += [np.full(len(part), SHARE_OUT / len(strangers) / len(part)) for part in strangers]
    scores = np.concatenate([scope, *strangers])
    truth = np.concatenate([targets, *(np.full(len(part), OUT) for part in strangers)])
    guess = np.concatenate([best, *(np.zeros(len(part), int) for part in strangers)])
    grid = np.arange(0.02, 0.98, 0.01)
    found = [
        correlation(truth, np.where(scores >= limit, guess, OUT), np.concatenate(weights)) for limit in grid
    ]
    smooth = np.convolve(np.pad(found, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return round(float(grid[int(np.argmax(smooth))]), 3)


def correlation(truth: np.ndarray, guess: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Matthews correlation of two labellings (Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006)."""
    shares = np.ones(len(truth)) if weights is None else weights
    labels, numbers = np.unique(np.concatenate([truth, guess]), return_inverse=True)
    true, guessed = numbers[: len(truth)], numbers[len(truth) :]
    total = shares.sum()
    right = shares[true == guessed].sum()
    per_true = np.bincount(true, shares, minlength=len(labels))
    per_guess = np.bincount(guessed, shares, minlength=len(labels))
    below = (total**2 - per_guess @ per_guess) * (total**2 - per_true @ per_true)
    return float((right * total - per_true @ per_guess) / np.sqrt(below)) if below > 0 else 0.0
