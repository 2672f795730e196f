"""Everything that follows from the scores of one metric, computed once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from skinit import statistics
from skinit.comparison.metrics import Metric, allow_infinite
from skinit.statistics import HeldOutRows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Analysis:
    """Scores, tests and summary of one metric.

    Parameters
    ----------
    metric : Metric
        Which one.
    scores : DataFrame of shape (n_splits, n_candidates)
        One score per split and candidate, turned so that higher is better.
    rope : float
        Half width of the region of practical equivalence.
    control : label or None
        The candidate named in advance; None also where it could not be scored, so that the best
        takes its place.
    pairs : DataFrame
        What `statistics.pairwise` returned.
    summary : DataFrame
        What `statistics.summarize` returned, a row per candidate, best first.
    rows : HeldOutRows, default=None
        The rows that were tested.
    unit : float, default=1.0
        What scores were divided by to be tested: what counts as rounding must not depend on
        whether lengths are in metres or in nanometres.
    """

    metric: Metric
    scores: pd.DataFrame
    rope: float
    control: Hashable | None
    pairs: pd.DataFrame
    summary: pd.DataFrame
    rows: HeldOutRows | None = None
    unit: float = 1.0

    @property
    def reference(self) -> Hashable:
        """The candidate that differences are taken from."""
        return self.summary.index[0] if self.control is None else self.control


# What has the unit of the metric, of pairs and of a summary.
OF_UNIT = (
    "mean", "sd_splits", "sd_seeds", "ci_low", "ci_high", "low", "high",
    "difference", "difference_low", "difference_high", "scale",
)  # fmt: skip


def unit_of(metric: Metric, baseline: float) -> float:
    """Return about the baseline's score of an error, and 1 for scores without a unit.

    It is a power of two, so that dividing by it rounds nothing.
    """
    if not (metric.in_unit_of_target and np.isfinite(baseline) and baseline > 0):
        return 1.0
    return float(2.0 ** np.round(np.log2(baseline)))


@allow_infinite
def analyze(
    runs,
    metric: Metric,
    *,
    rho,
    rope,
    control=None,
    log_loss=None,
    rows=None,
    identical=(),
    unit: float = 1.0,
) -> Analysis:
    """Test all pairs of candidates and summarize their scores.

    Parameters
    ----------
    runs : DataFrame of shape (n_splits * n_seeds, n_candidates)
        The metric as it is, index levels ``split`` and ``seed``.
    metric : Metric
        Which one.
    rho, rope, control, log_loss, rows, identical
        As in `statistics.summarize`.
    unit : float, default=1.0
        As of `unit_of`.
    """
    found = _analyze(runs / unit, metric, rho, rope / unit, control, log_loss, rows, identical)
    if unit == 1:
        return found
    return replace(
        found,
        scores=found.scores * unit,
        rope=rope,
        pairs=_times(found.pairs, unit),
        summary=_times(found.summary, unit),
        unit=unit,
    )


def _times(table: pd.DataFrame, unit: float) -> pd.DataFrame:
    return table.assign(**{name: table[name] * unit for name in OF_UNIT if name in table})


def _analyze(runs, metric, rho, rope, control, log_loss, rows, identical) -> Analysis:
    scores = metric.turn(statistics.split_means(runs))
    if control is not None and not np.isfinite(scores[control].mean(skipna=False)):
        control = None
    pairs = statistics.pairwise(scores, rho, rope, control, rows=rows, identical=identical)
    summary = statistics.summarize(
        runs,
        rho,
        rope,
        pairs=pairs,
        control=control,
        log_loss=log_loss,
        bounds=metric.bounds,
        greater_is_better=metric.greater_is_better,
        rows=rows,
    )
    return Analysis(metric, scores, rope, control, pairs, summary, rows)


def held_out_rows(runs: pd.DataFrame, metric: Metric, n_test, n_rows: int) -> HeldOutRows:
    """Return the rows that were tested, and how one of them shows in a metric.

    Parameters
    ----------
    runs : DataFrame of shape (n_splits * n_seeds, n_candidates)
        The metric as it is.
    metric : Metric
        Which one.
    n_test : array-like of shape (n_splits,)
        Test rows of each split.
    n_rows : int
        Distinct rows among them.
    """
    n_seeds = len(runs) // len(n_test)
    right = runs.to_numpy(dtype=float) * np.repeat(n_test, n_seeds)[:, None]
    # Scorers of one's own have no known name, but shares of the test rows give themselves away.
    right = right[np.isfinite(right)]
    if metric.counts_rows or np.all(np.abs(right - right.round()) < 1e-9):
        return HeldOutRows(n_rows, step=1 / n_seeds)
    return HeldOutRows(n_rows, step=0.0 if np.isfinite(metric.bounds).all() else None)


@allow_infinite
def beats_baseline(
    analyses: Sequence[Analysis],
    baseline: pd.DataFrame,
    rho: float,
    constant: Collection[Hashable],
) -> pd.Series:
    """Say who beats the baseline; see `statistics.beats_prior`.

    Parameters
    ----------
    analyses : sequence of Analysis
        Of the metrics by which to tell.
    baseline : DataFrame
        The baseline's scores, a column ``test_<metric>`` for each of them and a row per split.
    rho : float
        Ratio of test to training rows.
    constant : collection of labels
        Candidates that answer the same for every row.
    """
    by_name = {analysis.metric.name: analysis for analysis in analyses}
    improvements = {
        name: found.scores.sub(found.metric.turn(baseline[f"test_{name}"].to_numpy()), axis=0)
        / found.unit
        for name, found in by_name.items()
    }
    rope = {name: found.rope / found.unit for name, found in by_name.items()}
    rows = {name: found.rows for name, found in by_name.items()}
    return statistics.beats_prior(improvements, rho, rope, constant, rows)
