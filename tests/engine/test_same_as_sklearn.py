from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import train_test_split

from tests.engine.engine_cases import LOSS_OF, every_alpha, every_kind, every_layout, pair, weighted

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("either_engine"),
]


def assert_same_training(ours, theirs, tolerance=1e-9):
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert_array_equal(getattr(ours, "classes_", None), getattr(theirs, "classes_", None))
    names = ["loss_", "coefs_", "intercepts_"]
    if ours.solver != "lbfgs":  # scikit-learn keeps no curve of lbfgs
        names += ["loss_curve_", "best_loss_", "best_validation_score_", "validation_scores_"]
    for name in names:
        values = getattr(ours, name), getattr(theirs, name)
        if values[1] is None:
            assert values[0] is None, name
            continue
        listed = zip(*values, strict=True) if isinstance(values[1], list) else [values]
        for our_value, their_value in listed:
            assert_allclose(our_value, their_value, rtol=tolerance, atol=tolerance, err_msg=name)


def weights_for(X, with_weights):
    return np.random.default_rng(4).uniform(0.1, 3, X.shape[0]) if with_weights else None


def sparsified(X):
    return X * (np.abs(X) > 0.5)


@every_kind
@every_alpha
@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize(("momentum", "nesterov"), [(0, True), (0.9, False), (0.9, True)])
@pytest.mark.parametrize("batch_size", ["auto", 7])
def test_sgd_is_scikit_learns(
    make_problem, kind, alpha, learning_rate, momentum, nesterov, batch_size
):
    X, y = make_problem(kind)
    # a coarse tol, so that "adaptive" shrinks its rate several times on the way
    ours, theirs = pair(
        kind, X, solver="sgd", alpha=alpha, learning_rate=learning_rate, momentum=momentum,
        nesterovs_momentum=nesterov, batch_size=batch_size, learning_rate_init=0.05,
        max_iter=30, tol=1e-2, n_iter_no_change=2,
    )  # fmt: skip
    assert_same_training(ours.fit(X, y), theirs.fit(X, y))


@every_kind
@every_alpha
@pytest.mark.parametrize("batch_size", ["auto", 7])
def test_adam_is_scikit_learns(make_problem, kind, alpha, batch_size):
    X, y = make_problem(kind)
    ours, theirs = pair(kind, X, alpha=alpha, batch_size=batch_size, beta_1=0.8, max_iter=60)
    assert_same_training(ours.fit(X, y), theirs.fit(X, y))


@every_kind
@every_alpha
def test_lbfgs_is_scikit_learns(make_problem, kind, alpha):
    """With tanh: no trial step of a line search then goes where scikit-learn clips, see below."""
    X, y = make_problem(kind)
    ours, theirs = pair(kind, X, solver="lbfgs", activation="tanh", alpha=alpha, max_iter=40)
    assert_same_training(ours.fit(X, y), theirs.fit(X, y), 1e-6)


@every_kind
@every_layout
@weighted
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_every_layout_and_weights_are_scikit_learns(
    make_problem, kind, layout, with_weights, solver
):
    X, y = make_problem(kind)
    weight = weights_for(X, with_weights)
    X = layout(sparsified(X))
    ours, theirs = pair(
        kind, X, solver=solver, alpha=0.5, batch_size=8, learning_rate_init=0.02, max_iter=25
    )
    ours.fit(X, y, weight)
    assert_same_training(ours, theirs.fit(X, y, weight), 1e-6 if solver == "lbfgs" else 1e-9)
    if kind in LOSS_OF:
        assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5, atol=1e-9)
    else:
        assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5)
        assert_array_equal(ours.predict(X), theirs.predict(X))
    assert_allclose(ours.score(X, y, weight), theirs.score(X, y, weight), rtol=1e-5)


@pytest.mark.parametrize("kind", ["multiclass", "numbers", "count"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5, 4)], ids=str)
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_every_depth_and_activation_is_scikit_learns(
    make_problem, kind, activation, hidden, solver
):
    X, y = make_problem(kind)
    ours, theirs = pair(
        kind, X, activation=activation, hidden_layer_sizes=hidden, solver=solver,
        max_iter=20, batch_size=20,
    )  # fmt: skip
    tolerance = 1e-6 if solver == "lbfgs" else 1e-9
    assert_same_training(ours.fit(X, y), theirs.fit(X, y), tolerance)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_network_of_many_chunks_is_scikit_learns(make_problem, solver):
    """50,000 parameters: the optimizer walks over them in pieces."""
    X, y = make_problem("multiclass", d=480)
    ours, theirs = pair(
        "multiclass", X, hidden_layer_sizes=(100, 20), solver=solver, alpha=0.5, max_iter=8,
        batch_size=20,
    )  # fmt: skip
    ours.set_params(row_space=False)
    assert_same_training(ours.fit(X, y), theirs.fit(X, y))


