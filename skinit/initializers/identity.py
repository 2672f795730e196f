"""Initializers that start from the identity."""

from __future__ import annotations

from math import ceil, log2, sqrt
from typing import ClassVar

import numpy as np
from scipy.linalg import hadamard

from skinit.initializers.base import FINITE, NOT_NEGATIVE, Initializer, Layer

__all__ = ["Identity", "TanhInit", "ZerO"]


class Identity(Initializer):
    """Pass the inputs on: W is `gain` times the identity, cut or padded with zeros.

    Parameters
    ----------
    gain : float, default=1.0
        The value on the diagonal.

    Notes
    -----
    With fan_out > fan_in the units beyond the inputs have no weight at all.

    References
    ----------
    Le, Jaitly & Hinton 2015, arXiv:1504.00941.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Identity
    >>> Identity().sample(2, 3, np.random.default_rng(0))[0]
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {"gain": [FINITE]}

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return f"{self.gain:g} I"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return the scaled identity; see `Initializer.sample`."""
        self.check(context)
        return self.gain * np.eye(fan_in, fan_out), np.zeros(fan_out)


class TanhInit(Initializer):
    r"""Add small normal noise to a wrapped identity, for deep tanh networks.

    .. math:: W_{ij} = [i \equiv j \bmod \min(\mathrm{fan\_in}, \mathrm{fan\_out})] + Z_{ij},
        \quad Z_{ij} \sim N(0, \alpha^2 / \mathrm{fan\_in})

    Pre-activations then stay where tanh is nearly linear, without fading: x tends to the fixed
    point of tanh(a x), which is 0 for slopes a <= 1 only.

    Parameters
    ----------
    alpha : float, default=0.085
        The noise, at least 0, as in the paper.

    Notes
    -----
    The formula is the paper's. The authors' code divides the noise by fan_out and does not wrap
    the identity, so that units beyond the inputs start with noise alone.

    References
    ----------
    Lee, Choi & Kim 2025, "Robust weight initialization for tanh neural networks with fixed point
    analysis", ICLR, arXiv:2410.02242.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import TanhInit
    >>> TanhInit(alpha=0.0).sample(2, 4, np.random.default_rng(0))[0]
    array([[1., 0., 1., 0.],
           [0., 1., 0., 1.]])
    """

    activations = ("tanh",)
    keeps: ClassVar[dict] = {"signal": 30.0, "gradient": 20.0}
    _parameter_constraints: ClassVar[dict] = {"alpha": [NOT_NEGATIVE]}

    def __init__(self, alpha: float = 0.085):
        self.alpha = alpha

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return f"[i = j mod min(fan_in, fan_out)] + N(0, {self.alpha:g}²/fan_in)"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        distance = np.subtract.outer(np.arange(fan_in), np.arange(fan_out))
        wrapped = distance % min(fan_in, fan_out) == 0
        noise = rng.normal(0.0, self.alpha / sqrt(fan_in), (fan_in, fan_out))
        return wrapped + noise, np.zeros(fan_out)


class ZerO(Initializer):
    r"""Start from zeros and ones: the identity, or a Hadamard matrix where the layer expands.

    .. math:: W = I \text{ for } \mathrm{fan\_in} \ge \mathrm{fan\_out}, \quad
        W = 2^{-m/2} H_{2^m} \text{ else}, \quad m = \lceil \log_2 \mathrm{fan\_out} \rceil

    cut to (fan_in, fan_out). Nothing is random: all networks of one shape start alike. The
    Hadamard matrix makes the units of an expanding layer differ where the identity would leave
    them without weights.

    Notes
    -----
    The constant is the one of the official code, with which the rows are orthonormal if fan_out
    is a power of two. The paper prints 2^(-(m - 1)/2), sqrt(2) times more. The name is spelt as
    in the paper, because "zero" is easily taken for "zeros".

    References
    ----------
    Zhao, Schäfer & Anandkumar 2022, TMLR, arXiv:2110.12661.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import ZerO
    >>> ZerO().sample(2, 4, np.random.default_rng(0))[0]
    array([[ 0.5,  0.5,  0.5,  0.5],
           [ 0.5, -0.5,  0.5, -0.5]])
    """

    formula = "I, fan_in < fan_out: Hadamard/sqrt(2^ceil(log2(fan_out)))"
    keeps: ClassVar[dict] = {}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return the matrix; see `Initializer.sample`."""
        self.check(context)
        if fan_in >= fan_out:
            return np.eye(fan_in, fan_out), np.zeros(fan_out)
        size = 2 ** ceil(log2(fan_out))
        return hadamard(size)[:fan_in, :fan_out] / sqrt(size), np.zeros(fan_out)
