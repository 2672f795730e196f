"""Differences of all candidates from one of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from skinit._wording import MINUS, name_label, write_count, write_number, write_percent
from skinit.displays.base import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    OUTCOME_COLORS,
    SMALL,
    TEXT_COLORS,
    VERMILLION,
    Display,
    arrange,
    draw_arrow,
    index_by_name,
    is_narrow,
    label_rows,
    name_metric,
    row_height,
    wrap_label,
)

if TYPE_CHECKING:
    import pandas as pd


class DifferencesDisplay(Display):
    """What is known about each candidate's difference from the reference.

    The hill is the posterior of the mean difference, scaled to one height; its area left of the
    grey band is the probability of being worse, inside it of being practically equivalent, right
    of it of being better, as printed beside it. The bar is the interval of the summary, 95% for
    all differences together. A candidate that is
    sure to be worse, and so far that it would squeeze the others, is an arrow at the edge.

    Parameters
    ----------
    differences : DataFrame
        Columns ``difference, scale, difference_low, difference_high, p_worse, p_equivalent,
        p_better, outcome``, indexed by candidate; outcome as of
        `skinit.statistics.outcomes`.
    reference : str
        The candidate that all are compared with.
    rope : float
        Half width of the region of practical equivalence, in the metric's unit.
    df : int
        Degrees of freedom of the posterior, the number of splits minus one.
    metric : str, default="accuracy"
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from skinit import statistics
    >>> from skinit.displays import DifferencesDisplay
    >>> splits = pd.MultiIndex.from_product([range(3), [0]], names=["split", "seed"])
    >>> runs = pd.DataFrame({"he": [0.8, 0.9, 0.7], "zeros": [0.5, 0.5, 0.4]}, splits)
    >>> summary = statistics.summarize(runs, rho=0.5, rope=0.01)
    >>> DifferencesDisplay.from_frame(summary, rope=0.01, n_splits=3)
    <DifferencesDisplay: differences in accuracy of 1 candidate from he. Draw it with .plot().>
    """

    COLUMNS = {"p_worse": "worse", "p_equivalent": "equivalent", "p_better": "better"}
    FAR = 2  # sure losers are drawn in full up to this many times the reach of the others

    def __init__(
        self,
        differences: pd.DataFrame,
        *,
        reference: str,
        rope: float,
        df: int,
        metric: str = "accuracy",
    ):
        self.differences = differences
        self.reference = reference
        self.rope = rope
        self.df = df
        self.metric = metric

    @classmethod
    def from_frame(
        cls,
        summary: pd.DataFrame,
        *,
        rope: float,
        n_splits: int,
        metric: str = "accuracy",
        reference: Hashable | None = None,
        order: Sequence[Hashable] | None = None,
    ) -> DifferencesDisplay:
        """Make the display from a summary.

        Parameters
        ----------
        summary : DataFrame
            Best mean first, with columns ``difference, scale, difference_low, difference_high,
            p_worse, p_equivalent, p_better, outcome``. Rows without an outcome, such as the class
            prior, are left out.
        rope : float
            Half width of the region of practical equivalence.
        n_splits : int
            Number of splits.
        metric : str, default="accuracy"
            Name of the score.
        reference : label, default=None
            The candidate that the differences are taken from, a control; None is the first row.
        order : sequence of labels, default=None
            The candidates to draw beside the reference, in this order; None draws all.

        Returns
        -------
        DifferencesDisplay
        """
        columns = ["difference", "scale", "difference_low", "difference_high"]
        columns += [*cls.COLUMNS, "outcome"]
        reference = name_label(summary.index[0] if reference is None else reference)
        candidates = index_by_name(summary)[columns]
        differences = candidates[candidates["outcome"].notna()].drop(index=reference)
        if order is not None:
            order = [label for label in order if name_label(label) != reference]
        differences = differences.loc[arrange(list(differences.index), order)]
        df = n_splits - 1
        return cls(differences, reference=reference, rope=rope, df=df, metric=metric)

    def _subject(self):
        others = write_count(len(self.differences), "candidate")
        return f"differences in {self.metric} of {others} from {self.reference}"

    def _size(self):
        return 7.2, 1.3 + 1.08 * row_height(self.differences.index) * len(self.differences)

    def _column_height(self):
        height = row_height(self.differences.index, narrow=True)
        return 1.3 + 1.08 * height * len(self.differences)

    def _draw(self, ax):
        ax.axvspan(-self.rope, self.rope, color=LIGHT, alpha=0.6, linewidth=0, zorder=0)
        ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
        label_rows(ax, self.differences.index)
        left, right = self._limits()
        ax.set_xlim(left, right)
        for row, (low, mean, high) in enumerate(self._intervals().to_numpy()):
            if low < left or high > right:
                draw_arrow(ax, row, _write_interval(mean, low, high), is_left=mean < 0)
            else:
                self._draw_row(ax, row, low, mean, high)
            self._write(ax, row)
        self._write_headings(ax)
        ax.set_xlabel(f"difference in {name_metric(self.metric)} from {wrap_label(self.reference)}")

    def _intervals(self) -> pd.DataFrame:
        """Return low, mean, high; without an interval, as of one split, these are all the mean."""
        columns = ["difference_low", "difference", "difference_high"]
        table = self.differences[columns].astype(float)
        return table.apply(lambda ends: ends.fillna(table["difference"]))

    def _limits(self) -> tuple[float, float]:
        """Return the ends of the axis: all intervals but infinite ones and sure, far losers."""
        low, _, high = self._intervals().to_numpy().T
        far = self._intervals().abs().max(axis=1).replace(np.inf, np.nan)
        doubtful = far[self.differences["outcome"] != "worse"]
        reach = np.nanmax([far.min() if doubtful.empty else doubtful.max(), 2.5 * self.rope])
        shown = far <= self.FAR * reach
        left = min([-2.5 * self.rope, *low[shown]])
        right = max([2.5 * self.rope, *high[shown]])
        margin = 0.06 * (right - left) or 1.0
        return left - margin, right + margin

    def _draw_row(self, ax, row, low, mean, high):
        base = row
        if high > low:
            base = row + 0.22
            self._draw_hill(ax, base, mean, self.differences["scale"].iloc[row])
        ax.plot([low, high], [base, base], color=BLACK, linewidth=1.2)
        ax.plot(mean, base, "D", color=BLACK, markersize=4)

    def _draw_hill(self, ax, base, mean, scale):
        posterior = stats.t(self.df, loc=mean, scale=scale)
        ends = np.array([-self.rope, self.rope])
        x = np.sort(np.concatenate([posterior.ppf(np.linspace(0.002, 0.998, 301)), ends]))
        y = base - 0.62 * posterior.pdf(x) / posterior.pdf(mean)
        for inside, color in [(x <= ends[0], VERMILLION), (x >= ends[1], GREEN),
                              ((x >= ends[0]) & (x <= ends[1]), BLUE)]:  # fmt: skip
            ax.fill_between(x[inside], base, y[inside], color=color, alpha=0.75, linewidth=0)

    def _write(self, ax, row):
        """Print the three probabilities and the outcome to the right of a row."""
        values = self.differences.iloc[row]
        texts = [write_percent(values[column]) for column in self._columns(ax)]
        for i, text in enumerate(texts):
            self._note(ax, i, row, text)
        word = values["outcome"]
        color = OUTCOME_COLORS[word]
        self._note(ax, len(texts), row, word, color=color, weight="bold")

    def _columns(self, ax) -> dict[str, str]:
        """Return the probabilities that there is room for: all or none."""
        return {} if is_narrow(ax) else self.COLUMNS

    def _write_headings(self, ax):
        colors = [VERMILLION, BLUE, GREEN] if self._columns(ax) else []
        headings = [*self._columns(ax).values(), "outcome"]
        for i, (text, color) in enumerate(zip(headings, [*colors, BLACK], strict=True)):
            self._note(ax, i, -0.75, text, color=color)
        self._text(ax, 0, -0.75, f"±{self.rope:g}", color=BLUE)

    @staticmethod
    def _text(ax, x, y, text, color):
        color = TEXT_COLORS.get(color, color)
        ax.text(x, y, text, ha="center", va="center", fontsize=SMALL, color=color)

    def _note(self, ax, column, row, text, color=BLACK, **style):
        style["color"] = TEXT_COLORS.get(color, color)
        ax.annotate(
            text, (1, row), xycoords=ax.get_yaxis_transform(), xytext=(26 + 50 * column, 0),
            textcoords="offset points", ha="center", va="center", fontsize=SMALL, **style,
        )  # fmt: skip


def _write_interval(mean: float, low: float, high: float) -> str:
    difference, start, end = (write_number(value, "+", MINUS) for value in (mean, low, high))
    return f"{difference} ({start} to {end})"
