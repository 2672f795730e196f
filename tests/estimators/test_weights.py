from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from skinit import InitMLPClassifier
from tests.estimators.estimator_cases import (
    KINDS,
    SETTINGS,
    assert_same_fit,
    every_kind,
    every_solver,
    see_rows,
    small,
)

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]


@pytest.mark.parametrize(
    ("kind", "class_weight"),
    [
        *[(kind, None) for kind in KINDS],
        ("binary", "balanced"),
        ("multiclass", "balanced"),
        ("multiclass", {0: 3.0, 1: 0.5}),
    ],
    ids=str,
)
@pytest.mark.parametrize("init", ["he", "lsuv", "within_layer"])
@every_solver
def test_a_weight_of_two_is_the_row_twice(make_problem, kind, init, class_weight, solver):
    X, y = make_problem(kind)
    copies = np.random.default_rng(0).integers(1, 4, len(X))
    params = {"solver": solver, "init": init, "class_weight": class_weight, "alpha": 0.3}
    params |= {"batch_size": "full", "activation": "tanh", "max_iter": 20}
    weighted = small(**params).fit(X, y, sample_weight=copies.astype(float))
    repeated = small(**params).fit(np.repeat(X, copies, axis=0), np.repeat(y, copies, axis=0))
    assert_same_fit(weighted, repeated, 1e-6 if solver == "lbfgs" else 1e-9)
    unweighted = small(**params).fit(X, y)
    assert np.abs(unweighted.coefs_[0] - weighted.coefs_[0]).max() > 1e-4


@every_kind
@pytest.mark.parametrize("layout", [np.asarray, csr_matrix])
@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)
def test_a_weight_of_zero_is_the_row_absent(make_problem, kind, params, layout):
    X, y = make_problem(kind, n=70)
    weight = np.random.default_rng(0).integers(0, 3, 70).astype(float)
    kept = weight > 0
    assert 40 < kept.sum() < 60
    with_zeros = small(**params).fit(layout(X), y, sample_weight=weight)
    without = small(**params).fit(layout(X[kept]), y[kept], sample_weight=weight[kept])
    assert_same_fit(with_zeros, without)
    assert with_zeros.t_ == without.t_


@pytest.mark.parametrize("class_weight", ["balanced", {0: 2.0, 1: 5.0}, {1: 5.0}], ids=str)
def test_a_class_whose_rows_all_weigh_nothing_needs_no_care(make_problem, class_weight):
    X, y = make_problem("multiclass")
    weight = (y != 2).astype(float)
    zeros = small(class_weight=class_weight).fit(X, y, weight)
    assert_array_equal(zeros.classes_, [0, 1, 2])
    by_hand = compute_sample_weight(class_weight, y[y != 2])
    weight[y != 2] = by_hand
    assert_same_fit(zeros, small().fit(X, y, weight), 1e-12)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(45), "zero"),
        (-np.ones(45), "[Nn]egative"),
        (np.ones(44), "sample_weight"),
        (np.full(45, np.nan), "NaN"),
    ],
)
def test_bad_sample_weights_are_refused(make_problem, weight, message):
    with pytest.raises(ValueError, match=message):
        small().fit(*make_problem("binary"), sample_weight=weight)


LABELS = {"ints": np.array([0, 1, 2]), "texts": np.array(["a", "b", "c"]), "gaps": [-3, 7, 50]}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("how", ["balanced", "dict", "some"])
def test_class_weights_are_sample_weights(make_problem, labels, how):
    X, y = make_problem("multiclass")
    y = np.asarray(labels)[y]
    class_weight = {
        "balanced": "balanced",
        "dict": dict(zip(labels, [0.5, 2.0, 5.0], strict=True)),
        "some": {labels[1]: 3.0},
    }[how]
    ours = small(class_weight=class_weight).fit(X, y)
    by_hand = small().fit(X, y, compute_sample_weight(class_weight, y))
    assert_same_fit(ours, by_hand, 1e-12)
    assert np.abs(ours.coefs_[0] - small().fit(X, y).coefs_[0]).max() > 1e-6


def test_balanced_counts_sample_weights(make_problem):
    X, y = make_problem("binary")
    weight = np.random.default_rng(0).uniform(0.1, 3, len(y))
    ours = small(class_weight="balanced").fit(X, y, weight)
    sums = np.bincount(y, weights=weight)
    assert_same_fit(ours, small().fit(X, y, weight * (sums.sum() / (2 * sums))[y]), 1e-12)


