from __future__ import annotations

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from skinit.engine import optimizers
from skinit.engine.optimizers import SGD, Adam, Schedule
from skinit.engine.solvers import SOLVERS
from skinit.engine.task import TrainingConfig

RULES = {
    "plain": lambda schedule: SGD(schedule, momentum=0),
    "momentum": lambda schedule: SGD(schedule, momentum=0.9, nesterov=False),
    "nesterov": lambda schedule: SGD(schedule, momentum=0.8, nesterov=True),
    "adam": lambda schedule: Adam(schedule, beta_1=0.8, beta_2=0.99, epsilon=1e-3),
}
ORACLES = {
    "plain": lambda params, rate: SGDOptimizer(params, rate, momentum=0, nesterov=False),
    "momentum": lambda params, rate: SGDOptimizer(params, rate, momentum=0.9, nesterov=False),
    "nesterov": lambda params, rate: SGDOptimizer(params, rate, momentum=0.8, nesterov=True),
    "adam": lambda params, rate: AdamOptimizer(params, rate, 0.8, 0.99, 1e-3),
}
every_rule = pytest.mark.parametrize("name", RULES)
STEPS = 6


def start_and_gradients(k, n_parameters, dtype=np.float64):
    rng = np.random.default_rng(1)
    return (
        rng.normal(size=(k, n_parameters)).astype(dtype),
        rng.normal(size=(STEPS, k, n_parameters)).astype(dtype),
    )


def walk(optimizer, start, gradients, *, n_decayed=0, decay=0.0):
    """Bind an optimizer to copies, take one step for each gradient, return the parameters."""
    parameters, buffer = start.copy(), np.empty_like(start)
    optimizer.bind(parameters, buffer, n_decayed)
    for gradient in gradients:
        buffer[:] = gradient
        optimizer.step([decay] * len(start))
    return parameters


def test_every_solver_of_the_table_is_tried_here():
    tried = {type(rule(Schedule("constant", 0.1))) for rule in RULES.values()}
    made = {
        type(solver.make_optimizer(TrainingConfig(solver=name), 1))
        for name, solver in SOLVERS.items()
        if solver.minibatches
    }
    assert made == tried


