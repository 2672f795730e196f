from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_matrix, csr_array, csr_matrix
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from skinit import InitMLPClassifier
from skinit.activations import get_activation
from skinit.losses import LOSSES
from skinit.network import Parameters, layers_of
from skinit.optimizers import SGD, Adam, Schedule
from skinit.training import (
    Batches,
    History,
    LBFGSTraining,
    Samples,
    StochasticTraining,
    Task,
    assess,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
KINDS = ["binary", "multiclass", "multilabel"]
every_kind = pytest.mark.parametrize("kind", KINDS)
every_alpha = pytest.mark.parametrize("alpha", [0, 0.5])
weighted = pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
LAYOUTS = {
    "dense": np.asarray,
    "fortran": np.asfortranarray,
    "csr": csr_matrix,
    "csr_array": csr_array,
    "csc": csc_matrix,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


# --- the same as scikit-learn's MLPClassifier, from the same weights ------------------------------


class FromWeights(MLPClassifier):
    """scikit-learn's class, started with weights instead of random numbers."""

    def _init_coef(self, fan_in, fan_out, dtype):
        W, b = next(self.start)
        assert W.shape == (fan_in, fan_out)
        return W.astype(dtype), b.astype(dtype)


def start_weights(sizes, seed=7):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, fan_in**-0.5, (fan_in, fan_out)), rng.normal(0, 0.1, fan_out))
        for fan_in, fan_out in pairwise(sizes)
    ]


def pair(kind, X, **params):
    """Return an InitMLPClassifier and an MLPClassifier that start alike and never shuffle."""
    params = {"hidden_layer_sizes": (8, 5), "shuffle": False, "random_state": 0} | params
    n_outputs = 1 if kind == "binary" else 3
    start = start_weights((X.shape[1], *params["hidden_layer_sizes"], n_outputs))
    theirs = FromWeights(**params)
    theirs.start = iter(start)
    return InitMLPClassifier(init=start, **params), theirs


def assert_same_training(ours, theirs, tolerance=1e-9):
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert_array_equal(ours.classes_, theirs.classes_)
    names = ["loss_", "coefs_", "intercepts_"]
    if ours.solver != "lbfgs":  # MLPClassifier keeps no curve of lbfgs
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
    """With tanh: no trial step of a line search then goes where MLPClassifier clips, see below."""
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
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5)
    assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5, 4)], ids=str)
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_every_depth_and_activation_is_scikit_learns(make_problem, activation, hidden, solver):
    X, y = make_problem("multiclass")
    ours, theirs = pair(
        "multiclass", X, activation=activation, hidden_layer_sizes=hidden, solver=solver,
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


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_float32_is_scikit_learns(make_problem, solver):
    """To three digits: rounding of 6e-8 grows on the way; lbfgs decides by it, so few steps."""
    X, y = make_problem("multiclass", dtype=np.float32)
    ours, theirs = pair("multiclass", X, solver=solver, max_iter=8 if solver == "lbfgs" else 25)
    assert_same_training(ours.fit(X, y), theirs.fit(X, y), 1e-3)
    assert {W.dtype for W in ours.coefs_ + ours.intercepts_} == {np.dtype(np.float32)}


@every_kind
@weighted
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_early_stopping_is_scikit_learns(make_problem, kind, with_weights, solver, learning_rate):
    """MLPClassifier splits by itself; InitMLPClassifier is given the same split."""
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
def test_stopping_by_itself_is_scikit_learns(make_problem, solver):
    X, y = make_problem("multiclass")
    ours, theirs = pair("multiclass", X, solver=solver, tol=1e-3, learning_rate_init=0.05)
    assert_same_training(ours.fit(X, y), theirs.fit(X, y))
    assert ours.n_iter_ < ours.max_iter


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_is_scikit_learns(make_problem, solver, learning_rate):
    X, y = make_problem("multiclass")
    ours, theirs = pair(
        "multiclass", X, solver=solver, learning_rate=learning_rate, batch_size=10,
        learning_rate_init=0.05, n_iter_no_change=2, tol=1e-2,
    )  # fmt: skip
    for call in range(25):
        rows = slice(0, 30) if call % 2 else slice(20, 45)
        for model in (ours, theirs):
            model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        assert_same_training(ours, theirs)
    assert len(ours.loss_curve_) == 25


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_is_scikit_learns(make_problem, solver, early_stopping):
    X, y = make_problem("binary", n=90)
    ours, theirs = pair(
        "binary", X, solver=solver, learning_rate="invscaling", learning_rate_init=0.2,
        max_iter=7, warm_start=True, early_stopping=early_stopping, validation_fraction=0.3,
    )  # fmt: skip
    train, aside = train_test_split(np.arange(90), test_size=0.3, random_state=0, stratify=y)
    if solver == "lbfgs" or not early_stopping:
        train = np.arange(90)
    aside = {"X_val": X[aside], "y_val": y[aside]} if len(train) < 90 else {}
    n_iter = 0
    for _ in range(3):
        assert_same_training(ours.fit(X[train], y[train], **aside), theirs.fit(X, y), 1e-6)
        n_iter += ours.n_iter_
        # MLPClassifier would train its best weights on in place, and not have them at the end
        theirs._best_coefs = [W.copy() for W in theirs.coefs_]
        theirs._best_intercepts = [b.copy() for b in theirs.intercepts_]
    assert len(ours.loss_curve_) == n_iter


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


# --- the stack ------------------------------------------------------------------------------------


K = 4


def tasks(kind="multiclass", *, n=45, with_weights=False, n_aside=0, dtype=np.float64, **options):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n, 6)).astype(dtype)
    y = np.eye(3)[(X @ rng.normal(size=(6, 3))).argmax(1)].astype(dtype)
    weight = rng.uniform(0.1, 3, (n, 1)) if with_weights else None
    aside = Samples(X[:n_aside], y[:n_aside]) if n_aside else None
    return Task(
        get_activation(options.pop("activation", "tanh")),
        LOSSES[kind],
        options.pop("alpha", 0.1),
        Samples(X[n_aside:], y[n_aside:], None if weight is None else weight[n_aside:]),
        validation=aside,
        **options,
    )


