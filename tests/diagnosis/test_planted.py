from __future__ import annotations

import numpy as np
import pytest

from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose
from skinit.initializers import Constant, VarianceScaling
from skinit.propagation import RULES
from tests.diagnosis.diagnosis_cases import codes, imbalanced, load, negative_biases

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


def shy(fan_in, fan_out, rng):
    """He's weights with biases that silence most rows, though not the same units on all."""
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.full(fan_out, -6.0)


def mirrored_input(fan_in, fan_out, rng):
    W = rng.normal(0, np.sqrt(1 / fan_in), (fan_in, fan_out // 2))
    return np.hstack([W, -W])


def mirrored_output(fan_in, fan_out, rng):
    W = rng.normal(0, np.sqrt(1 / fan_in), (fan_in // 2, fan_out))
    return np.vstack([W, -W])


MIRRORED = [mirrored_input, mirrored_output, "xavier"]
LARGE_OUTPUT = ["he", "he", VarianceScaling(2000.0)]

PLANTED = [
    ("zeros, tanh", "INIT01", "digits", {"init": "zeros", "activation": "tanh"}),
    ("zeros, relu", "INIT01", "digits", {"init": "zeros"}),
    ("zeros, logistic", "INIT02", "digits", {"init": "zeros", "activation": "logistic"}),
    ("constant, tanh", "INIT02", "digits", {"init": Constant(0.1), "activation": "tanh"}),
    ("constant, relu", "INIT02", "cancer", {"init": Constant(0.1)}),
    ("constant, logistic", "INIT02", "digits", {"init": Constant(0.1), "activation": "logistic"}),
    ("random, tanh", "INIT03", "digits", {"init": "random", "activation": "tanh"}),
    ("random, relu", "INIT03", "digits", {"init": "random"}),
    ("random, logistic", "INIT03", "digits", {"init": "random", "activation": "logistic"}),
    ("pixels, relu", "INIT10", "digits, raw", {"init": "he"}),
    ("pixels, tanh", "INIT10", "digits, raw", {"init": "he", "activation": "tanh"}),
    ("relu, xavier, 20 layers", "INIT04", "digits",
     {"init": "xavier", "hidden_layer_sizes": (32,) * 20}),
    ("logistic, 15 layers", "INIT05", "digits",
     {"activation": "logistic", "hidden_layer_sizes": (32,) * 15}),
    ("negative biases", "INIT06", "digits", {"init": [negative_biases, "he", "he"]}),
    ("learning rate, descent", "INIT11", "digits",
     {"solver": "sgd", "momentum": 0, "learning_rate_init": 8}),
    ("learning rate, momentum", "INIT11", "digits", {"solver": "sgd", "learning_rate_init": 10}),
    ("tiny learning rate, adam", "INIT12", "digits", {"learning_rate_init": 1e-7}),
    ("tiny learning rate, momentum", "INIT12", "cancer",
     {"solver": "sgd", "learning_rate_init": 1e-6}),
    ("silent rows", "INIT06", "digits",
     {"init": [shy, *["he"] * 5], "hidden_layer_sizes": (32,) * 5}),
    ("mirrored units", "INIT02", "digits",
     {"init": MIRRORED, "activation": "tanh"}),
    ("learning rate, adam", "INIT11", "digits", {"learning_rate_init": 1}),
    ("learning rate, absurd", "INIT07", "digits",
     {"solver": "sgd", "momentum": 0, "learning_rate_init": 1e150}),
    ("large output", "INIT08", "digits", {"init": LARGE_OUTPUT}),
    ("large output, two classes", "INIT08", "cancer", {"init": LARGE_OUTPUT}),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("code", "data", "params"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_every_planted_failure_gets_its_own_code_first(code, data, params, seed):
    estimator = InitMLPClassifier(**({"hidden_layer_sizes": (32, 32)} | params), random_state=seed)
    assert codes(estimator, *load(data))[0] == code


def test_every_code_of_a_start_is_planted():
    """INIT13, of numbers, is planted in test_numbers.py."""
    assert {row[1] for row in PLANTED} == set(RULES) - {"INIT09", "INIT13"}


def test_zeros_on_imbalanced_data_reach_80_percent_and_still_have_no_gradient():
    X, y = imbalanced()
    estimator = InitMLPClassifier((8,), "tanh", init="zeros", max_iter=100, random_state=0)
    assert codes(estimator, X, y) == ["INIT01"]
    estimator.set_params(learning_rate_init=0.1).fit(X, y)
    assert estimator.score(X, y) == 0.8
    assert codes(estimator, X, y) == ["INIT01", "INIT09"]


def test_a_network_that_learned_nothing_is_no_better_than_the_prior():
    X, y = imbalanced()
    X = X[np.random.default_rng(0).permutation(len(X))]
    lazy = InitMLPClassifier((8,), learning_rate_init=1e-9, max_iter=2, random_state=0).fit(X, y)
    first = diagnose(lazy, X, y).verdicts[0]
    assert first.code == "INIT09"
    assert f"({lazy.score(X, y):.2f}; largest class 0.80)" in first.evidence


def test_constant_weights_on_easy_data_train_well_and_still_are_copies():
    X, y = imbalanced()
    init = Constant(0.1)
    estimator = InitMLPClassifier((8,), "tanh", init=init, solver="lbfgs", random_state=0)
    assert codes(estimator, X, y) == ["INIT02"]
    estimator.fit(X, y)
    assert estimator.score(X, y) > 0.95
    assert codes(estimator, X, y) == ["INIT02"]


def test_what_has_learned_gets_no_verdict_however_large_its_outputs():
    X, y = load("cancer")
    estimator = InitMLPClassifier((16,), "tanh", solver="lbfgs", alpha=0, random_state=0).fit(X, y)
    assert np.abs(estimator.predict_log_proba(X)).max() > 10
    assert codes(estimator, X, y) == []


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_fitted_network_is_judged_with_the_class_weights_it_was_fitted_with(class_weight):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [950, 50])
    X = rng.normal(size=(1000, 2)) + 0.7 * y[:, None]
    estimator = InitMLPClassifier(
        (8,), solver="lbfgs", class_weight=class_weight, max_iter=30, random_state=0
    ).fit(X, y)
    assert codes(estimator, X, y) == []
