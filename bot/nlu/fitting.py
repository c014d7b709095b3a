"""Fitting by SciPy, while training only: logistic regression over a kernel, and the weights of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bot.nlu.ngrams import Vectoriser

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEVER = -50.0  # bias of a class without examples
RIDGE = 0.002  # keeps the weights of a mixture small where few examples speak for large ones
ENOUGH = 0.002  # the regression stops where a step gains less of the loss: more change few decisions
MOST_STEPS = 60


def matrix(vectoriser: Vectoriser, parts: Sequence[tuple[list[str], list[str]]]) -> csr_matrix:
    """texts x features, sparse."""
    from scipy.sparse import csr_matrix

    rows = [vectoriser.rows(*part) for part in parts]
    pointers = np.cumsum([0] + [len(row[0]) for row in rows])
    nothing = [(np.zeros(0, np.int64), np.zeros(0, np.float32))]  # where there are no texts
    return csr_matrix(
        (
            np.concatenate([row[1] for row in rows or nothing]),
            np.concatenate([row[0] for row in rows or nothing]),
            pointers,
        ),
        shape=(len(rows), len(vectoriser.vocabulary)),
    )


def as_if_unseen(asked: csr_matrix, taught: csr_matrix, is_character: np.ndarray) -> csr_matrix:
    """`asked` without the features that `taught` lacks; each half of a row (`is_character`) has length one again.

    What a vectoriser that learned of `taught` alone would have made, but for the idf.
    """
    from scipy.sparse import csr_matrix

    is_known = np.bincount(taught.indices, minlength=taught.shape[1]) > 0
    values = asked.data * is_known[asked.indices]
    half = is_character[asked.indices]
    rows = np.repeat(np.arange(asked.shape[0]), np.diff(asked.indptr))
    groups = rows * 2 + half
    lengths = np.sqrt(np.bincount(groups, values**2, minlength=asked.shape[0] * 2))
    values = (values / np.maximum(lengths, 1e-9)[groups]).astype(np.float32)
    return csr_matrix((values, asked.indices, asked.indptr), shape=asked.shape)


def inner(left: csr_matrix, right: csr_matrix, shares: np.ndarray) -> np.ndarray:
    """Products of all rows of one with all rows of the other, each feature counting as much as its share; dense."""
    from scipy.sparse import csr_matrix

    weighted = csr_matrix(
        (right.data * shares[right.indices], right.indices, right.indptr), shape=right.shape
    )
    return (left @ weighted.T).toarray()  # type: ignore[no-any-return]


def logistic(kernel: np.ndarray, targets: np.ndarray, classes: int, *, strength: float) -> np.ndarray:
    """Logistic regression with balanced classes, in the dual: examples x classes, float32; scores are `kernel @` it.

    Newton's method with a fixed bound of the Hessian (Böhning 1992, doi:10.1007/BF00048682), so that one Cholesky
    factor serves all steps, and Nesterov's momentum. The bound is half of the proven one, and doubled should the loss
    ever rise. `kernel`: examples x examples, float32, positive definite with the constant that stands for the bias.
    Columns of classes without examples are zero.
    """
    from scipy.linalg import cho_factor, cho_solve

    present, numbers = np.unique(targets, return_inverse=True)
    counts = np.bincount(numbers)
    importance = (strength * len(targets) / len(present) / counts[numbers]).astype(np.float32)[:, None]
    wanted = np.eye(len(present), dtype=np.float32)[numbers]
    bound, factor = importance / 4, None
    dual = scores = ahead = scores_ahead = np.zeros_like(wanted)
    speed, least = 1.0, np.inf
    for _ in range(MOST_STEPS):
        if factor is None:
            factor = cho_factor(
                kernel + np.diag(1 / bound[:, 0]), lower=True, overwrite_a=True, check_finite=False
            )
        wish = (importance * (wanted - softmax(scores_ahead)) - ahead) / bound
        step = cho_solve(factor, wish, check_finite=False)
        # (kernel + 1 / bound) step = wish: no product with the kernel is needed
        new, new_scores = ahead + step, scores_ahead + wish - step / bound
        surprise = -np.log(np.maximum(softmax(new_scores)[wanted > 0], np.float32(1e-30)))
        now = float(importance[:, 0] @ surprise + (new * new_scores).sum() / 2)
        if now > least:
            if speed == 1:
                bound, factor = bound * 2, None
            ahead, scores_ahead, speed = dual, scores, 1.0
            continue
        next_speed = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        momentum = np.float32((speed - 1) / next_speed)
        ahead, scores_ahead = new + momentum * (new - dual), new_scores + momentum * (new_scores - scores)
        dual, scores, speed = new, new_scores, next_speed
        if least - now < ENOUGH * now:
            break
        least = now
    found = np.zeros((len(targets), classes), np.float32)
    found[:, present] = dual
    return found


def least_squares(kernel: np.ndarray, targets: np.ndarray, classes: int, *, noise: float) -> np.ndarray:
    """Ridge regression on one column per class (1 or 0), in the dual like `logistic`; `noise` is the ridge.

    A class counts with the root of what would balance it.
    """
    from scipy.linalg import cho_factor, cho_solve

    present, numbers, counts = np.unique(targets, return_inverse=True, return_counts=True)
    ridge = noise * np.sqrt(counts[numbers] * len(present) / len(targets)).astype(np.float32)
    factor = cho_factor(kernel + np.diag(ridge), lower=True, overwrite_a=True, check_finite=False)
    return cho_solve(factor, np.eye(classes, dtype=np.float32)[targets], check_finite=False)  # type: ignore[no-any-return]


def bias(targets: np.ndarray, classes: int, dual: np.ndarray) -> np.ndarray:
    """What the constant in the kernel says of each class; NEVER of one without examples."""
    is_present = np.bincount(targets, minlength=classes) > 0
    return np.where(is_present, dual.sum(axis=0), np.float32(NEVER))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


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
