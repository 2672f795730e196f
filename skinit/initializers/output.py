"""Initializers for the output layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from skinit.initializers.base import Initializer, Layer
from skinit.initializers.names import get_initializer

__all__ = ["PriorBias"]


class PriorBias(Initializer):
    r"""Shift the output biases so that the network starts from the best constant prediction.

    .. math:: b = \log p_k \text{ (softmax)}, \quad b = \log \frac{p}{1 - p} \text{ (logistic)}

    with p the share of each class in the training targets, sample weights included. With small
    output weights the loss then starts near the entropy of the classes, and no step is spent on
    learning how frequent they are. For numbers b is their mean, and its logarithm with the loss
    "poisson". Weights, and all other layers, are those of another initializer.

    Parameters
    ----------
    weights : str, Initializer or callable, default="mup"
        The initializer whose biases are shifted. The default starts with small outputs.

    References
    ----------
    Lin et al. 2017, "Focal loss for dense object detection", ICCV, arXiv:1708.02002, section 3.3.

    Examples
    --------
    >>> from skinit import InitMLPClassifier
    >>> from skinit.initializers import PriorBias
    >>> network = InitMLPClassifier((8,), init=["he", PriorBias(weights="xavier")])
    >>> network.init[-1]
    <PriorBias(weights='xavier'): N(0, 1/fan_in)>
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {"weights": [str, Initializer, callable]}

    def __init__(self, weights: str | Initializer | Callable[..., object] = "mup"):
        self.weights = weights

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return self._base().formula

    @property
    def bias_formula(self) -> str:
        """The distribution of b as text."""
        return f"{self._base().bias_formula}; output log odds of the classes"

    @property
    def data_dependent(self) -> bool:
        """Whether the initializer of the weights looks at the data."""
        return self._base().data_dependent

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights and biases; see `Initializer.sample`."""
        self.check(context)
        W, b = self._base().sample(fan_in, fan_out, rng, context)
        if context is None or not context.is_output:
            return W, b
        if context.output_baseline is None:
            raise ValueError("PriorBias needs a context with the output_baseline of the targets.")
        return W, b + context.output_baseline

    def _base(self) -> Initializer:
        return get_initializer(self.weights)
