"""Forward and backward passes of a stack of k networks.

Everything is computed for k networks of one shape at once; a single network is a stack of one.
Shapes: weights (k, fan_in, fan_out), biases (k, 1, fan_out), activations (k, n_samples, units).
The samples X (n_samples, n_features), dense or CSR, are shared by the stack. Axes are counted
from the right. Nothing here knows scikit-learn's estimators or draws a random number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from skinit._blas import has_small_kernels
from skinit._blocks import contiguous_blocks

# Values of one elementwise pass that stay in a core's second-level cache.
BLOCK = 32_768
# Values of the widest layer when a whole data set is evaluated, a block of rows at a time.
EVALUATION_BLOCK = 1 << 18
# Multiply-adds that OpenBLAS's kernels for AVX-512 do without packing the factors first, in two
# thirds of the time. So what is up to twice as much, as 200 rows of 64 features and 100 units
# are, is faster in halves: a step takes a tenth less. Other kernels always pack.
SMALL_PRODUCT = 1_000_000
# Values of X that are read from memory again for every network of a stack, as they fit no cache.
LARGE = 1 << 18


class Stack:
    """Weights and biases of k networks of one shape.

    Parameters
    ----------
    coefs : list of ndarray of shape (k, fan_in, fan_out)
        Weights, one array a layer.
    intercepts : list of ndarray of shape (k, 1, fan_out)
        Biases, one array a layer.
    """

    def __init__(self, coefs: list[np.ndarray], intercepts: list[np.ndarray]):
        self.coefs = coefs
        self.intercepts = intercepts

    @classmethod
    def of_one(cls, coefs, intercepts) -> Stack:
        """Return one network's 2-D weights and 1-D biases as a stack, without a copy."""
        return cls([W[None] for W in coefs], [b[None, None] for b in intercepts])

    def __len__(self) -> int:
        return len(self.coefs[0])

    @cached_property
    def transposed(self) -> list[np.ndarray]:
        """Views of the weights as (k, fan_out, fan_in), for the way back."""
        return [W.swapaxes(-2, -1) for W in self.coefs]

    @property
    def dtype(self) -> np.dtype:
        """Of weights and biases."""
        return self.coefs[0].dtype

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Units of every layer, input and output included."""
        return (self.coefs[0].shape[-2], *(W.shape[-1] for W in self.coefs))


class Parameters(Stack):
    """A stack whose weights and biases are views into one flat buffer.

    Parameters
    ----------
    layer_sizes : sequence of int
        Units of every layer, input and output included.
    flat : ndarray of shape (k, n_parameters)
        One network a row: all weight matrices in C order, then all biases.

    Attributes
    ----------
    n_weights : int
        The first columns of `flat`, those that the L2 penalty acts on.
    """

    def __init__(self, layer_sizes: Sequence[int], flat: np.ndarray):
        self.flat = flat
        shapes = list(pairwise(layer_sizes))
        self.n_weights = sum(fan_in * fan_out for fan_in, fan_out in shapes)
        biases = [(1, fan_out) for _, fan_out in shapes]
        super().__init__(list(self._views(0, shapes)), list(self._views(self.n_weights, biases)))
        weights = flat[:, : self.n_weights]
        self._row, self._column = weights[:, None, :], weights[:, :, None]

    def _views(self, start, shapes):
        for rows, columns in shapes:
            stop = start + rows * columns
            yield self.flat[:, start:stop].reshape(-1, rows, columns)
            start = stop

    @classmethod
    def empty(cls, layer_sizes, k, dtype) -> Parameters:
        """Return parameters of k networks, to be written."""
        n_parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(layer_sizes))
        return cls(layer_sizes, np.empty((k, n_parameters), dtype))

    @classmethod
    def stack(cls, members, dtype) -> Parameters:
        """Return the stack of networks given as lists of (W, b), one pair a layer."""
        layer_sizes = [members[0][0][0].shape[0], *(W.shape[1] for W, _ in members[0])]
        parameters = cls.empty(layer_sizes, len(members), dtype)
        for j, layers in enumerate(members):
            for layer, (W, b) in enumerate(layers):
                parameters.coefs[layer][j] = W
                parameters.intercepts[layer][j, 0] = b
        return parameters

    def take(self, keep) -> Parameters:
        """Return a copy of the networks ``keep`` of the stack."""
        return Parameters(self.layer_sizes, self.flat[keep])

    def squared_norms(self) -> np.ndarray:
        """Return each network's sum of squared weights, (k,)."""
        return np.matmul(self._row, self._column)[:, 0, 0]


