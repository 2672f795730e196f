"""Weights and biases of k networks of one shape, which are trained together.

Weights are (k, fan_in, fan_out), biases (k, 1, fan_out); a single network is a stack of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np


class Stack:
    """Weights and biases of k networks of one shape.

    Parameters
    ----------
    coefs : list of ndarray of shape (k, fan_in, fan_out)
        Weights, one array per layer.
    intercepts : list of ndarray of shape (k, 1, fan_out)
        Biases, one array per layer.
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
        """Views of the weights as (k, fan_out, fan_in), for the backward pass."""
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
        """Return the stack of networks given as lists of (W, b), one pair per layer."""
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
