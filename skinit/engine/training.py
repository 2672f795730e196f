"""`train`, the door into the engine: a task, starts and a configuration in, networks out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from skinit._blas import threads_for
from skinit.engine.compiled import choose_engine
from skinit.engine.coordinates import RowSpaceTask, uses_row_space
from skinit.engine.optimizers import Optimizer
from skinit.engine.solvers import SOLVERS, Job
from skinit.engine.stack import Parameters, layers_of
from skinit.engine.task import Progress, Start, Task, Trained, TrainingConfig

OnEpoch = Callable[[Progress], "bool | Collection[int] | None"]


def train(
    task: Task,
    starts: Sequence[Start],
    config: TrainingConfig,
    *,
    rng: np.random.Generator | None = None,
    on_epoch: OnEpoch | None = None,
) -> list[Trained]:
    """Train networks of one shape on one task.

    Each becomes what it would have become alone.

    Parameters
    ----------
    task : Task
        What is learned.
    starts : sequence of Start
        One per network. Several always start with fresh optimizers.
    config : TrainingConfig
        How to train.
    rng : Generator, default=None
        Where each epoch's order of the rows comes from; None leaves them as they are.
    on_epoch : callable ``(progress) -> bool, collection of int or None``, default=None
        Called after each epoch. Training ends where it returns True; of several networks, those end
        whose numbers it returns, counted as `Progress.members` does, and the others go on.

    Returns
    -------
    list of Trained
        One per start. A network that diverged is returned as it came out; its history says so.

    Raises
    ------
    KeyboardInterrupt
        Where Ctrl-C comes before the first epoch has ended. Later it only ends the training:
        histories then say "interrupted".

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.activations import get_activation
    >>> from skinit.engine.losses import LOSSES
    >>> from skinit.engine.task import Samples, Start, Task, TrainingConfig
    >>> from skinit.engine.training import train
    >>> X, y = np.eye(2), np.array([[0.0], [1.0]])
    >>> task = Task(get_activation("tanh"), LOSSES["binary"], Samples(X, y))
    >>> start = Start([(np.eye(2), np.zeros(2)), (np.ones((2, 1)), np.zeros(1))])
    >>> (trained,) = train(task, [start], TrainingConfig(solver="lbfgs", alpha=0))
    >>> trained.history.stopped, trained.history.final_loss < 1e-3
    ('converged', True)
    """
    solver = SOLVERS[config.solver]
    wide = None
    if solver.rotation_invariant and uses_row_space(task, starts, config):
        wide = RowSpaceTask(task, starts)
        task = wide.task
    layers = wide.layers if wide else [start.layers for start in starts]
    parameters = Parameters.stack(layers, task.train.X.dtype)
    engine = choose_engine(task, parameters.layer_sizes, len(starts), config)
    config = replace(config, engine=engine)
    flatness_test = wide.flatness_test if wide else None
    threads = threads_for(_largest_product(task, parameters.layer_sizes, config))
    trainings = solver.prepare(Job(task, starts, parameters, config, rng, flatness_test))
    for training in dict.fromkeys(training for training, _ in trainings):
        places = [j for j, (other, _) in enumerate(trainings) if other is training]
        with threads:
            is_finished = _run(training, on_epoch and _tell(on_epoch, places, wide))
        if not is_finished:
            break
    return _collect(trainings, parameters.layer_sizes, wide)


def _largest_product(task, layer_sizes, config) -> int:
    """Return the multiply-adds of the largest product of a training step."""
    n_rows = len(task.train.y)
    if SOLVERS[config.solver].minibatches:
        n_rows = config.batch_rows(n_rows)
    return n_rows * max(fan_in * fan_out for fan_in, fan_out in pairwise(layer_sizes))


def _run(training, on_epoch) -> bool:
    """Train and return whether it came to its end; Ctrl-C keeps what was reached."""
    try:
        training.run(on_epoch)
        return True
    except KeyboardInterrupt:
        if not training.histories[0].loss_curve:
            raise
        for history in training.histories:
            history.stopped = history.stopped or "interrupted"
        return False


def _tell(on_epoch, places, wide):
    """Return a function that tells ``on_epoch`` of a training with the starts in `places`.

    It returns the networks that are to end, as the training numbers them.
    """

    def tell(training):
        members = list(training.members)

        def trained():
            sizes = training.parameters.layer_sizes
            networks = [layers_of(training.weights(row).copy(), sizes) for row in members]
            if wide:
                networks = [
                    wide.lift_one(places[row], layers)
                    for row, layers in zip(members, networks, strict=True)
                ]
            return [
                Trained(layers, training.histories[row], None, training.n_samples_seen)
                for row, layers in zip(members, networks, strict=True)
            ]

        histories = [training.histories[row] for row in members]
        asked = on_epoch(Progress([places[row] for row in members], histories, trained))
        if asked is None or isinstance(asked, bool):
            return members if asked else []
        return [row for row in members if places[row] in asked]

    return tell


def _collect(trainings, layer_sizes, wide) -> list[Trained]:
    """Return what the networks became, with the optimizer's state of a single one."""
    networks = [layers_of(training.weights(row), layer_sizes) for training, row in trainings]
    if wide:
        networks = wide.lift(networks)
    optimizer = None
    if len(trainings) == 1:
        optimizer = _release(getattr(trainings[0][0], "optimizer", None), layer_sizes, wide)
    return [
        Trained(layers, training.histories[row], optimizer, training.n_samples_seen)
        for layers, (training, row) in zip(networks, trainings, strict=True)
    ]


def _release(optimizer: Optimizer | None, layer_sizes, wide) -> Optimizer | None:
    """Return the optimizer with its state alone, in the coordinates of the features."""
    if optimizer is None:
        return None
    optimizer.release()
    if wide:
        optimizer.moments = [
            wide.lift_row(moment[0], layer_sizes)[None] for moment in optimizer.moments
        ]
    return optimizer
