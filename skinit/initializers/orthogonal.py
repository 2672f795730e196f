"""Initializers made of orthogonal matrices."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skinit._sklearn import StrOptions
from skinit.initializers.base import NOT_NEGATIVE, Initializer, Layer, incoming_gain

__all__ = ["LooksLinear", "Orthogonal", "draw_orthogonal"]


def draw_orthogonal(rows: int, cols: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a matrix with orthonormal columns, or rows where there are fewer, uniformly."""
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, cols), min(rows, cols))))
    # QR fixes the signs by convention; absorbing those of R makes Q uniform (Haar).
    Q *= np.copysign(1.0, np.diag(R))
    return Q if rows >= cols else Q.T


class Orthogonal(Initializer):
    r"""Draw a matrix with orthonormal columns (or rows), uniformly among all of them.

    .. math:: W = g\, Q, \quad E[W^2] = g^2 / \max(\mathrm{fan\_in}, \mathrm{fan\_out})

    with Q from the QR decomposition of a normal matrix, the signs of diag(R) absorbed. With
    fan_in <= fan_out every input keeps its length times `gain`; with fan_in > fan_out the inputs
    are projected on fan_out random directions, and what lies in the others is lost.

    Parameters
    ----------
    gain : float or "auto", default=1.0
        The factor g, at least 0. "auto" makes up for the activation: 1 in the first layer and
        the `gain` of the hidden activation after that, such as sqrt(2) for relu. With 1 and relu
        the signal's second moment halves from layer to layer.

    Notes
    -----
    Signals keep their scale with "auto" where hidden layers are equally wide; between layers of
    different widths the variance of the pre-activations changes by
    fan_in/max(fan_in, fan_out).

    References
    ----------
    Saxe, McClelland & Ganguli 2014, arXiv:1312.6120.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.initializers import Orthogonal
    >>> W, _ = Orthogonal(gain=2.0).sample(4, 3, np.random.default_rng(0))
    >>> bool(np.allclose(W.T @ W, 4 * np.eye(3)))
    True
    """

    keeps: ClassVar[dict] = {}
    _parameter_constraints: ClassVar[dict] = {"gain": [NOT_NEGATIVE, StrOptions({"auto"})]}

    def __init__(self, gain: float | str = 1.0):
        self.gain = gain

    @property
    def formula(self) -> str:
        """The distribution of W as text."""
        if self.gain == "auto":
            return "g Q, Q orthogonal, g the activation's gain, layer 1: 1"
        return f"{self.gain:g} Q, Q orthogonal"

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        gain = incoming_gain(context) if isinstance(self.gain, str) else self.gain
        return gain * draw_orthogonal(fan_in, fan_out, rng), np.zeros(fan_out)


class LooksLinear(Initializer):
    r"""Mirror the hidden units, so that the network starts as a linear map.

    .. math::
        W_1 = [A, -A], \quad W_l = \begin{bmatrix} A & -A \\ -A & A \end{bmatrix}, \quad
        W_L = \begin{bmatrix} A \\ -A \end{bmatrix}

    with A orthogonal. A hidden layer then holds the pairs f(u) and f(-u), of which the next layer
    sees f(u) - f(-u). That is u itself for relu, gelu, silu and softplus, and 1.01 u for
    leaky_relu: neither signal nor gradient meets an activation at the start.

    Notes
    -----
    Hidden layers need an even number of units. For odd activations (tanh, identity) the units
    of a pair would stay exact negatives of each other for ever, and half of the layer would be
    wasted; for elu, selu, mish and logistic f(u) - f(-u) is not linear.

    References
    ----------
    Balduzzi et al. 2017, arXiv:1702.08591.

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import InitContext, LooksLinear
    >>> first = InitContext(0, 2, "relu", get_activation("relu"))
    >>> W, _ = LooksLinear().sample(3, 4, np.random.default_rng(0), first)
    >>> bool((W[:, :2] == -W[:, 2:]).all())
    True
    """

    formula = "[[A, -A], [-A, A]], A orthogonal, layer 1: [A, -A], output [[A], [-A]]"
    needs_context = True
    activations = ("relu", "leaky_relu", "gelu", "silu", "softplus")
    keeps: ClassVar[dict] = {"signal": 2.0, "gradient": 2.0}

    def sample(self, fan_in, fan_out, rng, context=None) -> Layer:
        """Draw weights; see `Initializer.sample`."""
        self.check(context)
        halves_in = 1 if context.is_first else 2
        halves_out = 1 if context.is_output else 2
        if fan_in % halves_in or fan_out % halves_out:
            raise ValueError(
                "LooksLinear needs hidden layers of even size, got "
                f"{fan_in} -> {fan_out} in layer {context.layer + 1}."
            )
        A = draw_orthogonal(fan_in // halves_in, fan_out // halves_out, rng)
        mirror = np.array([[1.0, -1.0], [-1.0, 1.0]])[:halves_in, :halves_out]
        return np.kron(mirror, A), np.zeros(fan_out)
