"""The work that is measured: data, a network, a number of steps.

A `Fit` says everything that a library needs to know to do the same work as the others, the
weights it starts from included.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, issparse
from scipy.special import log_expit, log_softmax

Layers = list[tuple[np.ndarray, np.ndarray]]
"""W (fan_in, fan_out) and b (fan_out,) of every layer."""

HIDDEN_ACTIVATIONS = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}


@dataclass(frozen=True)
class Fit:
    """One training of one network.

    Parameters
    ----------
    data : callable
        Returns X (n, d), dense or CSR, and y (n,): labels 0, 1, ..., or floats to predict.
    hidden : tuple of int
        Units of every hidden layer.
    epochs : int
        Passes over the rows; iterations of "lbfgs".
    batch_size : int or None
        Rows of a batch; None is all of them.
    activation : {"relu", "tanh"}
        Of the hidden layers.
    solver : {"adam", "sgd", "lbfgs"}
        "sgd" is plain, without momentum.
    learning_rate, alpha : float
        Step size, and L2 penalty as scikit-learn means it.
    dtype : {"float64", "float32"}
        Of data, weights and arithmetic, in every library.
    shuffle : bool
        Whether every epoch visits the rows in a new order, which is each library's own.
    """

    data: Callable[[], tuple[Any, np.ndarray]]
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int | None = 200
    activation: str = "relu"
    solver: str = "adam"
    learning_rate: float = 0.001
    alpha: float = 0.0001
    dtype: str = "float64"
    shuffle: bool = True

    @cached_property
    def X(self):
        """Rows, (n, d)."""
        return self.data()[0].astype(self.dtype)

    @property
    def y(self) -> np.ndarray:
        """Labels or numbers, (n,)."""
        return self.data()[1]

    @property
    def of_numbers(self) -> bool:
        """Whether numbers are predicted, by the squared error."""
        return self.y.dtype.kind == "f"

    @cached_property
    def targets(self) -> np.ndarray:
        """Zeros and ones: one column a class, and a single one for two classes; or the numbers."""
        if self.of_numbers:
            return self.y[:, None].astype(self.dtype)
        n_classes = self.y.max() + 1
        columns = np.arange(1 if n_classes == 2 else 0, n_classes)
        return (self.y[:, None] == columns).astype(self.dtype)

    @property
    def n_rows(self) -> int:
        """Rows of X."""
        return len(self.y)

    @property
    def rows_per_batch(self) -> int:
        """Rows of a batch."""
        return self.batch_size or self.n_rows

    @property
    def layer_sizes(self) -> list[int]:
        """Units of every layer, input and output included."""
        return [self.X.shape[1], *self.hidden, self.targets.shape[1]]

    def start(self, seed: int = 0) -> Layers:
        """Return fresh weights to start from, N(0, 2/fan_in) or for tanh N(0, 1/fan_in)."""
        rng = np.random.default_rng(seed)
        gain = 2 if self.activation == "relu" else 1
        return [
            (
                rng.normal(0, (gain / fan_in) ** 0.5, (fan_in, fan_out)).astype(self.dtype),
                np.zeros(fan_out, self.dtype),
            )
            for fan_in, fan_out in pairwise(self.layer_sizes)
        ]

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Return the order in which an epoch visits the rows."""
        return rng.permutation(self.n_rows) if self.shuffle else np.arange(self.n_rows)


def raw_outputs(X, layers: Layers, activation: str) -> np.ndarray:
    """Return the outputs of a network before the last activation, written out in NumPy."""
    *hidden, (W, b) = layers
    for W_hidden, b_hidden in hidden:
        X = HIDDEN_ACTIVATIONS[activation](X @ W_hidden + b_hidden)
    return X @ W + b


def log_loss(fit: Fit, layers: Layers) -> float:
    """Return the mean log loss on the training rows: the quality that a fit has reached.

    Of numbers it is half the mean squared error.
    """
    z, y = raw_outputs(fit.X, layers, fit.activation).astype(np.float64), fit.targets
    if fit.of_numbers:
        return float(np.square(z - y).mean() / 2)
    if y.shape[1] == 1:
        return float(-(log_expit(-z) + y * z).mean())
    return float(-(y * log_softmax(z, axis=1)).sum(axis=1).mean())


@lru_cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 1797 x 64 pixels, 0 to 1, ten classes."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16, y


@lru_cache
def breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    """Return 569 x 30 standardized measurements, two classes."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.preprocessing import StandardScaler

    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@lru_cache
def _load_pictures(size: int) -> tuple[np.ndarray, np.ndarray]:
    from skinit.datasets import load_image_folder, make_cats_vs_dogs

    folder = os.environ.get("SKINIT_CATS_VS_DOGS")
    bunch = (
        load_image_folder(folder, size=size)
        if folder
        else make_cats_vs_dogs(100, size, random_state=0)
    )
    return bunch.data, bunch.target


@lru_cache
def pictures(size: int) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a loader of cats and dogs, 100 drawn ones of size * size * 3 values.

    Those in the folder that the environment variable SKINIT_CATS_VS_DOGS names, if it is set.
    """
    return partial(_load_pictures, size)


@lru_cache
def _draw_clusters(n: int, d: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 2 / d**0.5, (n_classes, d))
    y = rng.integers(n_classes, size=n)
    y[:n_classes] = np.arange(n_classes)
    X = rng.standard_normal((n, d))
    X += centres[y]
    return X, y


@lru_cache
def clusters(n: int, d: int, n_classes: int = 10) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a maker of n x d rows around a centre for each class, which overlap."""
    return partial(_draw_clusters, n, d, n_classes)


@lru_cache
def _draw_waves(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = np.sin(X @ rng.normal(0, 2 / d**0.5, (d, 3))).sum(axis=1) + rng.normal(0, 0.1, n)
    return X, (y - y.mean()) / y.std()


@lru_cache
def waves(n: int, d: int) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a maker of n x d rows, and of standardized numbers that depend on them."""
    return partial(_draw_waves, n, d)


@lru_cache
def _draw_documents(n: int, n_terms: int) -> tuple[csr_matrix, np.ndarray]:
    rng = np.random.default_rng(0)
    n_classes, length = 20, 100
    y = np.arange(n) % n_classes
    # Terms are as frequent as Zipf says; a fifth of each text is about its class.
    common = 1 / np.arange(1, n_terms + 1)
    terms = rng.choice(n_terms, size=(n, length), p=common / common.sum())
    topic = rng.integers(n_terms, size=(n_classes, 200))
    about = rng.random((n, length)) < 0.2
    terms[about] = topic[np.repeat(y, about.sum(axis=1)), rng.integers(200, size=about.sum())]
    X = csr_matrix((np.ones(terms.size), terms.ravel(), np.arange(0, terms.size + 1, length)))
    X.resize(n, n_terms)
    X.sum_duplicates()
    X.data = np.log1p(X.data)
    return X.multiply(1 / np.sqrt(X.multiply(X).sum(axis=1))).tocsr(), y


@lru_cache
def documents(n: int, n_terms: int) -> Callable[[], tuple[csr_matrix, np.ndarray]]:
    """Return a maker of n texts of 100 words, 20 topics, as normalized term counts in CSR."""
    return partial(_draw_documents, n, n_terms)


def batches(fit: Fit):
    """Yield the slices of an epoch in order."""
    assert not issparse(fit.X)
    for start in range(0, fit.n_rows, fit.rows_per_batch):
        yield slice(start, min(start + fit.rows_per_batch, fit.n_rows))