@every_rule
def test_steps_equal_scikit_learns(name):
    start, gradients = start_and_gradients(2, 11)
    moved = walk(RULES[name](Schedule("constant", 0.05, k=2)), start, gradients)
    expected = start.copy()
    oracle = ORACLES[name]([expected], 0.05)
    for gradient in gradients:
        oracle.update_params([expected], [gradient])
    assert_allclose(moved, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("betas", [(0.0, 0.0), (0.0, 0.999), (0.3, 0.5), (0.9, 0.0)])
def test_units_of_adams_moments_leave_no_trace(betas):
    """They shrink quickly here: every few steps the moments are put into units of one again."""
    rng = np.random.default_rng(2)
    start, gradients = rng.normal(size=(2, 11)), rng.normal(size=(40, 2, 11))
    expected = start.copy()
    oracle = AdamOptimizer([expected], 0.05, *betas, 1e-3)
    for gradient in gradients:
        oracle.update_params([expected], [gradient])
    adam = Adam(Schedule("constant", 0.05, k=2), *betas, epsilon=1e-3)
    assert_allclose(walk(adam, start, gradients), expected, rtol=1e-12, atol=1e-14)


def test_adam_equals_torchs():
    torch = pytest.importorskip("torch", reason="torch is a second oracle for Adam")
    start, gradients = start_and_gradients(1, 11)
    tensor = torch.tensor(start, requires_grad=True)
    # torch adds epsilon after the bias correction, scikit-learn before: without it they agree.
    oracle = torch.optim.Adam([tensor], lr=0.05, betas=(0.8, 0.99), eps=0)
    for gradient in gradients:
        tensor.grad = torch.tensor(gradient)
        oracle.step()
    adam = Adam(Schedule("constant", 0.05), beta_1=0.8, beta_2=0.99, epsilon=1e-300)
    assert_allclose(walk(adam, start, gradients), tensor.detach().numpy(), rtol=1e-12)


@every_rule
@pytest.mark.parametrize("block", [1, 4, 7, 24])
def test_blocks_are_invisible(name, block, monkeypatch):
    """The border between weights and biases lies inside a block, at its edge, or beside it."""
    start, gradients = start_and_gradients(3, 10)
    options = {"n_decayed": 8, "decay": 0.3}
    expected = walk(RULES[name](Schedule("constant", 0.1, k=3)), start, gradients, **options)
    monkeypatch.setattr(optimizers, "BLOCK", block)
    moved = walk(RULES[name](Schedule("constant", 0.1, k=3)), start, gradients, **options)
    assert_array_equal(moved, expected)


@every_rule
def test_decay_reaches_the_weights_and_not_the_biases(name):
    start, gradients = start_and_gradients(2, 10)
    moved = walk(
        RULES[name](Schedule("constant", 0.1, k=2)), start, gradients, n_decayed=7, decay=0.3
    )
    expected = start.copy()
    oracle = ORACLES[name]([expected], 0.1)
    for gradient in gradients:
        decayed = gradient + 0.3 * expected * (np.arange(10) < 7)
        oracle.update_params([expected], [decayed])
    assert_allclose(moved, expected, rtol=1e-12, atol=1e-14)


@every_rule
@pytest.mark.parametrize("block", [4, 8192])
def test_a_step_returns_the_squares_that_the_penalty_needs(name, block, monkeypatch):
    monkeypatch.setattr(optimizers, "BLOCK", block)
    start, gradients = start_and_gradients(3, 10)
    optimizer, parameters = RULES[name](Schedule("constant", 0.1, k=3)), start.copy()
    optimizer.bind(parameters, gradients[0].copy(), 7)
    assert_allclose(optimizer.step([0.3] * 3), np.square(start[:, :7]).sum(axis=1), rtol=1e-14)
    assert not np.array_equal(parameters, start)
    assert optimizer.step([0.0] * 3) == [0.0, 0.0, 0.0]


@every_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_network_has_its_own_rate_and_moves_as_if_alone(name, dtype):
    start, gradients = start_and_gradients(3, 10, dtype)
    together = RULES[name](Schedule("adaptive", 0.1, k=3))
    assert together.schedule.slow_down(1)
    moved = walk(together, start, gradients, n_decayed=6, decay=0.2)
    assert moved.dtype == dtype
    for j, rate in enumerate([0.1, 0.1 / 5, 0.1]):
        alone = RULES[name](Schedule("constant", rate))
        one = slice(j, j + 1)
        expected = walk(alone, start[one], gradients[:, one], n_decayed=6, decay=0.2)
        tolerance = 1e-13 if dtype == np.float64 else 1e-6
        assert_allclose(moved[one], expected, rtol=tolerance, atol=tolerance)


@every_rule
def test_those_who_stay_keep_their_state(name):
    start, gradients = start_and_gradients(3, 10)
    keep = np.array([True, False, True])
    undisturbed = walk(RULES[name](Schedule("constant", 0.1, k=3)), start, gradients)
    optimizer = RULES[name](Schedule("constant", 0.1, k=3))
    halfway = walk(optimizer, start, gradients[:3])
    optimizer.take(keep)
    moved = walk(optimizer, halfway[keep], gradients[3:, keep])
    assert len(optimizer.schedule.rates) == 2
    assert_array_equal(moved, undisturbed[keep])


@every_rule
def test_a_copy_goes_on_where_the_original_stood(name):
    start, gradients = start_and_gradients(1, 10)
    optimizer = RULES[name](Schedule("constant", 0.1))
    halfway = walk(optimizer, start, gradients[:3])
    optimizer.release()
    twin = copy.deepcopy(optimizer)
    expected = walk(optimizer, halfway, gradients[3:])
    assert_array_equal(walk(twin, halfway, gradients[3:]), expected)
    forgetful = walk(RULES[name](Schedule("constant", 0.1)), halfway, gradients[3:])
    assert np.array_equal(forgetful, expected) == (name == "plain")  # which has no state


def test_invscaling_is_scikit_learns():
    schedule = Schedule("invscaling", 0.3, power_t=0.7, k=2)
    oracle = SGDOptimizer([], 0.3, lr_schedule="invscaling", power_t=0.7)
    assert_array_equal(schedule.rates, 0.3)
    for n_samples_seen in (20, 40, 1_000_000):
        schedule.epoch_ends(n_samples_seen)
        oracle.iteration_ends(n_samples_seen)
        assert_allclose(schedule.rates, oracle.learning_rate, rtol=1e-15)
    assert not schedule.slow_down(0)


def test_adaptive_shrinks_the_rate_of_the_one_that_stalls():
    schedule = Schedule("adaptive", 0.3, k=2)
    oracle = SGDOptimizer([], 0.3, lr_schedule="adaptive")
    schedule.epoch_ends(100)
    n_stalls = 0
    while schedule.slow_down(1):
        assert not oracle.trigger_stopping("", verbose=False)
        n_stalls += 1
        assert schedule.rates[1] == oracle.learning_rate
        assert schedule.rates[0] == 0.3
    assert oracle.trigger_stopping("", verbose=False)
    assert n_stalls == 8


def test_constant_stays_and_cannot_shrink():
    schedule = Schedule("constant", 0.3)
    schedule.epoch_ends(1000)
    assert not schedule.slow_down(0)
    assert_array_equal(schedule.rates, [0.3])
