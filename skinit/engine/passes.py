"""Forward and backward passes of a stack of k networks.

Shapes: weights (k, fan_in, fan_out), biases (k, 1, fan_out), activations (k, n_samples, units).
The samples X (n_samples, n_features), dense or CSR, are shared by the stack. Axes are counted
from the right. Nothing here draws a random number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from skinit._blas import multiply
from skinit.engine.blocks import contiguous_blocks
from skinit.engine.stack import Parameters, Stack

Call = Callable[[], object]

# Values of one elementwise pass that stay in a core's second-level cache.
BLOCK = 32_768
# Values of the widest layer when a whole data set is evaluated, a block of rows at a time.
EVALUATION_BLOCK = 1 << 18
# An X with more values than this fits no cache: it is read from memory again for every network.
LARGE = 1 << 18


class Workspace:
    """Buffers for passes over ``n_samples`` rows, and the calls that work on them.

    No batch allocates anything, and every call is put together with its arguments once: small
    networks spend as much time on the way to NumPy's functions as inside of them.

    Parameters
    ----------
    stack : Stack
        The networks. Their weights may change, but only in place.
    activation : Activation
        Of the hidden layers.
    n_samples : int
        Rows of a batch.
    gradient : Parameters, default=None
        Where `backward` writes; None if no gradients will be asked for.
    keep : bool, default=False
        Whether pre-activations and deltas of all layers are there to be looked at afterwards.
        Otherwise they share memory: pre-activations with the outputs, where the derivative reads
        the output alone, and deltas with those of the next layer but one.
    memory : dict, default=None
        Flat buffers by their use, which workspaces that never work at the same time can share.

    Attributes
    ----------
    raw : ndarray of shape (k, n_samples, n_outputs)
        The raw outputs; between the passes, the loss's gradient at them.
    above_first, below_last : list of callable
        What is left of the forward pass after the product of the first layer, and the backward
        pass without it.
    """

    def __init__(
        self,
        stack: Stack,
        activation,
        n_samples: int,
        *,
        gradient: Parameters | None = None,
        keep: bool = False,
        memory: dict | None = None,
    ):
        self.stack, self.gradient, self.activation = stack, gradient, activation
        self._shape, self._dtype = (len(stack), n_samples), stack.dtype
        self._memory = {} if memory is None else memory
        *hidden, n_outputs = stack.layer_sizes[1:]
        self.outputs = self._buffers("outputs", hidden)
        overwrite = activation.from_output and not keep
        self.pre_activations = self.outputs if overwrite else self._buffers("z", hidden)
        # Samples last in memory: sums over a few outputs are then long vector operations.
        self.raw = self._buffer("raw", (len(stack), n_outputs, n_samples)).swapaxes(-2, -1)
        self.products = [*self.pre_activations, self.raw]
        self._cuts = [list(contiguous_blocks(a.shape, BLOCK)) for a in self.outputs]
        self.above_first = self._plan_forward()
        if gradient is not None:
            self.deltas = self._buffers("deltas", hidden) if keep else self._two_buffers(hidden)
            blocks = zip(self.outputs, self._cuts, strict=True)
            sizes = [a[cut].size for a, cuts in blocks for cut in cuts]
            self._slopes = self._buffer("slopes", (max(sizes, default=0),))
            self.below_last = self._plan_backward(gradient)

    def _buffer(self, use, shape):
        size = math.prod(shape)
        if use not in self._memory or self._memory[use].size < size:
            self._memory[use] = np.empty(size, self._dtype)
        return self._memory[use][:size].reshape(shape)

    def _buffers(self, use, hidden):
        return [
            self._buffer((use, layer), (*self._shape, units)) for layer, units in enumerate(hidden)
        ]

    def _two_buffers(self, hidden):
        """Two layers' deltas live at a time: neighbours share no memory, the others do."""
        rows = math.prod(self._shape)
        halves = [
            self._buffer(("deltas", i), (rows * max(hidden[i::2], default=0),)) for i in (0, 1)
        ]
        return [
            halves[i % 2][: rows * units].reshape(*self._shape, units)
            for i, units in enumerate(hidden)
        ]

    def _plan_forward(self) -> list[Call]:
        """Return the calls that turn the first layer's product into the raw outputs."""
        calls: list[Call] = []
        stack, function = self.stack, self.activation.function
        for layer, (z, a) in enumerate(zip(self.pre_activations, self.outputs, strict=True)):
            for cut in self._cuts[layer]:
                bias = stack.intercepts[layer][cut[0]]
                calls += [partial(np.add, z[cut], bias, z[cut]), partial(function, z[cut], a[cut])]
            calls.append(_product(a, stack.coefs[layer + 1], self.products[layer + 1]))
        return [*calls, partial(np.add, self.raw, stack.intercepts[-1], self.raw)]

    def _plan_backward(self, gradient: Parameters) -> list[Call]:
        """Return the calls that write the gradient, but for the first weights."""
        calls: list[Call] = []
        # A product with ones is several times faster than a sum over the samples.
        ones = np.ones((1, 1, self._shape[1]), self._dtype)
        delta = self.raw
        for layer in range(len(gradient.coefs) - 1, 0, -1):
            a, below = self.outputs[layer - 1], self.deltas[layer - 1]
            W = self.stack.transposed[layer]
            # A product over one output multiplies columns by rows, which BLAS is slow at.
            one_output = delta.shape[-1] == 1
            calls += [
                _product(a.swapaxes(-2, -1), delta, gradient.coefs[layer]),
                _product(ones, delta, gradient.intercepts[layer]),
                partial(np.multiply, delta, W, below) if one_output else _product(delta, W, below),
                *self._multiply_slopes(layer - 1),
            ]
            delta = below
        return [*calls, _product(ones, delta, gradient.intercepts[0])]

    def _multiply_slopes(self, layer) -> Iterator[Call]:
        """Yield the calls that turn dL/da of a hidden layer into dL/dz, block by block."""
        z, a, delta = self.pre_activations[layer], self.outputs[layer], self.deltas[layer]
        for cut in self._cuts[layer]:
            slopes = self._slopes[: a[cut].size].reshape(a[cut].shape)
            read = None if self.activation.from_output else z[cut]
            yield partial(self.activation.derivative, read, a[cut], slopes)
            yield partial(np.multiply, delta[cut], slopes, delta[cut])

    def multiply(self, X, Y, out):
        """Write X @ Y into ``out`` (k, ...), where all of Y are multiplied by the same X."""
        if not isinstance(X, np.ndarray):
            # NumPy cannot multiply CSR into a buffer.
            for j, factor in enumerate(Y):
                out[j] = X @ np.ascontiguousarray(factor)
        elif _shares_one_product(X, Y):
            k, n, n_columns = out.shape
            factors = Y.swapaxes(0, 1)
            if not factors.flags.c_contiguous:
                factors = self._buffer("factors", factors.shape)
                np.copyto(factors, Y.swapaxes(0, 1))
            products = self._buffer("products", (n, k, n_columns))
            np.matmul(X, factors.reshape(-1, k * n_columns), products.reshape(n, -1))
            np.copyto(out, products.swapaxes(0, 1))
        else:
            multiply(X, Y, out)


