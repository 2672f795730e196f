"""Candidates against a predictor that only knows how frequent classes are, or a mean."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from skinit.statistics.corrected_t import corrected_t
from skinit.statistics.held_out_rows import HeldOutRows
from skinit.statistics.pairs import holm
from skinit.statistics.thresholds import ALPHA, is_sure

if TYPE_CHECKING:
    import pandas as pd


def same_answer(probabilities) -> bool:
    """Tell whether a model predicts the same for every row, of shape (n_rows, ...)."""
    return bool(np.ptp(probabilities, axis=0).max() < 1e-9)


def beats_prior(
    improvements: Mapping[str, pd.DataFrame],
    rho: float,
    rope: Mapping[str, float],
    same: Collection[Hashable] = (),
    rows: Mapping[str, HeldOutRows | None] | None = None,
) -> pd.Series:
    """Compare each candidate with the class prior, in several metrics at once.

    One metric alone misleads: accuracy calls a good ranker of an 80/20 table useless, log loss an
    accurate but over-confident network.

    Parameters
    ----------
    improvements : mapping of metric to DataFrame of shape (n_splits, n_candidates)
        Score minus the score of the class prior on the same split, positive is better; usually
        the primary metric and log loss.
    rho : float
        Ratio of test to training rows.
    rope : mapping of metric to float
        Half width of the region of practical equivalence.
    same : collection of labels, default=()
        Candidates known to answer the same for every row, see `same_answer`.
    rows : mapping of metric to HeldOutRows, default=None
        The rows that were tested, see `corrected_t`.

    Returns
    -------
    Series
        Indexed by label. "worse": sure to lose by more than the rope, in every metric; "beats":
        adjusted one-sided p < .05 / number of metrics and a mean above the rope, in at least one
        (whoever may win twice has two chances to do so by luck); "predicts like": sure not to
        win by more than the rope, in every metric; else "not shown".
    """
    import pandas as pd

    worse, beats, like = [], [], []
    alpha = ALPHA / len(improvements)
    for metric, improvement in improvements.items():
        test = corrected_t(improvement.to_numpy(dtype=float).T, rho, (rows or {}).get(metric))
        p_worse, _, p_better = test.probabilities(rope[metric])
        worse.append(is_sure(p_worse))
        beats.append((holm(test.p_greater) < alpha) & (test.mean > rope[metric]))
        like.append(is_sure(1 - p_better))
    labels = improvement.columns
    is_same = np.array([label in same for label in labels])
    conditions = [np.all(worse, axis=0), np.any(beats, axis=0), is_same | np.all(like, axis=0)]
    words = np.select(conditions, ["worse", "beats", "predicts like"], default="not shown")
    return pd.Series(words, index=labels, dtype=object, name="beats_prior")
