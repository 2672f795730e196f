"""Initializers that look at the data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from skinit._random import WEIGHTS, stream
from skinit.initializers import (
    Constant,
    InitContext,
    VarianceScaling,
    WithinLayer,
    get_initializer,
)
from tests.initializers.init_tools import (
    NAMES,
    RELU,
    TANH,
    every_looking,
    sample,
)


def pre_activations(layers, X, activation=TANH):
    for W, b in layers:
        z = X @ W + b
        yield z
        X = activation.function(z, np.empty_like(z))


@pytest.fixture
def X():
    return 3.0 + 2.0 * np.random.default_rng(5).standard_normal((100, 6))


def test_lsuv_gives_every_layer_variance_one(X):
    layers = sample("lsuv", [6, 9, 5, 3], X, activation=TANH)
    for (W, b), z in zip(layers, pre_activations(layers, X), strict=True):
        assert z.std() == pytest.approx(1.0, abs=1e-12)
        gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
        np.testing.assert_allclose(gram, gram[0, 0] * np.eye(len(gram)), atol=1e-12)
        assert not b.any()


def test_within_layer_gives_every_unit_mean_zero_and_variance_one(X):
    layers = sample("within_layer", [6, 9, 5, 3], X, activation=TANH)
    for z in pre_activations(layers, X):
        np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(z.std(axis=0), 1.0, atol=1e-12)


@every_looking
def test_a_weight_of_two_is_the_row_twice_and_of_zero_no_row(name, X):
    weights = np.random.default_rng(0).integers(0, 4, len(X))
    repeated = np.repeat(X, weights, axis=0)
    weighted = sample(name, [6, 4, 3], X, sample_weight=weights.astype(float))
    for ours, theirs in zip(weighted, sample(name, [6, 4, 3], repeated), strict=True):
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-10)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-10)
    unweighted = sample(name, [6, 4, 3], X)
    assert not np.allclose(weighted[1][0], unweighted[1][0])


@every_looking
def test_a_weight_of_zero_is_no_row_in_large_data(name):
    X = np.random.default_rng(1).standard_normal((900, 4))
    weights = (np.arange(900) % 2).astype(float)
    ours = sample(name, [4, 3, 2], X, sample_weight=weights)
    theirs = sample(name, [4, 3, 2], X[1::2], sample_weight=np.ones(450))
    for (W, b), (W2, b2) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(W, W2)
        np.testing.assert_array_equal(b, b2)


def test_within_layer_with_the_bias_of_the_authors_tool(X):
    plain = sample("within_layer", [6, 9], X)[0]
    shifted = sample(WithinLayer(bias=0.1), [6, 9], X)[0]
    np.testing.assert_array_equal(shifted[0], plain[0])
    np.testing.assert_allclose((X @ shifted[0] + shifted[1]).mean(axis=0), 0.1)
    assert WithinLayer(bias=0.1).bias_formula.startswith("0.1 -mean")


DATA_DEPENDENT = [name for name in NAMES if get_initializer(name).data_dependent]


@pytest.mark.parametrize("name", DATA_DEPENDENT)
@pytest.mark.parametrize("rows", [200, 900])
def test_a_weight_of_two_is_the_row_twice_in_large_data(name, rows):
    X = np.random.default_rng(1).gamma(2.0, size=(rows, 5))
    weights = np.random.default_rng(2).integers(0, 5, rows)
    ours = sample(name, [5, 4, 3], X, sample_weight=weights.astype(float), activation=TANH)
    theirs = sample(name, [5, 4, 3], np.repeat(X, weights, axis=0), activation=TANH)
    for (W, b), (W2, b2) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(W, W2, rtol=1e-10)
        np.testing.assert_allclose(b, b2, rtol=1e-10, atol=1e-12)


@every_looking
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_inputs_equal_dense_ones(name, container):
    dense = sparse.random(400, 6, density=0.4, random_state=0).toarray()
    for X in (dense, dense[:50]):
        for ours, theirs in zip(
            sample(name, [6, 4, 2], container(X)), sample(name, [6, 4, 2], X), strict=True
        ):
            np.testing.assert_array_equal(ours[0], theirs[0])
            np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("value", [0.0, 1.0, 1e6 / 3])
def test_constant_inputs_keep_the_scale_of_within_layer(value):
    X = np.full((20, 7), value)
    W, b = sample("within_layer", [7, 3], X)[0]
    plain, _ = get_initializer("xavier").sample(7, 3, stream(0, WEIGHTS, 0))
    np.testing.assert_array_equal(W, plain)
    np.testing.assert_allclose(X @ W + b, 0.0, atol=1e-15 * 7 * max(value, 1.0))


@pytest.mark.parametrize(("value", "units"), [(0.0, 3), (1.0, 1), (1e6 / 3, 1)])
def test_constant_pre_activations_keep_the_scale_of_lsuv(value, units):
    W, _ = sample("lsuv", [7, units], np.full((20, 7), value))[0]
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1.0)


def test_a_unit_without_variation_keeps_its_scale_beside_others():
    X = np.zeros((50, 2))
    X[:, 0] = np.random.default_rng(0).standard_normal(50)
    context = InitContext(0, 1, "logistic", RELU, X)
    W, _ = WithinLayer().sample(2, 3, np.random.default_rng(0), context)
    np.testing.assert_allclose((X @ W).std(axis=0), 1.0)
    dead = InitContext(0, 1, "logistic", RELU, X[:, ::-1] * [1.0, 0.0])
    plain, _ = VarianceScaling().sample(2, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(
        WithinLayer().sample(2, 3, np.random.default_rng(0), dead)[0], plain
    )


@every_looking
def test_far_off_centre_data_are_not_taken_for_constant(name):
    X = 1e6 + np.random.default_rng(0).standard_normal((100, 6))
    (W, b) = sample(name, [6, 4], X)[0]
    z = X @ W + b
    spread = z.std() if name == "lsuv" else z.std(axis=0)
    np.testing.assert_allclose(spread, 1.0, rtol=1e-6)


@every_looking
def test_looking_laws_need_inputs(name):
    with pytest.raises(ValueError, match="looks at the data: it needs a context with inputs"):
        sample(name, [3, 2])


@every_looking
def test_overflow_on_the_way_names_the_layer(name):
    huge = Constant(1e300)
    X = np.arange(1.0, 7.0).reshape(2, 3) * 1e10
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"layer 2 .* not finite"):
        sample([huge, name], [3, 2, 1], X)
