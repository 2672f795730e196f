"""An activation and its derivative."""

from __future__ import annotations

import numpy as np

from skinit._drawing.base import BLUE, PALE, SMALL, VERMILLION, Display, is_narrow, wrap_label


class ActivationDisplay(Display):
    """An activation f, its derivative f', and where standard normal pre-activations lie.

    Parameters
    ----------
    z : ndarray of shape (n,)
        Pre-activations.
    values, slopes : ndarray of shape (n,)
        f(z) and f'(z).
    name : str
        The activation's name.
    formula : str, default=""
        f(z) as text.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import ActivationDisplay
    >>> z = np.linspace(-4, 4)
    >>> ActivationDisplay(z, np.tanh(z), 1 - np.tanh(z) ** 2, "tanh")
    <ActivationDisplay: tanh and its derivative. Draw it with .plot().>
    """

    def __init__(self, z: np.ndarray, values: np.ndarray, slopes: np.ndarray, name, formula=""):
        self.z = z
        self.values = values
        self.slopes = slopes
        self.name = name
        self.formula = formula

    def _subject(self):
        return f"{self.name} and its derivative"

    def _size(self):
        return 4.2, 3.2

    def _draw(self, ax):
        # Two thirds of N(0, 1) lie here: what f does outside hardly matters at the start.
        ax.axvspan(-1, 1, color=PALE, alpha=0.3, lw=0, label="|z| < 1")
        ax.plot(self.z, self.values, color=BLUE, label="f")
        ax.plot(self.z, self.slopes, "--", color=VERMILLION, label="f'")
        title = f"{self.name}: {self.formula}".removesuffix(": ")
        ax.set_title(wrap_label(title, 30 if is_narrow(ax) else 44))
        ax.set(xlabel="z")
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, fontsize=SMALL)
