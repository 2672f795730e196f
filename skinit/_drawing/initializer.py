"""The weights of an initializer beside their density."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skinit._drawing.base import BLACK, BLUE, SMALL, Display, is_narrow, wrap_label


class InitializerDisplay(Display):
    """A histogram of the weights that an initializer draws, and the density of its distribution.

    Where the density is not known, or not the same for all weights, the normal distribution of
    the same mean and variance is drawn for comparison, dashed.

    Parameters
    ----------
    weights : ndarray of shape (fan_in, fan_out)
        The weights of one layer.
    formula : str
        Their distribution as text.
    density : callable ``(w) -> ndarray`` or None, default=None
        The probability density at the weights w.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import InitializerDisplay
    >>> InitializerDisplay(np.eye(4, 3), "1 I")
    <InitializerDisplay: the weights of a layer 4 -> 3, 1 I. Draw it with .plot().>
    """

    def __init__(
        self,
        weights: np.ndarray,
        formula: str,
        density: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self.weights = weights
        self.formula = formula
        self.density = density

    def _subject(self):
        fan_in, fan_out = self.weights.shape
        return f"the weights of a layer {fan_in} -> {fan_out}, {self.formula}"

    def _size(self):
        return 4.6, 3.2

    def _draw(self, ax):
        weights = np.ravel(self.weights)
        fan_in, fan_out = self.weights.shape
        label = f"weights, {fan_in} → {fan_out}"
        ax.hist(weights, bins=_bins(weights), density=True, color=BLUE, alpha=0.5, label=label)
        if weights.std() > 0:
            self._draw_density(ax, weights)
        ax.set_title(wrap_label(self.formula, 30 if is_narrow(ax) else 44))
        ax.set(xlabel="weight", ylabel="density")
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_ylim(top=1.3 * ax.get_ylim()[1])  # room for the legend
        ax.legend(loc="upper right", frameon=False, fontsize=SMALL)

    def _draw_density(self, ax, weights):
        low, high = ax.get_xlim()
        w = np.linspace(low, high, 501)
        if self.density is not None:
            ax.plot(w, self.density(w), color=BLACK, label="density")
            return
        z = (w - weights.mean()) / weights.std()
        normal = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / weights.std()
        ax.plot(w, normal, "--", color=BLACK, label="normal of the same variance")


def _bins(weights: np.ndarray) -> int:
    """Return how many bars: about 100 weights in each, between 10 and 40."""
    return int(np.clip(weights.size / 100, 10, 40))
