from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skinit.engine.evaluation import assess
from skinit.engine.lbfgs import LBFGSTraining
from skinit.engine.stack import Parameters, layers_of
from skinit.engine.task import History, Samples, TrainingConfig
from tests.engine.engine_cases import members_of, own_loss, sgd, tasks, train, weighted

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("either_engine"),
]


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


def test_watched_rows_may_be_looked_at_after_one_epoch_alone():
    rng = np.random.default_rng(2)
    watched = Samples(rng.normal(size=(20, 6)), np.eye(3)[rng.integers(3, size=20)])
    always, once = (
        train(tasks(n=70, watched=watched, watched_after=after), members_of(2), sgd(), max_iter=5)
        for after in (None, 3)
    )
    for each, other in zip(always.histories, once.histories, strict=True):
        assert len(each.watched_loss_curve) == 5 and np.isfinite(each.start_watched_loss)
        assert other.watched_loss_curve == each.watched_loss_curve[2:3]
        assert np.isnan(other.start_loss) and np.isnan(other.start_watched_loss)


def test_the_loss_curve_is_the_mean_over_batches_with_the_penalty():
    task, (member,) = tasks(), members_of(1)
    together = train(task, [member], sgd(), alpha=0.5, batch_size=45, max_iter=1)
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
    alpha = options.pop("alpha", 0.1)
    training = LBFGSTraining(task, parameters, alpha, TrainingConfig(**options), History())
    training.run(on_epoch)
    return training


def test_lbfgs_records_every_iteration():
    rng = np.random.default_rng(2)
    watched = Samples(rng.normal(size=(20, 6)), np.eye(3)[rng.integers(3, size=20)])
    task, seen = tasks(n=70, n_aside=25, watched=watched), []
    training = minimize(
        task, alpha=0.5, on_epoch=lambda t: seen.append(t.parameters.flat[0].copy())
    )
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
    task = tasks()
    converged = minimize(task, alpha=0.5, max_iter=10_000)
    assert converged.histories[0].stopped == "converged"
    assert np.abs(converged.gradient.flat).max() <= 1e-4
    assert minimize(task, alpha=0.5, max_fun=3).histories[0].stopped == "max_iter"


@weighted
@pytest.mark.parametrize("block", [3, 1000])
def test_assess_gives_loss_and_accuracy(with_weights, block, monkeypatch):
    monkeypatch.setattr("skinit.engine.passes.EVALUATION_BLOCK", block)
    task = tasks(n=60, with_weights=with_weights)
    stack = Parameters.stack(members_of(3), np.float64)
    losses, accuracies = assess(stack, task, task.train)
    expected = [own_loss(task, row, task.train) for row in stack.flat]
    assert_allclose(losses, [loss for loss, _ in expected], rtol=1e-12)
    assert_allclose(accuracies, [accuracy for _, accuracy in expected], rtol=1e-12)
