from __future__ import annotations

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skinit.activations import Activation
from tests.estimators.estimator_cases import (
    KINDS,
    Recorder,
    assert_same_fit,
    assert_same_state,
    every_solver,
    small,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",  # zeros are meant to fail
)


class Explosion(Exception):
    """Something that nobody expects."""


def exploding(fan_in, fan_out, rng):
    raise Explosion


def _explode(z, out):
    if _explode.armed == 0:
        raise Explosion
    _explode.armed -= 1
    return np.tanh(z, out=out)


_explode.armed = np.inf


def _tanh_slope(z, a, out):
    return np.subtract(1.0, np.multiply(a, a, out=out), out=out)


FRAGILE = Activation("fragile", _explode, _tanh_slope, from_output=True)


@pytest.fixture
def fragile():
    """Return a function: the activation explodes after so many calls from now."""
    yield lambda calls: setattr(_explode, "armed", calls)
    _explode.armed = np.inf


def fit(estimator, X, y):
    return estimator.fit(X, y)


def partial_fit(estimator, X, y):
    return estimator.partial_fit(X, y, classes=[0, 1])


CALLS = {
    "fit": (fit, {}),
    "fit, lbfgs": (fit, {"solver": "lbfgs"}),
    "warm": (fit, {"warm_start": True, "solver": "sgd"}),
    "warm, lbfgs": (fit, {"warm_start": True, "solver": "lbfgs"}),
    "warm, early": (fit, {"warm_start": True, "early_stopping": True}),
    "partial": (partial_fit, {}),
    "partial, sgd": (partial_fit, {"solver": "sgd"}),
}


