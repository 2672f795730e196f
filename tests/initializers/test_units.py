"""Initializers that shape the weights of each unit."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.stats import beta, ks_2samp, kstest

from skinit.activations import get_activation
from skinit.initializers import InitContext, NguyenWidrow, Sinusoidal, Sparse
from tests.initializers.init_tools import RELU, TANH, draw, sample

LOGISTIC = get_activation("logistic")


@pytest.mark.parametrize(("fan_in", "expected"), [(40, 6), (6, 6), (4, 4)])
def test_sparse_connects_every_unit_alike(fan_in, expected):
    W, _ = draw(Sparse(n_nonzero=6, std=0.5), fan_in, 500)
    assert ((W != 0).sum(axis=0) == expected).all()
    assert W[W != 0].std() == pytest.approx(0.5, rel=0.1)
    assert (W != 0).any(axis=1).all()  # every input is chosen by some unit


def test_sparse_biases_are_martens():
    for activation, hidden in [(TANH, 0.5), (RELU, 0.0), (LOGISTIC, 0.0)]:
        layers = sample("sparse", [20, 10, 3], activation=activation)
        np.testing.assert_array_equal(layers[0][1], np.full(10, hidden))
        np.testing.assert_array_equal(layers[1][1], np.zeros(3))  # the outputs are no tanh units


# --- Nguyen & Widrow --------------------------------------------------------------------------


def first_layer(X, activation=TANH):
    return InitContext(0, 2, activation.name, activation, X)


def matlab_biases(W, low, high, half_range):
    """Return the biases that initnw gives to these weights, in its own order of operations."""
    r, s = W.shape
    x = 2 / (high - low)
    y = 1 - high * x
    w = W.T / x  # units in rows, for inputs in [-1, 1]
    magnitude = 0.7 * s ** (1 / r) * half_range
    return magnitude * np.linspace(-1, 1, s) * np.sign(w[:, 0]) + w @ y


@pytest.mark.parametrize(("activation", "half_range"), [(TANH, 2), (LOGISTIC, 4)])
@pytest.mark.parametrize(("fan_in", "fan_out"), [(1, 7), (3, 10), (8, 4)])
def test_nguyen_widrow_equals_initnw(activation, half_range, fan_in, fan_out):
    X = np.random.default_rng(0).gamma(2.0, size=(80, fan_in)) * np.arange(1, fan_in + 1)
    low, high = X.min(axis=0), X.max(axis=0)
    context = first_layer(X, activation)
    W, b = NguyenWidrow().sample(fan_in, fan_out, np.random.default_rng(1), context)
    lengths = np.linalg.norm(W * (high - low)[:, np.newaxis] / 2, axis=0)
    np.testing.assert_allclose(lengths, half_range * 0.7 * fan_out ** (1 / fan_in))
    np.testing.assert_allclose(b, matlab_biases(W, low, high, half_range), atol=1e-12)


def test_nguyen_widrow_centres_are_even_over_the_range_of_one_input():
    X = np.array([[10.0], [14.0], [11.0]])
    W, b = NguyenWidrow().sample(1, 9, np.random.default_rng(0), first_layer(X))
    np.testing.assert_allclose(np.sort(-b / W[0]), np.linspace(10, 14, 9))


def test_nguyen_widrow_directions_are_uniform():
    W, _ = draw("nguyen_widrow", 3, 2000)
    entries = W[0] / np.linalg.norm(W, axis=0)
    assert kstest(entries, "uniform", args=(-1, 2)).pvalue > 1e-3  # of a random 3-D unit vector


def test_nguyen_widrow_behind_a_layer_knows_its_outputs():
    rng = np.random.default_rng
    for activation, low, high, half_range in [(TANH, -1, 1, 2), (LOGISTIC, 0, 1, 4)]:
        context = InitContext(1, 3, activation.name, activation)
        W, b = NguyenWidrow().sample(4, 6, rng(0), context)
        ends = np.full(4, low), np.full(4, high)
        np.testing.assert_allclose(b, matlab_biases(W, *ends, half_range), atol=1e-12)


def test_nguyen_widrow_leaves_constant_inputs_out():
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    X[:, 1] = 5.0
    W, b = NguyenWidrow().sample(3, 6, np.random.default_rng(0), first_layer(X))
    without, b2 = NguyenWidrow().sample(
        2, 6, np.random.default_rng(0), first_layer(np.delete(X, 1, axis=1))
    )
    np.testing.assert_array_equal(W[1], np.zeros(6))
    np.testing.assert_array_equal(W[[0, 2]], without)
    np.testing.assert_array_equal(b, b2)
    W, b = NguyenWidrow().sample(3, 6, np.random.default_rng(0), first_layer(np.ones((5, 3))))
    assert not W.any() and not b.any()


def test_nguyen_widrow_without_inputs_takes_the_unit_range():
    ends = np.array([[-1.0] * 4, [1.0] * 4])
    rng = np.random.default_rng
    blind = NguyenWidrow().sample(4, 6, rng(0), first_layer(None))
    seeing = NguyenWidrow().sample(4, 6, rng(0), first_layer(ends))
    for ours, theirs in zip(blind, seeing, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_nguyen_widrow_gives_a_single_unit_no_bias():
    assert draw("nguyen_widrow", 4, 1)[1] == [0.0]


def test_nguyen_widrow_output_layer():
    W, b = sample("nguyen_widrow", [5, 60, 40], np.eye(5), activation=TANH)[-1]
    assert kstest(np.append(W, b), "uniform", args=(-0.5, 1)).pvalue > 1e-3


# --- Randomized asymmetric initialization -----------------------------------------------------


def rai_unit(fan_in, rng):
    """Return the numbers of one unit, as the paper's algorithm draws them."""
    v = [rng.gauss(0.0, 0.6007 / fan_in**0.5) for _ in range(fan_in + 1)]
    v[rng.randrange(fan_in + 1)] = rng.betavariate(2.0, 1.0)
    return v


