from __future__ import annotations

import inspect

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier

from skinit import InitMLPClassifier
from tests.estimators.estimator_cases import every_solver, small

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",  # zeros are meant to fail
)


def test_parameters_are_those_of_mlpclassifier_and_four_more():
    ours, theirs = InitMLPClassifier().get_params(), MLPClassifier().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    assert set(ours) - set(theirs) == {"init", "class_weight", "row_space", "engine"}
    positional = [
        [p.name for p in inspect.signature(c).parameters.values() if p.kind != p.KEYWORD_ONLY]
        for c in (InitMLPClassifier, MLPClassifier)
    ]
    assert positional[0] == positional[1]


@every_solver
@pytest.mark.parametrize("early_stopping", [False, True])
def test_attributes_are_those_of_mlpclassifier(make_problem, solver, early_stopping):
    X, y = make_problem("multiclass")
    params = {"solver": solver, "early_stopping": early_stopping, "max_iter": 3}
    ours, theirs = InitMLPClassifier(**params).fit(X, y), MLPClassifier(**params).fit(X, y)
    for name, value in vars(theirs).items():
        if name.endswith("_") and not name.startswith("_"):
            assert type(getattr(ours, name)) is type(value) or isinstance(value, float), name


def test_methods_take_what_those_of_mlpclassifier_take():
    for name in ("predict", "predict_proba", "predict_log_proba", "partial_fit", "score"):
        ours, theirs = (getattr(c, name) for c in (InitMLPClassifier, MLPClassifier))
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        )
    with pytest.raises(NotFittedError):
        InitMLPClassifier().predict([[1.0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("solver", "newton"),
        ("batch_size", "all"),
        ("batch_size", 0),
        ("alpha", -1),
        ("class_weight", "auto"),
        ("row_space", "yes"),
        ("max_iter", 0),
        ("hidden_layer_sizes", (3, 0)),
        ("hidden_layer_sizes", (3, 2.5)),
        ("hidden_layer_sizes", -1),
    ],
)
def test_a_parameter_out_of_range_is_named(make_problem, name, value):
    estimator = small(**{name: value})
    with pytest.raises(ValueError, match=name):
        estimator.fit(*make_problem("binary"))
