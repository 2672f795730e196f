"""What an initializer is: the base class, its context, and wrappers for what users hand over.

W always has shape (fan_in, fan_out). In formulas N(0, v) is the normal distribution of VARIANCE
v, TN(0, v) the normal cut at two sigma whose variance is v after cutting, and U(±b) the uniform
distribution on [-b, b], of variance b²/3. `gain` multiplies the standard deviation, `scale` the
variance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from numbers import Real
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skinit._drawing.initializer import InitializerDisplay
from skinit._sklearn import Interval
from skinit._wording import join_words
from skinit.activations import get_activation
from skinit.initializers.distributions import Distribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skinit._drawing.base import Size
    from skinit.activations import Activation

__all__ = [
    "FINITE",
    "NOT_NEGATIVE",
    "FromCallable",
    "Given",
    "InitContext",
    "Initializer",
    "Layer",
    "incoming_gain",
]

Layer = tuple[np.ndarray, np.ndarray]

FINITE = Interval(Real, None, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


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
        The name of this layer's activation; for the output layer the output activation, such
        as ``"logistic"``, ``"softmax"``, ``"identity"`` or ``"exp"``.
    hidden_activation : Activation
        The activation of the hidden layers.
    inputs : ndarray of shape (n, fan_in) or None
        What arrives at this layer for a batch of training rows, where a data-dependent
        initializer needs it.
    sample_weight : ndarray of shape (n,) or None
        The weights of these rows, all positive; None where all are equal.
    output_baseline : ndarray of shape (n_outputs,) or None
        The raw outputs of the constant prediction that fits the training targets best, such as
        the log odds of the classes or the mean of the numbers.

    Examples
    --------
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import InitContext
    >>> context = InitContext(1, 2, "softmax", get_activation("relu"))
    >>> context.is_first, context.is_output
    (False, True)
    """

    layer: int
    n_layers: int
    activation: str
    hidden_activation: Activation
    inputs: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    output_baseline: np.ndarray | None = None

    @property
    def is_first(self) -> bool:
        """Whether the layer reads the inputs of the network."""
        return self.layer == 0

    @property
    def is_output(self) -> bool:
        """Whether the layer is the output layer."""
        return self.layer == self.n_layers - 1


class Initializer(BaseEstimator):
    """Base class of all initializers, which sample the weights and biases of one layer.

    An initializer is a scikit-learn estimator without ``fit``: it clones, pickles, has
    ``get_params`` and ``set_params``, and ``init__scale`` reaches its parameters in a grid
    search. To write your own, store the parameters unchanged in ``__init__``, define `sample`,
    and draw from the given `rng`, never from a seed.

    Attributes
    ----------
    formula : str
        The distribution of W as text, such as ``"N(0, 2/fan_in)"``: an attribute or a property.
    bias_formula : str
        The distribution of the biases as text, ``"0"`` unless a class says otherwise.
    data_dependent : bool
        Set it to True in a class whose `sample` reads ``context.inputs``.
    needs_inputs, needs_context : bool
        Set one of them to True in a class whose `sample` cannot do without ``context.inputs``,
        or without a context; `check` then raises an error.
    activations : tuple of str or None
        The names of the hidden activations that the initializer is made for; `check` refuses
        all others. None means all.
    keeps : mapping of str to float
        What the initializer promises for these activations: the key ``"signal"`` for the variance
        of the pre-activations, ``"gradient"`` for the mean square of the loss's derivatives by
        them. Each stays within this factor from the first to the last of 30 hidden layers of 64
        or more units each, for standardized inputs of as many features. The tests measure it.
    exceptions : mapping of str to tuple of str
        For each key of `keeps` the activations for which it does not hold.

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
    needs_inputs: ClassVar[bool] = False
    needs_context: ClassVar[bool] = False
    activations: ClassVar[tuple[str, ...] | None] = None
    keeps: ClassVar[Mapping[str, float]] = {}
    exceptions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    _parameter_constraints: ClassVar[dict] = {}

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        return "custom"

    @property
    def bias_formula(self) -> str:
        """The distribution of b as text."""
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
            The layer's stream of random numbers.
        context : InitContext or None, default=None
            The layer's place in the network. None means a hidden layer, though not the first,
            behind an activation that the initializer is made for: relu where it is for any.

        Returns
        -------
        W : ndarray of shape (fan_in, fan_out), float64
        b : ndarray of shape (fan_out,), float64

        Raises
        ------
        ValueError
            For a parameter outside its range, a missing context, or an activation that the
            initializer is not made for.
        """
        raise NotImplementedError(f"{type(self).__name__} must define sample.")

    def distribute(
        self, fan_in: int, fan_out: int, context: InitContext | None = None
    ) -> Distribution | None:
        """Return the distribution that every weight comes from, where there is one in closed form.

        Parameters
        ----------
        fan_in, fan_out : int
            The number of inputs and of units.
        context : InitContext or None, default=None
            As for `sample`.

        Returns
        -------
        Distribution or None
            None where weights depend on each other, on their place or on the data.
        """
        return None

    def plot(
        self,
        fan_in: int = 100,
        fan_out: int = 100,
        *,
        context: InitContext | None = None,
        random_state: int | None = 0,
        ax: Axes | None = None,
        figsize: Size = None,
    ) -> InitializerDisplay:
        """Draw the weights of one layer as a histogram, beside the density they come from.

        Parameters
        ----------
        fan_in, fan_out : int, default=100
            The number of inputs and of units.
        context : InitContext or None, default=None
            The layer's place in the network. None means the second layer of three, behind relu
            (or the first activation that the initializer is made for), with standard normal
            inputs.
        random_state : int or None, default=0
            The seed of the weights.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of a new figure; a "column" of a paper is 3.5 inches wide.

        Returns
        -------
        InitializerDisplay

        Examples
        --------
        >>> from skinit import get_initializer
        >>> get_initializer("he_uniform").plot()
        <InitializerDisplay: the weights of a layer 100 -> 100, U(±sqrt(6/fan_in)). ...>
        """
        rng = np.random.default_rng(random_state)
        context = context or _hidden_layer(self, fan_in, fan_out, rng)
        weights, _ = self.sample(fan_in, fan_out, rng, context)
        distribution = self.distribute(fan_in, fan_out, context)
        density = distribution.density if distribution and distribution.std > 0 else None
        display = InitializerDisplay(np.asarray(weights), self.formula, density)
        return display.plot(ax, figsize=figsize)

    def accepts(self, activation: Activation) -> bool:
        """Return whether the initializer is made for a hidden activation.

        Parameters
        ----------
        activation : Activation
            The hidden activation.

        Returns
        -------
        bool
        """
        return self.activations is None or activation.name in self.activations

    def check(self, context: InitContext | None = None) -> None:
        """Raise an error unless parameters, context and activation allow sampling.

        The `sample` of a class begins with it.

        Parameters
        ----------
        context : InitContext or None, default=None
            The layer's place in the network.

        Raises
        ------
        ValueError
            For a parameter outside its range, a missing context, or an activation that the
            initializer is not made for.
        """
        self._validate_params()
        name = type(self).__name__
        if self.needs_inputs and (context is None or context.inputs is None):
            raise ValueError(f"{name} looks at the data: it needs a context with inputs.")
        if context is None:
            if self.needs_context:
                raise ValueError(f"{name} needs a context: it depends on the layer's place.")
        elif not self.accepts(context.hidden_activation):
            raise ValueError(
                f"{name} is not made for the activation {context.hidden_activation.name!r}. "
                f"It is for {join_words(self.activations or ())}."
            )

    def __repr__(self) -> str:
        """Show all parameters, defaults too, and the formula beside them."""
        shown = ", ".join(f"{k}={_short(v)}" for k, v in self.get_params(deep=False).items())
        return f"<{type(self).__name__}({shown}): {self.formula}>"


