"""Candidates across datasets: mean ranks, and whether they can be chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from skinit.statistics.thresholds import ALPHA, DECIMALS, FEW_DATASETS, ZERO

if TYPE_CHECKING:
    import pandas as pd


def mean_ranks(scores: pd.DataFrame) -> pd.Series:
    """Return each candidate's rank (1 is best, ties share their average), averaged over rows."""
    return scores.round(DECIMALS).rank(axis=1, ascending=False).mean(skipna=False)


@dataclass(frozen=True)
class FriedmanTest:
    """Mean ranks over datasets, and the tests of "all candidates rank alike".

    Attributes
    ----------
    mean_ranks : Series
        By label, best (lowest) first.
    n_datasets : int
        With fewer than five the ranks are all there is; the rest is NaN.
    chi2, p : float
        Friedman's statistic, corrected for ties, and its p-value.
    f, p_f : float
        Iman and Davenport's less conservative version, and its p-value.
    """

    mean_ranks: pd.Series
    n_datasets: int
    chi2: float
    p: float
    f: float
    p_f: float


def friedman(scores: pd.DataFrame) -> FriedmanTest:
    """Test whether candidates rank alike over datasets.

    ``chi2 = 12 N / (k (k + 1)) * (sum R_j^2 - k (k + 1)^2 / 4) / C`` for the mean ranks ``R_j`` of
    ``k`` candidates on ``N`` datasets, and ``F = (N - 1) chi2 / (N (k - 1) - chi2)``. ``C`` is 1
    minus the sum of ``t^3 - t`` over all groups of ``t`` equal scores in a dataset, divided by
    ``N (k^3 - k)``. Datasets are independent of each other; folds of one dataset are not, and do
    not belong here.

    Parameters
    ----------
    scores : DataFrame of shape (n_datasets, n_candidates)
        Mean score per dataset and candidate, higher is better.

    Raises
    ------
    ValueError
        If a score is missing, or there are fewer than two candidates.

    References
    ----------
    Demsar (2006), "Statistical comparisons of classifiers over multiple datasets", JMLR 7.
    """
    _check_complete(scores)
    n, k = scores.shape
    ranks = mean_ranks(scores).sort_values(kind="stable")
    if n < FEW_DATASETS:
        return FriedmanTest(ranks, n, math.nan, math.nan, math.nan, math.nan)
    chi2 = 12 * n / (k * (k + 1)) * (float((ranks**2).sum()) - k * (k + 1) ** 2 / 4)
    chi2 = chi2 / untied if (untied := _untied(scores)) > 0 else 0.0
    left = n * (k - 1) - chi2
    f = (n - 1) * chi2 / left if left > ZERO else math.inf
    p = float(stats.chi2.sf(chi2, k - 1))
    return FriedmanTest(ranks, n, chi2, p, f, float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))))


def _untied(scores: pd.DataFrame) -> float:
    """Return Friedman's correction for ties: 1 without any, 0 where all scores are equal."""
    n, k = scores.shape
    sizes = [np.unique(row, return_counts=True)[1] for row in scores.round(DECIMALS).to_numpy()]
    return float(1 - sum(np.sum(size**3 - size) for size in sizes) / (n * (k**3 - k)))


def _check_complete(scores: pd.DataFrame) -> None:
    if scores.shape[1] < 2:
        raise ValueError(f"Ranks need two candidates or more, got {list(scores.columns)}.")
    missing = np.argwhere(scores.isna().to_numpy())
    if len(missing):
        cells = ", ".join(f"{scores.columns[j]!r} on {scores.index[i]!r}" for i, j in missing)
        raise ValueError(
            f"Ranks need every candidate on every dataset; missing: {cells}. "
            "Run what is missing, or leave out the candidate or the dataset."
        )


def nemenyi_cd(k: int, n_datasets: int, alpha: float = ALPHA) -> float:
    """Return the critical difference of mean ranks of ``k`` candidates; NaN below five datasets.

    ``q sqrt(k (k + 1) / (6 N))`` with ``q`` the studentized range over ``sqrt(2)``.

    Examples
    --------
    >>> round(nemenyi_cd(4, 14), 2)
    1.25
    """
    if n_datasets < FEW_DATASETS:
        return math.nan
    q = stats.studentized_range.ppf(1 - alpha, k, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(k * (k + 1) / (6 * n_datasets)))


def cliques(mean_ranks: pd.Series, cd: float) -> list[list]:
    """Return the largest groups of labels whose mean ranks differ by less than ``cd``.

    These are the bars of a critical-difference diagram. Groups may overlap; a label that stands
    alone is in none.
    """
    ranks = mean_ranks.sort_values(kind="stable")
    groups: list[list] = []
    reach = 0
    for start, rank in enumerate(ranks):
        stop = int(np.count_nonzero(ranks.to_numpy() - rank < cd))
        if stop > max(reach, start + 1):
            groups.append(list(ranks.index[start:stop]))
        reach = max(reach, stop)
    return groups
