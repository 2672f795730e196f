from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skinit.activations import ACTIVATIONS
from skinit.propagation import (
    find_hopeless,
    hopeless,
)
from tests.propagation.propagation_cases import (
    LOGISTIC,
    RELU,
    SOFTMAX,
    TANH,
    make_layers,
    make_samples,
)


def found(layers, activation, samples, loss=SOFTMAX):
    return [verdict.code for verdict in find_hopeless(layers, activation, loss, samples)]


@pytest.mark.parametrize(
    ("gain", "activation", "code"),
    [(0, TANH, "INIT01"), (0, RELU, "INIT01"), (0, LOGISTIC, "INIT02"), (None, TANH, "INIT02")],
)
def test_what_cannot_learn_is_found_once(gain, activation, code):
    layers = make_layers((6, 8, 8, 3), gain=gain or 0)
    if gain is None:
        layers = [(np.full_like(W, 0.1), b) for W, b in layers]
    assert found(layers, activation, make_samples(600)) == [code]


def test_copies_in_one_layer_alone_are_found():
    layers = make_layers((6, 8, 8, 3))
    layers[1][0][:] = layers[1][0][:, :1]
    layers[2][0][:] = layers[2][0][:1]
    assert found(layers, TANH, make_samples()) == ["INIT02"]


@pytest.mark.parametrize("name", ACTIVATIONS.names())
@pytest.mark.parametrize("seed", range(3))
def test_what_can_learn_is_not_hopeless(name, seed):
    samples = make_samples(300, seed=seed)
    for layers in (make_layers((6, 8, 8, 3), seed=seed), make_layers((6, 3), gain=0)):
        assert found(layers, ACTIVATIONS[name], samples) == []
    opens = make_layers((6, 8, 3))
    opens[1][0][:] = 0
    assert found(opens, ACTIVATIONS[name], samples) == []


def test_first_rows_that_look_stuck_are_looked_at_closely():
    samples = make_samples(300)
    X = samples.X.copy()
    X[:8] = 0
    assert found(make_layers((6, 8, 3)), RELU, samples._replace(X=X)) == []
    assert found(make_layers((6, 8, 3)), RELU, samples._replace(X=csr_matrix(X))) == []


def test_a_sound_start_costs_eight_rows(monkeypatch):
    seen = []
    original = hopeless.forward

    def counting(work, X):
        seen.append(X.shape[0])
        return original(work, X)

    monkeypatch.setattr(hopeless, "forward", counting)
    find_hopeless(make_layers((6, 8, 8, 3)), TANH, SOFTMAX, make_samples(300))
    assert seen == [8]


def test_dead_units_are_not_hopeless():
    assert found(make_layers((6, 8, 3), bias=-100.0), RELU, make_samples()) == []