class Workspaces(dict):
    """The workspaces of one stack, by number of rows; made when they are asked for.

    Only one of them works at a time, so they share their memory.

    Parameters
    ----------
    stack, activation, gradient
        As for a `Workspace`.
    memory : dict, default=None
        Of other workspaces, to be shared with them.
    """

    def __init__(self, stack: Stack, activation, *, gradient=None, memory: dict | None = None):
        super().__init__()
        self.memory = {} if memory is None else memory
        self._make = partial(Workspace, stack, activation, gradient=gradient, memory=self.memory)

    def __missing__(self, n_samples: int) -> Workspace:
        self[n_samples] = self._make(n_samples)
        return self[n_samples]


def _shares_one_product(X, Y) -> bool:
    """Tell whether reading a large X once is worth copying the narrow factors and products."""
    return len(Y) > 1 and X.size > LARGE and 4 * Y.shape[-1] <= min(X.shape)


def _product(a, b, out) -> Call:
    """Return a call that writes a @ b into ``out`` (k, ...)."""
    if len(out) > 1 or not a.dtype == b.dtype == out.dtype:
        return partial(np.matmul, a, b, out)
    # The same product of a single network, called in half the time. `out` must be in C order.
    a, b, out = a[0], b[0], out[0]
    return partial(np.dot, *((a, b, out) if out.flags.c_contiguous else (b.T, a.T, out.T)))


def forward(work: Workspace, X) -> np.ndarray:
    """Return the raw outputs of X, (k, n_samples, n_outputs), in a buffer of ``work``."""
    work.multiply(X, work.stack.coefs[0], work.products[0])
    for call in work.above_first:
        call()
    return work.raw


def backward(work: Workspace, X) -> None:
    """Write the gradient that ``work.raw``, now the loss's gradient at the raw outputs, causes."""
    for call in work.below_last:
        call()
    assert work.gradient is not None
    delta = work.deltas[0] if work.deltas else work.raw
    work.multiply(X.T, delta, work.gradient.coefs[0])


def loss_and_gradient(work, loss, X, y, sample_weight=None):
    """Return each network's mean loss over a batch and write its gradient, both without L2.

    Parameters
    ----------
    work : Workspace
        The networks, where their gradients go, and buffers for as many rows as X has.
    loss : Loss
        Value and gradient at the raw outputs.
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The batch.
    y : ndarray of shape (n_samples, n_outputs)
        Encoded targets.
    sample_weight : ndarray of shape (n_samples, 1), default=None
        Weights of the samples; the mean is weighted by them.

    Returns
    -------
    value : ndarray of shape (k,)
        The mean losses.
    total_weight : float
        What the mean was divided by.
    """
    total_weight = float(X.shape[0] if sample_weight is None else sample_weight.sum())
    # A batch of zero weights moves nothing, instead of dividing zero by zero.
    scale = 1 / total_weight if total_weight else 0.0
    value, delta = loss.value_and_gradient(forward(work, X), y, sample_weight)
    np.multiply(delta, scale, delta)
    backward(work, X)
    return value * scale, total_weight


def evaluate(
    stack: Stack, activation, X, workspaces: Workspaces | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the raw outputs of X, (k, rows, n_outputs), for one block of rows after the other.

    A block's buffer is used again for the next one, and for the next call with ``workspaces``.
    """
    n_samples = X.shape[0]
    width = len(stack) * max(stack.layer_sizes[1:])
    rows = min(n_samples, max(1, EVALUATION_BLOCK // width))
    if workspaces is None:
        workspaces = Workspaces(stack, activation)
    for start in range(0, n_samples, rows):
        block = slice(start, min(start + rows, n_samples))
        yield block, forward(workspaces[block.stop - start], X[block])
