"""InitMLPSearchCV finds what GridSearchCV finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from skinit import InitMLPClassifier, InitMLPSearchCV
from skinit.activations import ACTIVATIONS, get_activation
from skinit.initializers import VarianceScaling, register_initializer
from skinit.initializers.table import INITIALIZERS

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]

X, y = load_iris(return_X_y=True)
NETWORK = InitMLPClassifier((8,), "tanh", max_iter=12, learning_rate_init=0.01, random_state=3)
PIPELINE = make_pipeline(StandardScaler(), NETWORK)
CV = StratifiedKFold(3, shuffle=True, random_state=0)


def both(estimator, grid, X=X, y=y, fit_params=None, **kwargs):
    """Return our search and scikit-learn's, fitted alike."""
    kwargs = {"cv": CV, "return_train_score": True} | kwargs
    searches = InitMLPSearchCV(estimator, grid, **kwargs), GridSearchCV(estimator, grid, **kwargs)
    return [search.fit(X, y, **(fit_params or {})) for search in searches]


def assert_same_results(found, expected):
    assert list(found.cv_results_) == list(expected.cv_results_)
    for name, values in expected.cv_results_.items():
        if "time" in name:
            assert np.isfinite(found.cv_results_[name]).all()
        elif name.startswith("param"):
            assert [*map(repr, found.cv_results_[name])] == [*map(repr, values)]
        else:
            np.testing.assert_allclose(found.cv_results_[name], values, rtol=1e-9, atol=1e-9)
    for name in ("n_splits_", "multimetric_", "best_index_", "n_features_in_"):
        assert getattr(found, name, None) == getattr(expected, name, None)
    assert repr(getattr(found, "best_params_", 0)) == repr(getattr(expected, "best_params_", 0))
    assert found.scorer_ == expected.scorer_ or repr(found.scorer_) == repr(expected.scorer_)


