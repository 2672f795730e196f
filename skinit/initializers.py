"""Initializers: the laws that weights and biases start from, and the table of their names.

W always has shape (fan_in, fan_out). In formulas N(0, v) is the normal distribution of VARIANCE
v, TN(0, v) the normal cut at two sigma whose variance is v after cutting, and U(±b) the uniform
distribution on [-b, b], of variance b²/3. `gain` multiplies the standard deviation, `scale` the
variance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from numbers import Integral, Real
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import issparse
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import Interval, StrOptions

from skinit._random import WEIGHTS, stream
from skinit._registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from skinit.activations import Activation

__all__ = [
    "LSUV",
    "Constant",
    "EdgeOfChaos",
    "FromCallable",
    "Given",
    "Identity",
    "InitContext",
    "Initializer",
    "LooksLinear",
    "Normal",
    "Orthogonal",
    "RandomWalk",
    "SklearnDefault",
    "Sparse",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "WithinLayer",
    "get_initializer",
    "list_initializers",
    "register_initializer",
    "resolve_init",
    "sample_layers",
]

BATCH_ROWS = 256  # data-dependent laws look at this many rows at most

Layer = tuple[np.ndarray, np.ndarray]

_FINITE = Interval(Real, None, None, closed="neither")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


@dataclass(frozen=True)
class InitContext:
    """Tell an initializer which layer it starts.

    Parameters
    ----------
    layer : int
        The layer's number, from 0.
    n_layers : int
        The number of weight layers, the output layer included.
    activation : str
        The name of this layer's own activation; the output layer reports its output activation,
        such as ``"logistic"`` or ``"softmax"``.
    hidden_activation : Activation
        The activation of the hidden layers.
    inputs : ndarray of shape (n, fan_in) or None
        What arrives at this layer for a batch of training rows, where a data-dependent law needs
        it.
    sample_weight : ndarray of shape (n,) or None
        The weights of these rows, all positive; None where all are equal.
    """

    layer: int
    n_layers: int
    activation: str
    hidden_activation: Activation
    inputs: np.ndarray | None = None
    sample_weight: np.ndarray | None = None


class Initializer(BaseEstimator):
    """Base class of all initializers: something that samples the start of one layer.

    An initializer is a scikit-learn estimator without ``fit``: it clones, pickles, has
    ``get_params`` and ``set_params``, and ``init__scale`` reaches its parameters in a grid
    search. To write your own, store the parameters unchanged in ``__init__``, define `sample`,
    and draw from the `rng` that you are given, never from a seed of your own.

    Attributes
    ----------
    data_dependent : bool
        Set it to True in a class whose `sample` reads ``context.inputs``.
    formula : str
        The law of W as text, such as ``"N(0, 2/fan_in)"``: an attribute or a property.
    bias_formula : str
        The law of the biases as text, ``"0"`` unless a class says otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Initializer
    >>> class Laplace(Initializer):
    ...     def __init__(self, scale=0.1):
    ...         self.scale = scale
    ...     def sample(self, fan_in, fan_out, rng, context=None):
    ...         return rng.laplace(0, self.scale, (fan_in, fan_out)), np.zeros(fan_out)
    >>> Laplace(scale=0.2).sample(3, 2, np.random.default_rng(0))[0].shape
    (3, 2)
    """

    data_dependent = False

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return "a law of its own"

    @property
    def bias_formula(self) -> str:
        """The law of b as text."""
        return "0"

    def sample(
        self,
        fan_in: int,
        fan_out: int,
        rng: np.random.Generator,
        context: InitContext | None = None,
    ) -> Layer:
        """Draw the weights and biases of one layer.

        Parameters
        ----------
        fan_in, fan_out : int
            The number of inputs and of units.
        rng : numpy.random.Generator
            The layer's own stream of random numbers.
        context : InitContext or None, default=None
            Where the layer stands. None stands for a network whose hidden activation is relu;
            data-dependent laws, `EdgeOfChaos` and `LooksLinear` need it.

        Returns
        -------
        W : ndarray of shape (fan_in, fan_out), float64
        b : ndarray of shape (fan_out,), float64

        Raises
        ------
        ValueError
            For a parameter outside its range, with the parameter's name.
        """
        raise NotImplementedError(f"{type(self).__name__} must define sample.")

    def __repr__(self) -> str:
        """Show all parameters, defaults too, and the formula beside them."""
        shown = ", ".join(f"{k}={_short(v)}" for k, v in self.get_params(deep=False).items())
        return f"<{type(self).__name__}({shown}): {self.formula}>"


def _short(value) -> str:
    """Return the repr of a parameter, with arrays as their shapes."""
    return f"array{value.shape}" if isinstance(value, np.ndarray) else repr(value)


# --- Laws that know only their own numbers ---------------------------------------------------


def _truncated(rng, std, size):
    """Draw from the normal cut at two sigma, with standard deviation `std` after cutting."""
    sigma = std / 0.87962566103423978
    return sigma * ndtri(rng.uniform(ndtr(-2.0), ndtr(2.0), size))


def _symmetric_uniform(rng, std, size):
    """Draw from the uniform law around 0 with standard deviation `std`."""
    bound = sqrt(3.0) * std
    return rng.uniform(-bound, bound, size)


_DRAW = {
    "normal": lambda rng, std, size: rng.normal(0.0, std, size),
    "truncated_normal": _truncated,
    "uniform": _symmetric_uniform,
}


class Constant(Initializer):
    """Give every weight the same value; biases are zero.

    All units of a layer are then copies of each other and stay so. With the value 0 and tanh or
    relu no weight ever moves.

    Parameters
    ----------
    value : float, default=0.0
        The weight.
    """

    _parameter_constraints: ClassVar[dict] = {"value": [_FINITE]}

    def __init__(self, value: float = 0.0):
        self.value = value

    @property
    def formula(self) -> str:
        """The weight."""
        return f"{self.value:g}"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return constant weights; see `Initializer.sample`."""
        self._validate_params()
        return np.full((fan_in, fan_out), self.value, dtype=np.float64), np.zeros(fan_out)


