from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose
from skinit.initializers import Constant
from tests.diagnosis.diagnosis_cases import codes, load

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


@pytest.mark.parametrize(
    ("estimator", "found"),
    [
        (LogisticRegression(), "LogisticRegression"),
        (make_pipeline(LogisticRegression()), "LogisticRegression"),
        (InitMLPClassifier, r"the class InitMLPClassifier \(write InitMLPClassifier\(\)\)"),
    ],
)
def test_other_estimators_are_refused(estimator, found):
    with pytest.raises(TypeError, match=rf"needs an InitMLPClassifier .*, got {found}\."):
        diagnose(estimator, *load("cancer"))


def test_a_batch_has_rows():
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        diagnose(InitMLPClassifier(), *load("cancer"), n_samples=0)


def bad_inputs():
    X, y = load_iris(return_X_y=True)
    with_nan = X.copy()
    with_nan[3, 1] = np.nan
    return [
        ({}, with_nan, y),
        ({}, X[:-1], y),
        ({}, X, np.linspace(0, 1, 150)),
        ({"init": "hee"}, X, y),
        ({"activation": "rele"}, X, y),
        ({"solver": "adagrad"}, X, y),
        ({"hidden_layer_sizes": (0,)}, X, y),
        ({"init": ["he"]}, X, y),
    ]


@pytest.mark.parametrize(("params", "X", "y"), bad_inputs())
def test_bad_input_gets_the_errors_of_fit(params, X, y):
    said = []
    for judge in (
        lambda estimator: estimator.fit(X, y),
        lambda estimator: diagnose(estimator, X, y),
    ):
        try:
            judge(InitMLPClassifier(**params))
        except ValueError as error:
            said.append(str(error))
    assert len(said) == 2
    assert said[0] == said[1]


def test_a_fitted_estimator_refuses_other_features_and_unknown_classes():
    X, y = load_iris(return_X_y=True)
    estimator = InitMLPClassifier((4,), max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but InitMLPClassifier is expecting 4"):
        diagnose(estimator, X[:, :3], y)
    with pytest.raises(ValueError, match="y has classes not in"):
        diagnose(estimator, X, y + 1)
    assert isinstance(diagnose(estimator, X[:60], y[:60]).verdicts, tuple)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("make", [csr_matrix, np.float32, list, lambda X: X])
def test_every_kind_of_input_is_judged_alike(make, solver):
    X, y = load("digits")
    X = X.astype(np.float32).astype(float)
    estimator = InitMLPClassifier((16,), "tanh", init="random", solver=solver, random_state=0)
    found = diagnose(estimator, make(X), y, random_state=0)
    assert [v.code for v in found.verdicts] == ["INIT03"]
    assert found.to_frame()["update_ratio"].isna().all() == (solver == "lbfgs")


def test_labels_of_every_kind_are_judged():
    X, y = load("digits")
    many = np.column_stack([y % 2 == 0, y > 5, y == 3]).astype(int)
    for labels in (y, y.astype(str), y > 4, many):
        assert codes(InitMLPClassifier((16,), random_state=0), X, labels) == []
        estimator = InitMLPClassifier((16,), init="zeros", random_state=0)
        assert codes(estimator, X, labels) == ["INIT01"]
        estimator.set_params(max_iter=3).fit(X, labels)
        assert codes(estimator, X, labels) == ["INIT01", "INIT09"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copies_stay_copies_through_training(dtype):
    X, y = load("digits")
    estimator = InitMLPClassifier((16,), "tanh", init=Constant(0.1), max_iter=20, random_state=0)
    estimator.fit(X.astype(dtype), y)
    assert estimator.coefs_[0].dtype == dtype
    assert codes(estimator, X, y)[0] == "INIT02"


def test_early_stopping_leaves_the_validation_rows_out():
    X, y = load("cancer")
    estimator = InitMLPClassifier((8,), early_stopping=True, validation_fraction=0.5)
    assert len(diagnose(estimator, X, y).case.train.y) == len(y) // 2
