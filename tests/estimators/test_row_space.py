from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from tests.estimators.estimator_cases import arrays_of, assert_same_fit, every_kind, small

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]

ROW_SPACE = {
    "plain": {"solver": "sgd", "momentum": 0, "batch_size": "full"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "alpha": 0.5},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 1},
    "lbfgs": {"solver": "lbfgs", "alpha": 0.1},
    "early": {"solver": "sgd", "early_stopping": True, "validation_fraction": 0.3},
    "logistic": {"solver": "sgd", "activation": "logistic", "init": "sklearn"},
    "zeros": {"solver": "sgd", "init": "zeros"},
    "lsuv": {"solver": "sgd", "init": "lsuv"},
}


def wide(make_problem, kind="multiclass", n=30, **options):
    return make_problem(kind, n=n, d=200, **options)


@every_kind
@pytest.mark.parametrize("params", ROW_SPACE.values(), ids=ROW_SPACE)
@pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
def test_row_space_changes_nothing(make_problem, kind, params, with_weights):
    X, y = wide(make_problem, kind)
    weight = np.random.default_rng(0).uniform(0, 2, 30) if with_weights else None
    params = {"activation": "tanh", "learning_rate_init": 0.01, "max_iter": 12} | params
    rows, direct = (small(row_space=r, **params).fit(X, y, weight) for r in (True, False))
    assert_same_fit(rows, direct, 1e-9)
    assert_allclose(rows.predict_proba(X + 1), direct.predict_proba(X + 1), rtol=1e-8)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
@pytest.mark.parametrize("layout", [np.asarray, csr_matrix], ids=["dense", "csr"])
def test_row_space_with_a_validation_set_of_ones_own(make_problem, solver, layout):
    X, y = wide(make_problem, n=50)
    params = {"solver": solver, "early_stopping": True, "activation": "tanh"}
    sides = {"X_val": layout(X[30:]), "y_val": y[30:], "sample_weight_val": np.arange(1.0, 21)}
    rows, direct = (
        small(row_space=r, **params).fit(X[:30], y[:30], **sides) for r in (True, False)
    )
    assert_same_fit(rows, direct, 1e-9)


def test_row_space_in_float32(make_problem):
    """Loosely: rounding of 6e-8, amplified by the training."""
    X, y = wide(make_problem, dtype=np.float32)
    rows, direct = (small(row_space=r, solver="sgd").fit(X, y) for r in (True, False))
    assert_same_fit(rows, direct, 1e-4)
    assert {array.dtype for array in arrays_of(rows)} == {np.dtype(np.float32)}


def test_fit_in_the_row_space_then_partial_fit(make_problem):
    """The velocity of the momentum comes back to the features' coordinates too."""
    X, y = wide(make_problem, n=50)
    params = {"solver": "sgd", "activation": "tanh", "alpha": 0.5, "learning_rate": "invscaling"}
    models = [small(row_space=r, **params).fit(X[:30], y[:30]) for r in (True, False)]
    for _ in range(3):
        for model in models:
            model.partial_fit(X[30:], y[30:])
        assert_same_fit(*models, 1e-9)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_warm_starts_in_the_row_space(make_problem, solver):
    X, y = wide(make_problem)
    params = {"solver": solver, "activation": "tanh", "warm_start": True}
    models = [small(row_space=r, **params) for r in (True, False)]
    for _ in range(3):
        assert_same_fit(*(model.fit(X, y) for model in models), 1e-9)


@pytest.mark.parametrize("tol", [1e-3, 3e-2, 10.0])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("init", ["xavier", "zeros"])
def test_lbfgs_stops_where_it_would_without_the_row_space(make_problem, tol, alpha, init):
    """By the largest entry of the gradient in the features' coordinates, not in its own."""
    X, y = wide(make_problem)
    params = {"solver": "lbfgs", "max_iter": 1000, "alpha": alpha, "init": init, "tol": tol}
    rows, direct = (
        small(row_space=r, activation="tanh", **params).fit(X, y) for r in (True, False)
    )
    assert rows.n_iter_ == direct.n_iter_ < 1000
    assert_same_fit(rows, direct, 1e-6)


def test_row_space_cannot_serve_adam(make_problem):
    with pytest.raises(ValueError, match=r"row_space=True.*'adam'"):
        small(row_space=True).fit(*wide(make_problem))


def test_row_space_is_chosen_where_it_pays(make_problem, monkeypatch):
    used = []

    class Spy(RuntimeError):
        pass

    def spy(X):
        used.append(X.shape)
        raise Spy

    monkeypatch.setattr("skinit.engine.coordinates.RowSpace", spy)
    X, y = make_problem("binary", n=20, d=3000)
    with pytest.raises(Spy):
        small(solver="sgd", max_iter=500).fit(X, y)
    assert used == [(20, 3000)]
    for params in ({"solver": "adam"}, {"row_space": False, "solver": "sgd"}, {"max_iter": 1}):
        small(**{"solver": "sgd"} | params).fit(X, y)
    small(solver="sgd").fit(csr_matrix(X), y)
    small(solver="sgd").fit(X[:, :5], y)
    assert len(used) == 1
