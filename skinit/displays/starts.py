"""Signal and gradient through depth of several starts, in one figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skinit._wording import write_count
from skinit.displays.base import (
    GREY,
    SMALL,
    Display,
    cycle_looks,
    grid_place,
    is_narrow,
    narrow_columns,
    scale_log,
    wrap_label,
)

if TYPE_CHECKING:
    import pandas as pd


class _Panel(NamedTuple):
    """One quantity: its title, its column, and whether it is a share of the hidden units."""

    title: str
    column: str
    is_share: bool = False


PANELS = [
    _Panel("signal (RMS of activations)", "q"),
    _Panel("RMS of dL/dz", "delta_rms"),
    _Panel("RMS of dL/dW", "gradient_rms"),
    _Panel("saturated outputs (%)", "saturated", True),
    _Panel("dead units (%)", "dead", True),
    _Panel("distinct units (%)", "distinct", True),
]
COLUMNS = 3  # of panels, where there is room


class StartsDisplay(Display):
    """Signal and gradient through depth of several starts: a panel for each quantity.

    A colour stands for the same start in all panels. A triangle at the lower edge of a logarithmic
    axis is a value of exactly 0. Quantities that no activation here has are left out.

    Parameters
    ----------
    layers : mapping of label to DataFrame
        What `skinit.Diagnosis.to_frame` returns, one for each start.

    Attributes
    ----------
    ax_ : ndarray of Axes
        One for each quantity, in rows of three (one a row in a column of a paper); None where a
        row is not full.
    figure_ : matplotlib Figure
        The figure they belong to.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, diagnose
    >>> from skinit.diagnosis import StartsDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> starts = {init: InitMLPClassifier((8, 8), init=init) for init in ("zeros", "he")}
    >>> StartsDisplay({name: diagnose(start, X, y).to_frame() for name, start in starts.items()})
    <StartsDisplay: signal and gradient of 2 starts. Draw it with .plot().>
    """

    def __init__(self, layers: Mapping[str, pd.DataFrame]):
        self.layers = dict(layers)

    def _subject(self):
        return f"signal and gradient of {write_count(len(self.layers), 'start')}"

    def _panels(self) -> list[_Panel]:
        return [
            panel
            for panel in PANELS
            if any(self._values(name, panel).notna().any() for name in self.layers)
        ]

    def _values(self, name: str, panel: _Panel) -> pd.Series:
        """Return a quantity by layer; that of shares in percent, of hidden layers alone."""
        frame = self.layers[name]
        values = frame[panel.column]
        if panel.column == "q":
            return values.iloc[:-1] ** 0.5
        if panel.column == "distinct":
            values = values / frame["units"]
        return 100 * values.iloc[:-1] if panel.is_share else values

    def _size(self):
        return 7.2, self._height(COLUMNS, 4)

    def _column_height(self):
        return self._height(1, narrow_columns(self._labels()))

    def _labels(self) -> list[str]:
        return [*map(wrap_label, self.layers), "exactly 0"]

    def _height(self, n_panels: int, n_labels: int) -> float:
        """Return inches for so many panels side by side, and so many labels of the legend."""
        rows = math.ceil(len(self._panels()) / n_panels)
        legend_lines = sum(label.count("\n") + 1 for label in self._labels())
        return 0.3 + 1.9 * rows + 0.2 * math.ceil(legend_lines / n_labels)

    def _draw(self, ax):
        place, panels = grid_place(ax, "Signal and gradient"), self._panels()
        ax.set_axis_off()
        n_columns = 1 if is_narrow(ax) else COLUMNS
        rows = math.ceil(len(panels) / n_columns)
        grid = place.subgridspec(rows, n_columns)
        self.ax_ = np.full((rows, n_columns), None)
        for i, panel in enumerate(panels):
            axes = self.figure_.add_subplot(grid[i // n_columns, i % n_columns])
            self.ax_[divmod(i, n_columns)] = axes
            self._draw_panel(axes, panel)
        self._draw_legend(narrow_columns(self._labels()) if is_narrow(ax) else 4)

    def _draw_panel(self, ax, panel):
        for name, (color, marker, style) in zip(self.layers, cycle_looks(), strict=False):
            values = self._values(name, panel)
            drawn = values if panel.is_share else values.where(values > 0)
            ax.plot(
                values.index, drawn, color=color, marker=marker, markersize=4, linewidth=1.2,
                linestyle=style, label=wrap_label(name),
            )  # fmt: skip
            zeros = values.index[values == 0]
            if len(zeros) and not panel.is_share:
                at_edge = {"transform": ax.get_xaxis_transform(), "clip_on": False}
                ax.plot(zeros, [0] * len(zeros), "v", color=color, markersize=5, **at_edge)
        if panel.is_share:
            ax.set_ylim(-5, 105)
        else:
            scale_log(ax)
        ax.set_title(panel.title, fontsize=SMALL, loc="left")
        ax.set_xlabel("layer", fontsize=SMALL)
        self._number_layers(ax)
        ax.tick_params(labelsize=SMALL, which="both")
        ax.spines[["top", "right"]].set_visible(False)

    def _number_layers(self, ax):
        """Put whole numbers on the axis, all of them where there is room."""
        n_layers = max(map(len, self.layers.values()))
        step = math.ceil(n_layers / 10)
        ax.set_xlim(0.7, n_layers + 0.3)
        ax.set_xticks(range(1, n_layers + 1, step))

    def _draw_legend(self, n_columns: int):
        from matplotlib.lines import Line2D

        lines, labels = self.ax_[0, 0].get_legend_handles_labels()
        zero = Line2D([], [], color=GREY, marker="v", linestyle="none", markersize=5)
        self.figure_.legend(
            [*lines, zero], [*labels, "exactly 0"], loc="outside upper center", ncols=n_columns,
            frameon=False, fontsize=SMALL, handlelength=3,
        )  # fmt: skip
