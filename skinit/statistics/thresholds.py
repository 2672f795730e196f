"""What counts as rare, sure, few or zero; the one place for such numbers."""

from __future__ import annotations

import numpy as np

ALPHA = 0.05
CERTAINTY = 0.95
ROPE = 0.01  # a hundredth of a score that ends at 1: little to most users
MIN_SPLITS = 3  # with two, intervals cover the truth in 87 to 94 of 100 cases only
FEW_SPLITS = 5
FEW_DATASETS = 5

# Scores that are equal on paper differ by rounding after averaging; these say what counts as equal.
ZERO, ZERO_VARIANCE, DECIMALS = 1e-12, 1e-20, 12


def are_equal(one, other):
    """Whether two scores are equal on paper, where they may differ by rounding; or both infinite.

    Examples
    --------
    >>> are_equal(0.1 + 0.2, 0.3), are_equal(0.3, 0.3001), are_equal(float("nan"), 0.3)
    (True, False, False)
    >>> are_equal(-float("inf"), -float("inf"))
    True
    """
    with np.errstate(invalid="ignore"):
        return (one == other) | (abs(one - other) <= ZERO)


def is_sure(probability):
    """Whether a posterior probability reaches `CERTAINTY`, rounding forgiven.

    Examples
    --------
    >>> is_sure(0.95), is_sure(0.949), is_sure(float("nan"))
    (True, False, False)
    """
    return probability >= CERTAINTY - 1e-9
