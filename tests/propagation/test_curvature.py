from __future__ import annotations

import numpy as np
import pytest

from skinit.activations import ACTIVATIONS
from skinit.engine.optimizers import SGD, Schedule
from skinit.engine.passes import Workspace, loss_and_gradient
from skinit.engine.stack import Parameters
from skinit.propagation.curvature import largest_curvature, network_curvature, stability_limit
from tests.propagation.propagation_cases import (
    LOGISTIC,
    SOFTMAX,
    TANH,
    make_layers,
    make_samples,
)


def hessian(layers, activation, loss, samples):
    """Return the Hessian by central differences of the engine's gradient."""
    at = Parameters.stack([layers], np.float64)
    gradient = Parameters(at.layer_sizes, np.empty_like(at.flat))
    work = Workspace(at, activation, len(samples.y), gradient=gradient)
    base = at.flat.copy()

    def slope(x):
        at.flat[:] = x
        loss_and_gradient(work, loss, *samples)
        return gradient.flat[0].copy()

    steps = 1e-5 * np.eye(base.size)
    H = np.array([(slope(base + e) - slope(base - e)) / 2e-5 for e in steps])
    return (H + H.T) / 2


@pytest.mark.parametrize("activation", [TANH, LOGISTIC, ACTIVATIONS["gelu"]])
def test_curvature_is_the_largest_eigenvalue_of_the_hessian(activation):
    layers, samples = make_layers((6, 4, 3), gain=1.5), make_samples(40)
    exact = np.linalg.eigvalsh(hessian(layers, activation, SOFTMAX, samples))[-1]
    found = network_curvature(layers, activation, SOFTMAX, samples)
    assert found == pytest.approx(exact, rel=0.03)
    assert found <= exact * (1 + 1e-4)


def test_lanczos_of_a_quadratic_is_exact_and_grows_from_below():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, 12))
    A = A + A.T
    b = rng.normal(size=12)

    def gradient(x):
        return x @ A + b

    bounds = [largest_curvature(gradient, np.zeros(12), 1e-3, steps) for steps in range(1, 13)]
    assert np.all(np.diff(bounds) > -1e-9)
    assert bounds[-1] == pytest.approx(np.linalg.eigvalsh(A)[-1])


def test_curvature_without_a_gradient_or_without_a_valley_is_zero():
    assert largest_curvature(np.zeros_like, np.zeros(3), 1e-3) == 0
    assert largest_curvature(lambda x: -x - 1, np.zeros(3), 1e-3) == 0


def test_curvature_that_overflows_is_infinite():
    with np.errstate(all="ignore"):
        assert largest_curvature(lambda x: np.exp(1e6 * x), np.zeros(3), 1e-3) == np.inf


@pytest.mark.parametrize(
    ("momentum", "nesterov", "limit"), [(0, True, 2), (0.9, False, 3.8), (0.9, True, 3.8 / 2.8)]
)
def test_beyond_the_stability_limit_a_quadratic_grows_and_below_it_falls(momentum, nesterov, limit):
    optimizer = SGD(Schedule("constant", 1.0), momentum, nesterov)
    assert stability_limit(optimizer) == pytest.approx(limit)
    for factor in (0.98, 1.02):
        x, gradient = np.array([[1.0]]), np.empty((1, 1))
        optimizer = SGD(Schedule("constant", 1.0), momentum, nesterov)
        optimizer.bind(x, gradient, 0)
        for _ in range(3000):
            gradient[:] = factor * limit * x
            optimizer.step(0.0)
        assert (abs(x[0, 0]) > 1) == (factor > 1)
