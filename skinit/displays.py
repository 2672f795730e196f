"""Plots of a comparison, in scikit-learn's style: frames in, axes out.

A display holds plain data and draws nothing until asked. Make one with its ``from_frame``; draw it
with ``plot(ax=None)``, which sets ``ax_`` and ``figure_`` and returns the display; or ask for
``to_figure()``, a figure that pyplot does not know, for files and reports. Labels are shown as they
are: a ``$`` in a label is a dollar and no mathematics.

Colours are those of Okabe and Ito [1]_, which colour-blind readers can tell apart; whatever a
colour says, a word, a marker or a line style says too.

References
----------
.. [1] Okabe and Ito (2008), "Color Universal Design: how to make figures and presentations that
   are friendly to colorblind people".
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from skinit.statistics import cliques, friedman, name_label, nemenyi_cd

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "CriticalDifferenceDisplay",
    "DifferencesDisplay",
    "HeatmapDisplay",
    "LossCurvesDisplay",
    "ScoresDisplay",
]

BLACK, GREY, PALE, LIGHT = "#000000", "#6b6b6b", "#b4b4b4", "#d5d5d5"
ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILLION, PURPLE = "#D55E00", "#CC79A7"
# One candidate each. The yellow of the eight is left out: on white nobody sees it.
COLORS = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY]
MARKERS = ["o", "s", "^", "D", "v", "P"]
VERDICT_COLORS = {"best": GREEN, "tie": BLUE, "worse": VERMILLION, "undecided": GREY}

SMALL = 8  # points, for annotations
LOG_ABOVE = 30  # losses that span more than this factor are drawn on a logarithmic axis
UNITS = {"log_loss": "log loss (nats)", "neg_log_loss": "negative log loss (nats)"}


def name_metric(metric: str) -> str:
    """Return a metric's name as an axis shows it, with its unit where it has one."""
    return UNITS.get(metric, metric.replace("_", " "))


def _text(label: Hashable, width: int = 30) -> str:
    """Return a label for matplotlib: in three lines at most, and never read as mathematics."""
    # Long labels are often calls, which may be broken after a bracket or a comma too.
    piece = rf".{{1,{width}}}?(?:[\s(,/]+|$)|.{{{width}}}"
    lines = [""]
    for word in re.findall(piece, " ".join(name_label(label).split())):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    kept = [line.rstrip() for line in lines[:3]]
    text = "\n".join(kept).replace("$", r"\$") + (" …" if len(lines) > 3 else "")
    # matplotlib leaves labels out of a legend that begin with an underscore.
    return f" {text}" if text.startswith("_") else text


def _candidates(frame: pd.DataFrame) -> pd.Series:
    """Return the name of each row's candidate, with its activation where there are several."""
    if frame["activation"].nunique() < 2:
        return frame["label"].astype(str)
    return frame["label"].astype(str) + " (" + frame["activation"].astype(str) + ")"


