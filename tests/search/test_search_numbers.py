"""InitMLPSearchCV finds what GridSearchCV finds for regressors, whatever stands around them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler

from skinit import InitMLPRegressor, InitMLPSearchCV
from skinit.estimators.pipelines import network_prefix
from tests.search.test_search import assert_same_results

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]

X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = X[:120], y[:120]
CV = KFold(3, shuffle=True, random_state=0)
NETWORK = InitMLPRegressor(
    hidden_layer_sizes=(6,),
    activation="tanh",
    max_iter=10,
    learning_rate_init=0.01,
    random_state=3,
)
SCALED = make_pipeline(StandardScaler(), NETWORK)


def scaled_target(regressor, transformer=None):
    return TransformedTargetRegressor(regressor, transformer=transformer or StandardScaler())


SHAPES = {
    "network": NETWORK,
    "pipeline": SCALED,
    "target": scaled_target(NETWORK),
    "target around a pipeline": scaled_target(SCALED),
    "target in a pipeline": make_pipeline(StandardScaler(), scaled_target(NETWORK)),
    "pipeline, target, pipeline": make_pipeline(
        StandardScaler(),
        scaled_target(make_pipeline(SelectKBest(f_regression, k=4), NETWORK), PowerTransformer()),
    ),
    "logarithm": TransformedTargetRegressor(SCALED, func=np.log, inverse_func=np.exp),
}


def both(estimator, grid, y=y, fit_params=None, **kwargs):
    kwargs = {"cv": CV, "return_train_score": True} | kwargs
    searches = InitMLPSearchCV(estimator, grid, **kwargs), GridSearchCV(estimator, grid, **kwargs)
    return [search.fit(X, y, **(fit_params or {})) for search in searches]


@pytest.mark.parametrize("name", SHAPES)
def test_results_are_those_of_grid_search(name):
    prefix = network_prefix(SHAPES[name])
    grid = {f"{prefix}init": ["he", "zeros", "xavier"], f"{prefix}alpha": [0.0, 1.0]}
    found, expected = both(SHAPES[name], grid)
    assert_same_results(found, expected)
    np.testing.assert_allclose(found.predict(X), expected.predict(X), rtol=1e-9)
    assert found.score(X, y) == pytest.approx(expected.score(X, y), rel=1e-9)


GRIDS = {
    "transformers": {
        "transformer": [StandardScaler(), MinMaxScaler(), None],
        "regressor__initmlpregressor__init": ["he", "xavier"],
    },
    "steps": {
        "regressor__standardscaler": [StandardScaler(), "passthrough"],
        "regressor__initmlpregressor__learning_rate_init": [0.01, 0.1],
    },
    "losses": {
        "transformer": [None],
        "regressor__initmlpregressor__loss": ["squared_error", "poisson"],
        "regressor__initmlpregressor__init": ["he", "xavier"],
    },
    "regressors": {"regressor": [NETWORK, SCALED, clone(NETWORK).set_params(init="he")]},
}


@pytest.mark.parametrize("name", GRIDS)
def test_what_stands_around_the_network_may_be_searched_too(name):
    assert_same_results(*both(SHAPES["target around a pipeline"], GRIDS[name]))


SCORINGS = {
    "negative": {"scoring": "neg_root_mean_squared_error"},
    "several": {"scoring": ["r2", "neg_mean_absolute_error"], "refit": "r2"},
    "made": {"scoring": make_scorer(mean_absolute_error, greater_is_better=False)},
    "callable": {"scoring": lambda e, X, y: -float(np.abs(e.predict(X) - y).max())},
    "other rows": {"scoring": lambda e, X, y: float(e.predict(X[::2]).mean())},
    "jobs": {"n_jobs": 2},
}


@pytest.mark.parametrize("name", SCORINGS)
@pytest.mark.parametrize("shape", ["target in a pipeline", "target around a pipeline"])
def test_scorers_see_predictions_in_the_unit_of_the_target(name, shape):
    grid = {f"{network_prefix(SHAPES[shape])}init": ["he", "xavier"]}
    assert_same_results(*both(SHAPES[shape], grid, **SCORINGS[name]))


def test_several_outputs():
    several = np.column_stack([y, -y, np.sqrt(y)])
    grid = {"regressor__initmlpregressor__init": ["he", "xavier"]}
    assert_same_results(*both(SHAPES["target around a pipeline"], grid, several))


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ("network", "sample_weight"),
        ("target", "sample_weight"),
        ("target around a pipeline", "initmlpregressor__sample_weight"),
        ("target in a pipeline", "transformedtargetregressor__sample_weight"),
    ],
)
def test_sample_weights_find_their_way(shape, name):
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    grid = {f"{network_prefix(SHAPES[shape])}init": ["he", "xavier"]}
    assert_same_results(*both(SHAPES[shape], grid, fit_params={name: weight}))


def test_nested_cross_validation():
    grid = {"regressor__initmlpregressor__init": ["zeros", "he"]}
    scores = [
        cross_val_score(kind(SHAPES["target around a pipeline"], grid, cv=3), X, y, cv=CV)
        for kind in (InitMLPSearchCV, GridSearchCV)
    ]
    np.testing.assert_allclose(*scores, rtol=1e-9)
