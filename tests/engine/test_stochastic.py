from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skinit.engine.optimizers import Adam, Schedule
from skinit.engine.stack import layers_of
from tests.engine.engine_cases import members_of, sgd, tasks, train, weighted

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("either_engine"),
]


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