class Normal(Initializer):
    """Draw weights from N(0, std²), whatever the layer's width.

    Parameters
    ----------
    std : float, default=0.01
        The standard deviation, at least 0. Other libraries' defaults: Keras 0.05, torch 1, JAX
        0.01.
    """

    _parameter_constraints: ClassVar[dict] = {"std": [_NOT_NEGATIVE]}

    def __init__(self, std: float = 0.01):
        self.std = std

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"N(0, {self.std:g}²)"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self._validate_params()
        return rng.normal(0.0, self.std, (fan_in, fan_out)), np.zeros(fan_out)


class TruncatedNormal(Initializer):
    """Draw weights from a normal distribution cut at two sigma, of standard deviation `std`.

    Parameters
    ----------
    std : float, default=0.01
        The standard deviation AFTER cutting, at least 0. (Keras's ``TruncatedNormal`` means the
        one before, 1.137 times larger.)
    """

    _parameter_constraints: ClassVar[dict] = {"std": [_NOT_NEGATIVE]}

    def __init__(self, std: float = 0.01):
        self.std = std

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"TN(0, {self.std:g}²)"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self._validate_params()
        return _truncated(rng, self.std, (fan_in, fan_out)), np.zeros(fan_out)


class Uniform(Initializer):
    """Draw weights uniformly between two bounds, whatever the layer's width.

    Parameters
    ----------
    low, high : float, default=-0.05, 0.05
        The bounds, ``low <= high``.
    """

    _parameter_constraints: ClassVar[dict] = {
        "low": [_FINITE],
        "high": [_FINITE],
    }

    def __init__(self, low: float = -0.05, high: float = 0.05):
        self.low = low
        self.high = high

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"U({self.low:g}, {self.high:g})"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self._validate_params()
        if self.low > self.high:
            raise ValueError(f"Uniform needs low <= high, got low={self.low}, high={self.high}.")
        return rng.uniform(self.low, self.high, (fan_in, fan_out)), np.zeros(fan_out)


