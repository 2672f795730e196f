"""What the tests of this folder share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_array, csr_matrix
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skinit import InitMLPClassifier, InitMLPRegressor
from skinit.activations import get_activation
from skinit.engine.losses import LOSSES
from skinit.engine.optimizers import SGD, Schedule
from skinit.engine.stack import Parameters, layers_of
from skinit.engine.stochastic import StochasticTraining
from skinit.engine.task import History, Samples, Task, TrainingConfig

LOSS_OF = {
    "number": "squared_error", "numbers": "squared_error", "count": "poisson", "counts": "poisson"
}  # fmt: skip
KINDS = ["binary", "multiclass", "multilabel", *LOSS_OF]

every_kind = pytest.mark.parametrize("kind", KINDS)

every_alpha = pytest.mark.parametrize("alpha", [0, 0.5])

weighted = pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])

LAYOUTS = {
    "dense": np.asarray,
    "fortran": np.asfortranarray,
    "csr": csr_matrix,
    "csr_array": csr_array,
    "csc": csc_matrix,
}

every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def start_weights(sizes, seed=7):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, fan_in**-0.5, (fan_in, fan_out)), rng.normal(0, 0.1, fan_out))
        for fan_in, fan_out in pairwise(sizes)
    ]


K = 4


def tasks(kind="multiclass", *, n=45, with_weights=False, n_aside=0, dtype=np.float64, **options):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n, 6)).astype(dtype)
    y = np.eye(3)[(X @ rng.normal(size=(6, 3))).argmax(1)].astype(dtype)
    weight = rng.uniform(0.1, 3, (n, 1)) if with_weights else None
    aside = Samples(X[:n_aside], y[:n_aside]) if n_aside else None
    return Task(
        get_activation(options.pop("activation", "tanh")),
        LOSSES[kind],
        Samples(X[n_aside:], y[n_aside:], None if weight is None else weight[n_aside:]),
        validation=aside,
        **options,
    )


def members_of(k=K, sizes=(6, 8, 5, 3)):
    return [start_weights(sizes, seed=j) for j in range(k)]


# What the fixture `either_engine` sets.
ENGINE = {"engine": "numpy"}


def train(task, members, make_optimizer, on_epoch=None, dtype=np.float64, **options):
    """Train a stack and return it."""
    options = {
        "batch_size": 10, "max_iter": 20, "tol": 1e-4, "n_iter_no_change": 10, "alpha": 0.1,
    } | ENGINE | options  # fmt: skip
    training = StochasticTraining(
        task,
        Parameters.stack(members, dtype),
        TrainingConfig(**options),
        [History() for _ in members],
        make_optimizer(len(members)),
        np.random.default_rng(8),
    )
    training.run(on_epoch)
    return training


def sgd(learning_rate="constant", rate=0.1, **options):
    return lambda k: SGD(Schedule(learning_rate, rate, k=k), **options)


def own_loss(task, row, samples):
    """Compute one network's mean log loss with scikit-learn, from its weights."""
    a = samples.X
    layers = layers_of(row, (6, 8, 5, 3))
    for W, b in layers[:-1]:
        a = np.tanh(a @ W + b)
    raw = a @ layers[-1][0] + layers[-1][1]
    probability = np.exp(raw - np.logaddexp.reduce(raw, axis=1, keepdims=True))
    weight = None if samples.sample_weight is None else samples.sample_weight[:, 0]
    truth = samples.y.argmax(1)
    correct = np.average(probability.argmax(1) == truth, weights=weight)
    return log_loss(truth, probability, labels=[0, 1, 2], sample_weight=weight), correct


class FromWeights:
    """scikit-learn's classes, started with weights instead of random numbers."""

    def _init_coef(self, fan_in, fan_out, dtype):
        W, b = next(self.start)
        assert W.shape == (fan_in, fan_out)
        return W.astype(dtype), b.astype(dtype)


class ClassifierFromWeights(FromWeights, MLPClassifier):
    pass


class RegressorFromWeights(FromWeights, MLPRegressor):
    pass


def pair(kind, X, **params):
    """Return an estimator of ours and scikit-learn's that start alike and never shuffle."""
    params = {"hidden_layer_sizes": (8, 5), "shuffle": False, "random_state": 0} | params
    n_outputs = 1 if kind in ("binary", "number", "count") else 3
    start = start_weights((X.shape[1], *params["hidden_layer_sizes"], n_outputs))
    ours, theirs = InitMLPClassifier, ClassifierFromWeights
    if kind in LOSS_OF:
        ours, theirs, params = (
            InitMLPRegressor,
            RegressorFromWeights,
            {"loss": LOSS_OF[kind]} | params,
        )
    theirs = theirs(**params)
    theirs.start = iter(start)
    return ours(init=start, **params), theirs