def _by_name(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary indexed by names as `_candidates` writes them."""
    return summary.set_axis([name_label(label) for label in summary.index])


class _Display:
    """Shared by all displays: new axes of the right size, a figure of its own, the repr."""

    ax_: Any
    figure_: Any

    def plot(self, ax: Axes | None = None):
        """Draw on the given axes, or on a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        self
            With the attributes ``ax_`` and ``figure_``.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=self._size(), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax)
        return self

    def to_figure(self) -> Figure:
        """Return the plot as a figure that pyplot does not know, for files and reports."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=self._size(), layout="constrained")
        self.plot(figure.subplots())
        return figure

    def __repr__(self):
        return f"<{type(self).__name__}: {self._subject()}. Draw it with .plot().>"

    def _size(self) -> tuple[float, float]:
        """Return width and height in inches; seven are the width of a printed page."""
        raise NotImplementedError

    def _draw(self, ax: Axes) -> None:
        raise NotImplementedError

    def _subject(self) -> str:
        raise NotImplementedError


def _name_rows(ax, names) -> None:
    """Make one row per candidate, the first on top, named on the left."""
    ax.set_yticks(range(len(names)), [_text(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _row_height(names) -> float:
    """Return inches for one row, more where a name takes several lines."""
    lines = max((_text(name).count("\n") + 1 for name in names), default=1)
    return max(0.46, 0.19 * lines)


# Loss over epochs


class LossCurvesDisplay(_Display):
    """Loss over epochs of each candidate: median and quartiles of its runs.

    Training loss is solid, held-out loss dashed; a cross is the end of a run that diverged. Up to
    six candidates share one plot; more get a panel each, with the others in grey behind.

    Parameters
    ----------
    bands : DataFrame
        Columns ``low, median, high``; index levels ``candidate, curve, epoch``, where curve is
        "training" or "held-out".
    ends : DataFrame
        Columns ``epoch, loss``: the last finite training loss of each run that diverged. Indexed
        by candidate.
    counts : DataFrame
        Columns ``runs, diverged``, indexed by candidate.
    prior_loss : float, default=None
        Log loss of the class prior, drawn as a dotted line.

    Attributes
    ----------
    ax_ : matplotlib Axes, or ndarray of Axes
        What was drawn on; an array where every candidate has its own panel.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import pandas as pd
    >>> curves = pd.DataFrame({"label": "he", "activation": "tanh", "split": 0, "seed": 1,
    ...     "epoch": [1, 2], "train_loss": [0.6, 0.4], "test_loss": [0.7, 0.5]})
    >>> LossCurvesDisplay.from_frame(curves)
    <LossCurvesDisplay: loss over 2 epochs of 1 candidate. Draw it with .plot().>
    """

    TOGETHER = 6
    STYLES = {"training": "-", "held-out": (0, (4, 2))}

    def __init__(
        self,
        bands: pd.DataFrame,
        *,
        ends: pd.DataFrame,
        counts: pd.DataFrame,
        prior_loss: float | None = None,
    ):
        self.bands = bands
        self.ends = ends
        self.counts = counts
        self.prior_loss = prior_loss

    @classmethod
    def from_frame(
        cls, curves: pd.DataFrame, *, prior_loss: float | None = None
    ) -> LossCurvesDisplay:
        """Make the display from one row per run and epoch.

        Every run counts at every epoch: one that stopped early keeps its last loss, one that
        diverged counts as infinite from then on. Without them only the survivors would be seen.

        Parameters
        ----------
        curves : DataFrame
            Columns ``label, activation, split, seed, epoch, train_loss, test_loss``; epochs count
            from 1. A loss that is not finite is a divergence.
        prior_loss : float, default=None
            Log loss of the class prior.

        Returns
        -------
        LossCurvesDisplay
        """
        import pandas as pd

        groups = dict(list(curves.groupby(_candidates(curves), sort=False)))
        tables = {
            (name, curve): group.pivot(index=["split", "seed"], columns="epoch", values=column)
            for name, group in groups.items()
            for curve, column in [("training", "train_loss"), ("held-out", "test_loss")]
        }
        lost = {name: _diverged(group) for name, group in groups.items()}
        bands = {key: _quartiles(table, lost[key[0]]) for key, table in tables.items()}
        ends = {name: _ends(group, lost[name]) for name, group in groups.items()}
        counts = {name: {"runs": len(lost[name]), "diverged": lost[name].sum()} for name in groups}
        return cls(
            pd.concat(bands, names=["candidate", "curve"]).sort_index(),
            ends=pd.concat(ends, names=["candidate"]).droplevel(["split", "seed"]),
            counts=pd.DataFrame.from_dict(counts, orient="index"),
            prior_loss=prior_loss,
        )

    def _subject(self):
        epochs = self.bands.index.get_level_values("epoch").max()
        return f"loss over {epochs} epochs of {_count(self.counts, 'candidate')}"

    def _columns(self) -> int:
        """Return how many panels stand side by side."""
        n = len(self.counts)
        return 1 if n <= self.TOGETHER else 3 if n <= 12 else 4

    def _size(self):
        rows = math.ceil(len(self.counts) / self._columns())
        return (7.2, 3.4) if self._columns() == 1 else (7.2, 0.7 + 1.5 * rows)

    def _draw(self, ax):
        if self._columns() == 1:
            self._draw_together(ax)
        else:
            self._draw_panels(ax)
            ax = self.ax_[0, 0]  # its limits are those of all panels
        ax.set_ylim(top=min(ax.get_ylim()[1], 1.5 * self._top()))

    def _draw_together(self, ax):
        for name, color, marker in zip(self.counts.index, COLORS, MARKERS, strict=False):
            self._draw_candidate(ax, name, color, marker)
        self._finish(ax, labels=(1, 2, 5))
        ax.set(xlabel="epoch", ylabel=UNITS["log_loss"])
        lines = [
            _line(color, marker=marker)
            for _, color, marker in zip(self.counts.index, COLORS, MARKERS, strict=False)
        ]
        labels = [self._label(name) for name in self.counts.index]
        keys = self._keys()
        ax.legend(
            [*lines, *keys.values()], [*labels, *keys], loc="center left",
            bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=SMALL, handlelength=3,
        )  # fmt: skip

    def _draw_panels(self, ax):
        """Give each candidate a panel in the place of the given axes."""
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError(
                f"{len(self.counts)} candidates need panels of their own, which fit only into axes "
                "of a grid: make these with plt.subplots(), or call plot() without ax."
            )
        ax.set_axis_off()
        columns = self._columns()
        rows = math.ceil(len(self.counts) / columns)
        grid = place.subgridspec(rows + 1, columns, height_ratios=[0.15] + [1] * rows)
        self._draw_keys(self.figure_.add_subplot(grid[0, :]))
        self.ax_ = np.full((rows, columns), None)
        for i, name in enumerate(self.counts.index):
            panel = self.figure_.add_subplot(
                grid[1 + i // columns, i % columns], sharex=self.ax_[0, 0], sharey=self.ax_[0, 0]
            )
            self.ax_[divmod(i, columns)] = panel
            self._draw_panel(panel, name)
            left, bottom = i % columns == 0, i + columns >= len(self.counts)
            panel.tick_params(labelsize=SMALL, labelleft=left, labelbottom=bottom)
            panel.set_xlabel("epoch" if bottom else "", fontsize=SMALL)
            panel.set_ylabel("log loss (nats)" if left else "", fontsize=SMALL)

    def _draw_keys(self, ax):
        keys = self._keys()
        ax.set_axis_off()
        ax.legend(
            list(keys.values()), list(keys), loc="center", ncols=len(keys), frameon=False,
            fontsize=SMALL, handlelength=3,
        )  # fmt: skip

    def _draw_panel(self, ax, name):
        for other in self.counts.index.drop(name):
            median = self.bands["median"].loc[other, "held-out"]
            ax.plot(median.index, median, color=PALE, linewidth=0.7, zorder=1)
        self._draw_candidate(ax, name, BLUE, None)
        self._finish(ax)
        ax.set_title(self._label(name, 26), fontsize=SMALL, loc="left")

    def _draw_candidate(self, ax, name, color, marker):
        for curve, style in self.STYLES.items():
            band = self.bands.loc[(name, curve)]
            ax.fill_between(band.index, band["low"], band["high"], color=color, alpha=0.15, lw=0)
            ax.plot(
                band.index, band["median"], color=color, linestyle=style, linewidth=1.4,
                marker=marker, markevery=max(1, len(band) // 6), markersize=4,
                label=f"{_text(name)}, {curve}",
            )  # fmt: skip
        ends = self.ends[self.ends.index == name]
        losses = ends["loss"].clip(upper=self._top())
        ax.plot(ends["epoch"], losses, "x", color=color, markersize=5, zorder=4)

    def _finish(self, ax, labels=(1,)):
        if self.prior_loss is not None:
            ax.axhline(self.prior_loss, color=BLACK, linestyle=":", linewidth=1, zorder=1.5)
        losses = self.bands.to_numpy()
        losses = losses[np.isfinite(losses) & (losses > 0)]
        if losses.size and losses.max() > LOG_ABOVE * losses.min():
            from matplotlib.ticker import LogLocator, NullFormatter

            ax.set_yscale("log")
            # Over many decades only their powers have room.
            is_wide = losses.max() > 1e4 * losses.min()
            ax.yaxis.set_major_locator(LogLocator(subs=(1,) if is_wide else labels))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(NullFormatter())
        ax.spines[["top", "right"]].set_visible(False)

    def _top(self) -> float:
        """Return a limit for the axis, lest a loss on its way to infinity flatten all others."""
        first = self.bands["median"].groupby(["candidate", "curve"]).first().max()
        return 10 * np.nanmax([first, self.prior_loss or 0, 1])

    def _label(self, name, width=30):
        runs, diverged = self.counts.loc[name]
        return _text(name, width) + (f"\n{diverged} of {runs} runs diverged" if diverged else "")

    def _keys(self):
        """Return what the styles mean, whoever's curve it is."""
        keys = {curve: _line(GREY, linestyle=style) for curve, style in self.STYLES.items()}
        if self.prior_loss is not None:
            keys["class prior"] = _line(BLACK, linestyle=":", linewidth=1)
        if len(self.ends):
            keys["run diverged"] = _line(GREY, marker="x", linestyle="none")
        return keys