def layers_of(row: np.ndarray, layer_sizes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the (W, b) of every layer of one network, views into its row of parameters."""
    one = Parameters(layer_sizes, row[None])
    return [(W[0], b[0, 0]) for W, b in zip(one.coefs, one.intercepts, strict=True)]


class Workspace:
    """Buffers for passes over ``n_samples`` rows, so that no batch allocates anything.

    Parameters
    ----------
    stack : Stack
        Its shape and dtype decide what is needed.
    activation : Activation
        Of the hidden layers.
    n_samples : int
        Rows of a batch.
    backward : bool
        Whether gradients will be asked for.
    keep : bool
        Whether pre-activations and deltas of all layers are there to be looked at afterwards.
        Otherwise they share memory: pre-activations with the outputs, where the derivative reads
        the output alone, and deltas with those of the next layer but one.
    memory : dict, default=None
        Flat buffers by their use, which workspaces that never work at the same time can share.
    """

    def __init__(
        self,
        stack: Stack,
        activation,
        n_samples: int,
        *,
        backward: bool = True,
        keep: bool = False,
        memory: dict | None = None,
    ):
        self.activation = activation
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
        self._way_up = [
            [(cut[0], z[cut], a[cut]) for cut in cuts]
            for cuts, z, a in zip(self._cuts, self.pre_activations, self.outputs, strict=True)
        ]
        if backward:
            self.ones = np.ones((1, n_samples), stack.dtype)
            self.transposed = [a.swapaxes(-2, -1) for a in self.outputs]
            self.deltas = self._buffers("deltas", hidden) if keep else self._two_buffers(hidden)
            self._way_down = self._make_way_down()

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

    def _make_way_down(self):
        """Return for every hidden layer its blocks of (z or None, a, delta, slopes)."""
        layers = list(zip(self._cuts, self.pre_activations, self.outputs, self.deltas, strict=True))
        largest = max((a[cut].size for cuts, _, a, _ in layers for cut in cuts), default=0)
        slopes = self._buffer("slopes", (largest,))

        def block(cut, z, a, delta):
            z = None if self.activation.from_output else z[cut]
            return z, a[cut], delta[cut], slopes[: a[cut].size].reshape(a[cut].shape)

        return [[block(cut, *arrays) for cut in cuts] for cuts, *arrays in layers]

    def multiply(self, X, Y, out):
        """Write X @ Y into ``out`` (k, ...), where all of Y are multiplied by the same X."""
        if not isinstance(X, np.ndarray):
            # NumPy cannot multiply CSR into a buffer.
            for j, own in enumerate(Y):
                out[j] = X @ np.ascontiguousarray(own)
        elif _is_faster_side_by_side(X, Y):
            k, n, n_columns = out.shape
            factors = Y.swapaxes(0, 1)
            if not factors.flags.c_contiguous:
                factors = self._buffer("factors", factors.shape)
                np.copyto(factors, Y.swapaxes(0, 1))
            products = self._buffer("products", (n, k, n_columns))
            np.matmul(X, factors.reshape(-1, k * n_columns), products.reshape(n, -1))
            np.copyto(out, products.swapaxes(0, 1))
        elif _is_faster_in_halves(X.shape[0] * X.shape[1] * Y.shape[-1]):
            half = X.shape[0] // 2
            np.matmul(X[:half], Y, out[:, :half])
            np.matmul(X[half:], Y, out[:, half:])
        else:
            np.matmul(X, Y, out)

    def activate(self, layer, bias):
        """Add the bias to hidden layer ``layer`` and apply the activation, block by block."""
        function = self.activation.function
        for members, z, a in self._way_up[layer]:
            np.add(z, bias[members], z)
            function(z, a)

    def multiply_derivative(self, layer):
        """Turn dL/da of hidden layer ``layer`` into dL/dz, block by block."""
        derivative = self.activation.derivative
        for z, a, delta, slopes in self._way_down[layer]:
            derivative(z, a, slopes)
            np.multiply(delta, slopes, delta)


class Workspaces(dict):
    """The workspaces of one stack, by number of rows; made when they are asked for.

    Only one of them works at a time, so they share their memory.

    Parameters
    ----------
    stack, activation, backward
        As for a `Workspace`.
    memory : dict, default=None
        Of other workspaces, to be shared with them.
    """

    def __init__(self, stack: Stack, activation, *, backward=True, memory: dict | None = None):
        super().__init__()
        self.memory = {} if memory is None else memory
        self._make = partial(Workspace, stack, activation, backward=backward, memory=self.memory)

    def __missing__(self, n_samples: int) -> Workspace:
        self[n_samples] = self._make(n_samples)
        return self[n_samples]


def _is_faster_in_halves(multiply_adds: int) -> bool:
    return SMALL_PRODUCT < multiply_adds <= 2 * SMALL_PRODUCT and has_small_kernels()


def _is_faster_side_by_side(X, Y) -> bool:
    """Tell whether reading a large X once is worth two copies of narrow factors and products."""
    return len(Y) > 1 and X.size > LARGE and 4 * Y.shape[-1] <= min(X.shape)


def forward(stack: Stack, work: Workspace, X) -> np.ndarray:
    """Return the raw outputs of X, (k, n_samples, n_outputs), in a buffer of ``work``."""
    products = work.products
    work.multiply(X, stack.coefs[0], products[0])
    for layer, inputs in enumerate(work.outputs):
        work.activate(layer, stack.intercepts[layer])
        np.matmul(inputs, stack.coefs[layer + 1], products[layer + 1])
    return np.add(work.raw, stack.intercepts[-1], work.raw)


def backward(parameters: Parameters, gradient: Parameters, work: Workspace, X, delta) -> None:
    """Write into ``gradient`` what ``delta``, the loss's gradient at the raw outputs, causes."""
    for layer in range(len(parameters.coefs) - 1, 0, -1):
        np.matmul(work.transposed[layer - 1], delta, gradient.coefs[layer])
        # A product with ones is several times faster than a sum over the samples.
        np.matmul(work.ones, delta, gradient.intercepts[layer])
        below = work.deltas[layer - 1]
        # A product over one output multiplies columns by rows, which BLAS is slow at.
        times = np.multiply if delta.shape[-1] == 1 else np.matmul
        times(delta, parameters.transposed[layer], below)
        work.multiply_derivative(layer - 1)
        delta = below
    work.multiply(X.T, delta, gradient.coefs[0])
    np.matmul(work.ones, delta, gradient.intercepts[0])


def loss_and_gradient(parameters, gradient, work, loss, X, y, sample_weight=None):
    """Return each network's mean loss over a batch and write its gradient, both without L2.

    Parameters
    ----------
    parameters, gradient : Parameters
        The networks, and where their gradients go.
    work : Workspace
        Buffers for as many rows as X has.
    loss : Loss
        Value and gradient at the raw outputs.
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The batch.
    y : ndarray of shape (n_samples, n_outputs)
        Zeros and ones.
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
    value, delta = loss.value_and_gradient(forward(parameters, work, X), y, sample_weight)
    np.multiply(delta, scale, delta)
    backward(parameters, gradient, work, X, delta)
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
        workspaces = Workspaces(stack, activation, backward=False)
    for start in range(0, n_samples, rows):
        block = slice(start, min(start + rows, n_samples))
        yield block, forward(stack, workspaces[block.stop - start], X[block])
