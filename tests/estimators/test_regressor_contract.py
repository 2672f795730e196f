"""scikit-learn's own checks, on many settings of InitMLPRegressor."""

from __future__ import annotations

import pytest
from sklearn.neural_network import MLPRegressor
from sklearn.utils.estimator_checks import check_estimator

from skinit import InitMLPRegressor
from skinit.initializers import VarianceScaling
from tests.estimators.test_sklearn_contract import uniform_with_bias

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    # many checks have fewer rows than a batch
    "ignore:.*It is going to be clipped",
    "ignore:Can't check dok sparse matrix",
    "ignore::sklearn.exceptions.SkipTestWarning",
    # targets of some checks have a standard deviation of hundreds
    "ignore::skinit.InitializationWarning",
)

SETTINGS = {
    "the defaults": InitMLPRegressor(),
    "poisson": InitMLPRegressor("poisson"),
    "poisson, lbfgs": InitMLPRegressor("poisson", activation="tanh", solver="lbfgs"),
    "xavier, sgd": InitMLPRegressor(init="xavier", solver="sgd", row_space=True),
    "lbfgs": InitMLPRegressor(init="sklearn", solver="lbfgs"),
    "lsuv, full batches": InitMLPRegressor(init="lsuv", activation="gelu", batch_size="full"),
    "within_layer, two layers": InitMLPRegressor(
        hidden_layer_sizes=(30, 10), init="within_layer", activation="logistic",
        learning_rate_init=0.05,
    ),
    "an object": InitMLPRegressor(init=VarianceScaling(2.0, "fan_avg"), activation="leaky_relu"),
    "a function": InitMLPRegressor(init=uniform_with_bias, activation="softplus"),
    "a sequence": InitMLPRegressor(init=["torch", "zeros"], activation="tanh"),
    "prior_bias": InitMLPRegressor(init="prior_bias", activation="mish"),
    "no hidden layer": InitMLPRegressor(hidden_layer_sizes=(), solver="sgd"),
}  # fmt: skip


def failures(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) > 40
    return {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}


@pytest.mark.parametrize("estimator", SETTINGS.values(), ids=SETTINGS)
def test_no_check_of_scikit_learn_fails(estimator):
    assert failures(estimator) == {}


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_with_early_stopping_only_what_fails_in_scikit_learn_fails(loss):
    ours = failures(InitMLPRegressor(loss, early_stopping=True))
    assert ours.keys() <= failures(MLPRegressor(loss, early_stopping=True)).keys(), ours
