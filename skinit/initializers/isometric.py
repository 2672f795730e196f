"""The start that ``init="auto"`` stands for."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from skinit.initializers.base import InitContext, Initializer, Layer
from skinit.initializers.orthogonal import draw_orthogonal

__all__ = ["Isometric"]

OF_NUMBERS = ("identity", "exp")  # output activations


class Isometric(Initializer):
    r"""Carry signals unchanged through the hidden layers, to a small output.

    .. math::
        W_l = g_l Q_l, \quad b_l \sim U(\pm 1/\sqrt{\mathrm{fan\_in}}), \qquad
        W_L \sim N(0, 1/\mathrm{fan\_in}^2), \quad b_L = 0

    with :math:`Q_l` orthogonal [1]_, :math:`g_1 = 1` for standardized inputs [2]_ and

    .. math:: g_l = (E[f(z)^2] \, E[f'(z)^2])^{-1/4}, \quad z \sim N(0, 1)

    after that. It puts together four findings. Orthogonal matrices neither stretch nor shrink
    what they pass on, so inputs on any scale do less harm than with independent weights. The
    factor g is the geometric mean of the two that keep the signal (`Activation.gain`) and the
    gradient (`Activation.backward_gain`), a compromise as in Glorot & Bengio [3]_. Random biases,
    which scikit-learn and torch have too, let units differ where inputs do not. And small outputs
    [4]_ start from equal probabilities, whose loss is ln K, instead of from confident ones at
    random. Where numbers are predicted, which have no such neutral value, :math:`b_L` is the best
    constant prediction: the mean of the training targets, or its logarithm for the loss "poisson".

    Notes
    -----
    Between layers of different widths the variance of the pre-activations changes by
    fan_in/max(fan_in, fan_out). With logistic and softplus, gradients fade in deep networks
    whatever the weights are; with silu they grow, by a factor of about 20 in 30 layers.

    References
    ----------
    .. [1] Saxe, McClelland & Ganguli 2014, arXiv:1312.6120.
    .. [2] Bingham & Miikkulainen 2021, AutoInit, arXiv:2109.08958.
    .. [3] Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
       networks", AISTATS.
    .. [4] Yang & Hu 2021, arXiv:2011.14522.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import InitContext, Isometric
    >>> W, b = Isometric().sample(4, 3, np.random.default_rng(0))
    >>> bool(np.allclose(W.T @ W, 2 * np.eye(3)))  # without a context: relu's gain, sqrt(2)
    True
    """

    keeps: ClassVar[dict] = {"signal": 100.0, "gradient": 100.0}
    exceptions: ClassVar[dict] = {
        "signal": ("silu",),
        "gradient": ("logistic", "softplus", "silu"),
    }
    formula = "g Q, Q orthogonal, layer 1: Q, output N(0, 1/fan_in²)"
    bias_formula = "U(±1/sqrt(fan_in)), output 0 (for numbers: mean of y)"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        if context is not None and context.is_output:
            return rng.normal(0.0, 1 / fan_in, (fan_in, fan_out)), _output_bias(context, fan_out)
        W = _gain(context) * draw_orthogonal(fan_in, fan_out, rng)
        return W, rng.uniform(-1 / sqrt(fan_in), 1 / sqrt(fan_in), fan_out)


def _output_bias(context: InitContext, fan_out: int) -> np.ndarray:
    """Return b of the output layer: 0 for classes, the best constant prediction for numbers."""
    if context.activation in OF_NUMBERS and context.output_baseline is not None:
        return context.output_baseline
    return np.zeros(fan_out)


def _gain(context: InitContext | None) -> float:
    """Return g of a hidden layer; without a context, that of relu."""
    if context is None:
        return sqrt(2.0)
    if context.is_first:
        return 1.0
    activation = context.hidden_activation
    return sqrt(activation.gain * activation.backward_gain)
