"""Biases of the output layer at the best constant prediction."""

from __future__ import annotations

import numpy as np
import pytest

from skinit.initializers import InitContext, PriorBias, VarianceScaling, get_initializer
from tests.initializers.init_tools import RELU, sample

BASELINE = np.log([0.7, 0.2, 0.1])


def test_prior_bias_moves_the_output_biases_alone():
    ours = sample("prior_bias", [6, 8, 4, 3], output_baseline=BASELINE)
    for (W, b), (W2, b2) in zip(ours, sample("mup", [6, 8, 4, 3]), strict=True):
        np.testing.assert_array_equal(W, W2)
        np.testing.assert_array_equal(b, b2 if len(b) != 3 else BASELINE)


def test_prior_bias_as_the_last_of_a_sequence():
    layers = sample(["he", PriorBias("torch")], [6, 8, 3], output_baseline=BASELINE)
    plain = sample(["he", "torch"], [6, 8, 3])
    np.testing.assert_array_equal(layers[0][0], plain[0][0])
    np.testing.assert_array_equal(layers[1][0], plain[1][0])
    np.testing.assert_allclose(layers[1][1], plain[1][1] + BASELINE)


def test_the_loss_starts_at_the_entropy_of_the_classes():
    X = np.random.default_rng(0).standard_normal((500, 20))
    (W, b), (V, c) = sample("prior_bias", [20, 400, 3], output_baseline=BASELINE)
    outputs = np.maximum(X @ W + b, 0) @ V + c
    log_p = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    share = np.exp(BASELINE)
    assert -(log_p @ share).mean() == pytest.approx(-share @ BASELINE, abs=0.005)


def test_prior_bias_needs_the_baseline_in_the_output_layer():
    with pytest.raises(ValueError, match="needs a context with the output_baseline of the targets"):
        sample("prior_bias", [6, 8, 3], output_baseline=None)
    context = InitContext(0, 2, "relu", RELU)
    PriorBias().sample(6, 8, np.random.default_rng(0), context)


def test_prior_bias_of_a_function():
    layers = sample(
        ["he", PriorBias(lambda fan_in, fan_out, rng: np.ones((fan_in, fan_out)))],
        [6, 8, 3],
        output_baseline=BASELINE,
    )
    np.testing.assert_array_equal(layers[1][0], np.ones((8, 3)))
    np.testing.assert_array_equal(layers[1][1], BASELINE)


def test_prior_bias_reports_what_it_wraps():
    wrapped = PriorBias(VarianceScaling(2.0))
    assert wrapped.formula == "N(0, 2/fan_in)"
    assert wrapped.set_params(weights__scale=3.0).formula == "N(0, 3/fan_in)"
    assert PriorBias("lsuv").data_dependent
    assert not PriorBias().data_dependent
    assert get_initializer("prior_bias").bias_formula == "0; output log odds of the classes"
    layers = sample(PriorBias("lsuv"), [6, 4, 3], np.eye(6), output_baseline=BASELINE)
    np.testing.assert_array_equal(layers[-1][1], BASELINE)
