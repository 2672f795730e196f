"""What it takes to decide about a candidate that is undecided: seeds, repeats or data."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy import stats

from skinit.statistics.held_out_rows import HeldOutRows
from skinit.statistics.thresholds import ALPHA, MIN_SPLITS


@dataclass(frozen=True)
class Spread:
    """Where the uncertainty of a mean difference comes from.

    Attributes
    ----------
    mean : float
        Mean difference.
    between : float
        Variance of the splits' differences that no number of seeds removes; with one seed, all
        of their variance.
    within : float
        Variance over the seeds of one split; 0 with one seed, where it is not known.
    """

    mean: float
    between: float
    within: float

    @classmethod
    def of(cls, differences: np.ndarray) -> Spread:
        """Split the variance of differences of shape (n_splits, n_seeds)."""
        total = differences.mean(axis=1).var(ddof=1)
        n_seeds = differences.shape[1]
        within = differences.var(axis=1, ddof=1).mean() if n_seeds > 1 else 0.0
        return cls(differences.mean(), max(total - within / n_seeds, 0.0), within)

    def half_width(self, rho: float, tail: float, n_splits: float, n_seeds: float) -> float:
        """Return half the interval to expect of so many splits and seeds, which may be infinite."""
        variance = (1 / n_splits + rho) * (self.between + self.within / n_seeds)
        return float(stats.t.ppf(tail, n_splits - 1) * np.sqrt(variance))


def what_is_needed(
    differences, rho: float, rope: float, n_pairs: int = 1, rows: HeldOutRows | None = None
) -> str:
    """Return the cheapest thing that could decide whether there is a difference.

    The squared scale of `CorrectedT` is ``(1/J + rho) * (between + within/S)`` for J splits and S
    seeds. More repeats take away ``1/J`` and leave ``rho``, more seeds take away ``within/S`` and
    leave ``between``. Enough of them is what makes the interval exclude 0, or fit into the rope,
    if the difference that was found is the true one.

    Parameters
    ----------
    differences : array-like of shape (n_splits, n_seeds)
        Differences between two candidates, one per run.
    rho : float
        Ratio of test to training rows.
    rope : float
        Half width of the region of practical equivalence.
    n_pairs : int, default=1
        Size of the family, see `pairwise`.
    rows : HeldOutRows, default=None
        The rows that were tested.

    Returns
    -------
    str
        "splits" with fewer than three of them; "seeds"; "repeats"; "seeds and repeats"; "data",
        where more of either is not enough; "seeds or data", where more repeats are not enough and
        a single seed cannot tell how much seeds matter; "" where scores are missing.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> by_seed, by_split = rng.normal(size=(10, 3)), rng.normal(size=(10, 1))
    >>> what_is_needed(0.02 + 0.05 * by_seed, rho=0.25, rope=0.01)
    'seeds'
    >>> what_is_needed(0.02 + 0.03 * by_split + 0.01 * by_seed, rho=0.25, rope=0.01)
    'repeats'
    >>> what_is_needed(0.02 + 0.05 * by_split + 0.01 * by_seed, rho=0.25, rope=0.01)
    'data'
    """
    differences = np.asarray(differences, dtype=float)
    if np.isnan(differences).any():
        return ""
    n_splits, n_seeds = differences.shape
    if n_splits < MIN_SPLITS:
        return "splits"
    spread = Spread.of(differences)
    aim = max(abs(spread.mean), rope - abs(spread.mean))
    tail = 1 - ALPHA / n_pairs / 2
    if _least_half_width(spread, tail, rows) >= aim:
        return "data"
    offers = {"seeds": (n_splits, inf), "repeats": (inf, n_seeds), "seeds and repeats": (inf, inf)}
    if n_seeds == 1:
        offers = {"repeats": (inf, 1)}
    widths = {offer: spread.half_width(rho, tail, *sizes) for offer, sizes in offers.items()}
    enough = [offer for offer, width in widths.items() if width < aim]
    return enough[0] if enough else "data" if n_seeds > 1 else "seeds or data"


def _least_half_width(spread, tail, rows) -> float:
    """Return half the interval that so many rows leave after any number of seeds and repeats."""
    if rows is None or rows.step is None:
        return 0.0
    many_seeds = HeldOutRows(rows.n, step=0.0)
    return float(stats.norm.ppf(tail) * many_seeds.least_scale(abs(spread.mean), df=10**6))
