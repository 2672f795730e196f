"""Inner score of each candidate against the values that were tried."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._wording import is_number, write_count, write_setting
from skinit.displays.base import (
    GREY,
    LIGHT,
    Display,
    arrange,
    cycle_looks,
    is_narrow,
    name_candidates,
    name_metric,
    place_legend,
    wrap_label,
)

if TYPE_CHECKING:
    import pandas as pd

FLOOR = 1e-4  # nats; smaller losses are drawn at this height
WIDEST = 30  # times the best loss; larger ones would flatten all others and are drawn there
LOG_ABOVE = 5  # losses that span more than this factor are drawn on a logarithmic axis


class TuningDisplay(Display):
    """Loss of each candidate on the rows that decide, against the values that were tried.

    A line is the median over splits and seeds, a band the quartiles (up to six candidates). A dot
    is a choice: the larger, the more splits made it. Losses above thirty times the best one are
    drawn on the upper edge.

    Parameters
    ----------
    bands : DataFrame
        Columns ``low, median, high``; index levels ``candidate, value``.
    choices : DataFrame
        Column ``share``, of the splits that chose a value; index levels ``candidate, value``.
    parameter : str
        What was tuned.
    loss : str, default="log_loss"
        Which loss decided.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"label": "he", "activation": "tanh", "split": 0, "seed": 1,
    ...     "alpha": [0.1, 1.0], "inner_log_loss": [0.6, 0.7], "chosen": [True, False]})
    >>> TuningDisplay.from_frame(trials, parameter="alpha")
    <TuningDisplay: 2 values of alpha for 1 candidate. Draw it with .plot().>
    """

    WITH_BANDS = 6

    def __init__(
        self,
        bands: pd.DataFrame,
        *,
        choices: pd.DataFrame,
        parameter: str,
        loss: str = "log_loss",
    ):
        self.bands = bands
        self.choices = choices
        self.parameter = parameter
        self.loss = loss

    @classmethod
    def from_frame(
        cls, trials: pd.DataFrame, *, parameter: str, order: Sequence[Hashable] | None = None
    ) -> TuningDisplay:
        """Make the display from a table of trials.

        Parameters
        ----------
        trials : DataFrame
            One row per trial: ``label, activation, split, seed``, the parameter, the loss
            (``inner_...``) and ``chosen``. Where other parameters were tuned too, the best of their
            values counts.
        parameter : str
            The column with the values.
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all as they are.

        Returns
        -------
        TuningDisplay
        """
        import pandas as pd

        names = name_candidates(trials).rename("candidate")
        values = trials[parameter].map(lambda v: v if is_number(v) else str(v)).rename("value")
        by = [names, values]
        loss = next(column for column in trials.columns if column.startswith("inner_"))
        each = trials[loss].groupby([*by, trials["split"], trials["seed"]], sort=False)
        groups = each.min().groupby(["candidate", "value"], sort=False)
        bands = groups.quantile([0.25, 0.5, 0.75]).unstack()
        bands.columns = ["low", "median", "high"]
        chosen = trials["chosen"].groupby([*by, trials["split"]], sort=False).any()
        share = chosen.groupby(["candidate", "value"], sort=False).mean().to_frame("share")
        shown = arrange(list(names.drop_duplicates()), order)
        return cls(
            pd.concat([bands.loc[[name]] for name in shown]),
            choices=pd.concat([share.loc[[name]] for name in shown]),
            parameter=parameter,
            loss=loss.removeprefix("inner_"),
        )

    def _names(self):
        return self.bands.index.unique("candidate")

    def _values(self):
        return self.bands.index.unique("value")

    def _subject(self):
        candidates = write_count(len(self._names()), "candidate")
        return f"{write_count(len(self._values()), 'value')} of {self.parameter} for {candidates}"

    def _size(self):
        return 7.2, max(3.6, 0.6 + 0.2 * len(self._names()))

    def _column_height(self):
        return 3.2 + 0.2 * len(self._names())

    def _draw(self, ax):
        for name, looks in zip(self._names(), cycle_looks(), strict=False):
            self._draw_candidate(ax, name, *looks)
        self._finish(ax)

    def _draw_candidate(self, ax, name, color, marker, style):
        band = self.bands.loc[name].clip(FLOOR, self._top())
        x = self._places(band.index)
        if len(self._names()) <= self.WITH_BANDS:
            ax.fill_between(x, band["low"], band["high"], color=color, alpha=0.13, linewidth=0)
        ax.plot(x, band["median"], color=color, linestyle=style, linewidth=1.4)
        share = self.choices.loc[name, "share"].reindex(band.index)
        ax.scatter(
            x, band["median"], s=110 * share, color=color, marker=marker, zorder=3,
            edgecolors="white", linewidths=0.6,
        )  # fmt: skip
        ax.plot([], [], color=color, linestyle=style, marker=marker, label=wrap_label(name))

    def _places(self, values):
        """Return where values stand on the axis: numbers at themselves, others side by side."""
        if self._has_numbers():
            return np.asarray(values, dtype=float)
        return self._values().get_indexer(values)

    def _top(self) -> float:
        return WIDEST * max(FLOOR, self.bands["median"].min())

    def _has_numbers(self) -> bool:
        return all(map(is_number, self._values()))

    def _finish(self, ax):
        values = self._values()
        if not self._has_numbers():
            ax.set_xticks(range(len(values)), [wrap_label(value) for value in values])
        elif min(values) > 0 and max(values) > 5 * min(values):
            from matplotlib.ticker import NullFormatter, NullLocator

            ax.set_xscale("log")
            ax.set_xticks(list(values), [write_setting(value) for value in values])
            if is_narrow(ax):
                ax.tick_params(axis="x", labelrotation=60)
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_minor_formatter(NullFormatter())
        medians = self.bands["median"].clip(FLOOR, self._top())
        if medians.max() > LOG_ABOVE * medians.min():
            from matplotlib.ticker import LogLocator, NullFormatter

            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(NullFormatter())
        elif medians.notna().any():
            ax.set_ylim(bottom=0)
        ax.set(xlabel=self.parameter, ylabel=f"inner {name_metric(self.loss)}")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color=LIGHT, linewidth=0.5)
        ax.set_axisbelow(True)
        ax.scatter([], [], s=70, color=GREY, label="chosen (size: how often)")
        top = self._top()
        for end, word, is_cut in [
            (FLOOR, "less", self.bands["median"].min() < FLOOR),
            (top, "more", self.bands["median"].max() > top),
        ]:
            if is_cut:
                ax.plot([], [], color="none", label=f"at {end:.2g}: {end:.2g} or {word}")
        lines, labels = ax.get_legend_handles_labels()
        place_legend(ax, lines, labels, below=0.85)  # values stand askew
