"""Scores of each candidate, split by split."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._wording import MINUS, write_count, write_number
from skinit.displays.base import (
    BLACK,
    BLUE,
    LIGHT,
    ORANGE,
    SMALL,
    Display,
    arrange,
    draw_arrow,
    index_by_name,
    is_narrow,
    label_rows,
    name_candidates,
    name_metric,
    row_height,
)

if TYPE_CHECKING:
    import pandas as pd


FAR = 20  # rows are drawn in full up to this many times what the nearer ones span


class ScoresDisplay(Display):
    """Scores of each candidate, split by split, and the interval of its mean.

    Every dot is one split, its seeds averaged; the same split has the same height in every row.
    Held-out scores are filled, training scores open and lighter. The bar is the 95% interval of
    the mean held-out score. Two such bars that overlap say nothing about a difference: for that
    there is `DifferencesDisplay`. A candidate so far off that it would squeeze the others, which
    only scores without limits can be, is an arrow at the edge.

    Parameters
    ----------
    test, train : DataFrame of shape (n_splits, n_candidates)
        Held-out and training scores.
    means : DataFrame
        Columns ``mean, ci_low, ci_high``, indexed by candidate, in the order of the rows.
    metric : str, default="accuracy"
        Name of the score.
    baseline : float, default=None
        Mean score of the baseline.
    baseline_name : str, default="class prior"
        What the baseline is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from skinit.displays import ScoresDisplay
    >>> runs = pd.DataFrame({"label": "he", "activation": "tanh", "split": [0, 1, 2], "seed": 1,
    ...     "test_accuracy": [0.8, 0.9, 0.85], "train_accuracy": [0.9, 1.0, 0.95]})
    >>> summary = pd.DataFrame({"mean": 0.85, "ci_low": 0.72, "ci_high": 0.98}, index=["he"])
    >>> ScoresDisplay.from_frame(runs, summary)
    <ScoresDisplay: accuracy of 1 candidate on 3 splits. Draw it with .plot().>
    """

    def __init__(
        self,
        test: pd.DataFrame,
        train: pd.DataFrame,
        means: pd.DataFrame,
        *,
        metric: str = "accuracy",
        baseline: float | None = None,
        baseline_name: str = "class prior",
    ):
        self.test = test
        self.train = train
        self.means = means
        self.metric = metric
        self.baseline = baseline
        self.baseline_name = baseline_name

    @classmethod
    def from_frame(
        cls,
        runs: pd.DataFrame,
        summary: pd.DataFrame,
        *,
        metric: str = "accuracy",
        order: Sequence[Hashable] | None = None,
    ) -> ScoresDisplay:
        """Make the display from a table of runs and its summary.

        Parameters
        ----------
        runs : DataFrame
            One row per run: ``label, activation, split, seed, test_<metric>, train_<metric>``.
        summary : DataFrame
            Columns ``mean, ci_low, ci_high``; the first row is drawn on top. A row that no run
            belongs to is the baseline.
        metric : str, default="accuracy"
            Name of the score.
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all as they are.

        Returns
        -------
        ScoresDisplay
        """
        means = index_by_name(summary)[["mean", "ci_low", "ci_high"]].astype(float)
        test, train = (_split_scores(runs, f"{side}_{metric}") for side in ("test", "train"))
        known = means.index.isin(test.columns)
        name, baseline = "", None
        if not known.all():
            name, baseline = means.index[~known][0], float(means.loc[~known, "mean"].iloc[0])
        means = means[known]
        means = means.loc[arrange(list(means.index), order)]
        return cls(
            test[means.index],
            train[means.index],
            means,
            metric=metric,
            baseline=baseline,
            baseline_name=name,
        )

    def _subject(self):
        splits = write_count(len(self.test), "split")
        return f"{self.metric} of {write_count(len(self.means), 'candidate')} on {splits}"

    def _size(self):
        return 7.2, 1.2 + row_height(self.means.index) * len(self.means)

    def _column_height(self):
        return 1.2 + row_height(self.means.index, narrow=True) * len(self.means)

    def _draw(self, ax):
        spread = np.linspace(0.05, 0.28, len(self.test)) if len(self.test) > 1 else 0.15
        for row, name in enumerate(self.means.index):
            ax.scatter(
                self.train[name], row + spread, s=13, facecolors="none", edgecolors=ORANGE,
                linewidths=0.8, alpha=0.8, label=None if row else "training, one split",
            )  # fmt: skip
            ax.scatter(
                self.test[name], row - spread, s=15, color=BLUE, alpha=0.55, linewidths=0,
                label=None if row else "held-out, one split",
            )  # fmt: skip
        self._draw_means(ax)
        if self.baseline is not None:
            name = self.baseline_name
            ax.axvline(self.baseline, color=BLACK, ls=":", lw=1, zorder=1, label=name)
        label_rows(ax, self.means.index)
        ax.grid(axis="x", color=LIGHT, linewidth=0.5)
        ax.set_axisbelow(True)
        ax.set_xlabel(name_metric(self.metric))
        ax.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2 if is_narrow(ax) else 4,
            frameon=False, fontsize=SMALL,
            handletextpad=0.3, columnspacing=1.5,
        )  # fmt: skip

        self._cut(ax)

    def _cut(self, ax):
        """End the axis where the rows do that can be told apart; the others become arrows."""
        near, shown = self._near()
        if len(near) == len(self.means):
            return
        low, high = shown.min(), shown.max()
        margin = 0.06 * (high - low)
        ax.set_xlim(low - margin, high + margin)
        for row, (name, (mean, *ends)) in enumerate(self.means.iterrows()):
            if name not in near:
                mean, start, end = (write_number(x, minus=MINUS) for x in (mean, *ends))
                is_left = self.means.loc[name, "mean"] < low
                draw_arrow(ax, row, f"{mean} ({start} to {end})", is_left=is_left)

    def _near(self):
        """Return the rows that fit one axis, from the first on, and all numbers that they show."""
        mean = self.means["mean"]
        distance = (mean - mean.iloc[0]).abs()
        near: list[str] = []
        shown = np.array([] if self.baseline is None else [self.baseline])
        for name in distance.sort_values().index:
            is_beyond_shares = 1 < abs(mean[name]) < np.inf
            if is_beyond_shares and distance[name] > FAR * (np.ptp(shown) if near else np.inf):
                continue
            near.append(name)
            drawn = np.array([*self.test[name], *self.train[name], *self.means.loc[name]])
            shown = np.append(shown, drawn[np.isfinite(drawn)])
        return near, shown

    def _draw_means(self, ax):
        low, mean, high = self.means[["ci_low", "mean", "ci_high"]].to_numpy().T
        # Lists, because matplotlib 3.8 stumbles over arrays of a single candidate.
        ends = [list(mean - low), list(high - mean)]
        ax.errorbar(
            mean, range(len(mean)), xerr=ends, fmt="D", color=BLACK,
            markersize=4, capsize=3, linewidth=1.2, label="held-out mean, 95% interval",
        )  # fmt: skip


def _split_scores(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the mean over seeds, a row for each split and a column for each candidate."""
    keys = [runs["split"], name_candidates(runs).rename("candidate")]
    return runs[column].groupby(keys).apply(lambda seeds: seeds.mean(skipna=False)).unstack()
