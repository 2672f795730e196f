"""The table of solvers: how each trains a stack, and what it depends on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skinit._registry import Registry
from skinit.engine.lbfgs import LBFGSTraining
from skinit.engine.optimizers import SGD, Adam, Optimizer, Schedule
from skinit.engine.stack import Parameters
from skinit.engine.stochastic import StochasticTraining
from skinit.engine.task import History, Start, Task, TrainingConfig

Trainings = list[tuple[Any, int]]


@dataclass(frozen=True)
class Job:
    """What a solver is asked to do.

    Attributes
    ----------
    task : Task
        What is learned, in the coordinates of training.
    starts : sequence of Start
        Where the networks come from; their weights stand in `parameters`.
    parameters : Parameters
        The stack, in the coordinates of training; trained in place.
    config : TrainingConfig
        How.
    rng : Generator or None
        Where the order of the rows comes from.
    flatness_test : callable ``(j, tol) -> test`` or None
        Make the test by which network j's gradient is small; see `LBFGSTraining`.
    """

    task: Task
    starts: Sequence[Start]
    parameters: Parameters
    config: TrainingConfig
    rng: np.random.Generator | None = None
    flatness_test: Callable | None = None

    def new_history(self, j: int) -> History:
        """Return an empty history that knows the best value of an earlier training."""
        start = self.starts[j]
        return History(best=start.best, no_improvement_count=start.no_improvement_count)


@dataclass(frozen=True)
class Solver:
    """A way to train.

    Attributes
    ----------
    name : str
        The value of the parameter `solver`.
    prepare : callable ``(job) -> list of (training, row)``
        Make a training for the networks of the stack, and the row that each of them has in it.
        A training has ``run(on_epoch)``, ``weights(row)``, ``histories`` and ``n_samples_seen``.
    rotation_invariant : bool
        Whether a rotation of the features leaves the training as it is.
    make_optimizer : callable ``(config, k) -> Optimizer``, default=None
        A fresh optimizer for k networks; None for a solver that has no batches.
    """

    name: str
    prepare: Callable[[Job], Trainings]
    rotation_invariant: bool
    make_optimizer: Callable[[TrainingConfig, int], Optimizer] | None = None

    @property
    def minibatches(self) -> bool:
        """Whether it goes batch by batch; only then there is early stopping."""
        return self.make_optimizer is not None


def _prepare_stochastic(job: Job) -> Trainings:
    """Train all networks together, with the state of an earlier training where there is one."""
    k, first = len(job.starts), job.starts[0]
    make_optimizer = SOLVERS[job.config.solver].make_optimizer
    assert make_optimizer is not None
    training = StochasticTraining(
        job.task,
        job.parameters,
        job.config,
        [job.new_history(j) for j in range(k)],
        copy.deepcopy(first.optimizer) or make_optimizer(job.config, k),
        job.rng,
        first.n_samples_seen,
    )
    return [(training, j) for j in range(k)]


def _prepare_lbfgs(job: Job) -> Trainings:
    """Train one network after the other."""
    alphas = np.broadcast_to(job.config.alpha, len(job.starts))
    return [
        (
            LBFGSTraining(
                job.task,
                job.parameters.take([j]),
                float(alpha),
                job.config,
                job.new_history(j),
                job.flatness_test and job.flatness_test(j, job.config.tol),
            ),
            0,
        )
        for j, alpha in enumerate(alphas)
    ]


def _make_sgd(config: TrainingConfig, k: int) -> Optimizer:
    schedule = Schedule(config.learning_rate, config.learning_rate_init, config.power_t, k)
    return SGD(schedule, config.momentum, config.nesterovs_momentum)


def _make_adam(config: TrainingConfig, k: int) -> Optimizer:
    schedule = Schedule("constant", config.learning_rate_init, k=k)
    return Adam(schedule, config.beta_1, config.beta_2, config.epsilon)


SOLVERS: Registry[Solver] = Registry("solver")

for _solver in [
    Solver("lbfgs", _prepare_lbfgs, rotation_invariant=True),
    Solver("sgd", _prepare_stochastic, rotation_invariant=True, make_optimizer=_make_sgd),
    # Adam scales every coordinate by its own gradients.
    Solver("adam", _prepare_stochastic, rotation_invariant=False, make_optimizer=_make_adam),
]:
    SOLVERS.register(_solver.name, _solver)
