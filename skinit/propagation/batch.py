"""The rows that are measured, and what can be said of rows."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import issparse

from skinit.engine.rows import as_matrix
from skinit.engine.task import Samples


def draw_batch(samples: Samples, n_rows: int, rng: np.random.Generator) -> Samples:
    """Return about ``n_rows`` of the samples, stratified by target.

    Every class is there at least once. Of numbers, which may have outliers, rows are taken at
    equal steps from the smallest to the largest.
    """
    n = len(samples.y)
    if n <= n_rows:
        X = as_matrix(samples.X)
        return samples if X is samples.X else samples._replace(X=X)
    shuffled = rng.permutation(n)
    y = samples.y[shuffled]
    by_target = np.argsort(y @ np.arange(1.0, y.shape[1] + 1), kind="stable")
    if not np.isin(y, (0, 1)).all():
        middles = (np.arange(n_rows) + 0.5) * n / n_rows
        return take_rows(samples, np.sort(shuffled[by_target[middles.astype(int)]]))
    # One row with and one without each label: for a class, the first of it and of the others.
    needed = np.unique([y.argmax(axis=0), y.argmin(axis=0)])
    others = by_target[~np.isin(by_target, needed)]
    even = np.linspace(0, len(others) - 1, max(0, n_rows - len(needed))).round().astype(int)
    return take_rows(samples, np.sort(shuffled[np.concatenate([needed, others[even]])]))


def take_rows(samples: Samples, rows) -> Samples:
    """Return some of the samples."""
    X, y, weight = samples
    return Samples(X[rows], y[rows], None if weight is None else weight[rows])


def in_double(samples: Samples) -> Samples:
    """Return the samples in float64."""
    X, y, weight = samples
    return Samples(
        X.astype(np.float64, copy=False),
        y.astype(np.float64, copy=False),
        None if weight is None else weight.astype(np.float64, copy=False),
    )


def mean_square(a) -> float:
    """Return the mean of squares of an array or a sparse matrix."""
    values = (a.data if issparse(a) else a).ravel()
    return float(values @ values) / math.prod(a.shape)


def row_norms(a) -> np.ndarray:
    """Return the norm of every row of an array or a sparse matrix."""
    if issparse(a):
        return np.sqrt(np.asarray(a.multiply(a).sum(axis=1)).ravel())
    return np.sqrt(np.einsum("ij,ij->i", a, a))