def members_of(k=K, sizes=(6, 8, 5, 3)):
    return [start_weights(sizes, seed=j) for j in range(k)]


def train(task, members, make_optimizer, on_epoch=None, dtype=np.float64, **options):
    """Train a stack and return it."""
    options = {
        "batch_size": 10, "max_iter": 20, "tol": 1e-4, "n_iter_no_change": 10,
        "shuffle": np.random.default_rng(8),
    } | options  # fmt: skip
    training = StochasticTraining(
        task,
        Parameters.stack(members, dtype),
        make_optimizer(len(members)),
        [History() for _ in members],
        **options,
    )
    training.run(on_epoch)
    return training


def sgd(learning_rate="constant", rate=0.1, **options):
    return lambda k: SGD(Schedule(learning_rate, rate, k=k), **options)


def adam(rate=0.01):
    return lambda k: Adam(Schedule("constant", rate, k=k))


def assert_each_is_as_if_alone(
    task, members, make_optimizer, rtol=1e-9, dtype=np.float64, **options
):
    together = train(task, members, make_optimizer, dtype=dtype, **options)
    for j, member in enumerate(members):
        alone = train(task, [member], make_optimizer, dtype=dtype, **options)
        ours, expected = together.histories[j], alone.histories[0]
        assert ours.stopped == expected.stopped
        assert ours.n_iter == expected.n_iter
        assert ours.notice == expected.notice
        assert ours.divergence == expected.divergence
        for name in ("loss_curve", "data_loss_curve", "validation_loss_curve"):
            assert_allclose(getattr(ours, name), getattr(expected, name), rtol=rtol, err_msg=name)
        assert_array_equal(ours.validation_scores, expected.validation_scores)
        assert_allclose(together.weights(j), alone.weights(0), rtol=rtol, atol=rtol)
    return together


OPTIMIZERS = {
    "sgd": sgd(),
    "plain": sgd(momentum=0),
    "invscaling": sgd("invscaling", 0.5),
    "adaptive": sgd("adaptive", 0.3),
    "adam": adam(),
}
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)


@every_optimizer
@weighted
@pytest.mark.parametrize("batch_size", [10, 45])
def test_a_stack_of_k_is_k_trainings(optimizer, with_weights, batch_size):
    task = tasks(with_weights=with_weights)
    assert_each_is_as_if_alone(task, members_of(), optimizer, batch_size=batch_size)


@every_optimizer
@pytest.mark.parametrize("early_stopping", [False, True])
def test_those_who_stop_leave_and_do_not_disturb(optimizer, early_stopping):
    sizes = []
    together = assert_each_is_as_if_alone(
        tasks(n=90, n_aside=30), members_of(6), optimizer, early_stopping=early_stopping,
        tol=2e-2, n_iter_no_change=2, max_iter=60,
        on_epoch=lambda training: sizes.append(len(training.members)),
    )  # fmt: skip
    epochs = [history.n_iter for history in together.histories]
    assert len(set(epochs)) > 2
    assert sizes[: max(epochs)] == [
        sum(stop > epoch for stop in epochs) for epoch in range(max(epochs))
    ]