class VarianceScaling(Initializer):
    r"""Draw weights whose variance is `scale` divided by the layer's width.

    .. math:: \operatorname{Var}(W) = \mathrm{scale} / \mathrm{fan}

    he, xavier, glorot, lecun, torch's and Keras's defaults are all parameters of this one law.

    Parameters
    ----------
    scale : float, default=1.0
        The variance times the fan, at least 0: 2 keeps the signal's scale with relu, 1 with the
        identity.
    mode : {"fan_in", "fan_out", "fan_avg"}, default="fan_in"
        The fan: the number of inputs (keeps the signal), of units (keeps the gradient), or the
        mean of the two.
    distribution : {"normal", "truncated_normal", "uniform"}, default="normal"
        The shape. The variance is the same for all three; the truncated normal is cut at two
        sigma and rescaled.
    bias : bool, default=False
        Whether biases are drawn from the same law as the weights, as torch and scikit-learn do,
        instead of being zero.

    Examples
    --------
    >>> from skinit.initializers import VarianceScaling
    >>> VarianceScaling(scale=2.0).formula
    'N(0, 2/fan_in)'
    >>> VarianceScaling(mode="fan_avg", distribution="uniform").formula
    'U(±sqrt(6/(fan_in + fan_out)))'
    """

    _parameter_constraints: ClassVar[dict] = {
        "scale": [_NOT_NEGATIVE],
        "mode": [StrOptions({"fan_in", "fan_out", "fan_avg"})],
        "distribution": [StrOptions(set(_DRAW))],
        "bias": ["boolean"],
    }

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "normal",
        bias: bool = False,
    ):
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.bias = bias

    @property
    def formula(self) -> str:
        """The law of W as text."""
        average = self.mode == "fan_avg"
        fan = "(fan_in + fan_out)" if average else self.mode
        scale = self.scale * (2 if average else 1)
        if self.distribution == "uniform":
            return f"U(±sqrt({3 * scale:g}/{fan}))"
        return f"{'N' if self.distribution == 'normal' else 'TN'}(0, {scale:g}/{fan})"

    @property
    def bias_formula(self) -> str:
        """The law of b as text."""
        return self.formula if self.bias else "0"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self._validate_params()
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        draw, std = _DRAW[self.distribution], sqrt(self.scale / fan)
        W = draw(rng, std, (fan_in, fan_out))
        return W, draw(rng, std, fan_out) if self.bias else np.zeros(fan_out)


class Orthogonal(Initializer):
    """Draw a matrix with orthonormal columns (or rows), uniformly among all of them.

    W is `gain` times the Q of the QR decomposition of a normal matrix, the signs of diag(R)
    absorbed; with fan_in < fan_out the rows are orthonormal. E[W²] = gain²/max(fan_in, fan_out).

    Parameters
    ----------
    gain : float, default=1.0
        The factor, at least 0; sqrt(2) for relu.

    References
    ----------
    Saxe, McClelland & Ganguli 2014, arXiv:1312.6120.
    """

    _parameter_constraints: ClassVar[dict] = {"gain": [_NOT_NEGATIVE]}

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"{self.gain:g} Q, Q orthogonal"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self._validate_params()
        return self.gain * _orthogonal(fan_in, fan_out, rng), np.zeros(fan_out)


def _orthogonal(rows, cols, rng):
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, cols), min(rows, cols))))
    # QR fixes the signs by convention; absorbing those of R makes Q uniform (Haar).
    Q *= np.copysign(1.0, np.diag(R))
    return Q if rows >= cols else Q.T


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
    """

    _parameter_constraints: ClassVar[dict] = {"gain": [_FINITE]}

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"{self.gain:g} I"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return the scaled identity; see `Initializer.sample`."""
        self._validate_params()
        return self.gain * np.eye(fan_in, fan_out), np.zeros(fan_out)


