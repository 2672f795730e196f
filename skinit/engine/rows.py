"""Some rows of a matrix, which are taken only when they are read."""

from __future__ import annotations

from typing import Any

import numpy as np


class TakenRows:
    """The rows of a matrix at some places, without a copy of them.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        All rows.
    places : ndarray of shape (n_taken,)
        Row numbers.

    Examples
    --------
    >>> rows = TakenRows(np.arange(8).reshape(4, 2), np.array([0, 3]))
    >>> rows.shape, rows[1:].tolist()
    ((2, 2), [[6, 7]])
    """

    def __init__(self, X: np.ndarray, places: np.ndarray):
        self.X, self.places = X, places
        self.dtype = X.dtype
        self.shape = (len(places), X.shape[1])
        self.size = len(places) * X.shape[1]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows) -> np.ndarray:
        return self.X[self.places[rows]]


def as_matrix(X) -> Any:
    """Return a matrix; rows that are not taken yet are taken."""
    return X[:] if isinstance(X, TakenRows) else X