@pytest.mark.parametrize(("activation", "largest"), [("relu", 1e154), ("identity", 10**153.8)])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_those_who_diverge_leave_and_do_not_disturb(activation, largest, early_stopping):
    members = members_of(5, sizes=(6, 8, 3))
    members[1] = [(W * 1e160, b) for W, b in members[1]]
    members[3] = [(W * largest, b) for W, b in members[3]]
    together = assert_each_is_as_if_alone(
        tasks(n=60, n_aside=15, activation=activation), members, sgd(), batch_size=20,
        early_stopping=early_stopping, n_iter_no_change=np.inf,
    )  # fmt: skip
    stopped = [history.stopped for history in together.histories]
    assert stopped == ["max_iter", "diverged", "max_iter", "diverged", "max_iter"]
    for j in (1, 3):
        assert not np.isfinite(together.weights(j)).all()
        iteration, layer = together.histories[j].divergence
        assert iteration == together.histories[j].n_iter < 20
        layers = layers_of(together.weights(j), (6, 8, 3))
        finite = [np.isfinite(W).all() and np.isfinite(b).all() for W, b in layers]
        assert finite.index(False) == layer


def test_adaptive_rates_are_each_networks_own():
    together = train(
        tasks(), members_of(6), sgd("adaptive", 0.3), tol=3e-2, n_iter_no_change=1, max_iter=15
    )
    assert len(set(together.optimizer.schedule.rates)) > 1


def test_a_float32_stack_stays_float32():
    together = assert_each_is_as_if_alone(
        tasks(dtype=np.float32), members_of(), sgd(), rtol=1e-4, dtype=np.float32
    )
    assert together.parameters.flat.dtype == np.float32


# --- what is recorded -----------------------------------------------------------------------------


def own_loss(task, row, samples):
    """Compute one network's mean log loss with scikit-learn, from its weights."""
    a = samples.X
    layers = layers_of(row, (6, 8, 5, 3))
    for W, b in layers[:-1]:
        a = np.tanh(a @ W + b)
    raw = a @ layers[-1][0] + layers[-1][1]
    probability = np.exp(raw - np.logaddexp.reduce(raw, axis=1, keepdims=True))
    weight = None if samples.sample_weight is None else samples.sample_weight[:, 0]
    truth = samples.y.argmax(1)
    correct = np.average(probability.argmax(1) == truth, weights=weight)
    return log_loss(truth, probability, labels=[0, 1, 2], sample_weight=weight), correct


def test_sets_aside_are_measured_after_the_epoch_and_without_penalty():
    rng = np.random.default_rng(2)
    watched = Samples(rng.normal(size=(20, 6)), np.eye(3)[rng.integers(3, size=20)])
    watched = watched._replace(sample_weight=rng.uniform(0.1, 4, (20, 1)))
    task, seen = tasks(n=70, n_aside=25, watched=watched), []
    together = train(
        task, members_of(3), sgd(),
        on_epoch=lambda training: seen.append(training.parameters.flat.copy()),
    )  # fmt: skip
    for j, history in enumerate(together.histories):
        for epoch, flat in enumerate(seen):
            loss, accuracy = own_loss(task, flat[j], task.validation)
            assert_allclose(history.validation_loss_curve[epoch], loss, rtol=1e-12)
            assert_allclose(history.validation_scores[epoch], accuracy, rtol=1e-12)
            loss, accuracy = own_loss(task, flat[j], watched)
            assert_allclose(history.watched_loss_curve[epoch], loss, rtol=1e-12)


def test_the_loss_curve_is_the_mean_over_batches_with_the_penalty():
    task, (member,) = tasks(alpha=0.5), members_of(1)
    together = train(task, [member], sgd(), batch_size=45, max_iter=1)
    row = Parameters.stack([member], np.float64).flat[0]
    loss, _ = own_loss(task, row, task.train)
    penalty = 0.5 / 2 * sum(np.square(W).sum() for W, _ in member) / 45
    assert_allclose(together.histories[0].data_loss_curve, [loss], rtol=1e-13)
    assert_allclose(together.histories[0].loss_curve, [loss + penalty], rtol=1e-13)
    assert_allclose(together.histories[0].final_loss, loss + penalty, rtol=1e-13)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_the_watched_set_changes_nothing(solver):
    rng = np.random.default_rng(2)
    watched = Samples(rng.normal(size=(20, 6)), np.eye(3)[rng.integers(3, size=20)])
    results = []
    for extra in ({}, {"watched": watched}):
        task = tasks(n=70, n_aside=25, **extra)
        if solver == "sgd":
            training = train(task, members_of(2), sgd(), early_stopping=True, n_iter_no_change=3)
        else:
            training = minimize(task)
        results.append(training)
    for j in range(len(results[0].histories)):
        assert_array_equal(results[0].weights(j), results[1].weights(j))
        assert results[0].histories[j].loss_curve == results[1].histories[j].loss_curve
    assert results[0].histories[0].watched_loss_curve == []
    assert len(results[1].histories[0].watched_loss_curve) == results[1].histories[0].n_iter