@pytest.mark.parametrize("fan_in", [3, 20])
def test_rai_equals_the_papers_algorithm(fan_in):
    rng = random.Random(0)
    theirs = np.array([rai_unit(fan_in, rng) for _ in range(4000)]).T
    W, b = draw("rai", fan_in, 4000)
    assert ks_2samp(W.ravel(), theirs[:-1].ravel()).pvalue > 1e-3
    assert ks_2samp(b, theirs[-1]).pvalue > 1e-3
    assert ks_2samp(np.vstack([W, b]).max(axis=0), theirs.max(axis=0)).pvalue > 1e-3


def test_rai_replaces_one_number_per_unit():
    V = np.vstack(draw("rai", 2000, 1000))  # normal numbers are tiny here: 0.013
    large = V[V > 0.1]
    assert 970 <= len(large) <= 1000  # Beta(2, 1) is below 0.1 once in a hundred
    assert kstest(large, lambda x: (beta.cdf(x, 2, 1) - 0.01) / 0.99).pvalue > 1e-3
    assert (V[-1] > 0.1).sum() <= 6  # biases are rarely the one


# --- Sinusoidal -------------------------------------------------------------------------------


@pytest.mark.parametrize("fans", [(7, 5), (12, 30), (64, 64)])
def test_sinusoidal_equals_the_formula(fans):
    fan_in, fan_out = fans
    waves = [
        [
            math.sin((2 * math.pi * i / fan_in + 2 * math.pi / fan_out) * (j + 1))
            for j in range(fan_out)
        ]
        for i in range(fan_in)
    ]
    W, b = draw("sinusoidal", *fans)
    expected = np.array(waves) * (2 / fan_in / np.mean(np.square(waves))) ** 0.5
    np.testing.assert_allclose(W, expected, atol=1e-8)
    assert not b.any()


def test_sinusoidal_has_half_the_rank_and_two_dead_units():
    W, _ = draw("sinusoidal", 64, 64)
    assert np.linalg.matrix_rank(W) == 31
    assert (~W.any(axis=0)).sum() == 2
    np.testing.assert_allclose(W[:, 0], -W[:, 62], atol=1e-12)  # frequencies 1 and 63


def test_sinusoidal_of_a_tiny_layer_is_zero():
    context = InitContext(0, 1, "softmax", RELU)
    np.testing.assert_array_equal(Sinusoidal().sample(2, 2, None, context)[0], np.zeros((2, 2)))