@pytest.mark.parametrize("kind", ["multiclass", "numbers", "count"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_float32_is_scikit_learns(make_problem, kind, solver):
    """To three digits: rounding of 6e-8 grows on the way; lbfgs decides by it, so few steps."""
    X, y = make_problem(kind, dtype=np.float32)
    ours, theirs = pair(kind, X, solver=solver, max_iter=8 if solver == "lbfgs" else 25)
    assert_same_training(ours.fit(X, y), theirs.fit(X, y), 1e-3)
    assert {W.dtype for W in ours.coefs_ + ours.intercepts_} == {np.dtype(np.float32)}


@every_kind
@weighted
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_early_stopping_is_scikit_learns(make_problem, kind, with_weights, solver, learning_rate):
    """scikit-learn splits by itself; ours is given the same split."""
    X, y = make_problem(kind, n=90)
    weight = weights_for(X, with_weights)
    ours, theirs = pair(
        kind, X, solver=solver, early_stopping=True, validation_fraction=0.3, max_iter=60,
        n_iter_no_change=4, learning_rate_init=0.05, batch_size=20, learning_rate=learning_rate,
    )  # fmt: skip
    train, aside = train_test_split(
        np.arange(90), test_size=0.3, random_state=0, stratify=y if kind == "binary" else None
    )
    part = (lambda rows: None) if weight is None else weight.__getitem__
    ours.fit(
        X[train], y[train], part(train),
        X_val=X[aside], y_val=y[aside], sample_weight_val=part(aside),
    )  # fmt: skip
    theirs.fit(X, y, weight)
    assert_same_training(ours, theirs)
    assert learning_rate == "adaptive" or ours.n_iter_ < 60


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("kind", ["multiclass", "numbers", "count"])
def test_stopping_by_itself_is_scikit_learns(make_problem, kind, solver, engine):
    X, y = make_problem(kind)
    ours, theirs = pair(kind, X, solver=solver, tol=1e-3, learning_rate_init=0.05)
    # At a rate of 0.05, a hundred epochs of Adam amplify other roundings.
    tolerance = {"numpy": 1e-9, "compiled": 1e-7}[engine]
    assert_same_training(ours.fit(X, y), theirs.fit(X, y), tolerance)
    assert ours.n_iter_ < ours.max_iter


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("kind", ["multiclass", "numbers", "count"])
def test_partial_fit_is_scikit_learns(make_problem, kind, solver, learning_rate):
    X, y = make_problem(kind)
    ours, theirs = pair(
        kind, X, solver=solver, learning_rate=learning_rate, batch_size=10,
        learning_rate_init=0.05, n_iter_no_change=2, tol=1e-2,
    )  # fmt: skip
    classes = {"classes": [0, 1, 2]} if kind == "multiclass" else {}
    for call in range(25):
        rows = slice(0, 30) if call % 2 else slice(20, 45)
        for model in (ours, theirs):
            model.partial_fit(X[rows], y[rows], **classes)
        assert_same_training(ours, theirs)
    assert len(ours.loss_curve_) == 25


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("kind", ["binary", "numbers", "count"])
def test_warm_start_is_scikit_learns(make_problem, kind, solver, early_stopping):
    X, y = make_problem(kind, n=90)
    ours, theirs = pair(
        kind, X, solver=solver, learning_rate="invscaling", learning_rate_init=0.2,
        max_iter=7, warm_start=True, early_stopping=early_stopping, validation_fraction=0.3,
    )  # fmt: skip
    stratify = y if kind == "binary" else None
    train, aside = train_test_split(np.arange(90), test_size=0.3, random_state=0, stratify=stratify)
    if solver == "lbfgs" or not early_stopping:
        train = np.arange(90)
    aside = {"X_val": X[aside], "y_val": y[aside]} if len(train) < 90 else {}
    n_iter = 0
    for _ in range(3):
        assert_same_training(ours.fit(X[train], y[train], **aside), theirs.fit(X, y), 1e-6)
        n_iter += ours.n_iter_
        # scikit-learn would train its best weights on in place, and not have them at the end
        theirs._best_coefs = [W.copy() for W in theirs.coefs_]
        theirs._best_intercepts = [b.copy() for b in theirs.intercepts_]
    assert len(ours.loss_curve_) == n_iter


@pytest.mark.filterwarnings("ignore:INIT10")
def test_where_the_losses_differ_scikit_learn_clips(make_problem):
    """Its loss of a sure and wrong answer ends at -log(eps) = 36; here it goes on."""
    X, y = make_problem("binary")
    ours, theirs = pair("binary", 1000 * X, hidden_layer_sizes=(), solver="sgd", max_iter=1)
    ours.fit(1000 * X, y), theirs.fit(1000 * X, y)
    (W, b), *_ = ours.init
    raw = (1000 * X @ W + b)[:, 0]
    losses = np.logaddexp(0, raw) - y * raw
    penalty = ours.alpha / 2 * np.square(W).sum() / len(X)
    assert_allclose(ours.loss_, losses.mean() + penalty, rtol=1e-12)
    clipped = np.clip(losses, np.finfo(float).eps, -np.log(np.finfo(float).eps))
    assert_allclose(theirs.loss_, clipped.mean() + penalty, rtol=1e-3)
    assert theirs.loss_ < ours.loss_ / 5


def test_weights_move(make_problem):
    """Nothing above is true for want of training."""
    X, y = make_problem("multiclass")
    ours, _ = pair("multiclass", X, max_iter=25)
    start = ours.init[0][0]
    assert np.abs(ours.fit(X, y).coefs_[0] - start).max() > 0.01
