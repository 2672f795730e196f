"""The winner's score, corrected for having been picked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit.statistics.thresholds import DECIMALS

if TYPE_CHECKING:
    import pandas as pd


def find_repeats(test_rows: Sequence[np.ndarray], n_samples: int) -> np.ndarray | None:
    """Tell, from its test rows, which repeat of a repeated K-fold each split belongs to.

    Returns
    -------
    ndarray of shape (n_splits,) or None
        The repeat each split belongs to, counted from 0; None where the splits do not, one repeat
        after the other, test every row once (as with ``ShuffleSplit``).

    Examples
    --------
    >>> find_repeats([[0, 1], [2, 3], [0, 2], [1, 3]], n_samples=4)
    array([0, 0, 1, 1])
    """
    times_tested = np.zeros(n_samples, dtype=int)
    repeats = []
    for rows in test_rows:
        repeats.append(times_tested.min())
        if np.any(times_tested[rows] != repeats[-1]):
            return None
        times_tested[rows] += 1
    return np.array(repeats) if np.ptp(times_tested) == 0 else None


def honest_best(scores: pd.DataFrame, repeat) -> float:
    """Estimate the score of "compare, then take the best" with little of the winner's optimism.

    For each split the candidate is chosen by the other folds of the same repeat, and its score
    recorded on the split itself. Choosing by other repeats would hardly help: they test the same
    rows. (Six equal learners on 200 rows, 5 x 2 folds: the winner's mean is 4.1 points too high,
    choosing by other repeats 3.7, this estimate 0.5; on 100 rows 6.1, 5.3 and 1.3.)

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_candidates)
        Higher is better.
    repeat : array-like of shape (n_splits,) or None
        What `find_repeats` returned.

    Returns
    -------
    float
        NaN where the splits are not a partition, or a repeat has one fold only.
    """
    if repeat is None or np.unique(repeat, return_counts=True)[1].min() < 2:
        return math.nan
    values = scores.to_numpy(dtype=float)
    recorded = []
    for one in np.unique(repeat):
        folds = values[np.asarray(repeat) == one]
        others = (folds.sum(axis=0) - folds).round(DECIMALS)
        chosen = np.where(np.isnan(others), -np.inf, others).argmax(axis=1)
        recorded.extend(folds[np.arange(len(folds)), chosen])
    return float(np.mean(recorded))