@pytest.mark.parametrize(("call", "params"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("fitted", [False, True], ids=["fresh", "fitted"])
@pytest.mark.parametrize("calls", [0, 5], ids=["at once", "later"])
def test_an_exception_leaves_the_estimator_as_it_was(
    make_problem, call, params, fitted, calls, fragile
):
    X, y = make_problem("binary")
    estimator = small(activation=FRAGILE, **params)
    if fitted:
        call(estimator, X, y)
    before = copy.deepcopy(vars(estimator))
    fragile(calls)
    with pytest.raises(Explosion):
        call(estimator, X, y)
    assert_same_state(vars(estimator), before)
    fragile(np.inf)
    for bad in ((X, y + 0.5), (X[1:], y), (np.full_like(X, np.nan), y)):
        with pytest.raises(ValueError, match=r"."):
            call(estimator, *bad)
        assert_same_state(vars(estimator), before)
    # what comes next is as if nothing had happened
    undisturbed = small(activation=FRAGILE, **params)
    for _ in range(1 + fitted):
        call(undisturbed, X, y)
    assert_same_fit(call(estimator, X, y), undisturbed)


def test_an_initializer_that_raises_leaves_the_estimator_as_it_was(make_problem):
    X, y = make_problem("binary")
    estimator = small().fit(X, y).set_params(init=exploding)
    before = copy.deepcopy(vars(estimator))
    with pytest.raises(Explosion):
        estimator.fit(X, y)
    assert_same_state(vars(estimator), before)


DIVERGENT = {
    "sgd": {"solver": "sgd", "learning_rate_init": 1e50, "activation": "identity"},
    "rows": {
        "solver": "sgd", "learning_rate_init": 1e50, "activation": "identity", "row_space": True,
    },
    "early": {
        "solver": "sgd", "learning_rate_init": 1e50, "activation": "relu", "early_stopping": True,
        "n_iter_no_change": 100,
    },
    "adam": {"solver": "adam", "learning_rate_init": 1e160, "activation": "identity"},
    "last step": {"solver": "sgd", "alpha": 1e200, "learning_rate_init": 1e200, "max_iter": 1},
}  # fmt: skip


@pytest.mark.parametrize("params", DIVERGENT.values(), ids=DIVERGENT)
@pytest.mark.parametrize("kind", KINDS)
def test_divergence_is_an_error_that_names_iteration_layer_and_cure(make_problem, kind, params):
    X, y = make_problem(kind, n=30, d=40)
    message = (
        r"^Solver produced non-finite parameter weights: at iteration \d+ in layer [123] "
        r"\(\d+ -> \d+\)\..*StandardScaler.*learning_rate_init.*smaller weights"
    )
    good = small(solver="sgd").fit(X, y)
    for estimator in (small(), good):
        before = copy.deepcopy(vars(estimator.set_params(**{"max_iter": 40} | params)))
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, y)
        assert_same_state(vars(estimator), before)


def test_a_network_that_stops_when_it_overflows_has_diverged(make_problem):
    """Its last loss is finite, since losses are computed before the step."""
    X, y = np.array([[1.0], [-1.0]] * 5), np.array([0, 1] * 5)
    estimator = small(
        hidden_layer_sizes=(), solver="sgd", momentum=1.0, nesterovs_momentum=False, alpha=0,
        learning_rate_init=1e308, batch_size="full", n_iter_no_change=1, max_iter=50, init="zeros",
    )  # fmt: skip
    # right at once and pushed on by the momentum: 5e307 more in every epoch, until it stops
    with pytest.raises(ValueError, match="non-finite parameter weights: at iteration 4"):
        estimator.fit(X, y)


@every_solver
@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_warns_and_keeps_the_weights_so_far(make_problem, solver, early_stopping):
    X, y = make_problem("binary")
    recorder = Recorder(raise_after=8 if solver == "lbfgs" else 25)
    estimator = small(
        activation=recorder.activation, solver=solver, max_iter=100, hidden_layer_sizes=(7,),
        early_stopping=early_stopping,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="interrupted"):
        estimator.fit(X, y)
    assert 1 < estimator.n_iter_ < 100
    assert len(estimator.loss_curve_) == estimator.n_iter_
    recorder.raise_after = np.inf
    whole = clone(estimator).set_params(max_iter=estimator.n_iter_).fit(X, y)
    assert estimator.loss_curve_ == whole.loss_curve_
    if solver == "lbfgs" or early_stopping:
        # the last weights that were accepted, not a trial step and not half an epoch
        assert_same_fit(estimator, whole)


def test_ctrl_c_in_partial_fit_keeps_what_there_was(make_problem):
    """An epoch that is not finished has nothing to report."""
    X, y = make_problem("binary")
    recorder = Recorder()
    estimator = small(activation=recorder.activation)
    estimator.partial_fit(X, y, classes=[0, 1])
    weights = estimator.coefs_[0].copy()
    recorder.raise_after = len(recorder.blocks) + 1
    with pytest.raises(KeyboardInterrupt):
        estimator.partial_fit(X, y)
    assert_array_equal(estimator.coefs_[0], weights)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"validation_fraction": 0},
            "validation_fraction=0 leaves .* to validate on",
        ),
        (
            {"validation_fraction": 0.99},
            "validation_fraction=0.99 leaves .* to train on",
        ),
        (
            {"validation_fraction": 0.97},
            "validation_fraction=0.97 of n_samples=.* leaves 1 row to train 2 classes on",
        ),
        ({"class_weight": {0: np.nan, 1: 1}}, "class_weight of class 0 .* got nan"),
        ({"class_weight": {0: 1, 1: -2}}, "class_weight of class 1 .* got -2"),
        ({"class_weight": {0: np.inf, 1: 1}}, "class_weight of class 0 .* got inf"),
        ({"class_weight": {0: "a", 1: 1}}, "class_weight of class 0 .* got a"),
    ],
)
def test_the_parameter_at_fault_is_named(make_problem, params, message):
    with pytest.raises(ValueError, match=message):
        small(early_stopping=True, **params).fit(*make_problem("binary"))


@pytest.mark.parametrize(
    ("aside", "message"),
    [
        ({"X_val": np.ones((2, 9))}, "X_val: X has 9 features"),
        ({"X_val": np.full((2, 3), np.nan)}, "X_val: Input X contains NaN"),
        ({"sample_weight_val": [-1.0, 1.0]}, "sample_weight_val: "),
        ({"sample_weight_val": [np.nan, 1.0]}, "sample_weight_val: "),
    ],
)
def test_the_argument_at_fault_is_named(make_problem, aside, message):
    X, y = make_problem("binary")
    given = {"X_val": X[:2], "y_val": y[:2], **aside}
    with pytest.raises(ValueError, match=message):
        small(early_stopping=True).fit(X, y, **given)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.linspace(0, 1, 45), "Unknown label type: continuous"),
        (np.array(["a", None, "b"] * 15, dtype=object), "y mixes labels of the types NoneType and"),
        (np.array(["a", 1, 2.5] * 15, dtype=object), "y mixes labels of the types float, int and"),
        (None, "requires y to be passed"),
    ],
    ids=["measurements", "missing", "mixed", "none"],
)
def test_a_target_that_is_no_classes_is_explained(make_problem, y, message):
    with pytest.raises(ValueError, match=message):
        small().fit(make_problem("binary")[0], y)


def test_a_learning_rate_that_shrinks_to_nothing_is_no_overflow(make_problem):
    estimator = small(solver="sgd", learning_rate="invscaling", power_t=1e10)
    estimator.fit(*make_problem("binary"))
    assert estimator.n_iter_ == 6
