"""Orthogonal matrices and their mirrored pairs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from skinit.activations import get_activation
from skinit.initializers import InitContext, Orthogonal
from tests.initializers.init_tools import RELU, TANH, draw, sample


@pytest.mark.parametrize("fans", [(7, 7), (9, 4), (4, 9)])
def test_orthogonal(fans):
    W, _ = draw(Orthogonal(gain=3.0), *fans)
    gram = W.T @ W if fans[0] >= fans[1] else W @ W.T
    np.testing.assert_allclose(gram, 9.0 * np.eye(min(fans)), atol=1e-13)


def test_orthogonal_signs_are_uniform():
    # Without absorbing the signs of R, QR makes the first entry always negative.
    first = [draw("orthogonal", 3, 3, seed)[0][0, 0] for seed in range(300)]
    assert kstest(first, "uniform", args=(-1, 2)).pvalue > 1e-3  # of a random 3-D unit vector


def test_orthogonal_keeps_lengths_where_the_layer_does_not_shrink():
    x = np.random.default_rng(0).standard_normal((10, 5))
    lengths = np.linalg.norm(x, axis=1)
    for fan_out in (5, 8):
        mapped = x @ draw("orthogonal", 5, fan_out)[0]
        np.testing.assert_allclose(np.linalg.norm(mapped, axis=1), lengths)
    assert (np.linalg.norm(x @ draw("orthogonal", 5, 3)[0], axis=1) < lengths).all()


@pytest.mark.parametrize(
    ("name", "gain"), [("relu", 1.41421356), ("tanh", 1.59254), ("silu", 1.67653)]
)
def test_gain_auto_is_one_in_the_first_layer_and_the_activations_after_that(name, gain):
    activation = get_activation(name)
    for layer, expected in [(0, 1.0), (1, gain), (2, gain)]:
        context = InitContext(layer, 3, name, activation)
        rng = np.random.default_rng
        W, _ = Orthogonal(gain="auto").sample(6, 6, rng(0), context)
        plain, _ = Orthogonal().sample(6, 6, rng(0), context)
        np.testing.assert_allclose(W, expected * plain, rtol=1e-5)
    assert Orthogonal(gain="auto").formula.startswith("g Q")


@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "softplus", "leaky_relu"])
def test_looks_linear_network_is_linear(name):
    activation = get_activation(name)
    layers = sample("looks_linear", [5, 8, 8, 3], activation=activation)

    def network(X):
        for W, b in layers[:-1]:
            z = X @ W + b
            X = activation.function(z, np.empty_like(z))
        return X @ layers[-1][0] + layers[-1][1]

    x, y = np.random.default_rng(0).standard_normal((2, 10, 5))
    np.testing.assert_allclose(network(x) - 2 * network(y), network(x - 2 * y), atol=1e-13)
    assert np.abs(network(x)).max() > 0.1


def test_looks_linear_needs_pairs():
    with pytest.raises(ValueError, match="hidden layers of even size, got 5 -> 3 in layer 1"):
        sample("looks_linear", [5, 3, 1])


def test_looks_linear_is_the_product_of_its_matrices():
    layers = sample("looks_linear", [6, 12, 12, 6], activation=get_activation("softplus"))
    for W, _ in layers:
        A = W[:6, :6]  # the upper left block
        np.testing.assert_allclose(A @ A.T, np.eye(6), atol=1e-12)


@pytest.mark.parametrize("name", ["tanh", "identity", "elu", "selu", "mish", "logistic"])
def test_looks_linear_refuses_what_would_not_look_linear(name):
    message = f"LooksLinear is not made for the activation '{name}'. It is for relu, leaky_relu"
    with pytest.raises(ValueError, match=message):
        sample("looks_linear", [4, 6, 2], activation=get_activation(name))


def test_mirrored_units_are_the_pairs_that_odd_activations_would_keep_for_ever():
    W, _ = sample("looks_linear", [5, 8, 2], activation=RELU)[0]
    x = np.random.default_rng(0).standard_normal((20, 5))
    hidden = TANH.function(x @ W, np.empty((20, 8)))
    np.testing.assert_allclose(hidden[:, :4], -hidden[:, 4:])
