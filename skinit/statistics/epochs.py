"""Epochs to a target, where some runs never arrive."""

from __future__ import annotations

import math

import numpy as np


def first_epoch(curve, target: float) -> float:
    """Return the first epoch (from 1) whose loss is at or below ``target``; NaN if there is none.

    For a score that should rise, negate both.
    """
    arrived = np.flatnonzero(np.asarray(curve, dtype=float) <= target)
    return float(arrived[0] + 1) if arrived.size else math.nan


def epoch_quartiles(epochs) -> tuple[float, float, float]:
    """Return the quartiles of epochs to target, where NaN is a run that never arrived.

    Every run that did not arrive, for whatever reason, is censored at the whole budget of epochs
    (stopping early is no accident), and with one common censoring time Kaplan-Meier is the
    empirical distribution. A quartile among the runs that did not arrive is infinite.
    """
    ordered = np.sort(np.nan_to_num(np.asarray(epochs, dtype=float), nan=np.inf))
    places = (math.ceil(len(ordered) * quarter / 4) - 1 for quarter in (1, 2, 3))
    q1, median, q3 = (float(ordered[place]) for place in places)
    return q1, median, q3


def describe_epochs(epochs, max_iter: int) -> str:
    """Say how many runs reached the target, and when: "reached 3/5, median 30 [12, > 200]".

    Examples
    --------
    >>> describe_epochs([9, 12, 30, float("nan"), float("nan")], max_iter=200)
    'reached 3/5, median 30 [12, > 200]'
    """
    quartiles = epoch_quartiles(epochs)
    q1, median, q3 = (f"> {max_iter}" if np.isinf(q) else f"{q:g}" for q in quartiles)
    return f"reached {np.isfinite(epochs).sum()}/{len(epochs)}, median {median} [{q1}, {q3}]"
