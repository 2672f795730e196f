"""What `fit` warns of, where it points, and how often."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from skinit import InitializationWarning, InitMLPClassifier
from skinit.engine.task import Samples
from skinit.propagation import find_unscaled, inputs


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


def network(**params) -> InitMLPClassifier:
    return InitMLPClassifier((4,), max_iter=2, random_state=0).set_params(**params)


def warned(work) -> list[warnings.WarningMessage]:
    """Return all INIT10 that some work warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
    return [warning for warning in caught if "INIT10" in str(warning.message)]


def found(X) -> bool:
    return bool(find_unscaled(Samples(X, np.zeros((X.shape[0], 1)))))


@pytest.mark.parametrize("init", ["auto", "he", "zeros", "random", "lsuv", "sklearn", "torch"])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_raw_wine_is_warned_of_whatever_the_start(init, solver, wine):
    (warning,) = warned(lambda: network(init=init, solver=solver).fit(*wine))
    assert warning.category is InitializationWarning
    assert "StandardScaler" in str(warning.message)
    assert str(warning.message).endswith("More: skinit explain INIT10.")
    assert warning.filename == __file__


@pytest.mark.parametrize("init", ["auto", "he", "xavier", "random", "orthogonal", "lsuv", "torch"])
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer, load_iris, load_digits])
def test_standardized_data_are_never_warned_of(init, load):
    X, y = load(return_X_y=True)
    X, y = StandardScaler().fit_transform(X)[::3], y[::3]
    assert warned(lambda: network(init=init).fit(X, y)) == []


HEAVY = {
    "normal": lambda rng: rng.normal(size=(500, 7)),
    "log-normal": lambda rng: rng.lognormal(0, 3, size=(500, 7)),
    "Cauchy": lambda rng: rng.standard_cauchy(size=(500, 7)),
    "one outlier": lambda rng: np.eye(500, 7) * 1e9,
    "rare words": lambda rng: (rng.random((500, 7)) < 0.01) * 1.0,
    "a year": lambda rng: rng.normal(2000, 10, size=(500, 7)),
}


@pytest.mark.parametrize("make", HEAVY.values(), ids=HEAVY)
@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), MaxAbsScaler()], ids=repr)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scaled_data_of_any_distribution_pass(make, scaler, dtype):
    for seed in range(5):
        X = scaler.fit_transform(make(np.random.default_rng(seed))).astype(dtype)
        assert not found(X)
        order = np.argsort(-abs(X).max(axis=1))  # the largest first
        assert not found(X[order])


def test_data_that_train_as_they_are_pass():
    # Iris in centimetres and digits from 0 to 16: no network suffered from such sizes.
    assert not found(load_iris().data)
    assert not found(load_digits().data)
    assert not found(load_digits().data / 16)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("factor", [255, 1e6, 1e30, 1e-4])
def test_what_is_far_from_one_does_not(dtype, factor):
    X = np.random.default_rng(0).normal(size=(300, 5)).astype(dtype)
    assert found((factor * X).astype(dtype))
    assert found(csr_matrix((factor * X).astype(dtype)))


def test_one_large_column_is_enough():
    X = np.random.default_rng(0).normal(size=(300, 50))
    X[:, 17] *= 50_000  # an income
    assert found(X)


def test_nothing_at_all_is_not_small():
    assert not found(np.zeros((20, 3)))
    assert not found(csr_matrix((20, 3)))


def test_texts_pass():
    X = csr_matrix((np.full(1000, 0.1), np.arange(1000) % 5000, np.arange(0, 1001, 10)))
    X.resize((100, 50_000))
    assert not found(X)


def test_sound_inputs_cost_a_glance(monkeypatch):
    seen = []
    original = inputs.mean_square
    monkeypatch.setattr(inputs, "mean_square", lambda X: seen.append(X.size) or original(X))
    assert not found(np.ones((100_000, 20)))
    assert sum(seen) <= 3 * inputs.GLANCE


LOOPS = {
    "five folds": lambda X, y: cross_val_score(network(), X, y, cv=5),
    "a pipeline": lambda X, y: cross_val_score(make_pipeline(network()), X, y, cv=5),
    "a search": lambda X, y: GridSearchCV(network(), {"init": ["he", "auto"]}, cv=3).fit(X, y),
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_loop_over_folds_warns_once_and_names_the_line_that_called_it(loop, wine):
    for _ in range(2):  # and the next call warns again
        (warning,) = warned(lambda: loop(*wine))
        assert warning.filename == __file__


def test_folds_that_do_not_converge_are_warned_of_once(wine):
    X, y = StandardScaler().fit_transform(wine[0]), wine[1]
    with pytest.warns(ConvergenceWarning) as caught:
        cross_val_score(network(), X, y, cv=5)
    assert len(caught) == 1


def test_every_fit_that_the_user_calls_warns(wine):
    assert len(warned(lambda: [network().fit(*wine) for _ in range(3)])) == 3


def test_filters_reach_it(wine):
    with pytest.raises(InitializationWarning, match="INIT10"):
        network().fit(*wine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network().fit(*wine)


def test_going_on_does_not_warn_again(wine):
    fitted = network(warm_start=True)
    assert len(warned(lambda: fitted.fit(*wine))) == 1
    assert warned(lambda: fitted.fit(*wine)) == []
    partial = network()
    assert len(warned(lambda: partial.partial_fit(*wine, classes=[0, 1, 2]))) == 1
    assert warned(lambda: partial.partial_fit(*wine)) == []
