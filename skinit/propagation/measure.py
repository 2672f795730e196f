"""One forward and one backward pass of a batch, measured.

Layers count from 1; the output layer is the last one. q is the mean square of a layer's outputs,
q_0 that of the inputs. The loss never includes the L2 penalty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.special import entr

from skinit.engine.losses import NumberLoss
from skinit.engine.passes import Workspace, backward, forward
from skinit.engine.stack import Parameters
from skinit.engine.task import Layers, Samples
from skinit.propagation.batch import in_double, mean_square, row_norms

NO_GRADIENT = 1e-14  # of what the size of the layer's inputs and of the residuals would suggest
COPIES = {"float64": 1e-9, "float32": 1e-4}  # of the weights' size; training rounds copies apart


class Propagation:
    """Measure one forward and one backward pass of a batch.

    Parameters
    ----------
    layers : list of (W, b)
        The network; W is (fan_in, fan_out).
    activation : Activation
        Of the hidden layers.
    loss : Loss
        On the raw outputs.
    samples : Samples
        The batch.

    Attributes
    ----------
    loss : float
        Mean loss of the batch.
    z, a : list of ndarray of shape (n, units)
        Pre-activations of all layers, and outputs of the hidden ones.
    delta : list of ndarray of shape (n, units)
        Derivative of each sample's loss by its pre-activations, all layers.
    gradient : Parameters
        Derivative of the mean loss by the weights and biases.
    """

    def __init__(self, layers: Layers, activation, loss, samples: Samples):
        self.activation = activation
        self._loss = loss
        self._samples = in_double(samples)
        self.inputs, y, weight = self._samples
        self.precision = np.result_type(*(W.dtype for W, _ in layers)).name
        self.parameters = Parameters.stack([layers], np.float64)
        self.gradient = Parameters(self.parameters.layer_sizes, np.empty_like(self.parameters.flat))
        work = Workspace(self.parameters, activation, len(y), gradient=self.gradient, keep=True)
        with np.errstate(all="ignore"):
            raw = forward(work, self.inputs)
            self.z = [*(z[0] for z in work.pre_activations), raw[0].copy()]
            value, residual = loss.value_and_gradient(raw, y, weight)
            backward(work, self.inputs)
            total = len(y) if weight is None else weight.sum()
            self.gradient.flat /= total
        self.loss = float(value[0] / total)
        self.a = [a[0] for a in work.outputs]
        self.delta = [*(delta[0] for delta in work.deltas), residual[0]]

    @cached_property
    def class_gradient(self) -> Parameters:
        """The gradient, if the network predicted the class shares, or the mean, for every row.

        That is where training gets first, by the biases of the output layer. What is left tells
        classes, or rows, apart.
        """
        gradient = Parameters(self.parameters.layer_sizes, np.empty_like(self.parameters.flat))
        _, y, weight = self._samples
        work = Workspace(self.parameters, self.activation, len(y), gradient=gradient)
        shares = np.average(y, axis=0, weights=None if weight is None else weight[:, 0])
        residual = (shares - y) / self._samples.total_weight
        with np.errstate(all="ignore"):
            forward(work, self.inputs)
            work.raw[:] = residual if weight is None else residual * weight
            backward(work, self.inputs)
        return gradient

    @property
    def gains(self) -> list[float]:
        """Root mean squares of the weights of every layer, times sqrt(fan_in)."""
        return [math.sqrt(mean_square(W) * len(W)) for W in self.weights]

    @property
    def weights(self) -> list[np.ndarray]:
        """W of every layer."""
        return [W[0] for W in self.parameters.coefs]

    @cached_property
    def constant_loss(self) -> float:
        """Loss of the class shares, or of the mean of numbers, as predictions for every row."""
        return self._loss.constant_loss(self._samples.y, self._samples.sample_weight)

    @cached_property
    def neutral_loss(self) -> float:
        """Loss of equal probabilities: ln K for K classes, n ln 2 for n labels.

        Numbers have no such thing; it is the loss of their mean.
        """
        n_outputs = self.z[-1].shape[1]
        if isinstance(self._loss, NumberLoss):
            return self.constant_loss
        is_softmax = self._loss.out_activation == "softmax"
        return math.log(n_outputs) if is_softmax else n_outputs * math.log(2)

    @cached_property
    def q(self) -> np.ndarray:
        """Mean squares of the inputs and of the outputs of the hidden layers, (H + 1,)."""
        return np.array([mean_square(a) for a in (self.inputs, *self.a)])

    @cached_property
    def growth(self) -> np.ndarray:
        """q_l / q_0 of the hidden layers, (H,).

        What an activation gives for 0, such as logistic's 1/2, is no signal that has grown.
        """
        at_zero = float(self.activation.function(np.zeros(1), np.zeros(1))[0])
        return self.q[1:] / max(self.q[0], at_zero**2)

    @cached_property
    def gradient_norms(self) -> np.ndarray:
        """Frobenius norms of dL/dW, (H + 1,)."""
        return np.array([np.linalg.norm(G[0]) for G in self.gradient.coefs])

    @cached_property
    def has_gradient(self) -> bool:
        """Whether any sample has a gradient at any weight.

        A sample's gradient at W is the outer product of the layer's input and its delta, so its
        norm is the product of theirs. Samples are looked at one by one, because gradients of a
        balanced batch may cancel where those of the next one do not.
        """
        residual = math.sqrt(mean_square(self.delta[-1]))
        for a, delta in zip((self.inputs, *self.a), self.delta, strict=True):
            largest = (row_norms(a) * row_norms(delta)).max()
            if not largest <= NO_GRADIENT * (1 + math.sqrt(mean_square(a))) * residual:
                return True
        return residual == 0  # nothing is left to learn

    @cached_property
    def has_zero_layer(self) -> bool:
        """Whether all weights of some layer are 0: a start that opens with its first step."""
        return not all(W.any() for W in self.weights)

    @cached_property
    def distinct(self) -> np.ndarray:
        """Numbers of units of the hidden layers that are not copies of others, (H,).

        With an odd activation the negative of a unit is a copy too: f(-z) (-v) = f(z) v.
        """
        biases = [b[0, 0] for b in self.parameters.intercepts]
        tolerance, signed = COPIES[self.precision], not is_odd(self.activation)
        return np.array(
            [
                count_distinct((W, b[None], outgoing.T), tolerance, signed=signed)
                for W, b, outgoing in zip(self.weights, biases, self.weights[1:], strict=False)
            ]
        )

    @cached_property
    def signal_rank(self) -> np.ndarray:
        """Effective ranks of the outputs of the hidden layers, (H,): dimensions they fill."""
        return np.array([effective_rank(a) for a in self.a])

    @property
    def is_unset(self) -> np.ndarray:
        """Whether all sums of a hidden layer are 0, as with zero weights, (H,)."""
        return np.array([not z.any() for z in self.z[:-1]], dtype=bool)

    @cached_property
    def silent_rows(self) -> np.ndarray:
        """Shares of rows for which all outputs of a hidden layer are 0, (H,)."""
        return np.array([np.mean(~a.any(axis=1)) for a in self.a])

    @cached_property
    def saturated(self) -> np.ndarray:
        """Shares of outputs on a plateau, (H,); NaN for activations without two plateaus."""
        if self.activation.saturation is None:
            return np.full(len(self.a), np.nan)
        low, high = self.activation.saturation
        return np.array([np.mean((a < low) | (a > high)) for a in self.a])

    @cached_property
    def _firing(self) -> list[np.ndarray]:
        return [has_slope(self.activation, z) for z in self.z[:-1]]

    @cached_property
    def dead(self) -> np.ndarray:
        """Shares of dead units, (H,): no slope on any row, and not because all z are 0."""
        layers = zip(self._firing, self.z, strict=False)
        return np.array([dead_share(fires.any(axis=0), z.any(axis=0)) for fires, z in layers])

    @cached_property
    def always_on(self) -> np.ndarray:
        """Shares of units with a slope on every row, (H,); NaN for those with two plateaus."""
        if self.activation.saturation is not None:
            return np.full(len(self.a), np.nan)
        return np.array([fires.all(axis=0).mean() for fires in self._firing])


def has_slope(activation, z) -> np.ndarray:
    """Return where the slope is not exactly 0.

    On the two plateaus of a saturating activation it is 0 by rounding alone: such units are
    saturated, not dead.
    """
    if activation.saturation is not None:
        return np.ones(z.shape, bool)
    a = activation.function(z, np.empty_like(z))
    return activation.derivative(z, a, np.empty_like(z)) != 0


def dead_share(fires, is_set) -> float:
    """Return the share of units that never fire although their sums are not all 0."""
    return float(np.mean(~fires & is_set))


@lru_cache
def is_odd(activation) -> bool:
    """Whether f(-z) = -f(z), as for tanh and identity; tried on numbers."""
    z = np.linspace(0, 8, 100)
    plus, minus = (activation.function(s * z, np.empty_like(z)) for s in (1, -1))
    return bool(np.abs(plus + minus).max() <= 1e-12)


def effective_rank(a: np.ndarray) -> float:
    """Return exp of the entropy of the normalised singular values [1]_; NaN if not finite.

    References
    ----------
    .. [1] Roy & Vetterli (2007), "The effective rank: a measure of effective dimensionality".
    """
    if not np.isfinite(a).all():
        return math.nan
    spectrum = np.linalg.svd(a, compute_uv=False)
    total = spectrum.sum()
    return math.exp(entr(spectrum / total).sum()) if total > 0 else 0.0


def count_distinct(parts: Iterable[np.ndarray], tolerance: float, *, signed: bool = True) -> int:
    """Count the columns that differ, by where they fall on a line of random direction.

    The parts (incoming weights, bias, outgoing weights) are compared each on its own scale. Units
    that agree in all three have equal gradients too, and stay copies; with equal incoming
    but different outgoing weights the first step parts them. Unless they are ``signed``, a column
    and its negative count as one.
    """
    rng = np.random.default_rng(0)
    places: Any = 0.0
    for part in parts:
        places = places + rng.standard_normal(len(part)) @ part / (np.abs(part).max() or 1.0)
    places = np.sort(places if signed else np.abs(places))
    return 1 + int((np.diff(places) > tolerance).sum())