def minimize(task, member=None, on_epoch=None, **options):
    options = {"max_iter": 15, "max_fun": 15000, "tol": 1e-4} | options
    parameters = Parameters.stack([member or members_of(1)[0]], task.train.X.dtype)
    training = LBFGSTraining(task, parameters, History(), **options)
    training.run(on_epoch)
    return training


def test_lbfgs_records_every_iteration():
    rng = np.random.default_rng(2)
    watched = Samples(rng.normal(size=(20, 6)), np.eye(3)[rng.integers(3, size=20)])
    task, seen = tasks(n=70, n_aside=25, watched=watched, alpha=0.5), []
    training = minimize(task, on_epoch=lambda t: seen.append(t.parameters.flat[0].copy()))
    (history,) = training.histories
    assert history.stopped == "max_iter"
    assert history.n_iter == len(seen) == 15
    assert (np.diff(history.loss_curve) < 0).all()
    for epoch, row in enumerate(seen):
        weights = sum(np.square(W).sum() for W, _ in layers_of(row, (6, 8, 5, 3)))
        loss, _ = own_loss(task, row, task.train)
        assert_allclose(history.data_loss_curve[epoch], loss, rtol=1e-11)
        assert_allclose(history.loss_curve[epoch], loss + 0.25 * weights / 45, rtol=1e-11)
        loss, accuracy = own_loss(task, row, task.validation)
        assert_allclose(history.validation_loss_curve[epoch], loss, rtol=1e-12)
        assert history.validation_scores[epoch] == accuracy
        assert_allclose(
            history.watched_loss_curve[epoch], own_loss(task, row, watched)[0], rtol=1e-12
        )


def test_lbfgs_says_why_it_ended():
    task = tasks(alpha=0.5)
    converged = minimize(task, max_iter=10_000)
    assert converged.histories[0].stopped == "converged"
    assert np.abs(converged.gradient.flat).max() <= 1e-4
    assert minimize(task, max_fun=3).histories[0].stopped == "max_iter"


@weighted
@pytest.mark.parametrize("block", [3, 1000])
def test_assess_gives_loss_and_accuracy(with_weights, block, monkeypatch):
    monkeypatch.setattr("skinit.network.EVALUATION_BLOCK", block)
    task = tasks(n=60, with_weights=with_weights)
    stack = Parameters.stack(members_of(3), np.float64)
    losses, accuracies = assess(stack, task, task.train)
    expected = [own_loss(task, row, task.train) for row in stack.flat]
    assert_allclose(losses, [loss for loss, _ in expected], rtol=1e-12)
    assert_allclose(accuracies, [accuracy for _, accuracy in expected], rtol=1e-12)


# --- batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [np.asarray, np.asfortranarray, csr_matrix, csr_array])
@weighted
@pytest.mark.parametrize("batch_size", [1, 7, 45, 99])
@pytest.mark.parametrize("shuffled", [False, True])
def test_each_epoch_visits_every_row_once(layout, with_weights, batch_size, shuffled):
    samples = tasks(with_weights=with_weights).train
    samples = samples._replace(X=layout(samples.X))
    shuffle = np.random.default_rng(0) if shuffled else None
    batches, orders = Batches(samples, batch_size, shuffle), []
    for _ in range(2):
        rows = []
        for X, y, weight in batches:
            X = X if isinstance(X, np.ndarray) else X.toarray()
            rows.append((X.copy(), y.copy(), np.ones((len(y), 1)) if weight is None else weight))
        X, y, weight = (np.concatenate(part) for part in zip(*rows, strict=True))
        full = samples.X if isinstance(samples.X, np.ndarray) else samples.X.toarray()
        order = [int(np.flatnonzero((full == row).all(1))[0]) for row in X]
        assert sorted(order) == list(range(45))
        assert_array_equal(y, samples.y[order])
        if with_weights:
            assert_array_equal(weight, samples.sample_weight[order])
        assert [len(part[0]) for part in rows][:-1] == [batch_size] * (len(rows) - 1)
        orders.append(order)
    in_order = not shuffled or batch_size >= 45  # the sum over a single batch has no order
    assert (orders[0] == list(range(45))) == in_order
    assert (orders[0] == orders[1]) == in_order
