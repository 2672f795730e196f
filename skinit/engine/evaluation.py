"""Look at rows without training on them: raw outputs, mean losses, scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skinit.engine.passes import Workspaces, evaluate
from skinit.engine.stack import Stack
from skinit.engine.task import Samples, Task


def raw_outputs(stack: Stack, activation, X, workspaces: Workspaces | None = None) -> np.ndarray:
    """Return the raw outputs of every network of the stack, (k, n_samples, n_outputs)."""
    # Samples last in memory, as `Workspace` has them.
    raw = np.empty((len(stack), stack.layer_sizes[-1], X.shape[0]), stack.dtype).swapaxes(-2, -1)
    for rows, block in evaluate(stack, activation, X, workspaces):
        raw[:, rows] = block
    return raw


def assess(stack: Stack, task: Task, samples: Samples, workspaces: Workspaces | None = None):
    """Return mean loss and score of every network of the stack on ``samples``, both (k,).

    The score is the loss's own, such as accuracy; NaN where the loss is not finite.
    """
    X, y, sample_weight = samples
    raw = raw_outputs(stack, task.activation, X, workspaces)
    score = task.loss.score(raw, y, sample_weight)
    value = task.loss.value_and_gradient(raw, y, sample_weight)[0] / samples.total_weight
    return value, np.where(np.isfinite(value), score, np.nan)


def mean_loss(stack: Stack, task: Task, samples: Samples, workspaces: Workspaces | None = None):
    """Return the mean loss of every network of the stack on ``samples``, (k,)."""
    value = np.zeros(len(stack))
    for rows, raw in evaluate(stack, task.activation, samples.X, workspaces):
        weight = None if samples.sample_weight is None else samples.sample_weight[rows]
        value += task.loss.value_and_gradient(raw, samples.y[rows], weight)[0]
    return value / samples.total_weight


def assess_held_out(
    stack: Stack,
    task: Task,
    epoch: int,
    workspaces: Workspaces | None = None,
    measure: Callable[[Samples], np.ndarray] | None = None,
):
    """Return (loss, score) on the validation samples and the loss on the watched ones.

    Two lists with an entry for every network, which is None where there are no such samples or, of
    watched ones, where their loss is not recorded after this epoch. ``measure`` stands for
    `mean_loss`.
    """
    validation: list[tuple | None] = [None] * len(stack)
    watched: list[float | None] = [None] * len(stack)
    if task.validation is not None:
        validation = list(zip(*assess(stack, task, task.validation, workspaces), strict=True))
    if task.watched is not None and task.watches(epoch):
        watched = list(
            measure(task.watched) if measure else mean_loss(stack, task, task.watched, workspaces)
        )
    return validation, watched
