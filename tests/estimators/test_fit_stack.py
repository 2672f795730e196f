from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skinit.estimators.base import fit_stack
from skinit.initializers import VarianceScaling
from tests.estimators.estimator_cases import (
    Recorder,
    assert_same_fit,
    every_kind,
    gaussian_with_bias,
    small,
)

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]

CANDIDATES = ["he", "zeros", gaussian_with_bias, VarianceScaling(0.5), "lsuv", "sklearn", "random"]

STACKED = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "adaptive": {
        "solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 1,
        "learning_rate_init": 0.05, "max_iter": 30,
    },
    "stopping": {"tol": 5e-3, "n_iter_no_change": 2, "max_iter": 60, "learning_rate_init": 0.01},
    "early": {
        "early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3, "max_iter": 40,
    },
    "lbfgs": {"solver": "lbfgs"},
    "rows": {"solver": "sgd", "row_space": True, "alpha": 0.5},
    "full": {"batch_size": "full", "activation": "mish"},
}  # fmt: skip


@every_kind
@pytest.mark.parametrize("params", STACKED.values(), ids=STACKED)
def test_fit_stack_is_fit_for_every_candidate(make_problem, kind, params):
    X, y = make_problem(kind, n=60, d=80 if params.get("row_space") else 6)
    weight = np.random.default_rng(0).uniform(0, 2, 60)
    estimators = [small(init=init, **params) for init in CANDIDATES]
    networks = fit_stack(estimators, X, y, weight)
    assert len(networks) == len(CANDIDATES)
    stops = set()
    for estimator, trained in zip(estimators, networks, strict=True):
        alone = clone(estimator).fit(X, y, weight)
        # random weights of size 10 saturate: rounding in one sum grows on the way
        assert_same_fit(estimator, alone, 1e-7)
        assert set(vars(alone)) == set(vars(estimator))
        assert trained.history.loss_curve == estimator.loss_curve_
        assert_array_equal(estimator.predict(X), alone.predict(X))
        stops.add(estimator.n_iter_)
    assert len(stops) > 1 or params is not STACKED["stopping"]


def test_fit_stack_with_validation_and_watched_rows(make_problem):
    X, y = make_problem("multiclass", n=90)
    validation = (X[50:70], y[50:70], None)
    params = {"early_stopping": True, "max_iter": 25, "n_iter_no_change": 4}
    estimators = [small(init=init, **params) for init in CANDIDATES]
    networks = fit_stack(estimators, X[:50], y[:50], None, validation, watched=(X[70:], y[70:]))
    for estimator, trained in zip(estimators, networks, strict=True):
        history = trained.history
        alone = clone(estimator).fit(X[:50], y[:50], X_val=X[50:70], y_val=y[50:70])
        assert_same_fit(estimator, alone, 1e-7)
        best = int(np.argmax(history.validation_scores))
        # by hand: scikit-learn's log_loss ends at 36, and "random" is worse than that
        expected = -estimator.predict_log_proba(X[70:])[np.arange(20), y[70:]].mean()
        assert_allclose(history.watched_loss_curve[best], expected, rtol=1e-9)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_one_that_diverges_does_not_disturb_the_others(make_problem, solver):
    X, y = make_problem("multiclass")
    huge = VarianceScaling(1e300)
    params = {"solver": solver, "activation": "identity"}
    estimators = [small(init=init, **params) for init in ("he", huge, "zeros")]
    networks = fit_stack(estimators, X, y)
    if solver == "sgd":
        assert [trained.history.stopped for trained in networks] == [
            "max_iter",
            "diverged",
            "max_iter",
        ]
        with pytest.raises(ValueError, match="non-finite parameter weights"):
            clone(estimators[1]).fit(X, y)
    for estimator in estimators[::2]:
        assert_same_fit(estimator, clone(estimator).fit(X, y), 1e-9)


def test_candidates_of_a_stack_share_nothing_afterwards(make_problem):
    X, y = make_problem("multiclass")
    first, second, third = (small(init=init, solver="sgd", momentum=0) for init in ("he",) * 3)
    fit_stack([first, second], X, y)
    third.fit(X, y)
    for estimator in (first, second, third):
        estimator.partial_fit(X, y)
    assert_same_fit(first, third, 1e-9)
    assert_same_fit(second, third, 1e-9)


def test_a_stack_always_starts_anew(make_problem):
    X, y = make_problem("multiclass")
    together = [small(init=init, warm_start=True) for init in ("he", "sklearn")]
    for _ in range(2):
        fit_stack(together, X, y)
        for estimator in together:
            assert_same_fit(estimator, clone(estimator).fit(X, y), 1e-9)


def test_a_stack_can_be_verbose(make_problem, capsys):
    fit_stack([small(init=init, verbose=True, max_iter=2) for init in ("he", "zeros")],
              *make_problem("binary"))  # fmt: skip
    assert capsys.readouterr().out.count("Iteration 2") == 2


def test_fit_stack_lets_ctrl_c_through(make_problem):
    recorder = Recorder(raise_after=25)
    estimators = [small(init=init, activation=recorder.activation) for init in ("he", "zeros")]
    with pytest.raises(KeyboardInterrupt):
        fit_stack(estimators, *make_problem("binary"))