@pytest.mark.parametrize("own_split", [False, True])
@pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
def test_class_weights_count_in_the_split_off_validation_set(make_problem, own_split, with_weights):
    """As in HistGradientBoostingClassifier: a validation set that is given has weights already."""
    X, y = make_problem("binary", n=80)
    weight = np.random.default_rng(2).uniform(0.1, 3, 80) if with_weights else np.ones(80)
    params = {"early_stopping": True, "class_weight": {0: 10.0, 1: 0.1}}
    if own_split:
        estimator = small(**params).fit(X, y, weight if with_weights else None)
        # the split depends on the seed alone: eight rows, the last ones seen in an epoch
        seen = np.concatenate(see_rows("he", X, y, early_stopping=True, max_iter=1))[-8:]
        aside = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in seen]
        weight = weight * np.where(y == 0, 10.0, 0.1)
    else:
        estimator, aside = small(**params), np.arange(50, 80)
        sides = {"X_val": X[50:], "y_val": y[50:], "sample_weight_val": weight[50:]}
        estimator.fit(X[:50], y[:50], weight[:50], **sides)
    best = int(np.argmax(estimator.validation_scores_))
    expected = log_loss(y[aside], estimator.predict_proba(X[aside]), sample_weight=weight[aside])
    assert_allclose(estimator.validation_loss_curve_[best], expected, rtol=1e-12)
    score = estimator.score(X[aside], y[aside], weight[aside])
    assert_allclose(estimator.best_validation_score_, score, rtol=1e-12)


def test_class_weights_in_partial_fit(make_problem):
    """A batch may lack the classes that the dict weighs."""
    X, y = make_problem("multiclass")
    class_weight = {0: 4.0}
    ours, by_hand = (small(class_weight=w, batch_size=8) for w in (class_weight, None))
    for rows in (y != 0, y == 0, y >= 0):
        ours.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        weight = np.where(y[rows] == 0, 4.0, 1.0)
        by_hand.partial_fit(X[rows], y[rows], sample_weight=weight, classes=[0, 1, 2])
    assert_same_fit(ours, by_hand, 1e-12)


def test_what_class_weights_cannot_do_is_said(make_problem):
    X, y = make_problem("multilabel")
    for class_weight in ("balanced", {0: 2.0}):
        with pytest.raises(ValueError, match="class_weight is not defined for multilabel"):
            small(class_weight=class_weight).fit(X, y)
    with pytest.raises(ValueError, match=r"balanced.*partial_fit"):
        small(class_weight="balanced").partial_fit(X, y[:, 0], classes=[0, 1])
    with pytest.raises(ValueError, match="class_weight"):
        small(class_weight={5: 2.0}).fit(X, y[:, 0])


@every_solver
def test_weights_that_leave_nothing_are_refused(make_problem, solver):
    with pytest.raises(ValueError, match="zero"):
        small(class_weight={0: 0, 1: 0}, solver=solver).fit(*make_problem("binary"))


def peak_of(fit) -> int:
    """Return the bytes that a call needs beside what there is already."""
    tracemalloc.start()
    try:
        fit()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_one_weight_of_zero_copies_no_rows(layout, solver, shuffle):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 100))
    X = {"C": X, "F": np.asfortranarray(X), "strided": np.repeat(X, 2, axis=1)[:, ::2]}[layout]
    y, weight = X[:, 0] > 0, np.ones(len(X))
    weight[7] = 0
    network = InitMLPClassifier(
        (5,), solver=solver, shuffle=shuffle, max_iter=1, random_state=0, engine="numpy"
    )
    network.fit(X[:500], y[:500])  # what is loaded late is not counted
    assert peak_of(lambda: network.fit(X, y, weight)) < X.nbytes / 4


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
def test_a_weight_of_zero_meets_rows_of_any_scale(make_problem, scale):
    """What `fit` warns of is looked for in the rows that are left."""
    X, y = make_problem("binary")
    weight = np.ones(len(y))
    weight[3] = 0
    expected = small().fit(scale * np.delete(X, 3, axis=0), np.delete(y, 3))
    assert_same_fit(small().fit(scale * X, y, weight), expected, 1e-9)