GRIDS = {
    "init and rates": (NETWORK, {"init": ["he", "torch"], "learning_rate_init": [1e-3, 0.1]}),
    "alpha": (NETWORK, {"alpha": [0.0, 1.0], "init": ["he", "xavier"]}),
    "stacks of their own": (
        NETWORK,
        {"init": ["he", "torch"], "solver": ["adam", "lbfgs"], "activation": ["tanh", "relu"]},
    ),
    "sizes": (NETWORK, {"hidden_layer_sizes": [(4,), (4, 4)], "init": ["he", "lsuv"]}),
    "seeds": (NETWORK, {"random_state": [0, 1], "init": ["he", "zeros"]}),
    "early stopping": (
        clone(NETWORK).set_params(early_stopping=True, n_iter_no_change=2),
        {"init": ["he", "zeros"], "learning_rate_init": [0.001, 0.1]},
    ),
    "nested": (
        clone(NETWORK).set_params(init=VarianceScaling()),
        {"init__scale": [0.1, 1.0, 4.0], "learning_rate_init": [0.01, 0.1]},
    ),
    "mixed": (
        NETWORK,
        [{"init": ["he", VarianceScaling(scale=3.0)]}, {"alpha": [1.0], "init": [["he", "zeros"]]}],
    ),
    "pipeline": (PIPELINE, {"initmlpclassifier__init": ["he", "zeros", "xavier"]}),
    "pipeline and steps": (
        PIPELINE,
        {
            "initmlpclassifier__init": ["he", "xavier"],
            "initmlpclassifier__learning_rate_init": [0.01, 0.1],
            "standardscaler__with_mean": [True, False],
        },
    ),
    "other steps": (
        PIPELINE,
        {
            "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"],
            "initmlpclassifier__alpha": [0.0, 1.0],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GRIDS)
def test_results_are_those_of_grid_search(name):
    found, expected = both(*GRIDS[name])
    assert_same_results(found, expected)
    np.testing.assert_allclose(found.predict_proba(X), expected.predict_proba(X), rtol=1e-9)
    assert found.best_score_ == pytest.approx(expected.best_score_, abs=1e-9)
    assert found.score(X, y) == expected.score(X, y)
    np.testing.assert_array_equal(found.classes_, expected.classes_)


def third(results):
    return 2


SCORINGS = {
    "name": {"scoring": "neg_log_loss"},
    "several": {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
    "mapping": {"scoring": {"a": "accuracy", "b": make_scorer(log_loss, greater_is_better=False,
                response_method="predict_proba")}, "refit": "a"},
    "callable": {"scoring": lambda e, X, y: float(np.mean(e.predict_proba(X).max(axis=1)))},
    "dictionary": {"scoring": lambda e, X, y: {"a": e.score(X, y), "n": float(len(X))},
                   "refit": "a"},
    "slice": {"scoring": lambda e, X, y: float(e.predict_proba(X[::2])[:, 0].mean())},
    "refit callable": {"refit": third},
    "no refit": {"refit": False},
    "no refit of several": {"scoring": ["accuracy", "f1_macro"], "refit": False},
    "random splits": {"cv": ShuffleSplit(4, test_size=0.3, random_state=1)},
    "jobs": {"n_jobs": 2},
    "no training scores": {"return_train_score": False},
}  # fmt: skip


@pytest.mark.parametrize("estimator", [NETWORK, PIPELINE], ids=["network", "pipeline"])
@pytest.mark.parametrize("name", SCORINGS)
def test_scorers_and_options_mean_what_they_do_there(name, estimator):
    prefix = "" if estimator is NETWORK else "initmlpclassifier__"
    grid = {f"{prefix}init": ["zeros", "he", "xavier"]}
    assert_same_results(*both(estimator, grid, **SCORINGS[name]))


def test_a_scorer_sees_the_pipeline_and_its_fitted_steps():
    def scorer(estimator, rows, truth):
        scaled = estimator[:-1].transform(rows)
        assert estimator.steps[-1][0] == "initmlpclassifier"
        return accuracy_score(truth, estimator[-1].predict(scaled))

    grid = {"initmlpclassifier__init": ["zeros", "he"]}
    assert_same_results(*both(PIPELINE, grid, scoring=scorer))


def test_two_classes_and_probabilities():
    rows, labels = load_breast_cancer(return_X_y=True)
    names = np.array(["bad", "good"])[labels]
    grid = {"initmlpclassifier__init": ["he", "xavier"], "initmlpclassifier__alpha": [0.0, 1.0]}
    found, expected = both(PIPELINE, grid, rows, names, scoring="roc_auc")
    assert_same_results(found, expected)
    np.testing.assert_array_equal(found.predict(rows), expected.predict(rows))


@pytest.mark.parametrize("estimator", [NETWORK, PIPELINE], ids=["network", "pipeline"])
def test_parameters_of_fit_are_split_with_the_rows(estimator):
    weight = np.random.default_rng(0).integers(1, 5, len(y)).astype(float)
    prefix = "" if estimator is NETWORK else "initmlpclassifier__"
    fit_params = {f"{prefix}sample_weight": weight}
    if prefix:
        fit_params["standardscaler__sample_weight"] = weight
    grid = {f"{prefix}init": ["he", "xavier"]}
    found, expected = both(estimator, grid, fit_params=fit_params, scoring="neg_log_loss")
    assert_same_results(found, expected)
    plain, _ = both(estimator, grid, scoring="neg_log_loss")
    assert (plain.cv_results_["mean_test_score"] != found.cv_results_["mean_test_score"]).all()


def test_groups_go_to_the_splitter():
    groups = np.arange(150) // 10
    assert_same_results(
        *both(NETWORK, {"init": ["he", "torch"]}, cv=GroupKFold(3), fit_params={"groups": groups})
    )


def test_a_validation_set_goes_to_every_network():
    network = clone(NETWORK).set_params(early_stopping=True, n_iter_no_change=2)
    fit_params = {"X_val": X[::3], "y_val": y[::3]}
    assert_same_results(*both(network, {"init": ["he", "torch"]}, fit_params=fit_params))
    with pytest.raises(TypeError, match="unexpected keyword argument 'x_val'"):
        InitMLPSearchCV(network, {"init": ["he"]}).fit(X, y, x_val=X)


# --- Failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [{"learning_rate_init": [-1.0, 0.01]}, {"init": ["he", "no such"]}])
def test_a_candidate_that_raises_gets_the_error_score(bad):
    with pytest.warns(FitFailedWarning, match="3 fits failed"), np.errstate(all="ignore"):
        found, expected = both(NETWORK, bad, error_score=-7.0)
    assert_same_results(found, expected)
    with pytest.raises(ValueError, match=r"learning_rate_init|no such"):
        InitMLPSearchCV(NETWORK, bad, error_score="raise").fit(X, y)


def test_divergence_is_a_failure():
    network = InitMLPClassifier((8, 8), "identity", solver="sgd", max_iter=60, random_state=0)
    grid = {"learning_rate_init": [1e-5, 2.0]}
    with pytest.warns(FitFailedWarning, match="non-finite parameter weights"):
        found, expected = both(network, grid, X * 100, error_score=0.0)
    assert_same_results(found, expected)
    assert found.best_params_ == {"learning_rate_init": 1e-5}
    with pytest.raises(ValueError, match="non-finite parameter weights: at iteration"):
        InitMLPSearchCV(network, grid, error_score="raise").fit(X * 100, y)


class Broken(TransformerMixin, BaseEstimator):
    def __init__(self, raises=False):
        self.raises = raises

    def fit(self, X, y=None):
        if self.raises:
            raise RuntimeError("broken on purpose")
        self.n_fits_ = 1
        return self

    def transform(self, X):
        return X


def test_a_step_that_raises_fails_the_candidates_that_have_it():
    grid = {"broken__raises": [True, False], "initmlpclassifier__init": ["he", "xavier"]}
    with pytest.warns(FitFailedWarning, match="broken on purpose"):
        found, expected = both(make_pipeline(Broken(), NETWORK), grid, error_score=0.0)
    assert_same_results(found, expected)
    with pytest.raises(ValueError, match="All the 6 fits failed"):
        InitMLPSearchCV(
            make_pipeline(Broken(raises=True), NETWORK),
            {"initmlpclassifier__init": ["he", "xavier"]},
            cv=3,
        ).fit(X, y)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"estimator": LogisticRegression()},
            "must be an InitMLPClassifier, an InitMLPRegr",
        ),
        ({"param_grid": {"inti": ["he"]}}, "Invalid parameter 'inti'"),
        ({"param_grid": {"init": []}}, "need a non-empty sequence|is empty|non-empty"),
        ({"param_grid": []}, "param_grid is empty: give at least one candidate"),
        (
            {"param_grid": {"learning_rate_init": [0.0, -1, float("nan")]}},
            "All the 9 fits failed",
        ),
        ({"param_grid": {"alpha": [None]}}, "^All the 3 fits failed: The 'alpha' .* Got None"),
        ({"param_grid": {"alpha": [[1, 2]]}}, r"^All the 3 fits .* Got \[1, 2\] instead"),
        ({"param_grid": {"init": ["hee"]}}, "^All the 3 fits failed: Unknown init 'hee'. Did you"),
        ({"scoring": ["accuracy", "f1_macro"]}, "refit must be set to a scorer key"),
        ({"random_state": "zero"}, "'random_state' parameter"),
    ],
)
def test_bad_arguments(kwargs, message):
    arguments = {"estimator": NETWORK, "param_grid": {"init": ["he"]}, "cv": 3} | kwargs
    with pytest.raises(ValueError, match=message):
        InitMLPSearchCV(**arguments).fit(X, y)


