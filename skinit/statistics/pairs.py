"""Every pair of candidates, as one family of tests."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

import numpy as np

from skinit.statistics.corrected_t import corrected_t
from skinit.statistics.held_out_rows import HeldOutRows
from skinit.statistics.thresholds import ALPHA

if TYPE_CHECKING:
    import pandas as pd


def holm(p) -> np.ndarray:
    """Adjust the p-values of one family by Holm's step-down method, in their given order.

    NaN stays NaN and does not count as a member of the family.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p, dtype=float)
    adjusted = np.full_like(p, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1)
    return adjusted


def pairwise(
    scores: pd.DataFrame,
    rho: float,
    rope: float,
    control: Hashable = None,
    *,
    rows: HeldOutRows | None = None,
    identical: Collection[frozenset] = (),
) -> pd.DataFrame:
    """Compare every pair of candidates.

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_candidates)
        One score per split and candidate, higher is better.
    rho : float
        Ratio of test to training rows.
    rope : float
        Half width of the region of practical equivalence, in the metric's unit.
    control : label, default=None
        The candidate named before the results were seen. The family is then its pairs alone, and
        ``p_holm`` of every other pair is NaN. Without one, the reference will be picked from the
        data, and only the family of all pairs keeps the error below 5%.
    rows : HeldOutRows, default=None
        The rows that were tested, see `corrected_t`.
    identical : collection of frozenset of two labels, default=()
        Pairs known to predict the same for every row.

    Returns
    -------
    DataFrame
        Columns ``a, b, difference, scale, low, high, p, p_holm, p_worse, p_equivalent, p_better``;
        all tell of ``a`` seen from ``b``, so a positive difference means that ``a`` is better.
        ``scale`` is that of `CorrectedT`.

        The intervals hold simultaneously: with 95% probability, all those of the family cover their
        true differences. Their level is ``1 - 0.05 / n`` for a family of n pairs (Bonferroni).
        Holm's method is a little stronger; where it is sure of a sign although that interval
        reaches past 0, the interval ends at 0. So it excludes 0, or ends there, exactly
        where ``p_holm`` is below .05. Pairs outside the family have the same level.

    Raises
    ------
    ValueError
        If ``control`` is not a candidate.
    """
    import pandas as pd

    labels = list(scores.columns)
    if control is not None and control not in labels:
        raise ValueError(f"control={control!r} is not a candidate; choose one of {labels}.")
    values = scores.to_numpy(dtype=float)
    first, second = np.triu_indices(len(labels), k=1)
    a, b = [labels[i] for i in first], [labels[i] for i in second]
    couples = [frozenset(pair) for pair in zip(a, b, strict=True)]
    same = np.array([couple in identical for couple in couples], dtype=bool)
    test = corrected_t((values[:, first] - values[:, second]).T, rho, rows, same)
    in_family = [control is None or control in couple for couple in couples]
    p_holm = holm(np.where(in_family, test.p, np.nan))
    low, high = _simultaneous_intervals(test, p_holm)
    worse, equivalent, better = test.probabilities(rope)
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "difference": test.mean,
            "scale": test.scale,
            "low": low,
            "high": high,
            "p": test.p,
            "p_holm": p_holm,
            "p_worse": worse,
            "p_equivalent": equivalent,
            "p_better": better,
        }
    )


def _simultaneous_intervals(test, p_holm):
    """Return the ends of Bonferroni's intervals, which stop at 0 where Holm is sure of the sign."""
    n_pairs = max(int(np.sum(~np.isnan(p_holm))), 1)
    low, high = test.interval(1 - ALPHA / n_pairs)
    sure = p_holm < ALPHA
    low = np.where(sure & (test.mean > 0), np.maximum(low, 0), low)
    high = np.where(sure & (test.mean < 0), np.minimum(high, 0), high)
    return low, high


def seen_from(pairs: pd.DataFrame, reference: Hashable) -> pd.DataFrame:
    """Return the rows of `pairwise` in which the others are seen from ``reference``.

    Indexed by label, with the interval named ``difference_low`` and ``difference_high``.
    """
    import pandas as pd

    mirrored = pairs.rename(
        columns={"a": "b", "b": "a", "low": "high", "high": "low"}
        | {"p_worse": "p_better", "p_better": "p_worse"}
    )
    # 0 - x and not -x: a difference of zero is never printed as -0.
    mirrored[["difference", "low", "high"]] = 0 - mirrored[["difference", "low", "high"]]
    both = pd.concat([pairs, mirrored], ignore_index=True)
    wanted = np.array([b == reference for b in both["b"]], dtype=bool)
    rows = both.loc[wanted].set_index("a").drop(columns="b")
    return rows.rename(columns={"low": "difference_low", "high": "difference_high"})
