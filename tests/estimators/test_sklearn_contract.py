"""scikit-learn's own checks, on many settings of InitMLPClassifier."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.utils import estimator_checks
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import check_estimator

from skinit import InitMLPClassifier
from skinit.initializers import VarianceScaling

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    # many checks have fewer rows than a batch
    "ignore:.*It is going to be clipped",
    "ignore:Can't check dok sparse matrix",
    "ignore::sklearn.exceptions.SkipTestWarning",
)


def uniform_with_bias(fan_in, fan_out, rng):
    return rng.uniform(-0.4, 0.4, (fan_in, fan_out)), rng.uniform(-0.1, 0.1, fan_out)


# Weights for every label that occurs in scikit-learn's checks.
CLASS_WEIGHT = {label: 1 + 0.2 * abs(label) for label in range(-3, 11)}
CLASS_WEIGHT |= {"one": 1.0, "two": 1.5, "three": 0.5, "setosa": 1.0, "eggs": 2.0, "spam": 1.0}

PASSING = {
    "the defaults": InitMLPClassifier(),
    "xavier": InitMLPClassifier(init="xavier", solver="sgd", row_space=True),
    # 20 iterations, so that no probability of a label rounds to 0 or 1; see below
    "lbfgs": InitMLPClassifier(init="sklearn", solver="lbfgs", max_iter=20),
    "glorot": InitMLPClassifier(
        init="glorot_uniform", activation="tanh", solver="lbfgs", max_iter=20
    ),
    "lsuv": InitMLPClassifier(init="lsuv", activation="gelu", batch_size="full", max_iter=60),
    "within_layer": InitMLPClassifier(
        (30, 10), init="within_layer", activation="logistic", solver="sgd", learning_rate_init=0.05
    ),
    "an object": InitMLPClassifier(
        init=VarianceScaling(2.0, "fan_avg"), activation="leaky_relu", max_iter=60
    ),
    "a function": InitMLPClassifier(init=uniform_with_bias, activation="softplus", max_iter=60),
    "a sequence": InitMLPClassifier(init=["torch", "zeros"], activation="identity", max_iter=60),
    "keras": InitMLPClassifier(init="keras", activation="mish", max_iter=60),
    "edge_of_chaos": InitMLPClassifier(
        init="edge_of_chaos", activation="elu", solver="sgd", learning_rate_init=0.05, max_iter=60
    ),
    "class weights": InitMLPClassifier(
        init="orthogonal", activation="selu", class_weight=CLASS_WEIGHT, max_iter=60
    ),
    "class weights, lbfgs": InitMLPClassifier(
        init="he_uniform", activation="silu", class_weight=CLASS_WEIGHT, solver="lbfgs", max_iter=20
    ),
}

# What the checks' own data make impossible, and why.
NO_PARTIAL_FIT = "calls partial_fit, which knows no early stopping"
TOO_FEW_ROWS = "has too few rows for a validation set of two"
OTHER_SPLIT = "a row twice or absent is another data set to split"
EARLY_STOPPING = {
    "check_fit_score_takes_y": NO_PARTIAL_FIT,
    "check_n_features_in_after_fitting": NO_PARTIAL_FIT,
    "check_estimators_partial_fit_n_features": NO_PARTIAL_FIT,
    "check_estimators_nan_inf": TOO_FEW_ROWS,
    "check_fit2d_1feature": TOO_FEW_ROWS,
    "check_sample_weight_equivalence_on_dense_data": OTHER_SPLIT,
    "check_sample_weight_equivalence_on_sparse_data": OTHER_SPLIT,
}
BALANCED = "calls partial_fit, which knows not all rows and hence no balance"
SLOW = "wants one class nearly everywhere, and five noisy validation rows end training before"
ZEROS = "wants an accuracy of 83%, and nothing but the output's bias can learn"
SETTINGS = {name: (estimator, {}) for name, estimator in PASSING.items()} | {
    "early stopping": (
        InitMLPClassifier(early_stopping=True),
        EARLY_STOPPING | {"check_class_weight_classifiers": SLOW},
    ),
    "early stopping, sgd": (
        InitMLPClassifier(early_stopping=True, solver="sgd", learning_rate_init=0.1, init="torch"),
        EARLY_STOPPING,
    ),
    "balanced": (
        InitMLPClassifier(class_weight="balanced", max_iter=60),
        dict.fromkeys(
            [
                "check_fit_score_takes_y",
                "check_n_features_in_after_fitting",
                "check_estimators_partial_fit_n_features",
            ],
            BALANCED,
        ),
    ),
    "lbfgs, 200 iterations": (
        InitMLPClassifier(activation="tanh", solver="lbfgs"),
        {},
    ),
    "zeros": (
        InitMLPClassifier((10,), "tanh", init="zeros", solver="sgd", max_iter=60),
        {"check_classifiers_train": ZEROS},
    ),
}


@pytest.mark.filterwarnings("ignore::skinit.InitializationWarning")  # zeros are meant to fail
@pytest.mark.parametrize(("estimator", "reasons"), SETTINGS.values(), ids=SETTINGS)
def test_no_check_of_scikit_learn_fails_but_what_is_impossible(estimator, reasons):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    errors = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert len(results) > 40
    assert errors.keys() == reasons.keys(), errors


class ClassWeightMLP(MLPClassifier):
    """scikit-learn's class with class weights, by way of sample weights."""

    class_weight = None

    def fit(self, X, y, sample_weight=None):
        weight = compute_sample_weight(self.class_weight, y)
        return super().fit(X, y, weight if sample_weight is None else weight * sample_weight)

    def set_params(self, **params):
        self.class_weight = params.pop("class_weight", self.class_weight)
        return super().set_params(**params)


class ZerosMLP(MLPClassifier):
    """scikit-learn's class, all weights zero at the start."""

    def _init_coef(self, fan_in, fan_out, dtype):
        return np.zeros((fan_in, fan_out), dtype), np.zeros(fan_out, dtype)


THEIRS = [
    *[(name, MLPClassifier(early_stopping=True)) for name in EARLY_STOPPING],
    ("check_class_weight_classifiers", ClassWeightMLP(early_stopping=True)),
    ("check_n_features_in_after_fitting", SGDClassifier(class_weight="balanced")),
    ("check_estimators_partial_fit_n_features", SGDClassifier(class_weight="balanced")),
    (
        "check_classifiers_multilabel_output_format_predict_proba",
        MLPClassifier(activation="tanh", solver="lbfgs"),
    ),
    ("check_classifiers_train", ZerosMLP((10,), "tanh", solver="sgd", max_iter=60)),
]


@pytest.mark.parametrize(("name", "estimator"), THEIRS, ids=lambda value: str(value)[:60])
def test_scikit_learns_own_class_fails_there_too(name, estimator):
    check = getattr(estimator_checks, name)
    with pytest.raises((AssertionError, ValueError)):
        check(type(estimator).__name__, estimator)


def test_scikit_learns_class_passes_what_is_possible():
    """The tests above could otherwise fail for a reason of their own."""
    estimator_checks.check_class_weight_classifiers("ClassWeightMLP", ClassWeightMLP())
    estimator_checks.check_classifiers_multilabel_output_format_predict_proba(
        "MLPClassifier", MLPClassifier(activation="tanh", solver="lbfgs", max_iter=20)
    )
