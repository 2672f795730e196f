"""Initializers whose variance follows the layer's size."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from skinit._sklearn import StrOptions
from skinit.initializers.base import NOT_NEGATIVE, Initializer, Layer
from skinit.initializers.distributions import DISTRIBUTIONS, Distribution

__all__ = ["SklearnDefault", "VarianceScaling"]


class VarianceScaling(Initializer):
    r"""Draw weights whose variance is `scale` divided by the layer's width.

    .. math:: \operatorname{Var}(W) = \mathrm{scale} / \mathrm{fan}

    he, xavier, glorot, lecun, torch's and Keras's defaults are all special cases.

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
        Whether biases are drawn from the same distribution as the weights, as torch and
        scikit-learn do, instead of being zero.

    Examples
    --------
    >>> from skinit.initializers import VarianceScaling
    >>> VarianceScaling(scale=2.0).formula
    'N(0, 2/fan_in)'
    >>> VarianceScaling(mode="fan_avg", distribution="uniform").formula
    'U(±sqrt(6/(fan_in + fan_out)))'
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {
        "scale": [NOT_NEGATIVE],
        "mode": [StrOptions({"fan_in", "fan_out", "fan_avg"})],
        "distribution": [StrOptions(set(DISTRIBUTIONS))],
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
        """The distribution of W as text."""
        average = self.mode == "fan_avg"
        fan = "(fan_in + fan_out)" if average else self.mode
        scale = self.scale * (2 if average else 1)
        if self.distribution == "uniform":
            return f"U(±sqrt({3 * scale:g}/{fan}))"
        return f"{'N' if self.distribution == 'normal' else 'TN'}(0, {scale:g}/{fan})"

    @property
    def bias_formula(self) -> str:
        """The distribution of b as text."""
        return self.formula if self.bias else "0"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        draw = DISTRIBUTIONS[self.distribution]
        std = self.distribute(fan_in, fan_out).std
        W = draw(rng, std, (fan_in, fan_out))
        return W, draw(rng, std, fan_out) if self.bias else np.zeros(fan_out)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return Distribution(self.distribution, sqrt(self.scale / fan))


class SklearnDefault(Initializer):
    """Start as scikit-learn's MLPClassifier does, biases included.

    U(±sqrt(f/(fan_in + fan_out))) for weights and biases, f = 2 in all layers of a network whose
    hidden activation is logistic, and 6 otherwise (as without a context).

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import SklearnDefault
    >>> W, b = SklearnDefault().sample(4, 2, np.random.default_rng(0))
    >>> bool(abs(W).max() < 1), bool(abs(b).max() < 1)  # sqrt(6 / (4 + 2))
    (True, True)
    """

    formula = "U(±sqrt(f/(fan_in + fan_out))), f = 6, logistic: 2"
    bias_formula = formula
    keeps: ClassVar[dict] = {}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        return self._glorot(context).sample(fan_in, fan_out, rng)

    def distribute(self, fan_in, fan_out, context=None) -> Distribution:
        """Return the distribution of a weight; see `Initializer.distribute`."""
        return self._glorot(context).distribute(fan_in, fan_out)

    def _glorot(self, context) -> VarianceScaling:
        is_logistic = context is not None and context.hidden_activation.name == "logistic"
        return VarianceScaling(1 / 3 if is_logistic else 1.0, "fan_avg", "uniform", bias=True)
