"""Initializers that ignore the layer's size: constants and fixed widths."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from skinit.initializers.base import FINITE, NOT_NEGATIVE, Initializer, Layer
from skinit.initializers.distributions import Distribution, draw_truncated_normal

__all__ = ["Constant", "Normal", "TruncatedNormal", "Uniform"]


class Constant(Initializer):
    """Give every weight the same value; biases are zero.

    All units of a layer are then copies of each other and stay so. With the value 0 and tanh or
    relu no weight ever moves.

    Parameters
    ----------
    value : float, default=0.0
        The weight.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Constant
    >>> W, b = Constant(0.5).sample(2, 1, np.random.default_rng(0))
    >>> W.tolist(), b.tolist()
    ([[0.5], [0.5]], [0.0])
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {"value": [FINITE]}

    def __init__(self, value: float = 0.0):
        self.value = value

    @property
    def formula(self) -> str:
        """The weight."""
        return f"{self.value:g}"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return constant weights; see `Initializer.sample`."""
        self.check(context)
        return np.full((fan_in, fan_out), self.value, dtype=np.float64), np.zeros(fan_out)


class Normal(Initializer):
    """Draw weights from N(0, std²), whatever the layer's size.

    Parameters
    ----------
    std : float, default=0.01
        The standard deviation, at least 0. Other libraries' defaults: Keras 0.05, torch 1, JAX
        0.01.

    Examples
    --------
    >>> from skinit.initializers import Normal
    >>> Normal(std=0.1)
    <Normal(std=0.1): N(0, 0.1²)>
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {"std": [NOT_NEGATIVE]}

    def __init__(self, std: float = 0.01):
        self.std = std

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return f"N(0, {self.std:g}²)"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        return rng.normal(0.0, self.std, (fan_in, fan_out)), np.zeros(fan_out)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        return Distribution("normal", self.std)


class TruncatedNormal(Initializer):
    """Draw weights from a normal distribution cut at two sigma, of standard deviation `std`.

    Parameters
    ----------
    std : float, default=0.01
        The standard deviation AFTER cutting, at least 0. (Keras's ``TruncatedNormal`` means the
        one before, 1.137 times larger.)

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import TruncatedNormal
    >>> W, _ = TruncatedNormal(std=0.1).sample(200, 200, np.random.default_rng(0))
    >>> bool(abs(W.std() - 0.1) < 0.001), bool(abs(W).max() < 2 * 0.1137)
    (True, True)
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {"std": [NOT_NEGATIVE]}

    def __init__(self, std: float = 0.01):
        self.std = std

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return f"TN(0, {self.std:g}²)"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        return draw_truncated_normal(rng, self.std, (fan_in, fan_out)), np.zeros(fan_out)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        return Distribution("truncated_normal", self.std)


class Uniform(Initializer):
    """Draw weights uniformly between two bounds, whatever the layer's size.

    Parameters
    ----------
    low, high : float, default=-0.05, 0.05
        The bounds, ``low <= high``.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Uniform
    >>> W, _ = Uniform(-1, 1).sample(200, 200, np.random.default_rng(0))
    >>> bool(W.min() >= -1), bool(W.max() < 1)
    (True, True)
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {
        "low": [FINITE],
        "high": [FINITE],
    }

    def __init__(self, low: float = -0.05, high: float = 0.05):
        self.low = low
        self.high = high

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return f"U({self.low:g}, {self.high:g})"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        if self.low > self.high:
            raise ValueError(f"Uniform needs low <= high, got low={self.low}, high={self.high}.")
        return rng.uniform(self.low, self.high, (fan_in, fan_out)), np.zeros(fan_out)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        width, center = self.high - self.low, (self.low + self.high) / 2
        return Distribution("uniform", width / sqrt(12), center)
