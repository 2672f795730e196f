"""Variance by the layer's size, against torch and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest
from sklearn.model_selection import ParameterGrid
from sklearn.neural_network import MLPClassifier

from skinit.activations import get_activation
from skinit.initializers import (
    VarianceScaling,
    get_initializer,
)
from tests.initializers.init_tools import (
    draw,
)


def test_torch_is_the_default_of_linear_biases_included():
    torch = pytest.importorskip("torch", reason="torch.nn.Linear is the oracle")
    torch.manual_seed(0)
    layer = torch.nn.Linear(20, 5000)
    W, b = draw("torch", 20, 5000)
    assert ks_2samp(W.ravel(), layer.weight.detach().numpy().ravel()).pvalue > 1e-3
    assert ks_2samp(b, layer.bias.detach().numpy()).pvalue > 1e-3


@pytest.mark.parametrize("activation", ["logistic", "relu"])
def test_sklearn_is_the_default_of_mlpclassifier_biases_included(activation):
    model = MLPClassifier((3000,), activation=activation, max_iter=1, learning_rate_init=1e-12)
    X = np.random.default_rng(0).standard_normal((20, 4))
    model.set_params(random_state=0, solver="sgd", momentum=0, alpha=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, np.arange(20) % 2)
    W, b = draw("sklearn", 4, 3000, activation=get_activation(activation))
    assert ks_2samp(W.ravel(), model.coefs_[0].ravel()).pvalue > 1e-3
    assert ks_2samp(b, model.intercepts_[0]).pvalue > 1e-3


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["normal", "truncated_normal", "uniform"])
def test_variance_scaling_means_the_variance(mode, distribution):
    W, b = draw(VarianceScaling(3.0, mode, distribution))
    fan = {"fan_in": 300, "fan_out": 200, "fan_avg": 250}[mode]
    assert W.var() == pytest.approx(3.0 / fan, rel=0.03)
    assert abs(W.mean()) < 5 * W.std() / math.sqrt(W.size)
    assert not b.any()


def test_bias_true_draws_from_the_same_law():
    W, b = draw(VarianceScaling(2.0, bias=True), 10, 20_000)
    assert b.var() == pytest.approx(0.2, rel=0.05)
    assert W.var() == pytest.approx(0.2, rel=0.05)
    assert kstest(b / math.sqrt(0.2), "norm").pvalue > 1e-3


def test_numpy_scalars_are_numbers():
    W, _ = draw(VarianceScaling(np.float32(2.0), bias=np.bool_(True)), 8, 5)
    np.testing.assert_array_equal(W, draw(VarianceScaling(2.0, bias=True), 8, 5)[0])


def test_parameters_nest_in_a_grid():
    grid = ParameterGrid({"scale": [1.0, 2.0], "mode": ["fan_in", "fan_avg"]})
    formulas = {get_initializer("he").set_params(**point).formula for point in grid}
    assert "N(0, 2/fan_in)" in formulas
    assert len(formulas) == 4
