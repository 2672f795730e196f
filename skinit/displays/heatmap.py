"""Mean scores of initializers and activations."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._wording import MINUS, is_missing, write_number
from skinit.displays.base import (
    BLACK,
    SMALL,
    VERMILLION,
    Display,
    arrange,
    is_narrow,
    name_metric,
    row_height,
    wrap_label,
)

if TYPE_CHECKING:
    import pandas as pd


class HeatmapDisplay(Display):
    """Mean scores of every init with every activation; the best mean is framed.

    The frame is dashed where the data do not separate the best mean from all others.

    Parameters
    ----------
    means : DataFrame of shape (n_inits, n_activations)
        Mean held-out scores.
    metric : str, default="accuracy"
        Name of the score.
    greater_is_better : bool, default=True
        Whether the best is the highest.
    is_separated : bool, default=True
        Whether all other candidates are known to be worse, or too close to matter.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import pandas as pd
    >>> from skinit.displays import HeatmapDisplay
    >>> runs = pd.DataFrame({"label": ["he", "he", "zeros", "zeros"],
    ...     "activation": ["relu", "tanh"] * 2, "test_accuracy": [0.9, 0.8, 0.5, 0.5]})
    >>> HeatmapDisplay.from_frame(runs)
    <HeatmapDisplay: mean accuracy of 2 inits with 2 activations. Draw it with .plot().>
    """

    def __init__(
        self,
        means: pd.DataFrame,
        *,
        metric: str = "accuracy",
        greater_is_better: bool = True,
        is_separated: bool = True,
    ):
        self.means = means
        self.metric = metric
        self.greater_is_better = greater_is_better
        self.is_separated = is_separated

    @classmethod
    def from_frame(
        cls,
        runs: pd.DataFrame,
        *,
        summary: pd.DataFrame | None = None,
        metric: str = "accuracy",
        greater_is_better: bool = True,
        order: Sequence[Hashable] | None = None,
    ) -> HeatmapDisplay:
        """Make the display from a table of runs.

        Parameters
        ----------
        runs : DataFrame
            One row per run: ``label, activation, test_<metric>``. A missing score makes its mean
            missing.
        summary : DataFrame, default=None
            With a column ``outcome``: the best mean is not separated from all others while one of
            them is undecided. None does not ask.
        metric : str, default="accuracy"
            Name of the score.
        greater_is_better : bool, default=True
            Whether the best is the highest.
        order : sequence of labels, default=None
            The initializers to draw, the first on top; None sorts all by their mean, the best on
            top.

        Returns
        -------
        HeatmapDisplay
        """
        scores = runs.groupby(["label", "activation"])[f"test_{metric}"]
        means = scores.apply(lambda runs: runs.mean(skipna=False)).unstack()
        means = means.loc[runs["label"].unique(), runs["activation"].unique()]
        best = means.mean(axis=1).sort_values(ascending=not greater_is_better, kind="stable")
        means = means.loc[arrange(list(best.index), order)]
        return cls(
            means,
            metric=metric,
            greater_is_better=greater_is_better,
            is_separated=summary is None or "undecided" not in set(summary["outcome"]),
        )

    def _subject(self):
        inits, activations = self.means.shape
        return f"mean {self.metric} of {inits} inits with {activations} activations"

    def _size(self):
        rows, columns = self.means.shape
        return max(4.2, 2.6 + 0.85 * columns), 1.3 + row_height(self.means.index) * rows

    def _draw(self, ax):
        values = np.ma.masked_invalid(self.means.to_numpy(dtype=float))
        cmap = "cividis" if self.greater_is_better else "cividis_r"
        image = ax.imshow(values, cmap=cmap, aspect="auto")
        ax.set_xticks(range(values.shape[1]), [wrap_label(name, 14) for name in self.means.columns])
        ax.set_yticks(range(values.shape[0]), [wrap_label(name) for name in self.means.index])
        ax.set(xlabel="activation", ylabel="init")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for (row, column), value in np.ndenumerate(values.filled(np.nan)):
            bright = is_missing(value) or np.mean(image.cmap(image.norm(value))[:3]) > 0.5
            ax.text(column, row, write_number(value, minus=MINUS), ha="center", va="center",
                    fontsize=SMALL + 1, color=BLACK if bright else "white")  # fmt: skip
        self._frame_best(ax, values)
        if is_narrow(ax):  # the numbers say what the colours do
            ax.tick_params(labelsize=SMALL)
        else:
            self.figure_.colorbar(image, ax=ax, label=f"mean {name_metric(self.metric)}")

    def _frame_best(self, ax, values):
        """Frame the best mean, and all that equal it."""
        from matplotlib.patches import Rectangle

        if values.mask.all():
            return
        best = values.max() if self.greater_is_better else values.min()
        equal = np.argwhere(np.isclose(values.filled(np.nan), best, rtol=0, atol=1e-12))
        for row, column in equal:
            ax.add_patch(
                Rectangle(
                    (column - 0.47, row - 0.45), 0.94, 0.9, fill=False, ec=VERMILLION, lw=2.5,
                    linestyle="-" if self.is_separated else (0, (3, 2)),
                )
            )  # fmt: skip
        extreme = "highest" if self.greater_is_better else "lowest"
        framed = f"framed: the {extreme} mean" + ("s, which are equal" if len(equal) > 1 else "")
        if not self.is_separated:
            framed += ("\n" if is_narrow(ax) else ", ") + "not separated from all others"
        title = ax.set_title(framed, fontsize=SMALL, loc="left")
        if is_narrow(ax):  # above the names of the rows there is room, too
            title.set(x=1, horizontalalignment="right")