def _hidden_layer(
    initializer: Initializer, fan_in: int, fan_out: int, rng: np.random.Generator
) -> InitContext:
    """Return the place of a hidden layer that an initializer can start, to show what it does."""
    name = (initializer.activations or ("relu",))[0]
    return InitContext(
        layer=1,
        n_layers=3,
        activation=name,
        hidden_activation=get_activation(name),
        inputs=rng.standard_normal((256, fan_in)),
        output_baseline=np.zeros(fan_out),
    )


def incoming_gain(context: InitContext | None) -> float:
    """Return the factor that makes up for what the activation before a layer takes away.

    It is 1 in the first layer, which reads standardized inputs, and the gain of the hidden
    activation after that; without a context, the gain of relu.
    """
    if context is None:
        return sqrt(2.0)
    return 1.0 if context.is_first else context.hidden_activation.gain


def _short(value) -> str:
    """Return the repr of a parameter, with arrays as their shapes."""
    return f"array{value.shape}" if isinstance(value, np.ndarray) else repr(value)


class FromCallable(Initializer):
    """Wrap a plain function as an initializer.

    Parameters
    ----------
    function : callable ``(fan_in, fan_out, rng) -> W or (W, b)``
        `rng` is a `numpy.random.Generator`; biases are zero where only W is returned.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import FromCallable
    >>> def small(fan_in, fan_out, rng):
    ...     return rng.normal(0, 0.01, (fan_in, fan_out))
    >>> FromCallable(small).sample(4, 3, np.random.default_rng(0))[0].shape
    (4, 3)
    """

    bias_formula = "0 unless the function returns one"

    def __init__(self, function: Callable[..., object]):
        self.function = function

    @property
    def formula(self) -> str:
        """The function's name."""
        return f"{getattr(self.function, '__name__', type(self.function).__name__)}()"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Call the function; see `Initializer.sample`."""
        try:
            drawn = self.function(fan_in, fan_out, rng)
        except Exception as error:
            layer = f"init of layer {context.layer + 1}" if context else "init"
            call = self.formula.replace("()", "(fan_in, fan_out, rng)")
            error.add_note(
                f"{layer} ({fan_in} -> {fan_out}) was called as {call}: the numbers of inputs and "
                "units and a numpy.random.Generator. It returns W of shape (fan_in, fan_out), or a "
                "pair (W, b)."
            )
            raise
        return drawn if isinstance(drawn, tuple) else (drawn, np.zeros(fan_out))


class Given(Initializer):
    """Start a layer from given arrays.

    Parameters
    ----------
    weights : array-like of shape (fan_in, fan_out)
        W. (torch stores the transpose.)
    bias : array-like of shape (fan_out,) or None, default=None
        b; None means zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Given
    >>> W, b = Given(np.eye(2)).sample(2, 2, np.random.default_rng(0))
    >>> W.tolist(), b.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])
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
        """Return the given arrays unchanged; see `Initializer.sample`."""
        return self.weights, np.zeros(fan_out) if self.bias is None else self.bias
