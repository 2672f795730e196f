"""From the parameter `init` to the weights and biases of every layer of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import issparse

from skinit._random import WEIGHTS, stream
from skinit.initializers.base import InitContext, Initializer, Layer
from skinit.initializers.names import get_initializer

if TYPE_CHECKING:
    from skinit.activations import Activation

__all__ = ["resolve_init", "sample_layers"]

BATCH_ROWS = 256  # data-dependent initializers look at this many rows at most


def resolve_init(init, n_layers: int, activation: Activation) -> list[Initializer]:
    """Return one fresh Initializer per layer for the parameter `init` of an estimator.

    Parameters
    ----------
    init : str, Initializer, class of one, callable, or sequence with one entry per layer
        One entry serves all layers. A list or tuple has one entry per layer, which may also be
        an array W or a pair (W, b). ``"auto"`` is the activation's `default_init`.
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
    >>> [layer.formula for layer in resolve_init(["auto", "zeros"], 2, get_activation("relu"))]
    ['g Q, Q orthogonal, layer 1: Q, output N(0, 1/fan_in²)', '0']
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
    output_baseline: np.ndarray | None = None,
) -> list[Layer]:
    """Draw the weights and biases of all layers and check them.

    Each layer has its own stream of random numbers, which depends on `seed` and the layer's
    number alone. Data-dependent initializers see a batch of `inputs`, propagated through the
    layers before: all rows of positive weight, or 256 of them where there are more. A sample
    weight of 2 is the row twice, for any number of rows.

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
        The training inputs; needed by data-dependent initializers only.
    sample_weight : ndarray of shape (n_samples,), optional
        The weights of these rows.
    output_baseline : ndarray of shape (n_outputs,), optional
        The raw outputs of the constant prediction that fits the targets best; needed by
        `PriorBias` in the output layer only.

    Returns
    -------
    list of (W, b)
        Fresh float64 arrays of shapes (fan_in, fan_out) and (fan_out,).

    Raises
    ------
    ValueError
        For wrong shapes, dtypes or values that are not finite, with the layer's number.

    Examples
    --------
    >>> from skinit.activations import get_activation
    >>> from skinit.initializers import resolve_init, sample_layers
    >>> tanh = get_activation("tanh")
    >>> layers = sample_layers(
    ...     resolve_init("xavier", 2, tanh), (4, 8, 3), activation=tanh, out_activation="softmax",
    ...     seed=0)
    >>> [(W.shape, b.shape) for W, b in layers]
    [((4, 8), (8,)), ((8, 3), (3,))]
    """
    n_layers = len(initializers)
    looking = [i for i, initializer in enumerate(initializers) if initializer.data_dependent]
    last_look = max(looking, default=-1)
    batch, weights = None, None
    if looking and inputs is not None:
        batch, weights = draw_batch(inputs, sample_weight, seed)
    layers: list[Layer] = []
    for i, initializer in enumerate(initializers):
        fan_in, fan_out = layer_sizes[i : i + 2]
        name = activation.name if i < n_layers - 1 else out_activation
        context = InitContext(i, n_layers, name, activation, batch, weights, output_baseline)
        W, b = sample_layer(initializer, fan_in, fan_out, seed, context)
        layers.append((W, b))
        if i >= last_look:
            batch, weights = None, None
        elif batch is not None:
            z = batch @ W + b
            batch = activation.function(z, z)
    return layers


def sample_layer(
    initializer: Initializer, fan_in: int, fan_out: int, seed: int, context: InitContext
) -> Layer:
    """Draw the weights and biases of one layer from its stream, and check them."""
    drawn = initializer.sample(fan_in, fan_out, stream(seed, WEIGHTS, context.layer), context)
    where = f"init of layer {context.layer + 1} ({fan_in} -> {fan_out})"
    return _checked(drawn, fan_in, fan_out, where)


def draw_batch(inputs, sample_weight, seed):
    """Return up to 256 dense rows of positive weight, and their weights, None for equal ones."""
    if sample_weight is None:
        rows = np.arange(inputs.shape[0])
    else:
        rows = np.flatnonzero(sample_weight > 0)
        sample_weight = sample_weight[rows]
    if len(rows) > BATCH_ROWS:
        rng = stream(seed, WEIGHTS)
        keys = _project(inputs, rng.standard_normal(inputs.shape[1]))[rows]
        chosen, sample_weight = _draw_rows(keys, sample_weight, rng)
        rows = rows[chosen]
    batch = inputs[rows].toarray() if issparse(inputs) else inputs[rows]
    return batch.astype(np.float64), sample_weight


def _project(inputs, direction: np.ndarray) -> np.ndarray:
    """Return one number per row, the same for equal rows to the last bit.

    That excludes BLAS, whose rounding depends on where a row stands.
    """
    if issparse(inputs):
        return inputs @ direction
    size = max(1, 2**20 // len(direction))
    return np.concatenate(
        [
            np.einsum("ij,j->i", inputs[start : start + size].astype(np.float64), direction)
            for start in range(0, len(inputs), size)
        ]
    )


def _draw_rows(keys: np.ndarray, weights: np.ndarray | None, rng: np.random.Generator):
    """Draw 256 rows by weight such that a weight of 2 is exactly the row twice.

    Rows are lined up by their keys, which puts copies of a row side by side, as one row with the
    sum of their weights. Of 256 or fewer different rows all are taken. Otherwise the line of all
    weights is hit at 256 equidistant points from a random start (systematic sampling): every row
    is drawn as often as its share of the weight tells, up to less than one, and none is drawn
    twice where weights are equal.
    """
    _, first, row = np.unique(keys, return_index=True, return_inverse=True)
    totals = np.bincount(row, weights)
    if len(first) <= BATCH_ROWS:
        return first, totals
    ends = np.cumsum(totals)
    points = (np.arange(BATCH_ROWS) + rng.random()) * (ends[-1] / BATCH_ROWS)
    hit = np.searchsorted(ends, points, side="right")
    return first[np.minimum(hit, len(first) - 1)], None


def _checked(drawn, fan_in, fan_out, where) -> Layer:
    """Return (W, b) as fresh float64 arrays; raise where they are not a valid start."""
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