def _line(color, **style):
    """Return a line for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, **{"linewidth": 1.4, "markersize": 4} | style)


def _count(things, word: str) -> str:
    return f"{len(things)} {word}" + ("" if len(things) == 1 else "s")


def _diverged(curves: pd.DataFrame) -> pd.Series:
    """Tell of each run, by split and seed, whether any of its losses is not finite."""
    finite = np.isfinite(curves[["train_loss", "test_loss"]].astype(float)).all(axis=1)
    return ~finite.groupby([curves["split"], curves["seed"]]).all()


def _ends(curves: pd.DataFrame, diverged: pd.Series) -> pd.DataFrame:
    """Return epoch and value of the last finite training loss of each run that diverged."""
    finite = curves[np.isfinite(curves["train_loss"])].sort_values("epoch")
    last = finite.groupby(["split", "seed"])[["epoch", "train_loss"]].last()
    return last[diverged.reindex(last.index)].rename(columns={"train_loss": "loss"})


def _quartiles(losses: pd.DataFrame, diverged: pd.Series) -> pd.DataFrame:
    """Return the quartiles of each epoch over runs; see `LossCurvesDisplay.from_frame`."""
    import pandas as pd

    values = losses.where(np.isfinite(losses))
    values = values.where(~diverged, values.fillna(np.inf), axis=0).ffill(axis=1)
    with np.errstate(invalid="ignore"):  # between two infinite losses there is no quartile
        quartiles = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    quartiles[np.isinf(quartiles)] = np.nan
    return pd.DataFrame(quartiles.T, index=losses.columns, columns=["low", "median", "high"])


# Scores over splits


class ScoresDisplay(_Display):
    """Scores of each candidate, split by split, and the interval of its mean.

    Every dot is one split, its seeds averaged; the same split has the same height in every row.
    Held-out scores are filled, training scores open and lighter. The bar is the 95% interval of
    the mean held-out score. Two such bars that overlap say nothing about a difference: for that
    there is `DifferencesDisplay`.

    Parameters
    ----------
    test, train : DataFrame of shape (n_splits, n_candidates)
        Held-out and training scores.
    means : DataFrame
        Columns ``mean, ci_low, ci_high``, indexed by candidate, in the order of the rows.
    metric : str, default="accuracy"
        Name of the score.
    baseline : float, default=None
        Mean score of the class prior.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.
    """

    def __init__(
        self,
        test: pd.DataFrame,
        train: pd.DataFrame,
        means: pd.DataFrame,
        *,
        metric: str = "accuracy",
        baseline: float | None = None,
    ):
        self.test = test
        self.train = train
        self.means = means
        self.metric = metric
        self.baseline = baseline

    @classmethod
    def from_frame(
        cls, runs: pd.DataFrame, summary: pd.DataFrame, *, metric: str = "accuracy"
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

        Returns
        -------
        ScoresDisplay
        """
        means = _by_name(summary)[["mean", "ci_low", "ci_high"]].astype(float)
        test, train = (_split_scores(runs, f"{side}_{metric}") for side in ("test", "train"))
        known = means.index.isin(test.columns)
        baseline = None if known.all() else float(means.loc[~known, "mean"].iloc[0])
        means = means[known]
        return cls(test[means.index], train[means.index], means, metric=metric, baseline=baseline)

    def _subject(self):
        splits = _count(self.test, "split")
        return f"{self.metric} of {_count(self.means, 'candidate')} on {splits}"

    def _size(self):
        return 7.2, 1.2 + _row_height(self.means.index) * len(self.means)

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
            ax.axvline(self.baseline, color=BLACK, ls=":", lw=1, zorder=1, label="class prior")
        _name_rows(ax, self.means.index)
        ax.grid(axis="x", color=LIGHT, linewidth=0.5)
        ax.set_axisbelow(True)
        ax.set_xlabel(name_metric(self.metric))
        ax.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False, fontsize=SMALL,
            handletextpad=0.3, columnspacing=1.5,
        )  # fmt: skip

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
    keys = [runs["split"], _candidates(runs).rename("candidate")]
    return runs[column].groupby(keys).apply(lambda seeds: seeds.mean(skipna=False)).unstack()


