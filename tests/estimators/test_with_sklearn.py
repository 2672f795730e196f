from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit.activations import Activation, get_activation
from skinit.initializers import VarianceScaling, get_initializer
from tests.estimators.estimator_cases import (
    assert_same_fit,
    every_kind,
    every_solver,
    gaussian,
    small,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",  # zeros are meant to fail
)


def test_clone_and_pickle(make_problem):
    X, y = make_problem("multiclass")
    estimator = small(init=VarianceScaling(2.5), activation=get_activation("gelu")).fit(X, y)
    fresh = clone(estimator)
    assert not hasattr(fresh, "coefs_")
    assert fresh.init is not estimator.init
    assert_same_fit(fresh.fit(X, y), estimator)
    thawed = pickle.loads(pickle.dumps(estimator))
    assert_array_equal(thawed.predict_proba(X), estimator.predict_proba(X))
    for name in ("he", "lsuv", "torch", "sparse"):
        assert_same_fit(*(pickle.loads(pickle.dumps(small(init=name).fit(X, y))) for _ in "ab"))


def test_fit_leaves_its_parameters_alone(make_problem):
    init = VarianceScaling(2.5)
    estimator = small(init=init)
    before = {name: copy.deepcopy(value) for name, value in estimator.get_params().items()}
    estimator.fit(*make_problem("multiclass"))
    assert estimator.init is init
    assert repr(estimator.get_params()) == repr(before)


def test_grid_search_over_names_objects_functions_and_nested_parameters(make_problem):
    X, y = make_problem("multiclass")
    he, scaling = get_initializer("he"), VarianceScaling()
    inits = ["zeros", "he", he, gaussian, lambda i, o, rng: rng.normal(size=(i, o)), ["he"] * 3]
    grid = [{"init": inits}, {"init": [scaling], "init__scale": [2.0, 4.0]}]
    search = GridSearchCV(small(), grid, cv=2).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 8
    assert_array_equal(scores[[1, 1, 1]], scores[[2, 5, 6]])  # he, by four ways
    assert scaling.scale == 1.0
    assert hasattr(search.best_estimator_, "coefs_")
    with pytest.raises(ValueError, match=r"init__scale.*VarianceScaling"):
        GridSearchCV(small(), {"init": ["he"], "init__scale": [2.0]}, cv=2).fit(X, y)


def test_in_a_pipeline(make_problem):
    X, y = make_problem("binary")
    pipeline = make_pipeline(StandardScaler(), small())
    assert cross_val_score(pipeline, 100 * X, y, cv=3).shape == (3,)
    assert OneVsRestClassifier(small()).fit(X, y).predict(X).shape == (45,)
    pipeline.set_params(initmlpclassifier__init=VarianceScaling())
    pipeline.set_params(initmlpclassifier__init__scale=3.0)
    assert pipeline[-1].init.scale == 3.0


def test_metadata_routing(make_problem):
    X, y = make_problem("binary")
    weight = np.random.default_rng(0).uniform(0.1, 4, len(y))
    expected = make_pipeline(StandardScaler(), small())
    expected.fit(X, y, initmlpclassifier__sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        network = small().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, network).fit(X, y, sample_weight=weight)
        assert_same_fit(pipeline[-1], expected[-1])
        search = GridSearchCV(network, {"init": ["he", "zeros"]}, cv=2)
        search.fit(X, y, sample_weight=weight)
        assert_same_fit(search.best_estimator_, clone(search.best_estimator_).fit(X, y, weight))
        once = small().set_partial_fit_request(classes=True, sample_weight=True)
        assert "classes" in once.get_metadata_routing().partial_fit.requests


def test_the_validation_set_goes_through_the_pipeline(make_problem):
    X, y = make_problem("binary", n=80)
    X = 50 + 20 * X
    scaler = StandardScaler().fit(X[:50])
    expected = small(early_stopping=True).fit(
        scaler.transform(X[:50]), y[:50], X_val=scaler.transform(X[50:]), y_val=y[50:]
    )
    with config_context(enable_metadata_routing=True):
        network = small(early_stopping=True).set_fit_request(X_val=True, y_val=True)
        steps = [("scaler", StandardScaler()), ("network", network)]
        pipeline = Pipeline(steps, transform_input=["X_val"])
        pipeline.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    assert_same_fit(pipeline["network"], expected)


