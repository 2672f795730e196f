"""How much a number of held-out rows can tell, however little the splits differ.

Scores that hardly differ from split to split are no proof of anything where each split tests a
few rows: two networks that answer 60 rows alike may answer the next 60 differently. Splits are
no help there, because their scores move in steps. The rows are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class HeldOutRows:
    r"""The rows that the splits test, and how one of them shows in a score.

    Parameters
    ----------
    n : int
        Distinct test rows over all splits; for a K-fold, repeated or not, all rows.
    step : float or None, default=None
        Smallest difference that one row can make to its own share of a mean score. 1 for a
        metric that counts right answers, such as accuracy; ``1 / n_seeds`` for its average over
        seeds; 0 for other metrics between 0 and 1, such as ROC AUC; None for metrics
        without bounds, such as log loss.

    Notes
    -----
    Let :math:`d_i` be the difference between two candidates on row :math:`i` and :math:`m` the
    mean difference. Where :math:`d_i` is a multiple of ``step`` between -1 and 1,
    :math:`E[d^2] \geq step \cdot E|d| \geq step \cdot |m|`, hence

    .. math:: Var(d) \geq step \cdot |m| - m^2,

    which is McNemar's variance [1]_ when all rows that differ speak for the same candidate. This
    alone vanishes at :math:`m = 0`, where the rule of three [2]_ takes over: what was not seen in
    ``n`` rows may still be the case for :math:`3/n` of all rows (95%). Together, the scale of
    Student's distribution of the mean difference cannot be smaller than

    .. math:: \sqrt{(step \cdot |m| - m^2) / n + (3 / (n \, t_{.975, df}))^2}.

    With no difference at all the 95% interval is then exactly :math:`\pm 3/n`, so that a tie
    needs :math:`3/n \leq rope`: 300 rows for a rope of .01.

    References
    ----------
    .. [1] Agresti and Min (2005), "Simple improved confidence intervals for comparing matched
       proportions", Statistics in Medicine 24.
    .. [2] Hanley and Lippman-Hand (1983), "If nothing goes wrong, is everything all right?",
       JAMA 249.
    """

    n: int
    step: float | None = None

    def least_scale(self, distance, df: int):
        """Return the smallest scale that these rows can support; 0 for metrics without bounds.

        Parameters
        ----------
        distance : float or ndarray
            Mean difference between two candidates, without its sign; or, for a single mean, its
            distance to the nearer end of the metric's range.
        df : int
            Degrees of freedom of Student's distribution.

        Examples
        --------
        >>> rows = HeldOutRows(300, step=1)
        >>> round(float(rows.least_scale(0.0, df=9) * stats.t.ppf(0.975, 9)), 4)
        0.01
        """
        if self.step is None:
            return np.zeros_like(distance, dtype=float)[()]
        variance = np.maximum(self.step * distance - np.square(distance), 0)
        return np.sqrt(variance / self.n + np.square(self.rule_of_three_scale(df)))

    def rule_of_three_scale(self, df: int) -> float:
        """Return the scale at which the 95% interval around 0 reaches ``3 / n``."""
        return float(3 / (self.n * stats.t.ppf(0.975, df)))
