"""Small networks and samples for the tests of this room."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from skinit.activations import ACTIVATIONS
from skinit.engine.losses import LOSSES
from skinit.engine.task import Samples, TrainingConfig
from skinit.propagation import Case, Propagation, find_verdicts

TANH, RELU, LOGISTIC = (ACTIVATIONS[name] for name in ("tanh", "relu", "logistic"))
SOFTMAX, BINARY = LOSSES["multiclass"], LOSSES["binary"]


def make_layers(sizes, *, gain=1.0, seed=0, bias=0.0):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, gain / np.sqrt(n), (n, m)), np.full(m, bias)) for n, m in pairwise(sizes)
    ]


def make_samples(n=60, d=6, n_classes=3, *, seed=0, weighted=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = np.eye(n_classes)[(X @ rng.normal(size=(d, n_classes))).argmax(axis=1)]
    weight = rng.uniform(0.5, 2, (n, 1)) if weighted else None
    return Samples(X, y if n_classes > 2 else y[:, :1], weight)


def descent(rate, momentum=0.9, **params):
    return TrainingConfig(
        solver="sgd", learning_rate_init=rate, momentum=momentum, batch_size="full", **params
    )


def adam(rate, **params):
    return TrainingConfig(solver="adam", learning_rate_init=rate, **params)


def make_case(layers=None, samples=None, activation=TANH, loss=SOFTMAX, config=None, **kwargs):
    layers = layers or make_layers((6, 8, 8, 3))
    samples = samples or make_samples()
    return Case(layers, activation, loss, samples, samples, config, **kwargs)


def codes(case, asked=None):
    return [verdict.code for verdict in find_verdicts(case, asked)]


def mean_loss(layers, activation, loss, samples):
    return Propagation(layers, activation, loss, samples).loss
