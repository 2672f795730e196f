from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csc_matrix
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skinit import InitializationWarning
from skinit.estimators.base import fit_stack
from tests.estimators.estimator_cases import assert_same_fit, every_kind, small, stochastic

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]


@stochastic
@pytest.mark.parametrize("n_iter_no_change", [2, np.inf])
def test_training_stops_or_goes_on(make_problem, solver, n_iter_no_change):
    X, y = make_problem("binary")
    estimator = small(solver=solver, tol=10.0, n_iter_no_change=n_iter_no_change, max_iter=9).fit(
        X, y
    )
    assert estimator.n_iter_ == (9 if n_iter_no_change == np.inf else 4)
    assert len(estimator.loss_curve_) == estimator.n_iter_
    assert estimator.t_ == 45 * estimator.n_iter_
    assert estimator.loss_ == estimator.loss_curve_[-1]
    assert estimator.best_loss_ == min(estimator.loss_curve_)


@pytest.mark.filterwarnings("always::skinit.InitializationWarning")
def test_a_start_that_cannot_learn_is_a_warning_to_whom_it_concerns(make_problem, recwarn):
    X, y = make_problem("multiclass")
    ones = [np.ones(shape) for shape in ((6, 7), (7, 4), (4, 3))]
    starts = {"zeros": "INIT01", "he": "", "ones": "INIT02", "lsuv": "", ("sequence",): "INIT02"}
    for init, code in starts.items():
        recwarn.clear()
        estimator = small(init=ones if isinstance(init, tuple) else init, activation="tanh")
        estimator.fit(X, y)
        found = [w for w in recwarn if w.category is InitializationWarning]
        assert [code] * bool(code) == [str(w.message)[:6] for w in found]
        assert all(w.filename == __file__ for w in found)
        recwarn.clear()
        estimator.set_params(warm_start=True).fit(X, y).partial_fit(X, y)
        fit_stack([estimator], X, y)
        assert not [w for w in recwarn if w.category is InitializationWarning]


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_the_end_of_the_budget_is_a_warning(make_problem):
    X, y = make_problem("binary")
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(6\).*converged"):
        small().fit(X, y)
    with pytest.warns(ConvergenceWarning, match="lbfgs has not converged"):
        small(solver="lbfgs").fit(X, y)
    small(tol=10.0, max_iter=50).fit(X, y)
    small(solver="lbfgs", max_iter=2000, alpha=1).fit(X, y)
    small().partial_fit(X, y, classes=[0, 1])


@every_kind
@pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
def test_validation_curves_are_those_of_the_weights_kept(make_problem, kind, with_weights):
    """The weights kept are those of the best epoch: what it recorded can be computed again."""
    X, y = make_problem(kind, n=80)
    weight = np.random.default_rng(1).uniform(0.1, 3, 30) if with_weights else None
    bests = set()
    for max_iter in (1, 4, 15, 40):
        estimator = small(
            early_stopping=True, max_iter=max_iter, random_state=max_iter, learning_rate_init=0.02
        )  # fmt: skip
        estimator.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weight)
        best = int(np.argmax(estimator.validation_scores_))
        bests.add(best)
        assert len(estimator.validation_loss_curve_) == estimator.n_iter_
        assert estimator.best_validation_score_ == estimator.validation_scores_[best]
        assert estimator.best_loss_ is None
        score = estimator.score(X[50:], y[50:], weight)
        assert_allclose(estimator.best_validation_score_, score, rtol=1e-12)
        p = estimator.predict_proba(X[50:])
        if kind == "multilabel":
            expected = sum(
                log_loss(y[50:, j], p[:, j], sample_weight=weight, labels=[0, 1]) for j in range(3)
            )
        else:
            expected = log_loss(y[50:], p, sample_weight=weight)
        assert_allclose(estimator.validation_loss_curve_[best], expected, rtol=1e-12)
    assert len(bests) > 1


def test_the_validation_set_may_be_sparse_or_carry_weights_of_zero(make_problem):
    X, y = make_problem("multiclass", n=80)
    weight = np.tile([1.0, 0.0], 15)
    params = {"early_stopping": True, "max_iter": 20}
    dense = small(**params).fit(
        X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weight
    )
    sparse = small(**params).fit(
        X[:50], y[:50], X_val=csc_matrix(X[50:]), y_val=y[50:], sample_weight_val=weight
    )
    assert_same_fit(dense, sparse, 1e-12)
    half = small(**params).fit(X[:50], y[:50], X_val=X[50::2], y_val=y[50::2])
    assert_same_fit(dense, half, 1e-12)
    with pytest.raises(ValueError, match="zero"):
        small(**params).fit(
            X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=0 * weight
        )
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val and y_val"):
        small(**params).fit(X[:50], y[:50], sample_weight_val=weight)


def test_lbfgs_takes_no_validation_scores(make_problem):
    X, y = make_problem("binary")
    estimator = small(solver="lbfgs", early_stopping=True).fit(X, y)
    assert_same_fit(estimator, small(solver="lbfgs").fit(X, y))
    assert estimator.validation_scores_ is estimator.best_validation_score_ is None


@pytest.mark.parametrize("given", [("X_val",), ("y_val",), ("X_val", "y_val")])
def test_the_errors_of_a_wrong_validation_set_are_those_of_hist_gradient_boosting(
    make_problem, given
):
    X, y = make_problem("binary")
    sides = {name: {"X_val": X, "y_val": y}[name] for name in given}
    messages = []
    for estimator in (small(), HistGradientBoostingClassifier(early_stopping=False)):
        with pytest.raises(ValueError, match="X_val") as error:
            estimator.fit(X, y, **sides)
        # 'auto' is a value of early_stopping there, and not here
        messages.append(
            str(error.value).replace(",early", ", early").replace("either 'auto' or ", "")
        )
    assert messages[0] == messages[1]


def test_other_wrong_validation_sets(make_problem):
    X, y = make_problem("binary")
    early = small(early_stopping=True)
    with pytest.raises(ValueError, match="features"):
        early.fit(X, y, X_val=X[:, :3], y_val=y)
    with pytest.raises(ValueError, match="y_val has classes not in"):
        early.fit(X, y, X_val=X, y_val=y + 5)
    with pytest.raises(ValueError, match="inconsistent"):
        early.fit(X, y, X_val=X, y_val=y[1:])
    with pytest.raises(ValueError, match="validation set is too small"):
        small(early_stopping=True, validation_fraction=0.01).fit(X[:, :2], y % 1)
