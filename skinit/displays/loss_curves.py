"""Loss over epochs of each candidate."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._wording import write_count
from skinit.displays.base import (
    BLACK,
    BLUE,
    COLORS,
    GREY,
    MARKERS,
    PALE,
    SMALL,
    Display,
    arrange,
    cycle_looks,
    grid_place,
    is_narrow,
    name_candidates,
    name_metric,
    narrow_columns,
    place_legend,
    wrap_label,
)

if TYPE_CHECKING:
    import pandas as pd

LOG_ABOVE = 30  # losses that span more than this factor are drawn on a logarithmic axis
# Smaller losses, of networks that memorize, are drawn at this height: nats, or of other losses a
# share of the baseline's.
FLOOR = 1e-4


class LossCurvesDisplay(Display):
    """Loss over epochs of each candidate: median and quartiles of its runs.

    Training loss is solid, held-out loss dashed; a cross is the end of a run that diverged. Up to
    six candidates share one plot; more get a panel each, with the others in grey behind. Several
    activations get a panel each, in which a colour stands for the same initializer everywhere; of
    more than six initializers only the held-out loss is drawn there. On a
    logarithmic axis, losses below 0.0001 nats (of numbers: of the baseline's loss) are drawn at
    that height: the network memorizes, and how perfectly is of no interest.

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
        Loss of the baseline, drawn as a dotted line.
    parts : DataFrame, default=None
        Columns ``label, activation``, indexed by candidate; None where there is one activation.
    loss : str, default="log_loss"
        Which loss it is.
    baseline : str, default="class prior"
        What the dotted line is called.

    Attributes
    ----------
    ax_ : matplotlib Axes, or ndarray of Axes
        What was drawn on; an array where every candidate or activation has its own panel.
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
        parts: pd.DataFrame | None = None,
        loss: str = "log_loss",
        baseline: str = "class prior",
    ):
        self.parts = parts
        self.bands = bands
        self.ends = ends
        self.counts = counts
        self.prior_loss = prior_loss
        self.loss = loss
        self.baseline = baseline

    @classmethod
    def from_frame(
        cls,
        curves: pd.DataFrame,
        *,
        prior_loss: float | None = None,
        loss: str = "log_loss",
        baseline: str = "class prior",
        order: Sequence[Hashable] | None = None,
    ) -> LossCurvesDisplay:
        """Make the display from one row per run and epoch.

        Every run counts at every epoch: one that stopped early keeps its last loss, one that
        diverged counts as infinite from then on. Without them only the survivors would be seen.

        Parameters
        ----------
        curves : DataFrame
            Columns ``label, activation, split, seed, epoch, train_loss, test_loss``; epochs count
            from 0, the start. A loss that is not finite is a divergence.
        prior_loss : float, default=None
            Loss of the baseline.
        loss : str, default="log_loss"
            Which loss it is, such as "squared_error".
        baseline : str, default="class prior"
            What the baseline is called, such as "training mean".
        order : sequence of labels, default=None
            The candidates to draw, in this order; None draws all as they are.

        Returns
        -------
        LossCurvesDisplay
        """
        import pandas as pd

        groups = dict(list(curves.groupby(name_candidates(curves), sort=False)))
        groups = {name: groups[name] for name in arrange([*groups], order)}
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
            parts=_parts(groups),
            loss=loss,
            baseline=baseline,
        )

    def _subject(self):
        epochs = self.bands.index.get_level_values("epoch").max()
        return f"loss over {epochs} epochs of {write_count(len(self.counts), 'candidate')}"

    @property
    def shows_training(self) -> bool:
        """Whether the training loss is drawn too."""
        return self.parts is None or self.parts["label"].nunique() <= self.TOGETHER

    def _panels(self) -> list[str]:
        """Return what each panel is named after: the activations, or the candidates."""
        if self.parts is not None:
            return list(self.parts["activation"].unique())
        return list(self.counts.index)

    def _is_together(self) -> bool:
        """Whether all candidates are in one panel."""
        return self.parts is None and len(self.counts) <= self.TOGETHER

    def _columns(self, narrow: bool) -> int:
        """Return how many panels stand side by side."""
        if self.parts is not None:
            return 1 if narrow else min(3, len(self._panels()))
        return 2 if narrow else 3 if len(self.counts) <= 12 else 4

    def _size(self):
        return 7.2, 3.4 if self._is_together() else self._panels_height(narrow=False)

    def _column_height(self):
        if self._is_together():
            labels = [*map(self._label, self.counts.index)]
            return 2.8 + 0.19 * (len(labels) + 4) / narrow_columns(labels)
        return self._panels_height(narrow=True)

    def _panels_height(self, *, narrow: bool) -> float:
        rows = math.ceil(len(self._panels()) / self._columns(narrow))
        if self.parts is None:
            return 0.7 + 1.5 * rows
        labels = [*map(wrap_label, self.parts["label"].unique())]
        columns = narrow_columns(labels) if narrow else 4
        return 0.6 + 2.3 * rows + 0.19 * math.ceil(len(labels) / columns)

    def _draw(self, ax):
        if self._is_together():
            self._draw_together(ax)
        elif self.parts is None:
            self._draw_panels(ax)
            ax = self.ax_[0, 0]  # its limits are those of all panels
        else:
            self._draw_activations(ax)
            ax = self.ax_[0, 0]
        ax.set_ylim(top=min(ax.get_ylim()[1], 1.5 * self._top()))

    def _draw_together(self, ax):
        for name, color, marker in zip(self.counts.index, COLORS, MARKERS, strict=False):
            self._draw_candidate(ax, name, color, marker)
        self._finish(ax, labels=(1, 2, 5))
        ax.set(xlabel="epoch", ylabel=name_metric(self.loss))
        lines = [
            _line(color, marker=marker)
            for _, color, marker in zip(self.counts.index, COLORS, MARKERS, strict=False)
        ]
        labels = [self._label(name) for name in self.counts.index]
        keys = self._keys()
        place_legend(ax, [*lines, *keys.values()], [*labels, *keys])

    def _draw_panels(self, ax):
        """Give each candidate a panel in the place of the given axes."""
        self._draw_keys(self._make_panels(ax, 0.15))
        for name, panel in zip(self._panels(), self.ax_.flat, strict=False):
            self._draw_panel(panel, name)

    def _draw_activations(self, ax):
        """Give each activation a panel, in which an initializer has its colour."""
        assert self.parts is not None
        labels = list(self.parts["label"].unique())
        looks = dict(zip(labels, cycle_looks(), strict=False))
        curves = None if self.shows_training else ["held-out"]
        columns = narrow_columns([*map(wrap_label, labels)]) if is_narrow(ax) else 4
        keys_ax = self._make_panels(ax, 0.08 * (2 + math.ceil(len(labels) / columns)))
        for activation, panel in zip(self._panels(), self.ax_.flat, strict=False):
            for name, part in self.parts[self.parts["activation"] == activation].iterrows():
                color, marker, style = looks[part["label"]]
                self._draw_candidate(panel, name, color, marker, curves, style)
            self._finish(panel)
            panel.set_title(wrap_label(activation, 26), fontsize=SMALL + 1, loc="left")
        lines = {
            wrap_label(label): _line(color, marker=marker, linestyle=style if curves else "-")
            for label, (color, marker, style) in looks.items()
        }
        keys_ax.set_axis_off()
        keys = lines | {name: line for name, line in self._keys().items() if name != "training"
                        or self.shows_training}  # fmt: skip
        if curves:
            del keys["held-out"]
        keys_ax.legend(
            list(keys.values()), list(keys), loc="center", ncols=columns, frameon=False,
            fontsize=SMALL, handlelength=3,
        )  # fmt: skip

    def _make_panels(self, ax, height: float):
        """Put panels in the place of the given axes; return the axes above them, for a legend."""
        place = grid_place(ax, f"{len(self.counts)} candidates")
        panels = self._panels()
        ax.set_axis_off()
        columns = self._columns(is_narrow(ax))
        rows = math.ceil(len(panels) / columns)
        grid = place.subgridspec(rows + 1, columns, height_ratios=[height] + [1] * rows)
        self.ax_ = np.full((rows, columns), None)
        for i in range(len(panels)):
            panel = self.figure_.add_subplot(
                grid[1 + i // columns, i % columns], sharex=self.ax_[0, 0], sharey=self.ax_[0, 0]
            )
            self.ax_[divmod(i, columns)] = panel
            left, bottom = i % columns == 0, i + columns >= len(panels)
            panel.tick_params(labelsize=SMALL, labelleft=left, labelbottom=bottom)
            panel.set_xlabel("epoch" if bottom else "", fontsize=SMALL)
            panel.set_ylabel(name_metric(self.loss) if left else "", fontsize=SMALL)
        return self.figure_.add_subplot(grid[0, :])

    def _draw_keys(self, ax):
        keys = self._keys()
        ax.set_axis_off()
        columns = 2 if is_narrow(ax) else len(keys)
        ax.legend(
            list(keys.values()), list(keys), loc="center", ncols=columns, frameon=False,
            fontsize=SMALL, handlelength=3,
        )  # fmt: skip

    def _draw_panel(self, ax, name):
        for other in self.counts.index.drop(name):
            median = self.bands["median"].loc[other, "held-out"]
            ax.plot(median.index, median, color=PALE, linewidth=0.7, zorder=1)
        self._draw_candidate(ax, name, BLUE, None)
        self._finish(ax)
        ax.set_title(self._label(name, 20), fontsize=SMALL, loc="left")

    def _draw_candidate(self, ax, name, color, marker, curves=None, own_style="-"):
        """Draw the curves of a candidate; the style of one curve alone may be its own."""
        for curve in self.STYLES if curves is None else curves:
            style = self.STYLES[curve] if curves is None else own_style
            band = self.bands.loc[(name, curve)].clip(
                lower=self._floor() if self._is_log() else None
            )
            if len(band) == 1:  # it stopped where it started: a line of one point is not seen
                marker = marker or "o"
            if curves is None:  # bands of many curves hide them
                low, high = band["low"], band["high"]
                ax.fill_between(band.index, low, high, color=color, alpha=0.15, lw=0)
            ax.plot(
                band.index, band["median"], color=color, linestyle=style, linewidth=1.4,
                marker=marker or ("." if len(band) == 1 else None),  # a point has no line
                markevery=max(1, len(band) // 6), markersize=4,
                label=f"{wrap_label(name)}, {curve}",
            )  # fmt: skip
        ends = self.ends[self.ends.index == name]
        losses = ends["loss"].clip(self._floor() if self._is_log() else None, self._top())
        ax.plot(ends["epoch"], losses, "x", color=color, markersize=5, zorder=4)

    def _finish(self, ax, labels=(1,)):
        if self.prior_loss is not None:
            ax.axhline(self.prior_loss, color=BLACK, linestyle=":", linewidth=1, zorder=1.5)
        if self._is_log():
            from matplotlib.ticker import LogLocator, NullFormatter

            ax.set_yscale("log")
            # Over many decades only their powers have room.
            losses = self._losses().clip(self._floor())
            is_wide = losses.max() > 1e4 * losses.min()
            ax.yaxis.set_major_locator(LogLocator(subs=(1,) if is_wide else labels))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.get_major_locator().set_params(integer=True)  # there is no half epoch
        ax.spines[["top", "right"]].set_visible(False)

    def _losses(self) -> np.ndarray:
        """Return all losses that a logarithmic axis can show."""
        losses = self.bands.to_numpy()
        return losses[np.isfinite(losses) & (losses > 0)]

    def _is_log(self) -> bool:
        losses = self._losses()
        return bool(losses.size) and losses.max() > LOG_ABOVE * losses.min()

    def _top(self) -> float:
        """Return a limit for the axis, lest a loss on its way to infinity flatten all others."""
        first = self.bands["median"].groupby(["candidate", "curve"]).first().max()
        least = 1 if self.loss == "log_loss" else 0
        return 10 * np.nanmax([first, self.prior_loss or 0, least])

    def _floor(self) -> float:
        """Return the smallest loss that a logarithmic axis shows."""
        return FLOOR if self.loss == "log_loss" else FLOOR * (self.prior_loss or 1.0)

    def _label(self, name, width=30):
        runs, diverged = self.counts.loc[name]
        text = wrap_label(name, width)
        if runs < self.counts["runs"].max():  # the others raised an error, and have no curve
            text += f"\nn = {runs}"
        return text + (f"\n{diverged} of {runs} runs diverged" if diverged else "")

    def _keys(self):
        """Return what the styles mean, for all candidates alike."""
        keys = {curve: _line(GREY, linestyle=style) for curve, style in self.STYLES.items()}
        if self.prior_loss is not None:
            keys[self.baseline] = _line(BLACK, linestyle=":", linewidth=1)
        if len(self.ends):
            keys["run diverged"] = _line(GREY, marker="x", linestyle="none")
        if self._is_log() and self.bands["median"].min() < self._floor():
            floor = f"{self._floor():.2g}"
            keys[f"at {floor}: {floor} or less"] = _line("none")
        return keys


def _parts(groups: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    """Return label and activation of each candidate; None where there is one activation."""
    import pandas as pd

    rows = {name: group[["label", "activation"]].iloc[0] for name, group in groups.items()}
    parts = pd.DataFrame.from_dict(rows, orient="index", columns=["label", "activation"])
    return parts if parts["activation"].nunique() > 1 else None


def _line(color, **style):
    """Return a line for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, **{"linewidth": 1.4, "markersize": 4} | style)


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
