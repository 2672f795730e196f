"""A few steps of training on a copy, to see what a learning rate does.

A screen decides first whether the trial is worth its price. For gradient descent it compares the
learning rate with the curvature at the start, for Adam with the size of the weights. The trial
then takes 32 steps with the real solver and batch size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from skinit.engine.coordinates import RowSpaceTask, uses_row_space
from skinit.engine.evaluation import mean_loss
from skinit.engine.optimizers import SGD, Optimizer
from skinit.engine.solvers import SOLVERS
from skinit.engine.stack import Parameters
from skinit.engine.task import Layers, Start, Task, TrainingConfig
from skinit.engine.training import train
from skinit.propagation.batch import draw_batch, mean_square
from skinit.propagation.curvature import network_curvature, stability_limit

SCREEN_ROWS, TRIAL_STEPS = 64, 32
# Learning rate x curvature, of the limit of stability: in full-batch descent the curvature grows
# while training, and a trial shows every step.
FULL_BATCH_SCREEN, MINI_BATCH_SCREEN = 0.25, 0.5
ADAM_SCREEN = 0.5  # learning rate / root mean square of a layer's weights
RISE = 1.001  # a loss that rises by more than .1 % in full-batch descent is no rounding


@dataclass(frozen=True)
class Trial:
    """What a learning rate does in the first steps.

    Attributes
    ----------
    calm_rate : float
        The largest learning rate for which no trial is needed.
    sharpness : float
        Learning rate times curvature at the start; NaN for Adam.
    after : float
        Loss of the rows after the trial, infinite where it diverged; NaN without a trial.
    losses : list of float
        In full-batch descent, the loss before every step of the trial; otherwise empty.
    rise : (int, float, float) or None
        The first of these steps that raised the loss, and the loss before and after.
    """

    calm_rate: float
    sharpness: float = math.nan
    after: float = math.nan
    losses: Sequence[float] = ()
    rise: tuple[int, float, float] | None = None

    @property
    def was_run(self) -> bool:
        """Whether the screen asked for the trial."""
        return not math.isnan(self.after)


def try_learning_rate(layers: Layers, task: Task, config: TrainingConfig) -> Trial:
    """Screen the learning rate; where it looks too large, train a copy for a few steps.

    Parameters
    ----------
    layers : list of (W, b)
        The start.
    task : Task
        With the rows of the trial as training rows, in float64.
    config : TrainingConfig
        How the network would be trained; ``batch_size="full"`` for full-batch descent.
    """
    optimizer, rate = make_optimizer(config), float(config.learning_rate_init)
    descends = isinstance(optimizer, SGD) and config.batch_size == "full"
    if isinstance(optimizer, SGD):
        curvature = _screen_curvature(layers, task, config)
        share = FULL_BATCH_SCREEN if descends else MINI_BATCH_SCREEN
        calm_rate = share * stability_limit(optimizer) / curvature if curvature else math.inf
        sharpness = rate * curvature
    else:
        sizes = [math.sqrt(mean_square(W)) for W, _ in layers if W.any()]
        calm_rate, sharpness = ADAM_SCREEN * min(sizes, default=math.inf), math.nan
    if not rate > calm_rate:
        return Trial(calm_rate, sharpness)
    losses, after = _train(layers, task, config)
    if not descends:
        return Trial(calm_rate, sharpness, after)
    return Trial(calm_rate, sharpness, after, losses, _first_rise(losses, config.momentum))


def make_optimizer(config: TrainingConfig) -> Optimizer | None:
    """Return a fresh optimizer for one network; None for L-BFGS."""
    make = SOLVERS[config.solver].make_optimizer
    return make and make(config, 1)


def _screen_curvature(layers, task, config) -> float:
    """Return the curvature on a few rows, in their row space where that is cheaper."""
    screen = replace(task, train=draw_batch(task.train, SCREEN_ROWS, np.random.default_rng(0)))
    start = Start(layers)
    if uses_row_space(screen, [start], replace(config, max_iter=6)):
        narrow = RowSpaceTask(screen, [start])
        screen, (layers,) = narrow.task, narrow.layers
    return network_curvature(layers, screen.activation, screen.loss, screen.train)


@np.errstate(all="ignore")  # what overflows is a finding
def _train(layers, task, config) -> tuple[list[float], float]:
    """Return the mean loss of every epoch of a trial, and the loss of all rows after it."""
    n_rows = len(task.train.y)
    brief = replace(
        config,
        alpha=0.0,
        max_iter=math.ceil(TRIAL_STEPS / math.ceil(n_rows / config.batch_rows(n_rows))),
        tol=0.0,
        n_iter_no_change=math.inf,
        early_stopping=False,
    )
    (trained,) = train(task, [Start(layers)], brief, rng=np.random.default_rng(0))
    after = float(mean_loss(Parameters.stack([trained.layers], np.float64), task, task.train)[0])
    return trained.history.loss_curve, after if math.isfinite(after) else math.inf


def _first_rise(losses, momentum) -> tuple[int, float, float] | None:
    """Return the first step that raised the loss; with momentum, above its first value."""
    for step, after in enumerate(losses[1:], 1):
        before = losses[0] if momentum else losses[step - 1]
        if not after <= RISE * before:
            return step, before, after
    return None
