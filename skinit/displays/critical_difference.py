"""Mean ranks over data sets, and which candidates cannot be told apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skinit._wording import write_count, write_number
from skinit.displays.base import BLACK, GREY, SMALL, Display, is_narrow, wrap_label
from skinit.statistics import cliques, friedman, nemenyi_cd

if TYPE_CHECKING:
    import pandas as pd


WIDTHS = {False: 30, True: 12}  # letters in a line of a name, by whether there is little room


class CriticalDifferenceDisplay(Display):
    """Critical-difference diagram: mean ranks over datasets, and who cannot be told apart.

    Candidates under one thick bar differ by less than the critical difference of Nemenyi's test
    [1]_. With fewer than five datasets there is no test, and no bar.

    Parameters
    ----------
    mean_ranks : Series
        Mean rank (1 is best) by candidate.
    n_datasets : int
        Number of datasets.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    References
    ----------
    .. [1] Demsar (2006), "Statistical comparisons of classifiers over multiple data sets", JMLR 7.

    Examples
    --------
    >>> import pandas as pd
    >>> CriticalDifferenceDisplay(pd.Series({"he": 1.2, "zeros": 1.8}), n_datasets=10)
    <CriticalDifferenceDisplay: ranks of 2 candidates over 10 datasets. Draw it with .plot().>
    """

    def __init__(self, mean_ranks: pd.Series, n_datasets: int):
        self.mean_ranks = mean_ranks
        self.n_datasets = n_datasets

    @classmethod
    def from_frame(cls, scores: pd.DataFrame) -> CriticalDifferenceDisplay:
        """Make the display from a table of scores.

        Parameters
        ----------
        scores : DataFrame of shape (n_datasets, n_candidates)
            Mean score per dataset and candidate, higher is better. Datasets, never folds.

        Returns
        -------
        CriticalDifferenceDisplay
        """
        test = friedman(scores)
        return cls(test.mean_ranks, test.n_datasets)

    @property
    def critical_difference(self) -> float:
        """Difference of two mean ranks that Nemenyi's test calls one; NaN below five datasets."""
        return nemenyi_cd(len(self.mean_ranks), self.n_datasets)

    def _subject(self):
        candidates = write_count(len(self.mean_ranks), "candidate")
        return f"ranks of {candidates} over {write_count(self.n_datasets, 'dataset')}"

    def _size(self):
        return 7.2, self._height(narrow=False)

    def _column_height(self):
        return self._height(narrow=True)

    def _height(self, *, narrow: bool) -> float:
        rows = 3.4 + 0.4 * len(self._cliques()) + math.ceil(len(self.mean_ranks) / 2)
        labels = [wrap_label(name, WIDTHS[narrow]) for name in self.mean_ranks.index]
        lines = max(label.count("\n") + 1 for label in labels)
        return 0.3 + 0.65 * max(0.46, 0.19 * lines) * rows

    def _cliques(self) -> list[list]:
        cd = self.critical_difference
        return [] if math.isnan(cd) else cliques(self.mean_ranks, cd)

    def _draw(self, ax):
        ranks = self.mean_ranks.sort_values(kind="stable")
        bars, k = self._cliques(), len(ranks)
        self._draw_axis(ax, k)
        pad = 0.012 * (k - 1)  # so that a bar is seen to reach the lines it joins
        for i, names in enumerate(bars):
            ends = [ranks[names].min() - pad, ranks[names].max() + pad]
            ax.plot(ends, [-0.5 - 0.4 * i] * 2, color=BLACK, linewidth=3.5, solid_capstyle="butt")
        on_left = math.ceil(k / 2)
        first = -1.0 - 0.4 * len(bars)
        for i, (name, rank) in enumerate(ranks.items()):
            depth = min(i, k - 1 - i) if i != on_left - 1 else i
            label = wrap_label(name, WIDTHS[is_narrow(ax)])
            self._draw_name(ax, label, rank, first - depth, left=i < on_left)
        ax.set_ylim(first - on_left + 0.5, 2.2)

    def _draw_axis(self, ax, k):
        ax.spines[["left", "right", "bottom"]].set_visible(False)
        ax.spines["top"].set_position(("data", 0))
        ax.xaxis.tick_top()
        step = math.ceil(k / 6) if is_narrow(ax) else 1
        ax.set(xlim=(1, k), xticks=range(1, k + 1, step), yticks=[])
        ax.set_title("mean rank (1 is best)", fontsize=SMALL + 1)
        cd = self.critical_difference
        if math.isnan(cd):
            ax.text(1, 1.7, f"{write_count(self.n_datasets, 'dataset')}: too few for a test",
                    fontsize=SMALL)  # fmt: skip
            return
        ax.errorbar(1 + cd / 2, 1.7, xerr=cd / 2, color=BLACK, capsize=3, linewidth=1.2)
        ax.text(
            1 + cd,
            1.7,
            f"  critical difference {write_number(cd, decimals=2)}",
            va="center",
            fontsize=SMALL,
        )

    def _draw_name(self, ax, text, rank, y, *, left):
        """Lead a line from the axis down and out to a name and its rank."""
        out = -0.02 if left else 1.02
        mean_rank = write_number(rank, decimals=2)
        ax.annotate(
            f"{text}  {mean_rank}" if left else f"{mean_rank}  {text}",
            (rank, 0), xytext=(out, y), textcoords=ax.get_yaxis_transform(), va="center",
            ha="right" if left else "left", fontsize=SMALL + 1,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.9, "shrinkA": 0,
                        "shrinkB": 0, "connectionstyle": "angle,angleA=0,angleB=90,rad=0"},
        )  # fmt: skip
