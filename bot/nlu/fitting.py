"""Fitting by scikit-learn and SciPy, while training only: linear models and the weights of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bot.nlu.ngrams import Vectoriser

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEVER = -50.0  # bias of a class without examples
RIDGE = 0.002  # keeps the weights of a mixture small where few examples speak for large ones


def matrix(vectoriser: Vectoriser, parts: Sequence[tuple[list[str], list[str]]]) -> csr_matrix:
    """texts x features, sparse."""
    from scipy.sparse import csr_matrix

    rows = [vectoriser.rows(*part) for part in parts]
    pointers = np.cumsum([0] + [len(row[0]) for row in rows])
    return csr_matrix(
        (np.concatenate([row[1] for row in rows]), np.concatenate([row[0] for row in rows]), pointers),
        shape=(len(rows), len(vectoriser.vocabulary)),
    )


def linear(
    features: csr_matrix | np.ndarray,
    targets: np.ndarray,
    classes: int,
    *,
    strength: float,
    seed: int,
    sample_weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression with balanced classes: weights (features x classes) and bias, float32."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=80, tol=1e-2, random_state=seed)
    model.fit(features, targets, sample_weight=sample_weight)
    weights = np.zeros((features.shape[1], classes), np.float32)
    bias = np.full(classes, NEVER, np.float32)
    # of two classes scikit-learn keeps one row: their difference
    is_pair = len(model.classes_) == 2
    rows = np.vstack([-model.coef_ / 2, model.coef_ / 2]) if is_pair else model.coef_
    shifts = np.concatenate([-model.intercept_ / 2, model.intercept_ / 2]) if is_pair else model.intercept_
    weights[:, model.classes_] = rows.T
    bias[model.classes_] = shifts
    return weights, bias


def mixture(logs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Weights of views (rows x views x classes of log-probabilities) that make the targets most likely.

    None is below zero. Their size is also the temperature: the mixture is calibrated on what it is fitted to.
    """
    from scipy.optimize import minimize

    views = logs.shape[1]
    found = minimize(
        lambda weights: loss(logs, weights, targets) + RIDGE * float(np.square(weights).sum()),
        np.full(views, 1.0 / views),
        method="L-BFGS-B",
        bounds=[(0.0, 5.0)] * views,
    )
    return found.x  # type: ignore[no-any-return]


def loss(logs: np.ndarray, weights: np.ndarray, targets: np.ndarray) -> float:
    """Mean negative log-likelihood of the targets under a mixture."""
    scores = np.einsum("v,rvc->rc", weights, logs)
    scores -= scores.max(axis=1, keepdims=True)
    sums = np.log(np.exp(scores).sum(axis=1))
    return float(np.mean(sums - scores[np.arange(len(targets)), targets]))
