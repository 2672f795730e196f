"""Initializers that shape the weights of each unit."""

from __future__ import annotations

from math import sqrt
from numbers import Integral
from typing import ClassVar

import numpy as np

from skinit._sklearn import Interval
from skinit.initializers.base import (
    NOT_NEGATIVE,
    InitContext,
    Initializer,
    Layer,
    incoming_gain,
)

__all__ = ["NguyenWidrow", "RandomizedAsymmetric", "Sinusoidal", "Sparse"]


class Sparse(Initializer):
    """Connect every unit to a few random inputs, with weights from N(0, std²).

    Parameters
    ----------
    n_nonzero : int, default=15
        The number of inputs per unit, at least 1; all of them where the layer has fewer.
    std : float, default=1.0
        The standard deviation of the weights that are not zero, at least 0.

    Notes
    -----
    Defaults as in the paper, biases included: 0.5 for tanh units and 0 for all others.
    ``torch.nn.init.sparse_`` instead counts zeros, as a fraction of each input's outgoing weights.

    References
    ----------
    Martens 2010, "Deep learning via Hessian-free optimization", ICML, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Sparse
    >>> W, _ = Sparse(n_nonzero=2).sample(10, 3, np.random.default_rng(0))
    >>> np.count_nonzero(W, axis=0).tolist()
    [2, 2, 2]
    """

    bias_formula = "0, tanh: 0.5"
    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {
        "n_nonzero": [Interval(Integral, 1, None, closed="left")],
        "std": [NOT_NEGATIVE],
    }

    def __init__(self, n_nonzero: int = 15, std: float = 1.0):
        self.n_nonzero = n_nonzero
        self.std = std

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return f"N(0, {self.std:g}²) for {self.n_nonzero} inputs per unit, else 0"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        W = np.zeros((fan_in, fan_out))
        size = min(self.n_nonzero, fan_in)
        for unit in range(fan_out):
            inputs = rng.choice(fan_in, size, replace=False)
            W[inputs, unit] = rng.normal(0.0, self.std, size)
        is_tanh = context is not None and context.activation == "tanh"
        return W, np.full(fan_out, 0.5 if is_tanh else 0.0)


# The net inputs between which a unit is active, and the outputs it can have: MATLAB's numbers.
_ACTIVE = {"tanh": 2.0, "logistic": 4.0}
_OUTPUTS = {"tanh": (-1.0, 1.0), "logistic": (0.0, 1.0)}


class NguyenWidrow(Initializer):
    r"""Spread the active regions of a layer's units evenly over the range of its inputs.

    .. math::
        w = a\, 0.7\, s^{1/r}\, u, \quad
        b_k = a\, 0.7\, s^{1/r} \left(\frac{2 (k - 1)}{s - 1} - 1\right) \operatorname{sign}(w_1)

    for the k-th of s = fan_out units, with u a random unit vector of r = fan_in entries, for
    inputs in [-1, 1]; a is half the length of the interval in which the activation is active, 2
    for tanh and 4 for logistic. Weights and biases are then rescaled to the range of the inputs:
    that of the data in the first layer, [-1, 1] or [0, 1] behind tanh or logistic.

    Notes
    -----
    MATLAB's default, ``initnw``. As there, inputs that never vary get no weight and do not count
    in r, and a single unit has the bias 0. Without a context or inputs, the inputs of the first
    layer are taken to lie in [-1, 1]. The output layer, whose net inputs have no active interval,
    is U(±0.5), as in the paper; MATLAB draws it from U(±1).

    References
    ----------
    Nguyen & Widrow 1990, "Improving the learning speed of 2-layer neural networks by choosing
    initial values of the adaptive weights", IJCNN.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import NguyenWidrow
    >>> W, _ = NguyenWidrow().sample(2, 9, np.random.default_rng(0))
    >>> bool(np.allclose(np.linalg.norm(W, axis=0), 2 * 0.7 * 9 ** (1 / 2)))  # as for tanh
    True
    """

    formula = (
        "0.7 a fan_out^(1/fan_in) u, |u| = 1, a = 2, logistic: 4, layer 1: over half the inputs' "
        "range; output U(±0.5)"
    )
    bias_formula = "0.7 a fan_out^(1/fan_in) linspace(-1, 1) sign(w1); output U(±0.5)"
    data_dependent = True
    activations = ("tanh", "logistic")
    keeps: ClassVar[dict] = {}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        if context is not None and context.is_output:
            return rng.uniform(-0.5, 0.5, (fan_in, fan_out)), rng.uniform(-0.5, 0.5, fan_out)
        low, high = _input_range(fan_in, context)
        varying = high > low
        half, middle = (high - low)[varying] / 2, (high + low)[varying] / 2
        weights, b = self._sample_unit_range(len(half), fan_out, rng, context)
        W = np.zeros((fan_in, fan_out))
        W[varying] = weights / half[:, np.newaxis]
        return W, b - middle @ W[varying]

    def _sample_unit_range(self, fan_in, fan_out, rng, context) -> Layer:
        """Draw weights and biases for inputs in [-1, 1]."""
        if fan_in == 0:
            return np.zeros((0, fan_out)), np.zeros(fan_out)
        active = _ACTIVE[context.hidden_activation.name if context else "tanh"]
        magnitude = 0.7 * active * fan_out ** (1 / fan_in)
        directions = rng.standard_normal((fan_in, fan_out))
        directions /= np.linalg.norm(directions, axis=0)
        offsets = np.linspace(-1.0, 1.0, fan_out) if fan_out > 1 else np.zeros(1)
        return magnitude * directions, magnitude * offsets * np.sign(directions[0])