# Differences


class DifferencesDisplay(_Display):
    """What is known about each candidate's difference to the reference.

    The hill is the posterior of the mean difference, scaled to one height; its area left of the
    grey band is the probability of being worse, inside it of being practically equivalent, right
    of it of being better, as printed beside it. The bar is the 95% interval. A candidate that is
    sure to be worse, and so far that it would squeeze the others, is an arrow at the edge.

    Parameters
    ----------
    differences : DataFrame
        Columns ``difference, difference_low, difference_high, p_worse, p_equivalent, p_better,
        verdict``, indexed by candidate.
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
    ) -> DifferencesDisplay:
        """Make the display from a summary.

        Parameters
        ----------
        summary : DataFrame
            Columns ``difference, difference_low, difference_high, p_worse, p_equivalent, p_better,
            verdict``. Rows without a verdict of the four, such as the class prior, are left out.
        rope : float
            Half width of the region of practical equivalence.
        n_splits : int
            Number of splits.
        metric : str, default="accuracy"
            Name of the score.
        reference : label, default=None
            What the differences are differences to; None is the first row.

        Returns
        -------
        DifferencesDisplay
        """
        reference = name_label(summary.index[0] if reference is None else reference)
        columns = ["difference", "difference_low", "difference_high", *cls.COLUMNS, "verdict"]
        candidates = _by_name(summary)[columns]
        candidates = candidates[candidates["verdict"].isin(list(VERDICT_COLORS))]
        differences = candidates.drop(index=reference)
        df = n_splits - 1
        return cls(differences, reference=reference, rope=rope, df=df, metric=metric)

    def _subject(self):
        others = _count(self.differences, "candidate")
        return f"differences in {self.metric} of {others} to {self.reference}"

    def _size(self):
        return 7.2, 1.3 + max(0.5, _row_height(self.differences.index)) * len(self.differences)

    def _draw(self, ax):
        ax.axvspan(-self.rope, self.rope, color=LIGHT, alpha=0.6, linewidth=0, zorder=0)
        ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
        _name_rows(ax, self.differences.index)
        left, right = self._limits()
        ax.set_xlim(left, right)
        for row, (low, mean, high) in enumerate(self._intervals().to_numpy()):
            if low < left or high > right:
                self._draw_arrow(ax, row, low, mean, high)
            else:
                self._draw_row(ax, row, low, mean, high)
            self._write(ax, row)
        self._write_headings(ax)
        ax.set_xlabel(f"difference in {name_metric(self.metric)} to {_text(self.reference)}")

    def _intervals(self) -> pd.DataFrame:
        """Return low, mean, high; without an interval, as of one split, these are all the mean."""
        columns = ["difference_low", "difference", "difference_high"]
        table = self.differences[columns].astype(float)
        return table.apply(lambda ends: ends.fillna(table["difference"]))

    def _limits(self) -> tuple[float, float]:
        """Return the ends of the axis: all intervals, but for those of sure and far losers."""
        low, _, high = self._intervals().to_numpy().T
        far = self._intervals().abs().max(axis=1)
        doubtful = far[self.differences["verdict"] != "worse"]
        reach = np.nanmax([far.min() if doubtful.empty else doubtful.max(), 2.5 * self.rope])
        shown = far <= self.FAR * reach
        left = min([-2.5 * self.rope, *low[shown]])
        right = max([2.5 * self.rope, *high[shown]])
        margin = 0.06 * (right - left) or 1.0
        return left - margin, right + margin

    def _draw_arrow(self, ax, row, low, mean, high):
        edge, marker, align = (0.02, "<", "left") if mean < 0 else (0.98, ">", "right")
        place = ax.get_yaxis_transform()
        ax.plot(edge, row, marker, color=VERMILLION, markersize=6, transform=place)
        ax.annotate(
            f"{_number(mean)} ({_number(low)} to {_number(high)})", (edge, row), xycoords=place,
            xytext=(8 if mean < 0 else -8, 0), textcoords="offset points", ha=align, va="center",
            fontsize=SMALL,
        )  # fmt: skip

    def _draw_row(self, ax, row, low, mean, high):
        base = row
        if high > low:
            base = row + 0.22
            self._draw_hill(ax, base, mean, (high - low) / 2 / stats.t.ppf(0.975, self.df))
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
        """Print the three probabilities and the verdict to the right of a row."""
        values = self.differences.iloc[row]
        texts = [write_percent(values[column]) for column in self.COLUMNS]
        for i, text in enumerate(texts):
            self._note(ax, i, row, text)
        word = values["verdict"]
        self._note(ax, 3, row, word, color=VERDICT_COLORS[word], weight="bold")

    def _write_headings(self, ax):
        colors = [VERMILLION, BLUE, GREEN, BLACK]
        for i, text in enumerate([*self.COLUMNS.values(), "verdict"]):
            self._note(ax, i, -0.75, text, color=colors[i])
        ax.text(0, -0.75, f"±{self.rope:g}", ha="center", va="center", fontsize=SMALL, color=BLUE)

    def _note(self, ax, column, row, text, **style):
        ax.annotate(
            text, (1, row), xycoords=ax.get_yaxis_transform(), xytext=(26 + 50 * column, 0),
            textcoords="offset points", ha="center", va="center", fontsize=SMALL, **style,
        )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def write_percent(probability: float) -> str:
    """Write a probability in percent, never as 0% or 100%."""
    if math.isnan(probability):
        return "–"
    if not 0.01 <= probability <= 0.99:
        return "< 1%" if probability < 0.5 else "> 99%"
    return f"{100 * probability:.0f}%"


# Init by activation


class HeatmapDisplay(_Display):
    """Mean scores of every init with every activation; the best one is framed.

    Parameters
    ----------
    means : DataFrame of shape (n_inits, n_activations)
        Mean held-out scores.
    metric : str, default="accuracy"
        Name of the score.
    greater_is_better : bool, default=True
        Whether the best is the highest.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.
    """

    def __init__(
        self, means: pd.DataFrame, *, metric: str = "accuracy", greater_is_better: bool = True
    ):
        self.means = means
        self.metric = metric
        self.greater_is_better = greater_is_better

    @classmethod
    def from_frame(
        cls, runs: pd.DataFrame, *, metric: str = "accuracy", greater_is_better: bool = True
    ) -> HeatmapDisplay:
        """Make the display from a table of runs.

        Parameters
        ----------
        runs : DataFrame
            One row per run: ``label, activation, test_<metric>``. A missing score makes its mean
            missing.
        metric : str, default="accuracy"
            Name of the score.
        greater_is_better : bool, default=True
            Whether the best is the highest. Rows are sorted by their mean, the best on top.

        Returns
        -------
        HeatmapDisplay
        """
        scores = runs.groupby(["label", "activation"])[f"test_{metric}"]
        means = scores.apply(lambda runs: runs.mean(skipna=False)).unstack()
        means = means.loc[runs["label"].unique(), runs["activation"].unique()]
        order = means.mean(axis=1).sort_values(ascending=not greater_is_better, kind="stable")
        means = means.loc[order.index]
        return cls(means, metric=metric, greater_is_better=greater_is_better)

    def _subject(self):
        inits, activations = self.means.shape
        return f"mean {self.metric} of {inits} inits with {activations} activations"

    def _size(self):
        rows, columns = self.means.shape
        return max(4.2, 2.6 + 0.85 * columns), 1.3 + _row_height(self.means.index) * rows

    def _draw(self, ax):
        values = np.ma.masked_invalid(self.means.to_numpy(dtype=float))
        cmap = "cividis" if self.greater_is_better else "cividis_r"
        image = ax.imshow(values, cmap=cmap, aspect="auto")
        ax.set_xticks(range(values.shape[1]), [_text(name, 14) for name in self.means.columns])
        ax.set_yticks(range(values.shape[0]), [_text(name) for name in self.means.index])
        ax.set(xlabel="activation", ylabel="init")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for (row, column), value in np.ndenumerate(values.filled(np.nan)):
            bright = np.mean(image.cmap(image.norm(value))[:3]) > 0.5 if value == value else True
            text = f"{value:.3f}" if value == value else "–"
            ax.text(column, row, text, ha="center", va="center", fontsize=SMALL + 1,
                    color=BLACK if bright else "white")  # fmt: skip
        self._frame_best(ax, values)
        self.figure_.colorbar(image, ax=ax, label=f"mean {name_metric(self.metric)}")

    def _frame_best(self, ax, values):
        from matplotlib.patches import Rectangle

        if values.mask.all():
            return
        best = values.argmax() if self.greater_is_better else values.argmin()
        row, column = np.unravel_index(best, values.shape)
        frame = Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, fill=False, ec=VERMILLION, lw=2.5)
        ax.add_patch(frame)
        word = "highest" if self.greater_is_better else "lowest"
        ax.set_title(f"framed: the {word} mean", fontsize=SMALL, loc="left")


# Across datasets


class CriticalDifferenceDisplay(_Display):
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
        candidates = _count(self.mean_ranks, "candidate")
        return f"ranks of {candidates} over {_count(range(self.n_datasets), 'dataset')}"

    def _size(self):
        rows = 3.4 + 0.4 * len(self._cliques()) + math.ceil(len(self.mean_ranks) / 2)
        return 7.2, 0.3 + 0.65 * _row_height(self.mean_ranks.index) * rows

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
            self._draw_name(ax, _text(name), rank, first - depth, left=i < on_left)
        ax.set_ylim(first - on_left + 0.5, 2.2)

    def _draw_axis(self, ax, k):
        ax.spines[["left", "right", "bottom"]].set_visible(False)
        ax.spines["top"].set_position(("data", 0))
        ax.xaxis.tick_top()
        ax.set(xlim=(1, k), xticks=range(1, k + 1), yticks=[])
        ax.set_title("mean rank (1 is best)", fontsize=SMALL + 1)
        cd = self.critical_difference
        if math.isnan(cd):
            ax.text(1, 1.7, f"{_count(range(self.n_datasets), 'dataset')}: too few for a test",
                    fontsize=SMALL)  # fmt: skip
            return
        ax.errorbar(1 + cd / 2, 1.7, xerr=cd / 2, color=BLACK, capsize=3, linewidth=1.2)
        ax.text(1 + cd, 1.7, f"  critical difference {cd:.2f}", va="center", fontsize=SMALL)

    def _draw_name(self, ax, text, rank, y, *, left):
        """Lead a line from the axis down and out to a name and its rank."""
        out = -0.02 if left else 1.02
        ax.annotate(
            f"{text}  {rank:.2f}" if left else f"{rank:.2f}  {text}",
            (rank, 0), xytext=(out, y), textcoords=ax.get_yaxis_transform(), va="center",
            ha="right" if left else "left", fontsize=SMALL + 1,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.9, "shrinkA": 0,
                        "shrinkB": 0, "connectionstyle": "angle,angleA=0,angleB=90,rad=0"},
        )  # fmt: skip
