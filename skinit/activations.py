"""Activations: function, derivative, gain and default initializer, together in one table.

Functions write into ``out`` instead of returning new arrays, because the engine calls them for
every batch. All constants are Python floats, so that float32 stays float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtr

from skinit._drawing.activation import ActivationDisplay
from skinit._registry import Registry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skinit._drawing.base import Size

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "ActivationDisplay",
    "gaussian_mean",
    "get_activation",
]

Derivative = Callable[[np.ndarray | None, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Activation:
    """Describe an elementwise activation f with everything that follows from it.

    Parameters
    ----------
    name : str
        The name in tables and reports.
    function : callable ``(z, out) -> out``
        Write f(z) into `out` and return it; `out` may be `z` itself. Arrays are float32 or
        float64 of any shape; the dtype must stay.
    derivative : callable ``(z, a, out) -> out``
        Write f'(z) into `out` and return it, given `z` and ``a = f(z)``; `out` is neither.
    default_init : str, default="isometric"
        The name of the initializer that ``init="auto"`` stands for.
    formula : str, default=""
        f(z) as text, for tables.
    from_output : bool, default=False
        Whether `derivative` reads `a` alone; it is then called with ``z=None``, and `z` need
        not be kept.
    saturation : (float, float) or None, default=None
        Outputs beyond these two count as saturated. None for functions without two plateaus.

    Notes
    -----
    Write both functions at module level, so that estimators that use them can be pickled.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import Activation
    >>> def square(z, out):
    ...     return np.multiply(z, z, out=out)
    >>> def twice(z, a, out):
    ...     return np.multiply(z, 2.0, out=out)
    >>> print(f"{Activation('square', square, twice).gain:.5f}")
    0.57735
    """

    name: str
    function: Callable[[np.ndarray, np.ndarray], np.ndarray]
    derivative: Derivative
    default_init: str = "isometric"
    formula: str = ""
    from_output: bool = False
    saturation: tuple[float, float] | None = None

    def second_moment(self, variance: float = 1.0) -> float:
        """Return E f(z)² for z ~ N(0, variance), by quadrature.

        Parameters
        ----------
        variance : float, default=1.0
            Of the pre-activations z.
        """
        return gaussian_mean(lambda z: self.function(z, np.empty_like(z)) ** 2, variance)

    def derivative_second_moment(self, variance: float = 1.0) -> float:
        """Return E f'(z)² for z ~ N(0, variance), by quadrature.

        Parameters
        ----------
        variance : float, default=1.0
            Of the pre-activations z.
        """

        def squared_slope(z):
            a = self.function(z, np.empty_like(z))
            return self.derivative(None if self.from_output else z, a, np.empty_like(z)) ** 2

        return gaussian_mean(squared_slope, variance)

    def second_moment_slope(self, variance: float = 1.0) -> float:
        """Return the derivative of `second_moment` by the variance, by quadrature.

        It is E f(z) f'(z) z / variance for z ~ N(0, variance): times the scale of the weights,
        it tells whether a deviation of the variance grows from layer to layer.

        Parameters
        ----------
        variance : float, default=1.0
            Of the pre-activations z.
        """

        def growth(z):
            a = self.function(z, np.empty_like(z))
            slope = self.derivative(None if self.from_output else z, a, np.empty_like(z))
            return a * slope * z / variance

        return gaussian_mean(growth, variance)

    @property
    def gain(self) -> float:
        """1/sqrt(E f(z)²), z ~ N(0, 1): weights of variance gain²/fan_in keep the signal's scale.

        The second moment, not the variance, so that relu has He's sqrt(2). ``torch`` uses other
        numbers for some functions (5/3 for tanh, 1 for logistic).
        """
        return self.second_moment() ** -0.5

    @property
    def backward_gain(self) -> float:
        """1/sqrt(E f'(z)²), z ~ N(0, 1): the same for the gradient, with fan_out."""
        return self.derivative_second_moment() ** -0.5

    def plot(
        self, limit: float = 4.0, ax: Axes | None = None, *, figsize: Size = None
    ) -> ActivationDisplay:
        """Draw the function and its derivative.

        Parameters
        ----------
        limit : float, default=4.0
            From -limit to limit.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of a new figure; a "column" of a paper is 3.5 inches wide.

        Returns
        -------
        ActivationDisplay

        Examples
        --------
        >>> from skinit.activations import get_activation
        >>> get_activation("gelu").plot()
        <ActivationDisplay: gelu and its derivative. Draw it with .plot().>
        """
        z = np.linspace(-limit, limit, 401)
        values = self.function(z, np.empty_like(z))
        slopes = self.derivative(None if self.from_output else z, values, np.empty_like(z))
        return ActivationDisplay(z, values, slopes, self.name, self.formula).plot(
            ax, figsize=figsize
        )


def is_built_in(activation: Activation, names: Iterable[str]) -> bool:
    """Whether an activation is one of the table's, of one of some names.

    They are compared as objects: an Activation that a user defines may have any name.

    Examples
    --------
    >>> from skinit.activations import get_activation, is_built_in
    >>> is_built_in(get_activation("tanh"), ["tanh", "relu"])
    True
    """
    return activation in [ACTIVATIONS[name] for name in names]


@lru_cache(maxsize=1)
def _half_line() -> tuple[np.ndarray, np.ndarray]:
    """Return Gauss-Legendre nodes on [0, 12] and weights times the normal density."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    z = 6.0 * (nodes + 1.0)
    return z, 6.0 * weights * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)


def gaussian_mean(g: Callable[[np.ndarray], np.ndarray], variance: float = 1.0) -> float:
    """Return E g(z) for z ~ N(0, variance), by quadrature split at 0.

    Parameters
    ----------
    g : callable
        A function of an array.
    variance : float, default=1.0
        Of z.

    Notes
    -----
    Exact to about 1e-12 for functions that are smooth on each side of 0.

    Examples
    --------
    >>> from skinit.activations import gaussian_mean
    >>> print(f"{gaussian_mean(abs):.6f}")
    0.797885
    """
    z, density = _half_line()
    scaled = float(np.sqrt(variance)) * z
    return float(density @ (g(scaled) + g(-scaled)))


def _identity(z, out):
    if out is not z:
        np.copyto(out, z)
    return out


def _identity_slope(z, a, out):
    out[...] = 1.0
    return out


def _logistic(z, out):
    return expit(z, out=out)


def _logistic_slope(z, a, out):
    np.subtract(1.0, a, out=out)
    return np.multiply(out, a, out=out)


def _tanh(z, out):
    return np.tanh(z, out=out)


def _tanh_slope(z, a, out):
    np.multiply(a, a, out=out)
    return np.subtract(1.0, out, out=out)


def _relu(z, out):
    return np.maximum(z, 0.0, out=out)


def _relu_slope(z, a, out):
    return np.greater(a, 0.0, out=out)


NEGATIVE_SLOPE = 0.01


def _leaky_relu(z, out):
    return np.maximum(z, z * NEGATIVE_SLOPE, out=out)


def _leaky_relu_slope(z, a, out):
    np.greater(a, 0.0, out=out)
    return np.maximum(out, NEGATIVE_SLOPE, out=out)


def _elu(z, out):
    # exp(z) - 1 >= z everywhere, so the larger of the two is the right branch on both sides.
    below = np.minimum(z, 0.0)
    return np.maximum(z, np.expm1(below, out=below), out=out)


def _elu_slope(z, a, out):
    np.minimum(a, 0.0, out=out)
    return np.add(out, 1.0, out=out)


# Klambauer et al. 2017: the fixed point of mean 0 and variance 1.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def _selu(z, out):
    below = np.minimum(z, 0.0)
    np.expm1(below, out=below)
    below *= SELU_ALPHA
    np.maximum(z, 0.0, out=out)
    np.add(out, below, out=out)
    return np.multiply(out, SELU_SCALE, out=out)


def _selu_slope(z, a, out):
    np.add(a, SELU_SCALE * SELU_ALPHA, out=out)
    np.copyto(out, SELU_SCALE, where=a > 0.0)
    return out


def _gelu(z, out):
    return np.multiply(z, ndtr(z), out=out)


def _gelu_slope(z, a, out):
    np.multiply(z, z, out=out)
    out *= -0.5
    np.exp(out, out=out)
    out *= 0.3989422804014327  # 1 / sqrt(2 pi)
    out *= z
    return np.add(out, ndtr(z), out=out)


def _silu(z, out):
    return np.multiply(z, expit(z), out=out)


def _silu_slope(z, a, out):
    sigmoid = expit(z)
    np.subtract(1.0, sigmoid, out=out)
    out *= a
    return np.add(out, sigmoid, out=out)


def _softplus(z, out):
    return np.logaddexp(z, 0.0, out=out)


def _softplus_slope(z, a, out):
    np.negative(a, out=out)
    np.expm1(out, out=out)
    return np.negative(out, out=out)


def _mish(z, out):
    gate = np.logaddexp(z, 0.0)
    return np.multiply(z, np.tanh(gate, out=gate), out=out)


def _mish_slope(z, a, out):
    gate = np.logaddexp(z, 0.0)
    np.tanh(gate, out=gate)
    np.multiply(gate, gate, out=out)
    np.subtract(1.0, out, out=out)
    out *= expit(z)
    out *= z
    return np.add(out, gate, out=out)


# What other libraries call some of them.
ELSEWHERE = {
    "hardswish": ("silu",),
    "hardtanh": ("tanh",),
    "lrelu": ("leaky_relu",),
    "none": ("identity",),
    "swish": ("silu",),
}

ACTIVATIONS: Registry[Activation] = Registry("activation", ELSEWHERE)

for _activation in [
    Activation("identity", _identity, _identity_slope, "isometric", "z", True),
    Activation(
        "logistic", _logistic, _logistic_slope, "isometric", "1/(1 + exp(-z))", True, (0.03, 0.97)
    ),
    Activation("tanh", _tanh, _tanh_slope, "isometric", "tanh(z)", True, (-0.97, 0.97)),
    Activation("relu", _relu, _relu_slope, "isometric", "max(z, 0)", True),
    Activation("leaky_relu", _leaky_relu, _leaky_relu_slope, "isometric", "max(z, 0.01 z)", True),
    Activation("elu", _elu, _elu_slope, "isometric", "z if z > 0 else exp(z) - 1", True),
    Activation(
        "selu",
        _selu,
        _selu_slope,
        "isometric",
        "1.0507 (z if z > 0 else 1.6733 (exp(z) - 1))",
        True,
    ),
    Activation("gelu", _gelu, _gelu_slope, "isometric", "z Phi(z), Phi the normal distribution"),
    Activation("silu", _silu, _silu_slope, "isometric", "z/(1 + exp(-z))"),
    Activation("softplus", _softplus, _softplus_slope, "isometric", "log(1 + exp(z))", True),
    Activation("mish", _mish, _mish_slope, "isometric", "z tanh(log(1 + exp(z)))"),
]:
    ACTIVATIONS.register(
        _activation.name,
        _activation,
        aliases={"identity": ["linear"], "logistic": ["sigmoid"]}.get(_activation.name, []),
    )


def get_activation(activation: str | Activation) -> Activation:
    """Return the Activation of a name or alias; an Activation is returned as it is.

    Parameters
    ----------
    activation : str or Activation
        What to look up.

    Raises
    ------
    ValueError
        For an unknown name, with the closest known one, and for anything else.

    Examples
    --------
    >>> from skinit.activations import get_activation
    >>> get_activation("sigmoid").name
    'logistic'
    """
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str):
        return ACTIVATIONS[activation]
    raise ValueError(f"activation must be a name or an Activation, got {activation!r}.")
