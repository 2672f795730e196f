"""Initializers that scale each layer on a batch of the training rows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skinit.initializers.base import FINITE, Initializer, Layer
from skinit.initializers.orthogonal import draw_orthogonal
from skinit.initializers.variance import VarianceScaling

__all__ = ["LSUV", "WithinLayer"]


def _unit_moments(z, weights):
    """Return the weighted mean and variance of every column."""
    mean = np.average(z, axis=0, weights=weights)
    return mean, np.average((z - mean) ** 2, axis=0, weights=weights)


def _divisor(variance, inputs, W):
    """Return the standard deviation, and 1 where it is nothing but rounding."""
    size = np.linalg.norm(inputs, axis=1).max() * np.linalg.norm(W, axis=0)
    return np.where(variance <= (1e-12 * size) ** 2, 1.0, np.sqrt(variance))


class LSUV(Initializer):
    """Scale an orthogonal matrix so that the layer's pre-activations have variance 1 on the data.

    The variance is taken over the rows of a batch and the layer's units together, layer by layer
    from the inputs on. Where all of them are equal, W keeps its scale.

    Notes
    -----
    The paper repeats the division until the variance is within a tolerance. Pre-activations of a
    fully connected layer are linear in W, so one division is already exact.

    References
    ----------
    Mishkin & Matas 2016, arXiv:1511.06422.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import LSUV, InitContext
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(5.0, 3.0, size=(100, 4))
    >>> first = InitContext(0, 2, "tanh", get_activation("tanh"), inputs=X)
    >>> W, _ = LSUV().sample(4, 3, rng, first)
    >>> bool(np.isclose(np.var(X @ W), 1))
    True
    """

    data_dependent = True
    needs_inputs = True
    formula = "Q/std of the layer's pre-activations, Q orthogonal"
    keeps: ClassVar[dict] = {"signal": 1.001}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        inputs, weights = context.inputs, context.sample_weight
        W = draw_orthogonal(fan_in, fan_out, rng)
        mean, variance = _unit_moments(inputs @ W, weights)
        return W / _divisor(variance.mean() + mean.var(), inputs, W), np.zeros(fan_out)


class WithinLayer(Initializer):
    """Give the pre-activations of every unit one mean and variance 1 on the data.

    Normal weights are divided by the standard deviation of their unit's pre-activations over a
    batch, and the bias takes the mean away. Units without any variation keep their scale.

    Parameters
    ----------
    bias : float, default=0.0
        The mean of the pre-activations. The authors' tool sets 0.1.

    References
    ----------
    Krähenbühl et al. 2016, arXiv:1511.06856 (its within-layer step).

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import InitContext, WithinLayer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(5.0, 3.0, size=(100, 4))
    >>> first = InitContext(0, 2, "tanh", get_activation("tanh"), inputs=X)
    >>> W, b = WithinLayer().sample(4, 3, rng, first)
    >>> z = X @ W + b
    >>> bool(np.allclose(z.mean(axis=0), 0)), bool(np.allclose(z.std(axis=0), 1))
    (True, True)
    """

    data_dependent = True
    needs_inputs = True
    formula = "N(0, 1/fan_in)/std of the unit's pre-activations"
    keeps: ClassVar[dict] = {"signal": 1.001}
    _parameter_constraints: ClassVar[dict] = {"bias": [FINITE]}

    def __init__(self, bias: float = 0.0):
        self.bias = bias

    @property
    def bias_formula(self) -> str:
        """The distribution of b as text."""
        start = f"{self.bias:g} " if self.bias else ""
        return f"{start}-mean/std of the unit's pre-activations"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        inputs, weights = context.inputs, context.sample_weight
        W, _ = VarianceScaling().sample(fan_in, fan_out, rng)
        mean, variance = _unit_moments(inputs @ W, weights)
        std = _divisor(variance, inputs, W)
        return W / std, self.bias - mean / std
