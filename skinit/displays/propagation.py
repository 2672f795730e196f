"""Signal and gradient through depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skinit.displays.base import (
    BLUE,
    GREEN,
    GREY,
    SMALL,
    VERMILLION,
    Display,
    grid_place,
    is_narrow,
    scale_log,
)

if TYPE_CHECKING:
    import pandas as pd


class PropagationDisplay(Display):
    """Signal and gradient through depth: scale, saturation, dead and distinct units.

    Parameters
    ----------
    layers : DataFrame
        What `skinit.Diagnosis.to_frame` returns: indexed by layer, with columns ``units, q,
        delta_rms, gradient_rms, saturated, dead, distinct``.

    Attributes
    ----------
    ax_ : ndarray of Axes, (2,)
        Scales, and shares of units: side by side, or below each other in a column of a paper.
    figure_ : matplotlib Figure
        The figure they belong to.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, diagnose
    >>> from skinit.diagnosis import PropagationDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> diagnosis = diagnose(InitMLPClassifier((8, 8)), X, y)
    >>> PropagationDisplay(diagnosis.to_frame())
    <PropagationDisplay: signal and gradient of 3 layers. Draw it with .plot().>
    """

    def __init__(self, layers: pd.DataFrame):
        self.layers = layers

    def _subject(self):
        return f"signal and gradient of {len(self.layers)} layers"

    def _size(self):
        return 7.2, 3.2

    def _column_height(self):
        return 5.4

    def _draw(self, ax):
        place = grid_place(ax, "Scales and shares")
        ax.set_axis_off()
        grid = place.subgridspec(2, 1) if is_narrow(ax) else place.subgridspec(1, 2)
        self.ax_ = np.array([self.figure_.add_subplot(cell) for cell in grid])
        self._draw_scales(self.ax_[0])
        self._draw_shares(self.ax_[1])
        for panel in self.ax_:
            panel.spines[["top", "right"]].set_visible(False)
            panel.set_xlabel("layer")
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=SMALL)
            panel.get_legend().set_frame_on(False)

    def _draw_scales(self, ax):
        layers = self.layers
        scales = [
            ("signal a", layers["q"].iloc[:-1] ** 0.5, BLUE, "o-"),
            ("dL/dz", layers["delta_rms"], VERMILLION, "s--"),
            ("dL/dW", layers["gradient_rms"], GREEN, "^:"),
        ]
        for name, values, color, style in scales:
            # A logarithmic axis has no place for 0: it shows as a gap.
            ax.plot(values.index, values.where(values > 0), style, color=color, label=name)
        scale_log(ax)
        ax.set_ylabel("root mean square")

    def _draw_shares(self, ax):
        hidden = self.layers.iloc[:-1]
        shares = [
            ("saturated", hidden["saturated"], VERMILLION, "s--"),
            ("dead", hidden["dead"], GREY, "^:"),
            ("distinct", hidden["distinct"] / hidden["units"], BLUE, "o-"),
        ]
        for name, values, color, style in shares:
            if values.notna().any():
                ax.plot(hidden.index, 100 * values, style, color=color, label=name)
        ax.set_ylim(-4, 104)
        ax.set_ylabel("share (%)")
