"""Forward and backward passes of a stack of k networks.

Everything is computed for k networks of one shape at once; a single network is a stack of one.
Shapes: weights (k, fan_in, fan_out), biases (k, 1, fan_out), activations (k, n_samples, units).
The samples X (n_samples, n_features), dense or CSR, are shared by the stack. Axes are counted
from the right. Nothing here knows scikit-learn's estimators or draws a random number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.sparse import issparse

# Values of one elementwise pass that stay in a core's second-level cache.
BLOCK = 32_768
# Values of the widest layer when a whole data set is evaluated, a block of rows at a time.
EVALUATION_BLOCK = 1 << 18


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
        Of the hidden layers; where its derivative reads the output alone, pre-activations are
        overwritten.
    n_samples : int
        Rows of a batch.
    backward : bool
        Whether gradients will be asked for.
    """

    def __init__(self, stack: Stack, activation, n_samples: int, *, backward: bool = True):
        self.activation = activation
        k, dtype = len(stack), stack.dtype
        *hidden, n_outputs = stack.layer_sizes[1:]

        def buffers():
            return [np.empty((k, n_samples, units), dtype) for units in hidden]

        self.outputs = buffers()
        self.pre_activations = self.outputs if activation.from_output else buffers()
        # Samples last in memory: sums over a few outputs are then long vector operations.
        self.raw = np.empty((k, n_outputs, n_samples), dtype).swapaxes(-2, -1)
        self.blocks = [self._row_blocks(n_samples, k * units) for units in hidden]
        if backward:
            self.ones = np.ones((1, n_samples), dtype)
            self.transposed = [a.swapaxes(-2, -1) for a in self.outputs]
            self.deltas = self._deltas(k, n_samples, hidden, dtype)
            blocks = zip(hidden, self.blocks, strict=True)
            largest = max((k * units * (rows[0].stop) for units, rows in blocks), default=0)
            self._slopes = np.empty(largest, dtype)

    @staticmethod
    def _row_blocks(n_samples, width):
        rows = max(1, BLOCK // width)
        return [slice(start, min(start + rows, n_samples)) for start in range(0, n_samples, rows)]

    @staticmethod
    def _deltas(k, n_samples, hidden, dtype):
        """Two layers' deltas live at a time: neighbours share no memory, the others do."""
        halves = [np.empty(k * n_samples * max(hidden[i::2], default=0), dtype) for i in (0, 1)]
        return [
            halves[i % 2][: k * n_samples * units].reshape(k, n_samples, units)
            for i, units in enumerate(hidden)
        ]

    def activate(self, layer, bias):
        """Add the bias to hidden layer ``layer`` and apply the activation, block by block."""
        z, a = self.pre_activations[layer], self.outputs[layer]
        for rows in self.blocks[layer]:
            block = z[:, rows]
            block += bias
            self.activation.function(block, a[:, rows])

    def multiply_derivative(self, layer):
        """Turn dL/da of hidden layer ``layer`` into dL/dz, block by block."""
        from_output = self.activation.from_output
        z, a, delta = self.pre_activations[layer], self.outputs[layer], self.deltas[layer]
        for rows in self.blocks[layer]:
            block = delta[:, rows]
            slope = self._slopes[: block.size].reshape(block.shape)
            self.activation.derivative(None if from_output else z[:, rows], a[:, rows], slope)
            block *= slope


def _multiply(X, W, out):
    """Write X @ W into ``out``; X may be CSR, which NumPy cannot multiply into a buffer."""
    if issparse(X):
        for j, weights in enumerate(W):
            out[j] = X @ weights
    else:
        np.matmul(X, W, out=out)


def _multiply_transposed(X, delta, out):
    """Write X.T @ delta into ``out``."""
    if issparse(X):
        for j in range(len(delta)):
            out[j] = X.T @ np.ascontiguousarray(delta[j])
    else:
        np.matmul(X.swapaxes(-2, -1), delta, out=out)


def forward(stack: Stack, work: Workspace, X) -> np.ndarray:
    """Return the raw outputs of X, (k, n_samples, n_outputs), in a buffer of ``work``."""
    products = [*work.pre_activations, work.raw]
    _multiply(X, stack.coefs[0], products[0])
    for layer, inputs in enumerate(work.outputs):
        work.activate(layer, stack.intercepts[layer])
        np.matmul(inputs, stack.coefs[layer + 1], out=products[layer + 1])
    raw = work.raw
    raw += stack.intercepts[-1]
    return raw


def backward(parameters: Parameters, gradient: Parameters, work: Workspace, X, delta) -> None:
    """Write into ``gradient`` what ``delta``, the loss's gradient at the raw outputs, causes."""
    for layer in range(len(parameters.coefs) - 1, 0, -1):
        np.matmul(work.transposed[layer - 1], delta, out=gradient.coefs[layer])
        # A product with ones is several times faster than a sum over the samples.
        np.matmul(work.ones, delta, out=gradient.intercepts[layer])
        below = work.deltas[layer - 1]
        np.matmul(delta, parameters.transposed[layer], out=below)
        work.multiply_derivative(layer - 1)
        delta = below
    _multiply_transposed(X, delta, gradient.coefs[0])
    np.matmul(work.ones, delta, out=gradient.intercepts[0])


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
    delta *= scale
    backward(parameters, gradient, work, X, delta)
    return value * scale, total_weight


def evaluate(stack: Stack, activation, X) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the raw outputs of X, (k, rows, n_outputs), for one block of rows after the other.

    A block's buffer is used again for the next one.
    """
    n_samples = X.shape[0]
    width = len(stack) * max(stack.layer_sizes[1:])
    rows = min(n_samples, max(1, EVALUATION_BLOCK // width))
    work = None
    for start in range(0, n_samples, rows):
        block = slice(start, min(start + rows, n_samples))
        if work is None or work.raw.shape[-2] != block.stop - start:
            work = Workspace(stack, activation, block.stop - start, backward=False)
        yield block, forward(stack, work, X[block])