@every_kind
@every_solver
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu", "sigmoid"])
def test_to_sklearn_predicts_the_same(make_problem, kind, solver, activation):
    X, y = make_problem(kind)
    ours = small(solver=solver, activation=activation).fit(X, y)
    twin = ours.to_sklearn()
    assert type(twin) is MLPClassifier
    assert_allclose(twin.predict_proba(X), ours.predict_proba(X), rtol=1e-12, atol=1e-15)
    assert_array_equal(twin.predict(X), ours.predict(X))
    for name in ("n_iter_", "t_", "loss_", "n_features_in_", "loss_curve_"):
        assert getattr(twin, name) == getattr(ours, name)
    twin.coefs_[0][:] = 0
    assert ours.coefs_[0].any()


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("begun", ["float32", "float64"])
def test_training_goes_on_in_the_dtype_it_began_in(make_problem, solver, begun):
    """Rows of another dtype change neither that nor the optimizer's state."""
    X, y = make_problem("multiclass")
    X = X.astype(np.float32)
    same, other = (small(solver=solver, max_iter=5).fit(X.astype(begun), y) for _ in range(2))
    foreign = "float64" if begun == "float32" else "float32"
    for _ in range(10):
        same.partial_fit(X.astype(begun), y)
        other.partial_fit(X.astype(foreign), y)
    assert other.coefs_[0].dtype == begun
    assert_same_fit(other, same, 1e-12)
    other.set_params(warm_start=True, max_iter=3).fit(X.astype(foreign), y)
    assert other.coefs_[0].dtype == begun


def test_rows_that_validation_leaves_need_a_weight(make_problem):
    X, y = np.arange(20.0).reshape(10, 2), np.r_[1, np.zeros(9, int)]
    params = {"class_weight": {0: 0, 1: 1}, "early_stopping": True, "validation_fraction": 0.5}
    params["batch_size"] = 2
    messages = set()
    for seed in range(6):
        try:
            small(**params, random_state=seed).fit(X, y)
        except ValueError as error:
            messages.add(str(error))
    assert len(messages) == 1
    assert (
        "The rows that validation leaves for training, or its own, all have weight 0"
        in messages.pop()
    )


def test_a_score_that_is_no_number_is_no_improvement(make_problem):
    X, y = make_problem("binary")
    estimator = small(
        activation="identity", init="he", early_stopping=True, n_iter_no_change=2, max_iter=30
    ).fit(X, y, X_val=X * 1e307, y_val=y)
    assert np.isnan(estimator.validation_scores_[-1])
    assert estimator.n_iter_ < 30


def test_to_sklearn_leaves_nothing_of_skinit(make_problem):
    X, y = make_problem("binary")
    twin = small(early_stopping=True, init="lsuv").fit(X, y).to_sklearn()
    assert b"skinit" not in pickle.dumps(twin)


@pytest.mark.parametrize("batch_size", ["full", 16])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_to_sklearn_can_be_trained_further(make_problem, batch_size, early_stopping):
    X, y = make_problem("multiclass")
    params = {"solver": "sgd", "momentum": 0, "shuffle": False, "batch_size": batch_size}
    ours = small(early_stopping=early_stopping, **params).fit(X, y)
    twin = ours.to_sklearn()
    assert twin.batch_size == (batch_size if batch_size == 16 else 45 - 5 * early_stopping)
    if early_stopping:
        twin.fit(X, y)
        return
    ours.partial_fit(X, y)
    twin.partial_fit(X, y)
    assert_allclose(twin.coefs_[0], ours.coefs_[0], rtol=1e-12)
    assert_allclose(twin.loss_curve_, ours.loss_curve_, rtol=1e-12)
    twin.set_params(warm_start=True, max_iter=2).fit(X, y)
    assert len(twin.loss_curve_) == 9
    assert len(ours.loss_curve_) == 7
    assert_array_equal(pickle.loads(pickle.dumps(twin)).predict(X), twin.predict(X))


TANH = get_activation("tanh")

ANOTHER_RELU = Activation("relu", TANH.function, TANH.derivative, from_output=True)


@pytest.mark.parametrize(
    "activation",
    ["gelu", "leaky_relu", ANOTHER_RELU],
    ids=["gelu", "leaky_relu", "another relu"],
)
def test_to_sklearn_says_which_activations_it_can_give(make_problem, activation):
    estimator = small(activation=activation, max_iter=1).fit(*make_problem("binary"))
    with pytest.raises(ValueError, match="identity, logistic, tanh, relu"):
        estimator.to_sklearn()
    with pytest.raises(NotFittedError):
        small().to_sklearn()
