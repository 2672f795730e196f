"""The corrected t distribution: one mean over correlated splits, three questions to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from skinit.statistics.held_out_rows import HeldOutRows
from skinit.statistics.thresholds import MIN_SPLITS, ZERO, ZERO_VARIANCE


def split_ratio(n_test, n_train) -> float:
    """Return the mean ratio of test to training rows over the splits.

    Parameters
    ----------
    n_test, n_train : array-like of shape (n_splits,)
        Rows of each split as they really are. Rows set aside for early stopping count as
        training rows.

    Examples
    --------
    >>> split_ratio([20, 20], [80, 80])
    0.25
    """
    return float(np.mean(np.asarray(n_test) / np.asarray(n_train)))


@dataclass(frozen=True)
class CorrectedT:
    """Student's distribution of a mean over correlated splits: location, scale, freedom.

    Test, interval and posterior are three questions to this one distribution, so they never
    contradict each other. Create it with `corrected_t`. Fields may be arrays, one entry per mean.

    Attributes
    ----------
    mean : float or ndarray
        Mean over the splits.
    scale : float or ndarray
        ``sqrt((1/J + rho) * variance)`` or more, see `corrected_t`. NaN where nothing can be said;
        0 only where nothing is uncertain, because two candidates are the same.
    df : int
        Degrees of freedom, ``J - 1``.
    """

    mean: np.ndarray
    scale: np.ndarray
    df: int

    @property
    def t(self):
        """Test statistic; 0 for candidates that are the same, or have always scored the same."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.mean == 0, 0 * self._testable, self.mean / self.scale)[()]

    @property
    def _testable(self):
        """1 where there is something to test, NaN elsewhere."""
        return np.where(np.isnan(self.mean) | (self.df < MIN_SPLITS - 1), np.nan, 1.0)

    @property
    def p(self):
        """Two-sided p-value of "the mean is zero"."""
        return 2 * stats.t.sf(np.abs(self.t), self.df)

    @property
    def p_greater(self):
        """One-sided p-value of "the mean is not above zero"."""
        return stats.t.sf(self.t, self.df)

    def interval(self, level: float = 0.95, bounds: tuple[float, float] = (-np.inf, np.inf)):
        """Return the ends ``(low, high)`` of the central interval, clipped to ``bounds``.

        For the scores of one candidate this is the interval of the score to expect when
        training on as many rows as one split trains on. Two such intervals that overlap say
        nothing about the difference: ask the differences themselves.
        """
        half = stats.t.ppf((1 + level) / 2, self.df) * self.scale
        return np.clip(self.mean - half, *bounds), np.clip(self.mean + half, *bounds)

    def probabilities(self, rope: float):
        """Return the posterior probabilities ``(worse, equivalent, better)``, which sum to 1.

        Worse is below ``-rope``, better above ``rope``.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            worse = stats.t.cdf(-rope, self.df, self.mean, self.scale)
            better = stats.t.sf(rope, self.df, self.mean, self.scale)
        the_same = self.scale == 0
        worse, better = (np.where(the_same, 0.0, p)[()] for p in (worse, better))
        return worse, np.maximum(1 - worse - better, 0), better


def corrected_t(x, rho: float, rows: HeldOutRows | None = None, identical=False) -> CorrectedT:
    r"""Fit the corrected t distribution to the mean of differences over their last axis.

    Parameters
    ----------
    x : array-like of shape (..., n_splits)
        Differences between two candidates, one per split.
    rho : float
        Ratio of test to training rows; 0 gives the uncorrected t-test.
    rows : HeldOutRows, default=None
        The rows that were tested, which bound the scale from below. None leaves a scale that is
        not 0 as it is.
    identical : bool or array-like of shape (...), default=False
        Whether the two are known to predict the same for every row, as the same network twice
        does. Then their difference is 0 for sure.

    Returns
    -------
    CorrectedT
        With fewer than three splits all but the mean is NaN: two values say next to nothing about
        their spread.

    Notes
    -----
    **A variance of zero is not certainty.** Scores move in steps, and a few splits are easily
    equal by chance. Where all J differences are the same,

    - and not 0: if nothing is known of the rows, the J equal signs are all there is. Were both
      candidates equally good, each sign would be as likely as the other, and all J of them
      agree with probability :math:`2 \cdot 2^{-J}`. The scale is the one at which Student's
      two-sided p-value is this number, :math:`|m| / t_{1 - 2^{-J}, J - 1}`; interval and posterior
      follow from it. If the metric counts rows, those are better witnesses than the splits, and
      `HeldOutRows` alone sets the scale.
    - and 0: p is 1, and the interval is :math:`\pm 3/n` by the rule of three. If nothing is known
      of the rows, interval and posterior are NaN.

    Examples
    --------
    >>> difference = corrected_t([0.02, 0.05, 0.03, 0.04, 0.01], rho=0.25)
    >>> round(float(difference.mean), 3), round(float(difference.p), 3)
    (0.03, 0.047)
    >>> round(float(corrected_t([0.1, 0.1, 0.1, 0.1, 0.1], rho=0.25).p), 4)  # 2 / 2**5
    0.0625
    """
    mean, scale, df = _moments(x, rho)
    scale = np.where(scale == 0, _scale_of_constant(mean, df, rows), scale)
    if rows is not None:
        scale = np.maximum(scale, rows.least_scale(np.abs(mean), df))
    is_zero_for_sure = np.asarray(identical) & ~np.isnan(mean)
    return CorrectedT(mean, np.where(is_zero_for_sure, 0.0, scale)[()], df)


def mean_of_scores(
    x, rho: float, rows: HeldOutRows | None = None, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> CorrectedT:
    """Fit the corrected t distribution to the mean score of one candidate, over the last axis.

    Parameters
    ----------
    x : array-like of shape (..., n_splits)
        Scores of one candidate.
    rho : float
        Ratio of test to training rows.
    rows : HeldOutRows, default=None
        The rows that were tested. A candidate that made no mistake on ``n`` of them may still make
        ``3 / n`` of them (rule of three).
    bounds : (low, high), default=(-inf, inf)
        The metric's range.

    Returns
    -------
    CorrectedT
        Its scale is NaN where all scores are equal and no rows bound it.
    """
    mean, scale, df = _moments(x, rho)
    if rows is not None and rows.step is not None:
        distance = np.clip(np.minimum(mean - bounds[0], bounds[1] - mean), 0, None)
        distance = np.where(np.isinf(distance), 0.0, distance)
        scale = np.maximum(scale, rows.least_scale(distance, df))
    return CorrectedT(mean, np.where(scale == 0, np.nan, scale)[()], df)


def _moments(x, rho):
    """Return mean, corrected scale and degrees of freedom; what is rounding noise becomes 0."""
    x = np.asarray(x, dtype=float)
    n_splits = x.shape[-1]
    mean = x.mean(axis=-1)
    mean = np.where(np.abs(mean) < ZERO, 0.0, mean)[()]
    if n_splits < MIN_SPLITS:
        return mean, np.full_like(mean, np.nan)[()], n_splits - 1
    variance = x.var(axis=-1, ddof=1)
    variance = np.where(variance < ZERO_VARIANCE, 0.0, variance)[()]
    return mean, np.sqrt((1 / n_splits + rho) * variance), n_splits - 1


def _scale_of_constant(mean, df, rows):
    """Return the scale of a difference that is the same in every split, see `corrected_t`."""
    if rows is not None and rows.step:
        return rows.least_scale(np.abs(mean), df)
    by_sign = np.abs(mean) / stats.t.isf(0.5 ** (df + 1), df)
    without_difference = np.nan if rows is None else rows.rule_of_three_scale(df)
    return np.where(mean == 0, without_difference, by_sign)
