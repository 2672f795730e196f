"""From the parameter init to a network's layers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from skinit._random import WEIGHTS, stream
from skinit.activations import ACTIVATIONS, get_activation
from skinit.initializers import (
    LSUV,
    FromCallable,
    Given,
    InitContext,
    Initializer,
    Normal,
    VarianceScaling,
    get_initializer,
    resolve_init,
)
from tests.initializers.init_tools import (
    RELU,
    sample,
)


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_auto_asks_the_activation(activation):
    f = get_activation(activation)
    expected = repr(get_initializer(f.default_init))
    assert [repr(law) for law in resolve_init("auto", 3, f)] == [expected] * 3
    assert repr(resolve_init(["zeros", "auto"], 2, f)[1]) == expected


def test_resolve_gives_each_layer_its_own_object():
    laws = resolve_init(Normal(0.3), 3, RELU)
    assert len({id(law) for law in laws}) == 3
    mixed = resolve_init(["he", LSUV, np.ones((2, 2)), (np.ones((2, 1)), [0.0])], 4, RELU)
    assert [type(law) for law in mixed] == [VarianceScaling, LSUV, Given, Given]


@pytest.mark.parametrize("wrong", [["he"], ("he", "he", "he"), []])
def test_sequence_of_wrong_length(wrong):
    message = f"init has {len(wrong)} entries, but the network has 2 weight layers"
    with pytest.raises(ValueError, match=message):
        resolve_init(wrong, 2, RELU)


def test_one_array_for_all_layers():
    with pytest.raises(ValueError, match=r"one array for all layers; give a sequence.*2 here"):
        resolve_init(np.ones((3, 2)), 2, RELU)
    assert resolve_init(np.str_("he"), 1, RELU)[0].scale == 2.0  # a name out of an array is one


def test_each_layer_has_its_own_stream():
    layers = sample("he", [4, 4, 4, 4], seed=7)
    for i, (W, _) in enumerate(layers):
        expected, _ = get_initializer("he").sample(4, 4, stream(7, WEIGHTS, i))
        np.testing.assert_array_equal(W, expected)
    assert len({W.tobytes() for W, _ in layers}) == 3
    mixed = sample(["zeros", "he", "lsuv"], [4, 4, 4, 4], np.eye(4), seed=7)
    np.testing.assert_array_equal(mixed[1][0], layers[1][0])  # whatever the others are


class Recorder(Initializer):
    seen: ClassVar[list[InitContext]] = []

    def sample(self, fan_in, fan_out, rng, context=None):
        self.seen.append(context)
        return np.eye(fan_in, fan_out), np.full(fan_out, -1.0)


class LookingRecorder(Recorder):
    data_dependent = True


def test_context(monkeypatch):
    monkeypatch.setattr(Recorder, "seen", [])
    X = np.arange(12.0).reshape(4, 3)
    weights = np.array([1.0, 0.0, 2.0, 1.0])
    sample([Recorder(), LookingRecorder(), Recorder()], [3, 3, 2, 1], X, sample_weight=weights)
    assert [c.layer for c in Recorder.seen] == [0, 1, 2]
    assert [c.n_layers for c in Recorder.seen] == [3, 3, 3]
    assert [c.activation for c in Recorder.seen] == ["relu", "relu", "logistic"]
    assert all(c.hidden_activation is RELU for c in Recorder.seen)
    rows = X[[0, 2, 3]]
    np.testing.assert_array_equal(Recorder.seen[1].inputs, np.maximum(rows - 1.0, 0.0))
    np.testing.assert_array_equal(Recorder.seen[1].sample_weight, [1, 2, 1])
    assert Recorder.seen[2].inputs is None  # nobody looks any more


def test_inputs_are_left_alone_where_no_law_looks():
    sample("he", [3, 2, 1], X="never touched")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.ones((32, 64)), r"W has shape \(32, 64\), expected \(64, 32\)"),
        (np.ones(64), r"W has shape \(64,\), expected \(64, 32\)"),
        ((np.ones((64, 32)), np.ones(64)), r"b has shape \(64,\), expected \(32,\)"),
        (np.full((64, 32), np.nan), "W has values that are not finite"),
        ((np.ones((64, 32)), np.full(32, np.inf)), "b has values that are not finite"),
        (np.ones((64, 32), complex), "W must hold real numbers, got dtype complex128"),
        (np.ones((64, 32), object), "W must hold real numbers, got dtype object"),
        (None, "W must hold real numbers, got dtype object"),
        ((1, 2, 3), r"expected a pair \(W, b\), got tuple"),
    ],
)
def test_bad_returns_name_the_layer(returned, message):
    bad = FromCallable(lambda fan_in, fan_out, rng: returned)
    with pytest.raises(ValueError, match=rf"init of layer 2 \(64 -> 32\).*{message}"):
        sample(["he", bad, "he"], [10, 64, 32, 1])


def test_an_array_of_wrong_shape_names_the_layer():
    message = r"layer 1 \(4 -> 2\): W has shape \(2, 4\), expected \(4, 2\)"
    with pytest.raises(ValueError, match=message):
        sample([np.ones((2, 4)), "he"], [4, 2, 1])


def test_integers_are_fine():
    W, b = sample(lambda fan_in, fan_out, rng: np.ones((fan_in, fan_out), int), [3, 2])[0]
    assert W.dtype == b.dtype == np.float64


def test_rows_are_drawn_in_proportion_to_their_weights(monkeypatch):
    monkeypatch.setattr(Recorder, "seen", [])
    X = np.arange(600.0)[:, None]
    weights = np.where(np.arange(600) < 300, 3.0, 1.0)
    weights[0] = 60.0
    total = weights.sum()
    for seed in range(20):
        sample(LookingRecorder(), [1, 1], X, seed=seed, sample_weight=weights)
        rows = Recorder.seen[-1].inputs.ravel().astype(int)
        counts = np.bincount(rows, minlength=600)
        assert len(rows) == 256
        # Systematic sampling: never more than one away from the expected number.
        assert (np.abs(counts - 256 * weights / total) < 1).all()
    assert Recorder.seen[-1].sample_weight is None


def test_the_order_of_the_rows_does_not_matter(monkeypatch):
    monkeypatch.setattr(Recorder, "seen", [])
    X = np.random.default_rng(0).standard_normal((700, 3))
    for rows in (X, X[::-1]):
        sample(LookingRecorder(), [3, 1], rows)
    np.testing.assert_array_equal(Recorder.seen[0].inputs, Recorder.seen[1].inputs)


def test_large_data_are_sampled_without_replacement(monkeypatch):
    monkeypatch.setattr(Recorder, "seen", [])
    X = np.arange(1000.0)[:, None]
    for seed in (0, 0, 1):
        sample(LookingRecorder(), [1, 1], X, seed=seed)
    first, again, other = (c.inputs.ravel() for c in Recorder.seen)
    assert len(set(first)) == 256
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    sample(LookingRecorder(), [1, 1], X[:256])
    np.testing.assert_array_equal(Recorder.seen[-1].inputs, X[:256])