def _input_range(fan_in: int, context: InitContext | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest value of every input of a layer."""
    low, high = -1.0, 1.0
    if context is not None and not context.is_first:
        low, high = _OUTPUTS[context.hidden_activation.name]
    elif context is not None and context.inputs is not None:
        return context.inputs.min(axis=0), context.inputs.max(axis=0)
    return np.full(fan_in, low), np.full(fan_in, high)


class RandomizedAsymmetric(Initializer):
    r"""Give each unit one large positive number, so that fewer relu units are born dead.

    Each unit has fan_in + 1 numbers, its weights and its bias:

    .. math:: V_{ij} \sim N(0, 0.6007^2 / \mathrm{fan\_in}), \quad
        V_{k_j j} \sim \mathrm{Beta}(2, 1), \quad k_j \text{ uniform}

    With the number 0.6007, signals do not explode with depth.

    Notes
    -----
    Units and their inputs are positive on average, so pre-activations of one layer are
    correlated more than with `he`.

    References
    ----------
    Lu, Shin, Su & Karniadakis 2020, "Dying ReLU and initialization: theory and numerical
    examples", arXiv:1903.06733.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import RandomizedAsymmetric
    >>> W, b = RandomizedAsymmetric().sample(10, 50, np.random.default_rng(0))
    >>> bool((np.vstack([W, b]).max(axis=0) > 0).all())
    True
    """

    formula = "N(0, 0.6007²/fan_in), one of fan_in + 1 numbers per unit: Beta(2, 1)"
    bias_formula = "the last of the fan_in + 1 numbers"
    activations = ("relu",)
    keeps: ClassVar[dict] = {}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        V = rng.normal(0.0, 0.6007 / sqrt(fan_in), (fan_in + 1, fan_out))
        positive = rng.integers(fan_in + 1, size=fan_out)
        V[positive, np.arange(fan_out)] = rng.beta(2.0, 1.0, fan_out)
        return V[:-1], V[-1]


class Sinusoidal(Initializer):
    r"""Give each unit a sine wave over its inputs; nothing is random.

    .. math:: W_{ij} = c \sin\left(\left(\frac{2 \pi i}{\mathrm{fan\_in}} +
        \frac{2 \pi}{\mathrm{fan\_out}}\right) (j + 1)\right)

    for input i and unit j from 0, with c such that the mean of W² is g²/fan_in; g is 1 in the
    first layer and the gain of the hidden activation after that.

    Notes
    -----
    A frequency above fan_in/2 is one below it again: of 64 units on 64 inputs, 31 pairs are exact
    negatives of each other and two units have no weights at all, so that the rank is 31. All
    networks of one shape start alike. The authors' code scales the variance to
    2/(fan_in + fan_out) instead.

    References
    ----------
    Fernández-Hernández et al. 2025, "Sinusoidal initialization, time for a new start", NeurIPS,
    arXiv:2505.12909.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Sinusoidal
    >>> W, _ = Sinusoidal().sample(64, 32, np.random.default_rng(0))
    >>> bool(np.isclose(np.mean(W**2), 2 / 64))  # without a context: relu's gain, sqrt(2)
    True
    """

    formula = "c sin((2 pi i/fan_in + 2 pi/fan_out)(j + 1)), variance g²/fan_in, layer 1: 1/fan_in"
    keeps: ClassVar[dict] = {}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return the waves; see `Initializer.sample`."""
        self.check(context)
        phase = 2 * np.pi * (np.arange(fan_in) / fan_in + 1 / fan_out)
        W = np.sin(np.outer(phase, np.arange(1, fan_out + 1)))
        W[np.abs(W) < 1e-9] = 0.0  # zeros of the sine, left by rounding
        size = np.sqrt(np.mean(W**2))
        scale = incoming_gain(context) / sqrt(fan_in)
        return W * (scale / size if size > 0 else 0.0), np.zeros(fan_out)
