"""A row per candidate: means, spreads, intervals, outcomes."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

import numpy as np

from skinit.statistics.corrected_t import mean_of_scores
from skinit.statistics.held_out_rows import HeldOutRows
from skinit.statistics.needs import what_is_needed
from skinit.statistics.outcomes import outcomes
from skinit.statistics.pairs import pairwise
from skinit.statistics.ranks import mean_ranks

if TYPE_CHECKING:
    import pandas as pd


def summarize(
    runs: pd.DataFrame,
    rho: float,
    rope: float,
    *,
    pairs: pd.DataFrame | None = None,
    control: Hashable = None,
    log_loss: pd.Series | None = None,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    greater_is_better: bool = True,
    rows: HeldOutRows | None = None,
    identical: Collection[frozenset] = (),
) -> pd.DataFrame:
    """Summarize one metric: a row per candidate, best first.

    Parameters
    ----------
    runs : DataFrame of shape (n_splits * n_seeds, n_candidates)
        The metric as it is (a loss need not be negated here), index levels ``split``, ``seed``.
    rho, rope, control, log_loss, rows, identical
        As in `pairwise` and `outcomes`.
    pairs : DataFrame, default=None
        What `pairwise` returned for the same scores and control; None computes it.
    bounds : (low, high), default=(-inf, inf)
        The metric's range; intervals of means are clipped to it.
    greater_is_better : bool, default=True
        False for a loss. Means and their intervals stay in the metric's own sign; differences are
        turned so that positive always means better.

    Returns
    -------
    DataFrame
        Indexed by label: ``mean, sd_splits, sd_seeds, ci_low, ci_high, mean_rank``, then the
        columns of `outcomes` and ``needs``: what could decide about a candidate that is
        undecided, see `what_is_needed`.
    """
    means = split_means(runs)
    scores = means if greater_is_better else -means
    if pairs is None:
        pairs = pairwise(scores, rho, rope, control, rows=rows, identical=identical)
    table = _summarize_means(runs, rho, rows, bounds)
    table["mean_rank"] = mean_ranks(scores)
    compared = outcomes(
        scores,
        pairs,
        log_loss=log_loss,
        control=control,
        greater_is_better=greater_is_better,
    )
    table = table.reindex(compared.index).join(compared)
    n_pairs = len(pairs) if control is None else scores.shape[1] - 1
    reference = table.index[0] if control is None else control
    table["needs"] = ""
    undecided = (table["outcome"] == "undecided") & (table.index != reference)
    for label in table.index[undecided]:
        differences = _differences(runs, label, reference)
        table.loc[[label], "needs"] = what_is_needed(differences, rho, rope, n_pairs, rows)
    return table


def _summarize_means(runs, rho, rows, bounds) -> pd.DataFrame:
    """Return mean, spreads and the interval of the mean, a row per candidate."""
    import pandas as pd

    means = split_means(runs)
    fitted = mean_of_scores(means.to_numpy(dtype=float).T, rho, rows, bounds)
    low, high = fitted.interval(bounds=bounds)
    return pd.DataFrame(
        {
            "mean": means.mean(skipna=False),
            "sd_splits": means.std(ddof=1, skipna=False),
            "sd_seeds": sd_seeds(runs),
            "ci_low": low,
            "ci_high": high,
        }
    )


def _differences(runs: pd.DataFrame, label: Hashable, reference: Hashable) -> np.ndarray:
    """Return the differences between two candidates, of shape (n_splits, n_seeds)."""
    n_splits = runs.index.get_level_values("split").nunique()
    return (runs[label] - runs[reference]).to_numpy(dtype=float).reshape(n_splits, -1)


def split_means(runs: pd.DataFrame) -> pd.DataFrame:
    """Average the seeds of each split: what every test is allowed to see.

    Parameters
    ----------
    runs : DataFrame of shape (n_splits * n_seeds, n_candidates)
        Index levels ``split`` and ``seed``.
    """
    return runs.groupby(level="split").apply(lambda split: split.mean(skipna=False))


def sd_seeds(runs: pd.DataFrame) -> pd.Series:
    """Return each candidate's standard deviation over seeds, pooled over splits; NaN for one seed.

    ``sqrt(mean_j var_s(score_js))``, the seed noise of a single run.
    """
    return np.sqrt(runs.groupby(level="split").var(ddof=1).mean(skipna=False))
