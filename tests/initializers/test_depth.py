"""Initializers that keep signal or gradient at their scale in deep networks."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from skinit.activations import get_activation
from skinit.initializers import EdgeOfChaos, Gain, InitContext, MuP, RandomWalk
from tests.initializers.init_tools import RELU, draw, sample

# --- Gain and maximal update ------------------------------------------------------------------

GAINS = {"identity": 1.0, "logistic": 1.84623, "tanh": 1.59254, "relu": 1.41421, "silu": 1.67653}


@pytest.mark.parametrize("activation", GAINS)
def test_gain_makes_up_for_the_activation(activation):
    layers = sample("gain", [200, 300, 100, 200], activation=get_activation(activation))
    for (W, b), gain in zip(layers, [1, GAINS[activation], GAINS[activation]], strict=True):
        standardized = W.ravel() * math.sqrt(len(W)) / gain
        assert kstest(standardized, "norm").pvalue > 1e-3
        assert not b.any()


@pytest.mark.parametrize("activation", ["tanh", "silu"])
def test_gain_at_another_variance(activation):
    layers = sample(Gain(q=4.0), [300, 300, 300], activation=get_activation(activation))
    scales = [4.0, 1 / variance_map(activation, 4.0, 1 / 4.0, 0.0)]
    for (W, _), scale in zip(layers, scales, strict=True):
        assert kstest(W.ravel() * math.sqrt(300 / scale), "norm").pvalue > 1e-3
    assert Gain(q=4.0).formula.endswith("layer 1: q, q = 4")


@pytest.mark.parametrize("activation", GAINS)
def test_mup_shrinks_the_output_layer_alone(activation):
    f = get_activation(activation)
    gain = sample("gain", [200, 300, 100, 200], activation=f)
    mup = sample("mup", [200, 300, 100, 200], activation=f)
    for (W, b), (W2, _) in zip(mup[:-1], gain[:-1], strict=True):
        np.testing.assert_array_equal(W, W2)
        assert not b.any()
    assert kstest(mup[-1][0].ravel() * 100, "norm").pvalue > 1e-3  # N(0, 1/fan_in²)


@pytest.mark.parametrize("law", [Gain(), MuP()])
def test_a_hidden_layer_behind_relu_is_hes(law):
    W, _ = law.sample(500, 400, np.random.default_rng(0))
    assert W.var() * 500 == pytest.approx(2.0, rel=0.03)


def test_outputs_of_mup_vanish_with_the_width():
    X = np.random.default_rng(0).standard_normal((300, 8))
    for width in (32, 128, 512):
        (W, _), (V, _) = sample("mup", [8, width, 50], activation=RELU)
        outputs = np.maximum(X @ W, 0) @ V
        assert outputs.var() * width == pytest.approx(0.5, rel=0.25)  # E relu(z)² = 1/2


# --- Random walk ------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "identity"])
def test_random_walk_keeps_the_mean_log_norm(activation):
    # Its claim, by simulation: log|W v|² of a layer of width n has mean 0.
    n, rng = 20, np.random.default_rng(0)
    logs = []
    for _ in range(3000):
        context = InitContext(1, 3, activation, get_activation(activation))
        z = RandomWalk().sample(n, n, rng, context)[0].T @ (np.ones(n) / math.sqrt(n))
        below = {"relu": 0.0, "leaky_relu": 0.01, "identity": 1.0}[activation]
        kept = z * np.where(rng.random(n) < 0.5, 1.0, below)
        logs.append(np.log(kept @ kept))
    assert abs(np.mean(logs)) < 5 * np.std(logs) / math.sqrt(len(logs)) + 0.02


def scale_of(activation, n):
    W, _ = RandomWalk().sample(n, 2000, np.random.default_rng(0), hidden(activation))
    return W.var() * n


def hidden(activation):
    return InitContext(1, 3, activation, get_activation(activation))


@pytest.mark.parametrize("n", [30, 200])
def test_random_walk_formulas(n):
    relu = 2 * math.exp(2 * 1.2 / (n - 2.4))
    assert scale_of("relu", n) == pytest.approx(relu, rel=0.02)
    assert scale_of("identity", n) == pytest.approx(math.exp(1 / n), rel=0.02)
    # Leaky relu by the delta method: log mean - variance/(2 mean²), good to 1/n².
    leaky = 2 / (1 + 1e-4) * math.exp(2.5 / n)
    assert scale_of("leaky_relu", n) == pytest.approx(leaky, rel=0.02)


@pytest.mark.parametrize("activation", ["tanh", "gelu", "silu", "elu", "selu", "mish", "logistic"])
def test_random_walk_refuses_what_its_argument_does_not_cover(activation):
    message = f"activation '{activation}'. It is for identity, relu and leaky_relu"
    with pytest.raises(ValueError, match=message):
        draw("random_walk", 4, 3, activation=get_activation(activation))


# --- Edge of chaos ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "q"),
    [
        *(("tanh", 0.5), ("tanh", 1.0), ("relu", 0.5), ("relu", 1.0), ("identity", 1.0)),
        *(("gelu", 4.0), ("silu", 15.0), ("mish", 2.0)),
    ],
)
def test_edge_of_chaos_keeps_signal_and_gradient(activation, q):
    # Its claim, by simulation in a wide layer: variance q stays q, slope² x s² is 1.
    f = get_activation(activation)
    rng = np.random.default_rng(3)
    z = math.sqrt(q) * rng.standard_normal(4000)
    a = f.function(z, np.empty_like(z))
    W, b = EdgeOfChaos(q=q).sample(4000, 1000, rng, InitContext(1, 3, activation, f))
    assert np.var(a @ W + b) == pytest.approx(q, rel=0.15)
    slopes = f.derivative(z, a, np.empty_like(z))
    assert W.var() * 4000 * np.mean(slopes**2) == pytest.approx(1.0, rel=0.1)


def variance_map(activation, q, weight_scale, bias_variance):
    """Return the variance of the next layer by adaptive quadrature."""
    f = get_activation(activation)

    def integrand(z):
        return f.function(np.array([z]), np.empty(1)).item() ** 2 * norm.pdf(z, scale=q**0.5)

    mean = sum(quad(integrand, *ends, epsabs=1e-12)[0] for ends in [(-60, 0), (0, 60)])
    return weight_scale * mean + bias_variance


@pytest.mark.parametrize(
    ("activation", "growth"), [("gelu", 1.067), ("silu", 1.099), ("mish", 1.016)]
)
def test_edge_of_chaos_refuses_an_unstable_variance(activation, growth):
    f = get_activation(activation)
    scale = 1 / f.derivative_second_moment(1.0)
    h = 1e-4
    up, down = (variance_map(activation, q, scale, 0.0) for q in (1 + h, 1 - h))
    assert (up - down) / (2 * h) == pytest.approx(growth, abs=6e-4)
    with pytest.raises(ValueError, match=rf"unstable for {activation} at q=1:.*{growth}") as error:
        draw("edge_of_chaos", 4, 3, activation=f)
    stable = re.search("At q=1 it is for (.*)[.]", str(error.value))[1].replace(" and ", ", ")
    for name in stable.split(", "):
        draw("edge_of_chaos", 4, 3, activation=get_activation(name))
    named = float(str(error.value).split("EdgeOfChaos(q=")[1].split(")")[0])
    draw(EdgeOfChaos(q=named), 4, 3, activation=f)
    with pytest.raises(ValueError, match="unstable"):
        draw(EdgeOfChaos(q=named * 0.85), 4, 3, activation=f)


@pytest.mark.parametrize("activation", ["logistic", "softplus"])
def test_edge_of_chaos_refuses_activations_without_a_border(activation):
    message = f"EdgeOfChaos is not made for the activation '{activation}'. It is for identity, tanh"
    with pytest.raises(ValueError, match=message):
        draw("edge_of_chaos", 4, 3, activation=get_activation(activation))


@pytest.mark.parametrize("activation", ["tanh", "relu", "elu"])
@pytest.mark.parametrize("q", [0.5, 3.0])
def test_edge_of_chaos_starts_at_q_whatever_the_scale_of_the_inputs(activation, q):
    X = 7.0 + 5.0 * np.random.default_rng(0).standard_normal((100, 40))
    (W, b), _ = sample(EdgeOfChaos(q=q), [40, 4000, 1], X, activation=get_activation(activation))
    z = X @ W + b
    assert np.mean(z**2) == pytest.approx(q, rel=0.1)  # over units, whose weights vary
    assert np.mean(b**2) == pytest.approx(q - W.var() * np.mean((X**2).sum(axis=1)), abs=0.1 * q)


def test_edge_of_chaos_without_inputs_takes_their_mean_square_as_one():
    ones = InitContext(0, 3, "tanh", get_activation("tanh"), np.ones((5, 4)))
    blind = InitContext(0, 3, "tanh", get_activation("tanh"))
    rng = np.random.default_rng
    W, b = EdgeOfChaos().sample(4, 3, rng(0), blind)
    W2, b2 = EdgeOfChaos().sample(4, 3, rng(0), ones)
    np.testing.assert_array_equal(W, W2)
    np.testing.assert_array_equal(b, b2)