class Sparse(Initializer):
    """Connect every unit with a few random inputs, by weights from N(0, std²).

    Parameters
    ----------
    n_nonzero : int, default=15
        The number of inputs per unit, at least 1; all of them where the layer has fewer.
    std : float, default=1.0
        The standard deviation of the weights that are not zero, at least 0.

    Notes
    -----
    Defaults as in the paper. ``torch.nn.init.sparse_`` instead counts zeros, as a fraction of
    each input's outgoing weights.

    References
    ----------
    Martens 2010, "Deep learning via Hessian-free optimization", ICML.
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_nonzero": [Interval(Integral, 1, None, closed="left")],
        "std": [_NOT_NEGATIVE],
    }

    def __init__(self, n_nonzero: int = 15, std: float = 1.0):
        self.n_nonzero = n_nonzero
        self.std = std

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"N(0, {self.std:g}²) for {self.n_nonzero} inputs per unit, else 0"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self._validate_params()
        W = np.zeros((fan_in, fan_out))
        size = min(self.n_nonzero, fan_in)
        for unit in range(fan_out):
            inputs = rng.choice(fan_in, size, replace=False)
            W[inputs, unit] = rng.normal(0.0, self.std, size)
        return W, np.zeros(fan_out)


# --- Laws that know the network ---------------------------------------------------------------


def _hidden_activation_is(name: str, context: InitContext | None) -> bool:
    return (context.hidden_activation.name if context else "relu") == name


class SklearnDefault(Initializer):
    """Start as scikit-learn's MLPClassifier does, biases included.

    U(±sqrt(f/(fan_in + fan_out))) for weights and biases, f = 2 in all layers of a network whose
    hidden activation is logistic, and 6 otherwise (as without a context).
    """

    formula = "U(±sqrt(f/(fan_in + fan_out))), f = 6, logistic: 2"
    bias_formula = formula

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        scale = 1 / 3 if _hidden_activation_is("logistic", context) else 1.0
        law = VarianceScaling(scale, "fan_avg", "uniform", bias=True)
        return law.sample(fan_in, fan_out, rng)


class RandomWalk(Initializer):
    r"""Draw normal weights that keep the LOGARITHM of the gradient's norm from drifting.

    .. math:: \operatorname{Var}(W) = g^2 / \mathrm{fan\_in}

    with :math:`g = \sqrt 2 \exp(1.2 / (\max(\mathrm{fan\_in}, 6) - 2.4))` for relu, and
    :math:`g = \exp(1 / (2\, \mathrm{fan\_in}))`, the paper's result for linear units, for every
    other hidden activation. Without a context: relu.

    References
    ----------
    Sussillo & Abbott 2014, arXiv:1412.6558.
    """

    formula = (
        "N(0, g²/fan_in), g = exp(1/(2 fan_in)), relu: sqrt(2) exp(1.2/(max(fan_in, 6) - 2.4))"
    )

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        if _hidden_activation_is("relu", context):
            g = sqrt(2) * exp(1.2 / (max(fan_in, 6) - 2.4))
        else:
            g = exp(1 / (2 * fan_in))
        return VarianceScaling(scale=g * g).sample(fan_in, fan_out, rng)


class EdgeOfChaos(Initializer):
    r"""Draw normal weights and biases at the border between order and chaos.

    .. math::
        \operatorname{Var}(W) = \sigma_w^2 / \mathrm{fan\_in}, \quad
        \sigma_w^2 = 1 / E[f'(\sqrt q z)^2], \quad
        \operatorname{Var}(b) = q - \sigma_w^2 E[f(\sqrt q z)^2]

    with z ~ N(0, 1) and f the hidden activation, which the context tells: pre-activations keep
    the variance `q`, gradients keep their scale.

    Parameters
    ----------
    q : float, default=1.0
        The variance of the pre-activations, above 0.

    Notes
    -----
    Not every activation has such a point at every `q`; logistic and softplus have none, because
    their outputs stay away from zero. That is a ValueError.

    References
    ----------
    Poole et al. 2016, arXiv:1606.05340. Schoenholz et al. 2017, arXiv:1611.01232.
    """

    bias_formula = "N(0, q - s² E f(sqrt(q) z)²)"
    _parameter_constraints: ClassVar[dict] = {"q": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, q: float = 1.0):
        self.q = q

    @property
    def formula(self) -> str:
        """The law of W as text."""
        return f"N(0, s²/fan_in), s² = 1/E f'(sqrt(q) z)², q = {self.q:g}"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self._validate_params()
        if context is None:
            raise ValueError("EdgeOfChaos needs a context: it must know the hidden activation.")
        activation = context.hidden_activation
        weight_scale = 1.0 / activation.derivative_second_moment(self.q)
        bias_variance = self.q - weight_scale * activation.second_moment(self.q)
        if bias_variance < -1e-9 * self.q:
            raise ValueError(
                f"EdgeOfChaos has no solution for {activation.name} at q={self.q:g}: the biases "
                f"would need the variance {bias_variance:.3g}. Choose another q, or another "
                "activation, such as tanh or relu."
            )
        W, _ = VarianceScaling(weight_scale).sample(fan_in, fan_out, rng)
        return W, rng.normal(0.0, sqrt(max(bias_variance, 0.0)), fan_out)


class LooksLinear(Initializer):
    """Mirror the hidden units, so that a relu network starts as a linear map.

    [A, -A] in the first layer, [[A, -A], [-A, A]] in hidden ones, [A; -A] in the output layer, A
    orthogonal: relu(u) - relu(-u) = u, so that no unit's kink is seen at the start. Needs hidden
    layers of even size, and a context to know the layer's place.

    References
    ----------
    Balduzzi et al. 2017, arXiv:1702.08591.
    """

    formula = "[[A, -A], [-A, A]], A orthogonal"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        if context is None:
            raise ValueError("LooksLinear needs a context: it must know the layer's place.")
        halves_in = 1 if context.layer == 0 else 2
        halves_out = 1 if context.layer == context.n_layers - 1 else 2
        if fan_in % halves_in or fan_out % halves_out:
            raise ValueError(
                "LooksLinear needs hidden layers of even size, got "
                f"{fan_in} -> {fan_out} in layer {context.layer + 1}."
            )
        A = _orthogonal(fan_in // halves_in, fan_out // halves_out, rng)
        mirror = np.array([[1.0, -1.0], [-1.0, 1.0]])[:halves_in, :halves_out]
        return np.kron(mirror, A), np.zeros(fan_out)


# --- Laws that look at the data ---------------------------------------------------------------


def _batch_of(context: InitContext | None, initializer: Initializer):
    """Return the layer's inputs and their weights, or say that they are missing."""
    if context is None or context.inputs is None:
        raise ValueError(
            f"{type(initializer).__name__} looks at the data: it needs a context with inputs."
        )
    return context.inputs, context.sample_weight


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
    """

    data_dependent = True
    formula = "Q/std of the layer's pre-activations, Q orthogonal"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        inputs, weights = _batch_of(context, self)
        W = _orthogonal(fan_in, fan_out, rng)
        mean, variance = _unit_moments(inputs @ W, weights)
        return W / _divisor(variance.mean() + mean.var(), inputs, W), np.zeros(fan_out)


class WithinLayer(Initializer):
    """Give the pre-activations of every unit mean 0 and variance 1 on the data.

    Normal weights are divided by the standard deviation of their unit's pre-activations over a
    batch, and the bias takes the mean away. Units without any variation keep their scale.

    References
    ----------
    Krähenbühl et al. 2016, arXiv:1511.06856 (its within-layer step).
    """

    data_dependent = True
    formula = "N(0, 1/fan_in)/std of the unit's pre-activations"
    bias_formula = "-mean/std of the unit's pre-activations"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        inputs, weights = _batch_of(context, self)
        W, _ = VarianceScaling().sample(fan_in, fan_out, rng)
        mean, variance = _unit_moments(inputs @ W, weights)
        std = _divisor(variance, inputs, W)
        return W / std, -mean / std


# --- What a user gives instead of a law -------------------------------------------------------


class FromCallable(Initializer):
    """Wrap a plain function as an initializer.

    Parameters
    ----------
    function : callable ``(fan_in, fan_out, rng) -> W or (W, b)``
        `rng` is a `numpy.random.Generator`; biases are zero where only W is returned.
    """

    bias_formula = "0, or as the function says"

    def __init__(self, function: Callable[..., object]):
        self.function = function

    @property
    def formula(self) -> str:
        """The function's name."""
        return f"{getattr(self.function, '__name__', type(self.function).__name__)}()"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Call the function; see `Initializer.sample`."""
        drawn = self.function(fan_in, fan_out, rng)
        return drawn if isinstance(drawn, tuple) else (drawn, np.zeros(fan_out))


class Given(Initializer):
    """Start a layer with given numbers.

    Parameters
    ----------
    weights : array-like of shape (fan_in, fan_out)
        W. (torch stores the transpose.)
    bias : array-like of shape (fan_out,) or None, default=None
        b; None means zeros.
    """

    def __init__(self, weights, bias=None):
        self.weights = weights
        self.bias = bias

    @property
    def formula(self) -> str:
        """The shape of the given weights."""
        return f"given, shape {np.shape(self.weights)}"

    @property
    def bias_formula(self) -> str:
        """Whether biases are given."""
        return "0" if self.bias is None else "given"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Return the given numbers as they are; see `Initializer.sample`."""
        return self.weights, np.zeros(fan_out) if self.bias is None else self.bias


# --- The table --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Named:
    """A row of the table: a law and where it comes from."""

    law: Initializer
    source: str


INITIALIZERS: Registry[_Named] = Registry("init")


def register_initializer(
    name: str,
    initializer: Initializer | type[Initializer] | Callable[..., object],
    *,
    aliases: Iterable[str] = (),
    source: str = "",
) -> None:
    """Add a name to the table, so that grids, tables and reports can use it.

    Parameters
    ----------
    name : str
        The new name; one that exists already is a ValueError.
    initializer : Initializer, class of one, or callable
        What the name stands for, anything that `get_initializer` accepts.
    aliases : iterable of str, default=()
        Other names for it.
    source : str, default=""
        The paper or library it comes from.

    Notes
    -----
    The table belongs to the running process: with ``n_jobs`` > 1 a worker does not know a name
    that your script registered. Pass the object itself there.

    Examples
    --------
    >>> from skinit.initializers import VarianceScaling, get_initializer, register_initializer
    >>> register_initializer("half_he", VarianceScaling(scale=1.0, mode="fan_avg"))
    >>> get_initializer("half_he").formula
    'N(0, 2/(fan_in + fan_out))'
    """
    aliases = tuple(aliases)
    if "auto" in (name, *aliases):
        raise ValueError(
            "The init 'auto' asks the activation for its default: choose another name."
        )
    INITIALIZERS.register(name, _Named(get_initializer(initializer), source), aliases=aliases)


def get_initializer(init) -> Initializer:
    """Return a fresh Initializer for whatever one layer's `init` may be.

    Parameters
    ----------
    init : str, Initializer, class of one, callable, array, or tuple (W, b)
        A name from `list_initializers`; an Initializer, which is cloned; a callable
        ``(fan_in, fan_out, rng) -> W or (W, b)``; or the numbers themselves.

    Returns
    -------
    Initializer

    Raises
    ------
    ValueError
        For an unknown name, with the closest known one, and for anything else.

    Examples
    --------
    >>> from skinit.initializers import get_initializer
    >>> get_initializer("he")
    <VarianceScaling(bias=False, distribution='normal', mode='fan_in', scale=2.0): N(0, 2/fan_in)>
    """
    if isinstance(init, str):
        return clone(INITIALIZERS[init].law)
    if isinstance(init, Initializer):
        return clone(init)
    if isinstance(init, type) and issubclass(init, Initializer):
        return init()
    if isinstance(init, tuple) and len(init) == 2:
        return Given(*init)
    if hasattr(init, "__array__"):
        return Given(init)
    if callable(init):
        return FromCallable(init)
    raise ValueError(
        "init must be a name, an Initializer, a callable (fan_in, fan_out, rng) -> W or (W, b), "
        f"an array W or a tuple (W, b), got {init!r}."
    )


def list_initializers() -> pd.DataFrame:
    """Return the table of all names as a frame.

    Returns
    -------
    DataFrame
        One row per name, with the columns name, formula, bias, aliases and source, all str.

    Examples
    --------
    >>> from skinit.initializers import list_initializers
    >>> list_initializers().set_index("name").loc["he", "formula"]
    'N(0, 2/fan_in)'
    """
    import pandas as pd

    rows = [
        (
            name,
            row.law.formula,
            row.law.bias_formula,
            ", ".join(INITIALIZERS.aliases(name)),
            row.source,
        )
        for name, row in INITIALIZERS.items()
    ]
    return pd.DataFrame(rows, columns=["name", "formula", "bias", "aliases", "source"])


_HE = "He et al. 2015, arXiv:1502.01852"
_GLOROT = "Glorot & Bengio 2010"
_LECUN = "LeCun et al. 1998; Klambauer et al. 2017, arXiv:1706.02515"

for _names, _law, _source in [
    ("zeros", Constant(0.0), "the tutorial's first case"),
    ("ones", Constant(1.0), ""),
    ("constant", Constant(), ""),
    ("random", Normal(10.0), "the tutorial's second case: randn * 10"),
    ("normal", Normal(), ""),
    ("uniform", Uniform(), ""),
    ("truncated_normal", TruncatedNormal(), ""),
    ("xavier", VarianceScaling(1.0), "the tutorial's third case: randn * sqrt(1/fan_in)"),
    ("he he_normal kaiming_normal", VarianceScaling(2.0), _HE),
    ("he_uniform kaiming_uniform", VarianceScaling(2.0, distribution="uniform"), _HE),
    ("glorot_normal xavier_normal", VarianceScaling(1.0, "fan_avg"), _GLOROT),
    ("glorot_uniform xavier_uniform", VarianceScaling(1.0, "fan_avg", "uniform"), _GLOROT),
    ("lecun_normal", VarianceScaling(1.0), _LECUN),
    ("lecun_uniform", VarianceScaling(1.0, distribution="uniform"), _LECUN),
    ("variance_scaling", VarianceScaling(), "the law behind he, xavier, glorot and lecun"),
    ("orthogonal", Orthogonal(), "Saxe et al. 2014, arXiv:1312.6120"),
    ("identity", Identity(), "Le et al. 2015, arXiv:1504.00941"),
    ("sparse", Sparse(), "Martens 2010"),
    ("lsuv", LSUV(), "Mishkin & Matas 2016, arXiv:1511.06422"),
    ("within_layer", WithinLayer(), "Krähenbühl et al. 2016, arXiv:1511.06856"),
    ("random_walk", RandomWalk(), "Sussillo & Abbott 2014, arXiv:1412.6558"),
    ("edge_of_chaos", EdgeOfChaos(), "Schoenholz et al. 2017, arXiv:1611.01232"),
    ("looks_linear", LooksLinear(), "Balduzzi et al. 2017, arXiv:1702.08591"),
    ("sklearn", SklearnDefault(), "sklearn.neural_network.MLPClassifier"),
    ("torch", VarianceScaling(1 / 3, distribution="uniform", bias=True), "torch.nn.Linear"),
    ("keras", VarianceScaling(1.0, "fan_avg", "uniform"), "keras.layers.Dense"),
]:
    _name, *_aliases = _names.split()
    register_initializer(_name, _law, aliases=_aliases, source=_source)


# --- A network's layers -----------------------------------------------------------------------


def resolve_init(init, n_layers: int, activation: Activation) -> list[Initializer]:
    """Return one fresh Initializer per layer for the parameter `init` of an estimator.

    Parameters
    ----------
    init : str, Initializer, class of one, callable, or sequence with one entry per layer
        One entry serves all layers. A list or tuple names each layer's own; only there arrays W
        and pairs (W, b) make sense. ``"auto"`` is the activation's `default_init`.
    n_layers : int
        The number of weight layers, the output layer included.
    activation : Activation
        The hidden activation.

    Returns
    -------
    list of Initializer

    Raises
    ------
    ValueError
        For unknown names, a sequence of the wrong length, or one array for all layers.

    Examples
    --------
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import resolve_init
    >>> [law.formula for law in resolve_init(["auto", "zeros"], 2, get_activation("relu"))]
    ['N(0, 2/fan_in)', '0']
    """
    if hasattr(init, "__array__") and not isinstance(init, str):
        raise ValueError(
            "init is one array for all layers; give a sequence with one entry per layer, "
            f"{n_layers} here, such as [W, 'he', ...]."
        )
    entries = init if isinstance(init, (list, tuple)) else [init] * n_layers
    if len(entries) != n_layers:
        raise ValueError(
            f"init has {len(entries)} entries, but the network has {n_layers} weight layers: give "
            "one entry for each hidden layer and one for the output layer."
        )
    return [
        get_initializer(activation.default_init if _is_auto(entry) else entry) for entry in entries
    ]


def _is_auto(entry) -> bool:
    return isinstance(entry, str) and entry == "auto"


def sample_layers(
    initializers: Sequence[Initializer],
    layer_sizes: Sequence[int],
    *,
    activation: Activation,
    out_activation: str,
    seed: int,
    inputs=None,
    sample_weight: np.ndarray | None = None,
) -> list[Layer]:
    """Draw the weights and biases of all layers and check them.

    Each layer has its own stream of random numbers, which depends on `seed` and on its place
    only. Data-dependent laws see a batch of `inputs`, propagated through the layers before: all
    rows of positive weight, or 256 of them drawn from the seed where there are more. (Up to 256
    rows, a weight of 2 therefore equals the row twice.)

    Parameters
    ----------
    initializers : sequence of Initializer
        One per weight layer, as from `resolve_init`.
    layer_sizes : sequence of int
        The numbers of inputs, of units of each hidden layer, and of outputs.
    activation : Activation
        The hidden activation.
    out_activation : str
        The name of the output activation.
    seed : int
        The seed, as from ``draw_seed``.
    inputs : ndarray or sparse matrix of shape (n_samples, n_features), optional
        The training inputs; needed by data-dependent laws only.
    sample_weight : ndarray of shape (n_samples,), optional
        The weights of these rows.

    Returns
    -------
    list of (W, b)
        Fresh float64 arrays of shapes (fan_in, fan_out) and (fan_out,).

    Raises
    ------
    ValueError
        For wrong shapes, dtypes or values that are not finite, with the layer's number.
    """
    n_layers = len(initializers)
    last_look = max((i for i, law in enumerate(initializers) if law.data_dependent), default=-1)
    batch, weights = None, None
    if last_look >= 0 and inputs is not None:
        batch, weights = _draw_batch(inputs, sample_weight, seed)
    layers: list[Layer] = []
    for i, law in enumerate(initializers):
        fan_in, fan_out = layer_sizes[i : i + 2]
        own = activation.name if i < n_layers - 1 else out_activation
        context = InitContext(i, n_layers, own, activation, batch, weights)
        drawn = law.sample(fan_in, fan_out, stream(seed, WEIGHTS, i), context)
        W, b = _checked(drawn, fan_in, fan_out, f"init of layer {i + 1} ({fan_in} -> {fan_out})")
        layers.append((W, b))
        if i >= last_look:
            batch, weights = None, None
        elif batch is not None:
            z = batch @ W + b
            batch = activation.function(z, z)
    return layers


def _draw_batch(inputs, sample_weight, seed):
    """Return up to 256 dense rows of positive weight, and their weights."""
    if sample_weight is None:
        rows = np.arange(inputs.shape[0])
    else:
        rows = np.flatnonzero(sample_weight > 0)
    if len(rows) > BATCH_ROWS:
        rows = np.sort(stream(seed, WEIGHTS).choice(rows, BATCH_ROWS, replace=False))
    batch = inputs[rows].toarray() if issparse(inputs) else inputs[rows]
    return batch.astype(np.float64), None if sample_weight is None else sample_weight[rows]


def _checked(drawn, fan_in, fan_out, where) -> Layer:
    """Return (W, b) as fresh float64 arrays, or say what is wrong with them and where."""
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise ValueError(f"{where}: expected a pair (W, b), got {type(drawn).__name__}.")
    W = _checked_array(drawn[0], (fan_in, fan_out), f"{where}: W")
    return W, _checked_array(drawn[1], (fan_out,), f"{where}: b")


def _checked_array(values, shape, what) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{what} must hold real numbers, got dtype {values.dtype}.")
    if values.shape != shape:
        raise ValueError(f"{what} has shape {values.shape}, expected {shape}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{what} has values that are not finite (NaN or infinity).")
    return np.array(values, dtype=np.float64)
