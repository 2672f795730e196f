from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.estimators.estimator_cases import arrays_of, assert_same_fit, small, stochastic

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]


@stochastic
def test_partial_fit_goes_on_with_batches_and_optimizer(make_problem, solver):
    """Calls of partial_fit are the epochs of one fit."""
    X, y = make_problem("multiclass")
    params = {"solver": solver, "n_iter_no_change": np.inf, "learning_rate": "invscaling"}
    whole = small(max_iter=7, **params).fit(X, y)
    by_epoch = small(**params)
    for _ in range(7):
        by_epoch.partial_fit(X, y, classes=[0, 1, 2])
    for a, b in zip(arrays_of(whole), arrays_of(by_epoch), strict=True):
        assert_array_equal(a, b)
    assert by_epoch.loss_curve_ == whole.loss_curve_
    assert (by_epoch.n_iter_, by_epoch.t_) == (1, whole.t_)
    longer = small(max_iter=9, **params).fit(X, y)
    for _ in range(2):
        whole.partial_fit(X, y)
    assert_array_equal(whole.coefs_[0], longer.coefs_[0])


def test_partial_fit_after_a_copy_goes_on_the_same(make_problem):
    X, y = make_problem("multiclass")
    first = small().partial_fit(X, y, classes=[0, 1, 2])
    copies = [copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    first.partial_fit(X, y)
    for other in copies:
        assert_same_fit(first, other.partial_fit(X, y))


def test_partial_fit_and_classes(make_problem):
    X, y = make_problem("multiclass")
    with pytest.raises(ValueError, match="classes"):
        small().partial_fit(X, y)
    some = y < 2
    estimator = small().partial_fit(X[some], y[some], classes=[0, 1, 2, 3])
    assert_array_equal(estimator.classes_, [0, 1, 2, 3])
    assert estimator.predict_proba(X).shape == (45, 4)
    estimator.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"classes not in.*\[0 1 2 3\]"):
        estimator.partial_fit(X, y + 3)
    with pytest.raises(ValueError, match="classes"):
        estimator.partial_fit(X, y, classes=[0, 1, 2])
    assert_array_equal(estimator.fit(X, y).classes_, [0, 1, 2])


def test_partial_fit_of_labels(make_problem):
    X, y = make_problem("multilabel")
    estimator = small().partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X, y)
    assert_array_equal(estimator.coefs_[0], small(max_iter=2).fit(X, y).coefs_[0])


def test_what_partial_fit_cannot_do_is_said(make_problem):
    X, y = make_problem("binary")
    assert not hasattr(small(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        small(solver="lbfgs").partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"early_stopping=True: .* or call fit"):
        small(early_stopping=True).partial_fit(X, y, classes=[0, 1])


@stochastic
def test_warm_start_goes_on_with_weights_and_batches(make_problem, solver):
    """Without momentum, warm fits are the epochs of one fit: the batch stream goes on."""
    X, y = make_problem("multiclass")
    params = {"solver": solver, "n_iter_no_change": np.inf, "momentum": 0}
    warm = small(max_iter=2, warm_start=True, **params).fit(X, y)
    warm.fit(X, y).fit(X, y)
    whole = small(max_iter=6, **params).fit(X, y)
    assert (warm.n_iter_, warm.t_) == (2, whole.t_)
    assert len(warm.loss_curve_) == 6
    if solver == "sgd":
        assert_array_equal(warm.coefs_[0], whole.coefs_[0])
        assert warm.loss_curve_ == whole.loss_curve_
    assert_same_fit(small(warm_start=True, **params).fit(X, y), small(**params).fit(X, y))


def test_warm_start_keeps_the_best_weights_of_all_calls(make_problem):
    X, y = make_problem("binary", n=80)
    sides = {"X_val": X[50:], "y_val": y[50:]}
    params = {"early_stopping": True, "warm_start": True, "learning_rate_init": 0.05}
    estimator = small(max_iter=15, **params).fit(X[:50], y[:50], **sides)
    for _ in range(4):
        estimator.fit(X[:50], y[:50], **sides)
        assert estimator.best_validation_score_ == max(estimator.validation_scores_)
        assert estimator.score(X[50:], y[50:]) == estimator.best_validation_score_


def test_what_warm_start_cannot_do_is_said(make_problem):
    X, y = make_problem("multiclass")
    estimator = small(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="same classes"):
        estimator.fit(X[y < 2], y[y < 2])
    with pytest.raises(ValueError, match="features"):
        estimator.fit(X[:, :4], y)
    with pytest.raises(ValueError, match=r"\[6, 7, 4, 3\].*\[6, 9, 3\]"):
        estimator.set_params(hidden_layer_sizes=9).fit(X, y)
