from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_matrix, csr_array, csr_matrix
from sklearn.metrics import accuracy_score

from tests.estimators.estimator_cases import (
    arrays_of,
    assert_same_fit,
    every_kind,
    every_solver,
    small,
)

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]


@every_solver
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.asarray, csr_matrix, csc_matrix, csr_array])
def test_dtypes_stay(make_problem, solver, dtype, layout):
    X, y = make_problem("multiclass", dtype=dtype)
    estimator = small(solver=solver).fit(layout(X), y, sample_weight=np.ones(len(y)))
    arrays = [*arrays_of(estimator), estimator.predict_proba(X), estimator.predict_log_proba(X)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("params", [{}, {"solver": "sgd", "row_space": True}], ids=str)
def test_float32_stays_beside_a_validation_set_of_float64(make_problem, params):
    X, y = make_problem("multiclass", n=60)
    train = X[:40].astype(np.float32), y[:40]
    estimator = small(early_stopping=True, **params).fit(*train, X_val=X[40:], y_val=y[40:])
    assert {array.dtype for array in arrays_of(estimator)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("dtype", [np.int64, bool, object])
def test_other_numbers_become_float64(make_problem, dtype):
    X, y = make_problem("multiclass")
    estimator = small().fit((X > 0).astype(dtype), y)
    assert_same_fit(estimator, small().fit((X > 0).astype(float), y))
    assert_allclose(
        estimator.predict_proba((X > 0).astype(dtype)), estimator.predict_proba(X > 0.0), rtol=1e-12
    )


@every_kind
def test_predictions_belong_together(make_problem, kind):
    X, y = make_problem(kind)
    estimator = small(max_iter=50).fit(X, y)
    probability = estimator.predict_proba(X)
    assert probability.shape == (45, {"binary": 2}.get(kind, 3))
    assert_allclose(estimator.predict_log_proba(X), np.log(probability), rtol=1e-9)
    if kind == "multilabel":
        assert_array_equal(estimator.predict(X), probability > 0.5)
    else:
        assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)
        assert_array_equal(estimator.predict(X), estimator.classes_[probability.argmax(1)])
    assert estimator.score(X, y) == accuracy_score(y, estimator.predict(X))


def give_raw_outputs(raw, classes):
    """Return a fitted network without hidden layers whose raw outputs are what it is shown."""
    n_outputs = raw.shape[1]
    X, y = np.zeros((len(classes), n_outputs)), classes
    estimator = small(hidden_layer_sizes=(), max_iter=1, batch_size="full").fit(X, y)
    return estimator._publish(vars(estimator) | {
        "coefs_": [np.eye(n_outputs)], "intercepts_": [np.zeros(n_outputs)]
    }) or estimator  # fmt: skip


def test_predict_is_the_first_of_the_largest_probabilities():
    """Raw outputs that differ by less than probabilities can show decide nothing."""
    rng = np.random.default_rng(0)
    close = 1 + rng.integers(0, 3, size=(500, 3)) * np.finfo(float).eps
    tiny = rng.choice([0.0, 1e-19, -1e-19], size=(500, 3))
    estimator = give_raw_outputs(close, np.array(["a", "b", "c"]))
    for raw in (close, tiny, 700 * close, -700 * close):
        probability = estimator.predict_proba(raw)
        assert_array_equal(estimator.predict(raw), np.array(list("abc"))[probability.argmax(1)])
    two = give_raw_outputs(close[:, :1], np.array([3, 7]))
    for raw in (tiny[:, :1], np.array([[0.0], [1e-17], [-1e-17], [2e-16], [-2e-16]])):
        probability = two.predict_proba(raw)
        assert_array_equal(two.predict(raw), np.array([3, 7])[probability.argmax(axis=1)])


CONTAINERS = {"array": np.asarray, "frame": pd.DataFrame}  # scipy's matrices are always native


@every_solver
@pytest.mark.parametrize("size", [4, 8])
@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_the_byte_order_of_the_input_does_not_matter(make_problem, solver, size, container):
    """BLAS writes into a copy of an array in the other order; training would go nowhere."""
    X, y = make_problem("multiclass", n=60, dtype=f"f{size}")
    weight = np.random.default_rng(0).uniform(0.1, 2, 60)
    W = np.random.default_rng(1).normal(size=(6, 7))
    swapped = ("f4", ">f4") if size == 4 else ("f8", ">f8")
    fits = []
    for order in swapped:
        rows, labels = container(X.astype(order)), y.astype("i8" if order[0] != ">" else ">i8")
        init = [W.astype(order), "he", "he"]
        sides = {}
        if solver != "lbfgs":
            sides = {"X_val": rows[45:], "y_val": labels[45:]}
            sides["sample_weight_val"] = weight[45:].astype(order)
        estimator = small(
            init=init, solver=solver, early_stopping=bool(sides), warm_start=True, max_iter=5
        )
        estimator.fit(rows[:45], labels[:45], weight[:45].astype(order), **sides)
        # as a model that was trained on a machine of the other kind comes back
        estimator.coefs_ = [V.astype(order) for V in estimator.coefs_]
        estimator.fit(rows[:45], labels[:45], weight[:45].astype(order), **sides)
        assert all(V.dtype.isnative for V in arrays_of(estimator))
        fits.append((estimator, estimator.predict_proba(rows), estimator.predict(rows)))
    (first, p, labels), (second, q, swapped_labels) = fits
    # Copies may lie otherwise in memory, so that sums are rounded otherwise.
    tolerance = 1e-9 if size == 8 else 1e-4
    assert_same_fit(first, second, tolerance)
    assert_allclose(p, q, rtol=tolerance)
    assert_array_equal(labels, swapped_labels)


@every_kind
def test_log_probabilities_are_finite_where_probabilities_are_zero(make_problem, kind):
    X, y = make_problem(kind)
    estimator = small().fit(X, y)
    assert (estimator.predict_proba(1e6 * X) == 0).any()
    log_probability = estimator.predict_log_proba(1e6 * X)
    assert np.isfinite(log_probability).all()
    assert log_probability.min() < -1000


def test_labels_of_every_kind(make_problem):
    X, y = make_problem("binary")
    expected = small().fit(X, y)
    for labels in (["no", "yes"], [False, True], [-1.0, 1.0], [10, 20]):
        estimator = small().fit(X, np.array(labels)[y])
        assert_array_equal(estimator.classes_, labels)
        assert_array_equal(estimator.predict(X), np.array(labels)[expected.predict(X)])
    with pytest.warns(Warning, match="column-vector"):
        assert_same_fit(small().fit(X, y[:, None]), expected)


def test_a_sparse_indicator_of_labels(make_problem):
    X, y = make_problem("multilabel")
    estimator = small(early_stopping=True, validation_fraction=0.3).fit(X, csr_matrix(y))
    assert_same_fit(estimator, small(early_stopping=True, validation_fraction=0.3).fit(X, y))


def test_feature_names(make_problem):
    pandas = pytest.importorskip("pandas")
    X, y = make_problem("binary")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    estimator = small().fit(frame, y)
    assert_array_equal(estimator.feature_names_in_, list("abcdef"))
    assert_same_fit(estimator, small().fit(X, y))
    with pytest.raises(ValueError, match="feature names"):
        estimator.predict(frame.rename(columns={"a": "z"}))
    with pytest.raises(ValueError, match="feature names"):
        estimator.partial_fit(frame[list("fedcba")], y)
    with pytest.warns(UserWarning, match="valid feature names"):
        estimator.predict(X)
    assert not hasattr(estimator.fit(X, y), "feature_names_in_")


@pytest.mark.parametrize("batch_size", ["full", 45, 7])
def test_full_means_all_rows_at_once(make_problem, batch_size):
    X, y = make_problem("binary")
    full = small(batch_size="full", shuffle=True).fit(X, y)
    other = small(batch_size=batch_size).fit(X, y)
    assert np.array_equal(full.coefs_[0], other.coefs_[0]) == (batch_size != 7)
    assert_same_fit(full, small(batch_size="full", shuffle=False).fit(X, y))


def test_auto_is_200_rows_or_all(make_problem):
    X, y = make_problem("binary", n=230)
    assert_same_fit(small(batch_size="auto").fit(X, y), small(batch_size=200).fit(X, y))
    few = small(batch_size="auto").fit(X[:150], y[:150])
    assert_same_fit(few, small(batch_size="full").fit(X[:150], y[:150]))


def test_a_batch_size_beyond_the_rows_is_clipped_with_a_warning(make_problem):
    X, y = make_problem("binary")
    with pytest.warns(UserWarning, match="batch_size=99.*45.*clipped") as caught:
        clipped = small(batch_size=99).fit(X, y)
    assert caught[0].filename == __file__
    assert_same_fit(clipped, small(batch_size="full").fit(X, y))
