"""Shares of variance: a three-way analysis of variance in every table, added up over tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studies.does_it_matter.design import FLOOR

FACTORS = ["rate", "init", "split"]


def skill(log_loss, prior_log_loss):
    """Return the share of the class prior's log loss that is removed, never below 0.

    Examples
    --------
    >>> import numpy as np
    >>> skill(np.array([0.2, 0.5, 3.0]), 1.0).tolist()
    [0.8, 0.5, 0.0]
    """
    return np.maximum(0.0, 1 - log_loss / prior_log_loss)


def sums_of_squares(y) -> dict[str, float]:
    """Split the variation of a balanced layout without replicates.

    Parameters
    ----------
    y : array-like of shape (n_rates, n_inits, n_splits)
        One score for every combination.

    Returns
    -------
    dict of str to float
        Sums of squares of the main effects ``rate``, ``init`` and ``split``, of the interaction
        ``rate x init``, and the ``rest``: all interactions with the split, and noise. Their sum is
        the total variation about the mean. ``init by chance`` is what noise alone would give
        the initializers: their degrees of freedom times the mean square of the rest.

    Examples
    --------
    >>> sums_of_squares([[[1, 1], [2, 2]], [[5, 5], [6, 6]]])["rate"]
    32.0
    """
    y = np.asarray(y, dtype=float)
    n_rates, n_inits, n_splits = y.shape
    y = y - y.mean()
    rate, init, split = (y.mean(axis=axes) for axes in [(1, 2), (0, 2), (0, 1)])
    both = y.mean(axis=2) - rate[:, None] - init
    parts = {
        "rate": n_inits * n_splits * np.sum(rate**2),
        "init": n_rates * n_splits * np.sum(init**2),
        "split": n_rates * n_inits * np.sum(split**2),
        "rate x init": n_splits * np.sum(both**2),
    }
    rest = np.sum((y - both[:, :, None] - rate[:, None, None] - init[:, None] - split) ** 2)
    rest_freedom = (n_rates * n_inits - 1) * (n_splits - 1)
    chance = (n_inits - 1) * rest / rest_freedom
    return {k: float(v) for k, v in (parts | {"rest": rest, "init by chance": chance}).items()}


def variance_shares(trials: pd.DataFrame, rates=None) -> pd.DataFrame:
    """Return, for each activation and depth, whose share of the variation of skill is how large.

    Parameters
    ----------
    trials : DataFrame
        That of `read_records`.
    rates : sequence of float, default=None
        Only these; None takes all.

    Returns
    -------
    DataFrame
        ``tables``, the share of all variation that lies between tables; and the shares of the
        variation within tables, which add up to 1: ``rate, init, split, rate x init, rest``. Sums
        of squares are added up over tables. ``init by chance`` is part of ``init``.
    """
    trials = trials[trials["init"] != FLOOR]
    if rates is not None:
        trials = trials[trials["rate"].isin(rates)]
    trials = trials.assign(skill=skill(trials["log_loss"], trials["prior_log_loss"]))
    return trials.groupby(["activation", "depth"]).apply(_shares, include_groups=False)


def _shares(trials: pd.DataFrame) -> pd.Series:
    parts = pd.DataFrame([sums_of_squares(_layout(part)) for _, part in trials.groupby("table")])
    parts = parts.sum()
    within = parts.drop("init by chance").sum()
    total = np.sum((trials["skill"] - trials["skill"].mean()) ** 2)
    return pd.concat([pd.Series({"tables": 1 - within / total}), parts / within])


def _layout(trials: pd.DataFrame) -> np.ndarray:
    """Return skill as an array (rates, inits, splits); a missing combination is an error."""
    table = trials.pivot(index=["rate", "init"], columns="split", values="skill")
    n_rates, n_inits = (trials[name].nunique() for name in ("rate", "init"))
    if table.isna().any(axis=None) or len(table) != n_rates * n_inits:
        raise ValueError("The layout is not balanced: some combinations are missing.")
    return table.to_numpy().reshape(n_rates, n_inits, -1)
