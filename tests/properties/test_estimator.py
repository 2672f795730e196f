"""What holds of every estimator, whatever its parameters and its data.

Hypothesis draws configurations; each test states a law that follows from what the parameters
mean. ``HYPOTHESIS_PROFILE=thorough`` tries many more.
"""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import clone

from skinit import InitMLPClassifier, InitMLPRegressor
from skinit.activations import ACTIVATIONS
from skinit.initializers.names import INITIALIZERS
from tests.estimators.estimator_cases import assert_same_state

pytestmark = pytest.mark.filterwarnings("ignore")

SKLEARN_ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
CONTAINERS = {
    "array": np.asarray,
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "frame": pd.DataFrame,
    "csr matrix": csr_matrix,
    "csr array": csr_array,
    "read only": lambda X: _read_only(X),
}


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@dataclass(frozen=True)
class Data:
    """Rows, targets and weights; plain arrays, and the container that fit is given."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    container: str
    loss: str = ""  # of numbers

    @property
    def rows(self):
        return CONTAINERS[self.container](self.X)

    @property
    def args(self):
        return self.rows, self.y, self.weight


CLASSES = ("binary", "multiclass", "multilabel")
LOSSES = {"number": "squared_error", "numbers": "squared_error", "counts": "poisson"}


@st.composite
def data(
    draw,
    kinds=(*CLASSES, *LOSSES),
    containers=tuple(CONTAINERS),
    dtypes=(np.float64, np.float32),
    weights=(None, "positive", "with zeros"),
):
    n, d = draw(st.integers(6, 40)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    kind = draw(st.sampled_from(kinds))
    X = rng.normal(size=(n, d)) * draw(st.sampled_from([1e-3, 1.0, 30.0]))
    dtype = draw(st.sampled_from(dtypes))
    n_classes = 2 if kind == "binary" else 3
    if kind in LOSSES:
        X /= max(1.0, np.abs(X).max())  # errors have no limit, and grow with the inputs
        y = {
            "number": lambda: rng.normal(2, 1, n),
            "numbers": lambda: rng.normal(0, [1, 0.1], (n, 2)),
            "counts": lambda: rng.poisson(2, (n, 2)),
        }[kind]()
    elif kind == "multilabel":
        y = rng.integers(2, size=(n, n_classes))
    else:
        y = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
        labels = draw(st.sampled_from([[-1, 4, 9], ["a", "b", "c"], [False, True, True]]))
        y = np.array(labels)[y if labels[1] != labels[2] else y % 2]
    weight = draw(st.sampled_from(weights))
    if weight is not None:
        zeros = rng.random(n) < 0.2 if weight == "with zeros" else np.zeros(n, bool)
        zeros[:n_classes] = False
        weight = np.where(zeros, 0.0, rng.uniform(0.1, 3, n))
    container = draw(st.sampled_from(containers))
    return Data(X.astype(dtype), y, weight, container, LOSSES.get(kind, ""))


@st.composite
def estimators(draw, activations=None, **fixed):
    params = {
        "hidden_layer_sizes": tuple(draw(st.lists(st.integers(1, 9), max_size=3))),
        "activation": draw(st.sampled_from(activations or ACTIVATIONS.names())),
        "init": draw(st.sampled_from(["auto", *INITIALIZERS.names()])),
        "solver": draw(st.sampled_from(["sgd", "adam", "lbfgs"])),
        "alpha": draw(st.sampled_from([0.0, 1e-4, 1.0])),
        "batch_size": draw(st.sampled_from(["auto", "full", 1, 7, 200])),
        "learning_rate": draw(st.sampled_from(["constant", "invscaling", "adaptive"])),
        "learning_rate_init": draw(st.sampled_from([1e-3, 0.05])),
        "momentum": draw(st.sampled_from([0.0, 0.9])),
        "nesterovs_momentum": draw(st.booleans()),
        "shuffle": draw(st.booleans()),
        "early_stopping": draw(st.booleans()),
        "validation_fraction": draw(st.sampled_from([0.1, 0.3])),
        "n_iter_no_change": draw(st.sampled_from([1, 10])),
        "tol": draw(st.sampled_from([0.0, 1e-4, 1e-2])),
        "max_iter": draw(st.integers(1, 6)),
        "random_state": draw(st.integers(0, 100)),
    }
    return InitMLPClassifier(**params | fixed)


@st.composite
def cases(draw, estimators=estimators(), data=data()):  # noqa: B008 - strategies do not change
    """An estimator and its data."""
    estimator, given_data = draw(estimators), draw(data)
    if not given_data.loss:
        return estimator, given_data
    params = estimator.get_params(deep=False)
    del params["class_weight"]
    return InitMLPRegressor(given_data.loss, **params), given_data


def outputs(estimator, rows):
    """Return probabilities or predicted numbers."""
    return getattr(estimator, "predict_proba", estimator.predict)(rows)


def fit_or_reject(estimator, *args):
    """Fit; a documented error ends the example."""
    try:
        return estimator.fit(*args)
    except ValueError:
        assume(False)


def same(a, b, tolerance=0.0):
    for one, other in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        scale = max(1.0, float(np.abs(other).max(initial=0.0)))
        assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale)
    assert_allclose(a.loss_curve_, b.loss_curve_, rtol=tolerance, atol=tolerance)
    assert a.n_iter_ == b.n_iter_


@given(estimators(), data(kinds=CLASSES))
def test_probabilities_are_probabilities_and_predict_takes_the_largest(estimator, data):
    fit_or_reject(estimator, *data.args)
    probability, log_p = estimator.predict_proba(data.rows), estimator.predict_log_proba(data.rows)
    assert np.isfinite(probability).all()
    assert ((probability >= 0) & (probability <= 1)).all()
    assert_allclose(np.exp(log_p), probability, rtol=1e-3, atol=1e-6)
    if data.y.ndim == 2:
        assert_array_equal(estimator.predict(data.rows), probability > 0.5)
    else:
        assert_allclose(probability.sum(axis=1), 1, rtol=1e-5)
        largest = estimator.classes_[probability.argmax(axis=1)]
        assert_array_equal(estimator.predict(data.rows), largest)
        assert_array_equal(log_p.argmax(axis=1), probability.argmax(axis=1))


@given(cases(data=data(kinds=tuple(LOSSES))))
def test_predicted_numbers_are_finite_and_shaped_as_the_targets(case):
    estimator, data = case
    fit_or_reject(estimator, *data.args)
    predicted = estimator.predict(data.rows)
    assert np.isfinite(predicted).all()
    assert predicted.shape == data.y.shape
    assert predicted.dtype == data.X.dtype
    if data.loss == "poisson":
        assert (predicted >= 0).all()


@given(cases())
def test_copies_are_the_same(case):
    """A clone fitted again, a pickle and a joblib dump."""
    estimator, data = case
    fit_or_reject(estimator, *data.args)
    same(clone(estimator).fit(*data.args), estimator)
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    for copied in (pickle.loads(pickle.dumps(estimator)), joblib.load(buffer)):
        same(copied, estimator)
        assert_array_equal(outputs(copied, data.rows), outputs(estimator, data.rows))


@given(cases(estimators(activations=SKLEARN_ACTIVATIONS)))
def test_the_twin_in_scikit_learn_predicts_the_same(case):
    estimator, data = case
    fit_or_reject(estimator, *data.args)
    twin = estimator.to_sklearn()
    expected = outputs(estimator, data.rows)
    assert_allclose(outputs(twin, data.rows), expected, rtol=1e-4, atol=1e-6)
    if data.y.ndim == 1 and not data.loss:
        sure = np.sort(expected, axis=1)[:, -1] - np.sort(expected, axis=1)[:, -2] > 1e-4
        assert_array_equal(twin.predict(data.rows)[sure], estimator.predict(data.rows)[sure])


@given(
    cases(estimators(solver="sgd"), data(dtypes=(np.float64,))),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_columns_does_not_matter(case, random):
    """With the rows of the first weights in the same order."""
    estimator, data = case
    fit_or_reject(estimator.set_params(max_iter=1), *data.args)
    order = list(range(data.X.shape[1]))
    random.shuffle(order)
    W = estimator.coefs_[0]
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    one = clone(estimator).set_params(init=layers, max_iter=3)
    other = clone(one).set_params(init=[(W[order], layers[0][1]), *layers[1:]])
    fit_or_reject(one, *data.args)
    other.fit(CONTAINERS[data.container](data.X[:, order]), *data.args[1:])
    assert_allclose(other.coefs_[0], one.coefs_[0][order], rtol=1e-5, atol=1e-5)
    assert_allclose(other.loss_curve_, one.loss_curve_, rtol=1e-6, atol=1e-9)


@given(
    cases(
        st.one_of(
            estimators(
                batch_size="full", early_stopping=False, learning_rate="constant", solver=solver
            )
            for solver in ("sgd", "adam")
        ),
        data(containers=("array", "fortran", "csr matrix"), dtypes=(np.float64,)),
    ),
    st.integers(0, 10_000),
)
def test_a_weight_of_two_is_the_row_twice(case, seed):
    """Where nothing counts rows, as "invscaling" does; rounding may flip a decision of lbfgs."""
    estimator, data = case
    weight = np.random.default_rng(seed).integers(1, 3, len(data.y)).astype(float)
    fit_or_reject(estimator, data.rows, data.y, weight)
    twice = np.repeat(np.arange(len(data.y)), weight.astype(int))
    rows = CONTAINERS[data.container](data.X[twice])
    same(clone(estimator).fit(rows, data.y[twice]), estimator, 1e-6)


@given(cases(data=data(weights=("with zeros",))))
def test_a_weight_of_zero_is_the_row_absent(case):
    estimator, data = case
    fit_or_reject(estimator, *data.args)
    kept = data.weight > 0
    rows = CONTAINERS[data.container](data.X[kept])
    # Rows that lie otherwise in memory are summed in another order.
    tolerance = 1e-6 if data.X.dtype == np.float64 else 1e-3
    same(clone(estimator).fit(rows, data.y[kept], data.weight[kept]), estimator, tolerance)


@given(cases(estimators(solver="sgd"), data(dtypes=(np.float64,))), st.integers(30, 200))
def test_the_row_space_changes_nothing(case, d):
    estimator, data = case
    rng = np.random.default_rng(0)
    X = rng.normal(size=(len(data.y), d))
    fit_or_reject(estimator.set_params(row_space=False), X, data.y, data.weight)
    rows = clone(estimator).set_params(row_space=True).fit(X, data.y, data.weight)
    same(rows, estimator, 1e-7)


@given(cases(), st.booleans())
def test_what_the_caller_hands_over_stays_as_it_is(case, warm):
    estimator, data = case
    rows, y, weight = data.args
    before = copy.deepcopy((rows, y, weight, estimator.get_params()))
    estimator.set_params(warm_start=warm)
    for _ in range(2):
        fit_or_reject(estimator, rows, y, weight)
    outputs(estimator, rows)
    dense = [a.toarray() if hasattr(a, "toarray") else np.asarray(a) for a in (rows, before[0])]
    assert_array_equal(*dense)
    assert_array_equal(y, before[1])
    if weight is not None:
        assert_array_equal(weight, before[2])
    after = estimator.get_params() | {"warm_start": False}
    assert {k: repr(v) for k, v in after.items()} == {k: repr(v) for k, v in before[3].items()}


class Fault(Exception):
    """Something that nobody expects."""


@given(cases(), st.booleans(), st.integers(1, 30), st.booleans())
def test_an_exception_leaves_the_estimator_as_it_was(case, fitted, call, partial):
    """Wherever it comes from: here out of the loss, at any call."""
    estimator, data = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if fitted:
            fit_or_reject(estimator, *data.args)
        before = copy.deepcopy(vars(estimator))
        with pytest.MonkeyPatch.context() as patch:
            _break_the_losses(patch, call)
            try:
                if partial and hasattr(estimator, "partial_fit"):
                    classes = {} if data.loss else {"classes": np.unique(data.y)}
                    estimator.partial_fit(data.rows, data.y, data.weight, **classes)
                else:
                    estimator.fit(*data.args)
            except (Fault, ValueError):
                assert_same_state(vars(estimator), before)


def _break_the_losses(patch, call):
    """Let the loss raise at a call, counted from 1."""
    from skinit.engine.losses import LogisticLoss, PoissonLoss, SoftmaxLoss, SquaredLoss

    calls = iter(range(1, 10_000))
    for loss in (LogisticLoss, SoftmaxLoss, SquaredLoss, PoissonLoss):
        original = loss.value_and_gradient

        def breaking(self, *args, original=original):
            if next(calls) == call:
                raise Fault
            return original(self, *args)

        patch.setattr(loss, "value_and_gradient", breaking)
