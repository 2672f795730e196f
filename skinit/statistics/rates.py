"""Rates, such as that of divergence, with their exact intervals."""

from __future__ import annotations

from scipy import stats


def rate_interval(count: int, n: int) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) 95% interval of a rate, such as that of divergence.

    Examples
    --------
    >>> low, high = rate_interval(0, 10)
    >>> round(high, 2)
    0.31
    """
    low, high = stats.binomtest(count, n).proportion_ci(confidence_level=0.95, method="exact")
    return float(low), float(high)