# --- Work -------------------------------------------------------------------------------------


def test_preprocessing_is_fitted_once_for_all_candidates_that_share_it():
    seen = []

    class Spy(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            seen.append((self.with_mean, len(X)))
            return super().fit(X, y)

    grid = {"initmlpclassifier__init": ["he", "zeros"], "spy__with_mean": [True, False]}
    InitMLPSearchCV(make_pipeline(Spy(), NETWORK), grid, cv=3, refit=False).fit(X, y)
    assert seen == [(True, 100), (False, 100)] * 3


@pytest.fixture
def registered():
    """Register names in this process alone, and forget them afterwards."""
    activation = replace(get_activation("tanh"), name="my tanh", default_init="my init")
    register_initializer("my init", VarianceScaling(scale=1.7))
    ACTIVATIONS.register("my tanh", activation)
    yield
    del INITIALIZERS._rows["my init"], ACTIVATIONS._rows["my tanh"]


@pytest.mark.parametrize("init", ["my init", ["he", "my init"], "auto"], ids=str)
def test_workers_know_names_that_were_registered(registered, init):
    """Names in a grid, in a list of layers, in the estimator, and as an activation's default."""
    network = clone(NETWORK).set_params(activation="my tanh")
    grid = {"init": [init, "he"], "alpha": [0.0]}
    alone, workers = (
        InitMLPSearchCV(network, grid, cv=2, n_jobs=n, error_score="raise").fit(X, y)
        for n in (None, 2)
    )
    scores = [search.cv_results_["mean_test_score"] for search in (alone, workers)]
    np.testing.assert_array_equal(*scores)
    by_object = clone(NETWORK).set_params(init=VarianceScaling(scale=1.7))
    if init != ["he", "my init"]:
        again = InitMLPSearchCV(by_object, {"alpha": [0.0]}, cv=2).fit(X, y)
        assert again.cv_results_["mean_test_score"][0] == scores[0][0]


def test_random_state_gives_another_seed_to_each_split_and_repeats():
    grid = {"init": ["he", "xavier"]}
    network = clone(NETWORK).set_params(random_state=None)
    first, again, other = (
        InitMLPSearchCV(network, grid, cv=3, scoring="neg_log_loss", random_state=seed).fit(X, y)
        for seed in (0, 0, 1)
    )
    scores = [search.cv_results_["mean_test_score"] for search in (first, again, other)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[0] != scores[2]).all()
    assert first.best_estimator_.random_state == again.best_estimator_.random_state
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    same = InitMLPSearchCV(network, {"init": ["he", "he"]}, cv=3, random_state=0).fit(X, y)
    assert np.ptp(same.cv_results_["mean_test_score"]) == 0


def test_without_any_random_state_candidates_of_a_split_share_a_seed():
    network = clone(NETWORK).set_params(random_state=None)
    search = InitMLPSearchCV(network, {"init": ["he", "he"]}, cv=3, scoring="neg_log_loss")
    assert np.ptp(search.fit(X, y).cv_results_["mean_test_score"]) == 0


def test_nested_cross_validation():
    grid = {"initmlpclassifier__init": ["zeros", "he"]}
    scores = [
        cross_val_score(kind(PIPELINE, grid, cv=3), X, y, cv=CV)
        for kind in (InitMLPSearchCV, GridSearchCV)
    ]
    np.testing.assert_allclose(*scores, atol=1e-9)


def test_parameters_are_those_of_its_signature():
    search = InitMLPSearchCV(NETWORK, {"init": ["he"]}, random_state=3)
    assert repr(clone(search).get_params()) == repr(search.get_params())
    assert "pre_dispatch" not in search.get_params()
    assert search.set_params(estimator__alpha=2.0).estimator.alpha == 2.0


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # of infinite labels
def test_it_keeps_scikit_learns_contract():
    search = InitMLPSearchCV(
        InitMLPClassifier(max_iter=100, learning_rate_init=0.01), {"init": ["he", "torch"]}, cv=2
    )
    results = check_estimator(search, on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert len(results) > 40
    assert failed == {}


def test_no_splits_are_refused():
    X, y = load_iris(return_X_y=True)
    search = InitMLPSearchCV(InitMLPClassifier(max_iter=2), {"init": ["he"]}, cv=[])
    with pytest.raises(ValueError, match=r"cv=\[\] gives no splits: give"):
        search.fit(X, y)
