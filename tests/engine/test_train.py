"""The door into the engine: what goes in comes out trained, in either coordinates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skinit.engine.solvers import SOLVERS
from skinit.engine.stack import Parameters
from skinit.engine.task import Samples, Start, TrainingConfig
from skinit.engine.training import train
from tests.engine.engine_cases import members_of, own_loss, tasks

pytestmark = pytest.mark.usefixtures("either_engine")

every_solver = pytest.mark.parametrize("solver", SOLVERS.names())
SIZES = (6, 8, 5, 3)


def starts_of(k=3):
    return [Start(layers) for layers in members_of(k)]


def config_of(solver, **options):
    options = {"max_iter": 8, "learning_rate_init": 0.02, "alpha": 0.3, "batch_size": 10} | options
    return TrainingConfig(solver=solver, **options)


def flat(trained):
    return Parameters.stack([trained.layers], np.float64).flat[0]


def run(task, starts, config, on_epoch=None):
    return train(task, starts, config, rng=np.random.default_rng(1), on_epoch=on_epoch)


def wide_task():
    """Return the usual task with many features that are mixtures of its six."""
    task = tasks()
    mix = np.linalg.qr(np.random.default_rng(5).normal(size=(90, 6)))[0].T
    return replace(task, train=task.train._replace(X=task.train.X @ mix)), mix


@every_solver
def test_each_network_has_its_own_rate_and_penalty(solver):
    """As a comparison that tunes them needs it."""
    task, starts = tasks(), starts_of()
    rates, alphas = np.array([0.001, 0.01, 0.05]), np.array([0.0, 0.3, 5.0])
    together = run(task, starts, config_of(solver, alpha=alphas, learning_rate_init=rates))
    for start, trained, alpha, rate in zip(starts, together, alphas, rates, strict=True):
        config = config_of(solver, alpha=float(alpha), learning_rate_init=float(rate))
        (alone,) = run(task, [start], config)
        assert_allclose(flat(trained), flat(alone), rtol=1e-9, atol=1e-12)
        assert_allclose(trained.history.loss_curve, alone.history.loss_curve, rtol=1e-9)


@every_solver
def test_rates_of_their_own_survive_schedules_and_networks_that_leave(solver):
    options = {"learning_rate": "invscaling", "tol": 1e-2, "n_iter_no_change": 1, "max_iter": 40}
    rates = np.array([0.3, 1e-4, 0.05])
    together = run(tasks(), starts_of(), config_of(solver, learning_rate_init=rates, **options))
    for start, trained, rate in zip(starts_of(), together, rates, strict=True):
        config = config_of(solver, learning_rate_init=float(rate), **options)
        (alone,) = run(tasks(), [start], config)
        assert trained.history.n_iter == alone.history.n_iter
        assert_allclose(flat(trained), flat(alone), rtol=1e-8, atol=1e-10)


@every_solver
@pytest.mark.parametrize("wide", [False, True], ids=["features", "row space"])
def test_on_epoch_can_end_the_training(solver, wide):
    task = wide_task()[0] if wide else tasks()
    layers = [(np.zeros((task.train.X.shape[1], 8)), np.zeros(8)), *members_of(1)[0][1:]]
    row_space = wide and SOLVERS[solver].rotation_invariant
    config = config_of(solver, row_space=row_space)
    (stopped,) = run(task, [Start(layers)], config, lambda now: now.histories[0].n_iter == 3)
    (short,) = run(task, [Start(layers)], replace(config, max_iter=3))
    assert stopped.history.stopped == "on_epoch"
    assert stopped.history.loss_curve == short.history.loss_curve
    assert_array_equal(flat(stopped), flat(short))


@every_solver
@pytest.mark.parametrize("wide", [False, True], ids=["features", "row space"])
def test_on_epoch_can_see_what_the_networks_are_now(solver, wide):
    """In the coordinates of the features, as copies, and by their places among the starts."""
    task = wide_task()[0] if wide else tasks()
    d = task.train.X.shape[1]
    rng = np.random.default_rng(3)
    starts = [
        Start([(rng.normal(size=(d, 8)) / d**0.5, np.zeros(8)), *layers[1:]])
        for layers in members_of(3)
    ]
    config = config_of(solver, max_iter=4, row_space=wide and SOLVERS[solver].rotation_invariant)
    seen = []

    def look(now):
        if now.histories[0].n_iter == 2:
            seen.extend(zip(now.members, now.trained(), strict=True))

    run(task, starts, config, look)
    assert [j for j, _ in seen] == [0, 1, 2]
    after_two = run(task, starts, replace(config, max_iter=2))
    for j, trained in seen:
        assert_allclose(flat(trained), flat(after_two[j]), rtol=1e-9, atol=1e-12)


@every_solver
def test_the_loss_before_the_first_step_is_recorded_where_losses_are_watched(solver):
    rng = np.random.default_rng(2)
    watched = Samples(rng.normal(size=(20, 6)), np.eye(3)[rng.integers(3, size=20)])
    task, starts = tasks(watched=watched), starts_of()
    for start, trained in zip(starts, run(task, starts, config_of(solver)), strict=True):
        row = Parameters.stack([start.layers], np.float64).flat[0]
        expected = own_loss(task, row, task.train)[0], own_loss(task, row, watched)[0]
        recorded = trained.history.start_loss, trained.history.start_watched_loss
        assert_allclose(recorded, expected, rtol=1e-12)
    (trained,) = run(tasks(), starts[:1], config_of(solver))
    assert np.isnan(trained.history.start_loss)


@every_solver
def test_starts_stay_as_they_are(solver):
    starts, fresh = starts_of(), starts_of()
    run(tasks(), starts, config_of(solver))
    for start, same in zip(starts, fresh, strict=True):
        for (W, b), (V, c) in zip(start.layers, same.layers, strict=True):
            assert_array_equal(W, V)
            assert_array_equal(b, c)


@every_solver
def test_ctrl_c_after_an_epoch_ends_the_training_and_keeps_it(solver):
    def interrupt(now):
        if now.histories[0].n_iter == 2:
            raise KeyboardInterrupt

    (trained,) = run(tasks(), starts_of(1), config_of(solver), interrupt)
    assert trained.history.stopped == "interrupted"
    assert trained.history.n_iter == 2


def test_solvers_say_what_they_depend_on():
    found = {
        name: (solver.minibatches, solver.rotation_invariant) for name, solver in SOLVERS.items()
    }
    assert found == {"lbfgs": (False, True), "sgd": (True, True), "adam": (True, False)}


def test_on_epoch_can_end_some_of_the_networks():
    task, starts = tasks(), starts_of(3)
    config = TrainingConfig(solver="sgd", max_iter=6)
    whole = run(task, starts, config)
    some = run(task, starts, config, lambda now: {0, 2} if now.histories[0].n_iter == 2 else set())
    assert [one.history.n_iter for one in some] == [2, 6, 2]
    assert [one.history.stopped for one in some] == ["on_epoch", "max_iter", "on_epoch"]
    after_two = run(task, starts, replace(config, max_iter=2))
    for found, expected in zip(some, [after_two[0], whole[1], after_two[2]], strict=True):
        assert_allclose(flat(found), flat(expected), rtol=1e-9, atol=1e-12)
