"""Initializers that keep signal or gradient at their scale in deep networks."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, exp, floor, log10, sqrt
from numbers import Real
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from skinit._sklearn import Interval
from skinit._wording import join_words
from skinit.activations import get_activation
from skinit.initializers.base import InitContext, Initializer, Layer, incoming_gain
from skinit.initializers.distributions import Distribution
from skinit.initializers.variance import VarianceScaling

if TYPE_CHECKING:
    from skinit.activations import Activation

__all__ = ["EdgeOfChaos", "Gain", "MuP", "RandomWalk"]


# With silu a deviation of the variance from 1 grows by 1.17 from layer to layer; with logistic and
# softplus the squared gradient falls to 0.15 and 0.32 of itself, whatever the weights.
_GAIN_KEEPS = {"signal": 100.0, "gradient": 300.0}
_GAIN_EXCEPTIONS = {"signal": ("silu",), "gradient": ("silu", "logistic", "softplus")}


class Gain(Initializer):
    r"""Draw normal weights that make up for what the activation takes from the signal.

    .. math:: \operatorname{Var}(W) = g^2 / \mathrm{fan\_in}, \quad g^2 = 1 / E[f(z)^2]

    with z ~ N(0, 1) and f the hidden activation; g = 1 in the first layer, for standardized
    inputs. Pre-activations then have the variance 1 in every layer, whatever the activation.
    For relu this is He's 2/fan_in.

    Parameters
    ----------
    q : float, default=1.0
        The variance of the pre-activations, above 0: g² = q/E[f(sqrt(q) z)²], in the first layer
        q. A larger one steadies gelu, silu and mish in depth: with 4, silu stays within a factor
        of 100 through 30 layers of 256 units.

    Notes
    -----
    Over 30 layers the signal stays within a factor of 100 and the squared gradient within 300
    (tanh and gelu: about 100), with three exceptions. With silu a deviation of the variance from
    1 grows by 1.17 from layer to layer, so that both may grow by thousands. With logistic and
    softplus the gradient fades, by 1e-24 and 1e-15: where the signal keeps its scale, their
    slopes are too small.

    References
    ----------
    Bingham & Miikkulainen 2021, "AutoInit: analytic signal-preserving weight initialization for
    neural networks", arXiv:2109.08958.

    Examples
    --------
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import Gain, InitContext
    >>> second = InitContext(1, 3, "relu", get_activation("relu"))
    >>> round(Gain().distribute(100, 50, second).std ** 2, 6)  # 2 / fan_in
    0.02
    """

    keeps: ClassVar[dict] = _GAIN_KEEPS
    exceptions: ClassVar[dict] = _GAIN_EXCEPTIONS
    _parameter_constraints: ClassVar[dict] = {"q": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, q: float = 1.0):
        self.q = q

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        if self.q == 1:
            return "N(0, g²/fan_in), g the activation's gain, layer 1: 1"
        return f"N(0, g²/fan_in), g² = q/E f(sqrt(q) z)², layer 1: q, q = {self.q:g}"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        return VarianceScaling(self._scale(context)).sample(fan_in, fan_out, rng)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        return VarianceScaling(self._scale(context)).distribute(fan_in, fan_out)

    def _scale(self, context) -> float:
        """Return the variance times fan_in."""
        if context is None:
            return incoming_gain(None) ** 2  # of relu, the same for every q
        if context.is_first:
            return self.q
        return self.q / context.hidden_activation.second_moment(self.q)


class MuP(Initializer):
    r"""Keep the signal in hidden layers, and start with outputs that vanish with the width.

    .. math:: \operatorname{Var}(W) = g^2 / \mathrm{fan\_in}, \quad
        \text{output layer: } 1 / \mathrm{fan\_in}^2

    with g the gain of the hidden activation, 1 in the first layer: hidden layers as with `Gain`.
    The outputs have the variance 1/fan_in, so that the loss starts near that of a constant
    prediction, and the learning rate that suits one width suits others too.

    Notes
    -----
    This is the initialization of the maximal update parametrization; its learning rates per
    layer are not part of it.

    References
    ----------
    Yang & Hu 2021, "Tensor programs IV: feature learning in infinite-width neural networks",
    arXiv:2011.14522. Yang et al. 2022, arXiv:2203.03466.

    Examples
    --------
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import InitContext, MuP
    >>> output = InitContext(2, 3, "softmax", get_activation("relu"))
    >>> MuP().distribute(100, 10, output).std  # 1 / fan_in
    0.01
    """

    formula = "N(0, g²/fan_in), g the activation's gain, layer 1: 1; output N(0, 1/fan_in²)"
    keeps: ClassVar[dict] = _GAIN_KEEPS
    exceptions: ClassVar[dict] = _GAIN_EXCEPTIONS

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        return _mup_scaling(fan_in, context).sample(fan_in, fan_out, rng)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        return _mup_scaling(fan_in, context).distribute(fan_in, fan_out)


def _mup_scaling(fan_in: int, context: InitContext | None) -> VarianceScaling:
    """Return what maximal update does in this layer."""
    is_output = context is not None and context.is_output
    return VarianceScaling(1 / fan_in if is_output else incoming_gain(context) ** 2)


class RandomWalk(Initializer):
    r"""Draw normal weights that keep the LOGARITHM of the gradient's norm from drifting.

    .. math:: \operatorname{Var}(W) = g^2 / \mathrm{fan\_in}

    with :math:`g = \sqrt 2 \exp(1.2 / (\max(\mathrm{fan\_in}, 6) - 2.4))` for relu and
    :math:`g = \exp(1 / (2\, \mathrm{fan\_in}))` for the identity, the paper's results. For
    leaky_relu of slope c the paper's argument for relu gives, with n = max(fan_in, 6) and n
    standard normal numbers z and independent slopes s, which are 1 or c with probability 1/2,

    .. math:: g^2 = n \exp(-E \log \textstyle\sum_i s_i^2 z_i^2)

    Notes
    -----
    The argument needs slopes that do not depend on the size of the pre-activations, hence
    activations of two straight pieces.

    References
    ----------
    Sussillo & Abbott 2014, arXiv:1412.6558.

    Examples
    --------
    >>> from skinit.initializers import RandomWalk
    >>> round(RandomWalk().distribute(100, 100).std * 100**0.5, 4)  # g, a little above sqrt(2)
    1.4317
    """

    formula = (
        "N(0, g²/fan_in), g = sqrt(2) exp(1.2/(max(fan_in, 6) - 2.4)), identity: exp(1/(2 fan_in)),"
        " leaky_relu: by its slope"
    )
    activations = ("identity", "relu", "leaky_relu")
    keeps: ClassVar[dict] = {"signal": 30.0, "gradient": 10.0}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        return _random_walk(fan_in, context).sample(fan_in, fan_out, rng)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        return _random_walk(fan_in, context).distribute(fan_in, fan_out)


def _random_walk(fan_in: int, context: InitContext | None) -> VarianceScaling:
    """Return what the random walk does in this layer."""
    activation = context.hidden_activation if context else None
    return VarianceScaling(_random_walk_scale(activation, fan_in))


def _random_walk_scale(activation: Activation | None, fan_in: int) -> float:
    """Return the variance times fan_in with which log norms do not drift."""
    if activation is None or activation.name == "relu":
        return 2 * exp(2.4 / (max(fan_in, 6) - 2.4))
    if activation.name == "identity":
        return exp(1 / fan_in)
    n = max(fan_in, 6)
    slope = -float(activation.function(np.array([-1.0]), np.empty(1))[0])
    return n * exp(-_mean_log_norm(n, slope))


@lru_cache(maxsize=256)
def _mean_log_norm(n: int, slope: float) -> float:
    """Return E log of the sum of n squares s² z², s = 1 or `slope`, with z standard normal.

    E log Q is the integral of (exp(-t) - E exp(-t Q))/t over t > 0, and each square has
    E exp(-t s² z²) = (1 + 2 t s²)^(-1/2). With t = exp(u) the integrand is smooth.
    """

    def integrand(u):
        t = exp(u)
        laplace = 0.5 * (1 + 2 * t) ** -0.5 + 0.5 * (1 + 2 * t * slope * slope) ** -0.5
        return exp(-t) - laplace**n

    return sum(quad(integrand, *ends, limit=200)[0] for ends in [(-40, 0), (0, 6), (6, 60)])


class _Border(NamedTuple):
    """The border between order and chaos at one q."""

    weight_scale: float  # variance of W times fan_in
    bias_share: float  # variance of b over q
    slope: float  # of the variance map V at its fixed point q

    @property
    def is_stable(self) -> bool:
        """Whether biases exist and deviations from q do not grow from layer to layer."""
        return self.bias_share >= -1e-9 and self.slope <= 1 + 1e-9


@lru_cache(maxsize=1024)
def _border(activation: Activation, q: float) -> _Border:
    """Return the weights and biases that keep both q and the gradient."""
    weight_scale = 1 / activation.derivative_second_moment(q)
    return _Border(
        weight_scale,
        (q - weight_scale * activation.second_moment(q)) / q,
        weight_scale * activation.second_moment_slope(q),
    )


@lru_cache(maxsize=64)
def _smallest_stable_q(activation: Activation) -> float | None:
    """Return the smallest q up to 30 at which the border is stable, rounded up."""
    grid = np.geomspace(0.01, 30, 81).tolist()
    stable = [_border(activation, q).is_stable for q in grid]
    if not any(stable):
        return None
    first = stable.index(True)
    if first == 0:
        return grid[0]
    low, high = grid[first - 1], grid[first]
    if _border(activation, low).bias_share >= 0:
        high = brentq(lambda q: _border(activation, q).slope - 1, low, high)
    digits = 1 - floor(log10(high))
    return ceil(high * 10**digits) / 10**digits


class EdgeOfChaos(Initializer):
    r"""Draw normal weights and biases at the border between order and chaos.

    .. math::
        \operatorname{Var}(W) = \sigma_w^2 / \mathrm{fan\_in}, \quad
        \sigma_w^2 = 1 / E[f'(\sqrt q z)^2], \quad
        \operatorname{Var}(b) = \sigma_b^2 = q - \sigma_w^2 E[f(\sqrt q z)^2]

    with z ~ N(0, 1) and f the hidden activation: pre-activations keep the variance `q` from layer
    to layer, gradients keep their scale. The first layer brings the inputs x to q:

    .. math:: \operatorname{Var}(W) = (q - \sigma_b^2) / (\mathrm{fan\_in}\; \overline{x^2})

    Parameters
    ----------
    q : float, default=1.0
        The variance of the pre-activations, above 0.

    Notes
    -----
    The variance of the next layer is V(q) = sw² E f(sqrt(q) z)² + sb². Where V'(q) > 1, small
    deviations from q grow from layer to layer, which is a ValueError that names the smallest
    stable q: about 4 for gelu, 2 for mish, 15 for silu. Logistic and softplus have no such
    border, because their outputs stay away from zero.

    Without inputs in the context, their mean square is taken to be 1.

    References
    ----------
    Poole et al. 2016, arXiv:1606.05340. Schoenholz et al. 2017, arXiv:1611.01232.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import EdgeOfChaos, InitContext
    >>> second = InitContext(1, 3, "tanh", get_activation("tanh"))
    >>> W, b = EdgeOfChaos().sample(300, 300, np.random.default_rng(0), second)
    >>> bool(W.var() * 300 > 1), bool(b.std() > 0)
    (True, True)
    """

    bias_formula = "N(0, q - s² E f(sqrt(q) z)²)"
    data_dependent = True
    needs_context = True
    activations = (
        *("identity", "tanh", "relu", "leaky_relu", "elu"),
        *("selu", "gelu", "silu", "mish"),
    )
    keeps: ClassVar[dict] = {"signal": 30.0, "gradient": 30.0}
    _parameter_constraints: ClassVar[dict] = {"q": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, q: float = 1.0):
        self.q = q

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return (
            f"N(0, s²/fan_in), s² = 1/E f'(sqrt(q) z)², q = {self.q:g}, layer 1: s² = "
            "(q - Var(b))/mean x²"
        )

    def accepts(self, activation: Activation) -> bool:
        """Return whether the activation has a stable border at some q up to 30."""
        return _smallest_stable_q(activation) is not None

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        border = self._stable_border(context.hidden_activation)
        bias_variance = max(border.bias_share, 0.0) * self.q
        scale = border.weight_scale
        if context.is_first:
            scale = (self.q - bias_variance) / _mean_square(context)
        W, _ = VarianceScaling(scale).sample(fan_in, fan_out, rng)
        return W, rng.normal(0.0, sqrt(bias_variance), fan_out)

    def _stable_border(self, activation: Activation) -> _Border:
        border = _border(activation, float(self.q))
        if not border.is_stable:
            raise ValueError(
                f"EdgeOfChaos is unstable for {activation.name} at q={self.q:g}: deviations of "
                f"the variance from q grow by {border.slope:.3f} from layer to layer. Use "
                f"EdgeOfChaos(q={_smallest_stable_q(activation):g}), the smallest stable q. At "
                f"q={self.q:g} it is for {join_words(self._stable_activations())}."
            )
        return border

    def _stable_activations(self) -> list[str]:
        q = float(self.q)
        return [name for name in self.activations if _border(get_activation(name), q).is_stable]


def _mean_square(context: InitContext) -> float:
    """Return the weighted mean of the squared inputs, 1 where there are none."""
    if context.inputs is None:
        return 1.0
    squares = np.mean(context.inputs**2, axis=1)
    return float(np.average(squares, weights=context.sample_weight)) or 1.0
