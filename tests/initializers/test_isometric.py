"""The start of init="auto"."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from skinit.activations import ACTIVATIONS, get_activation
from skinit.initializers import InitContext, Isometric


def layer(number, activation="tanh", fan_in=40, fan_out=30, seed=0):
    """Return (W, b) of one of three layers."""
    name = activation if number < 2 else "softmax"
    context = InitContext(number, 3, name, get_activation(activation))
    return Isometric().sample(fan_in, fan_out, np.random.default_rng(seed), context)


def gain_by_integration(activation):
    """Return (E f² E f'²)^(-1/4) for a standard normal z, by scipy's integrals."""
    f = get_activation(activation)

    def at(z):
        z = np.array([z])
        a = f.function(z.copy(), np.empty(1))
        return a[0], f.derivative(z, a, np.empty(1))[0]

    moments = [
        quad(lambda z, i=i: at(z)[i] ** 2 * norm.pdf(z), -12, 12, points=[0.0], limit=500)[0]
        for i in (0, 1)
    ]
    return (moments[0] * moments[1]) ** -0.25


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
@pytest.mark.parametrize("fans", [(40, 30), (30, 40)])
def test_hidden_weights_are_orthogonal_times_the_gain(activation, fans):
    for number, gain in [(0, 1.0), (1, gain_by_integration(activation))]:
        W, _ = layer(number, activation, *fans)
        gram = W.T @ W if fans[0] >= fans[1] else W @ W.T
        np.testing.assert_allclose(gram, gain**2 * np.eye(30), atol=1e-9)


def test_hidden_biases_are_uniform_and_those_of_the_output_zero():
    biases = np.concatenate([layer(1, seed=seed)[1] for seed in range(50)])
    assert kstest(biases * 40**0.5, "uniform", args=(-1, 2)).pvalue > 1e-3
    assert not layer(2)[1].any()


def test_output_weights_are_small_and_normal():
    W = np.concatenate([layer(2, seed=seed)[0].ravel() for seed in range(20)])
    assert kstest(W * 40, "norm").pvalue > 1e-3
