"""Train a stack of networks with SGD or Adam, batch by batch and epoch by epoch.

All networks see the same batches. One that has converged or diverged leaves the stack, the others
go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import issparse

from skinit.engine.compiled import CompiledEpoch
from skinit.engine.evaluation import assess_held_out, mean_loss
from skinit.engine.optimizers import Optimizer
from skinit.engine.passes import Workspaces, loss_and_gradient
from skinit.engine.rows import TakenRows, as_matrix
from skinit.engine.stack import Parameters, layers_of
from skinit.engine.task import History, Samples, Task, TrainingConfig

# Values of X up to which a copy with its rows side by side is worth its memory: 8 MB in float64.
# Rows of another layout take three to nine times as long to gather.
SMALL = 1 << 20


class Batches:
    """The batches of every epoch: slices in order, or gathered in a random order.

    Parameters
    ----------
    samples : Samples
        All of them.
    batch_size : int
        Rows of a batch; the last one of an epoch may be smaller.
    shuffle : Generator or None
        Where each epoch's order comes from. None, or a single batch: rows as they are, no copy.
    """

    def __init__(self, samples: Samples, batch_size: int, shuffle):
        self.n_samples = len(samples.y)
        self.batch_size = min(batch_size, self.n_samples)
        self.shuffle = shuffle if self.batch_size < self.n_samples else None
        X = samples.X
        if not issparse(X) and X.size <= SMALL:
            X = as_matrix(X)
            if self.shuffle is not None or not X.flags.forc:
                X = np.ascontiguousarray(X)
        self.samples = samples._replace(X=X)
        # Targets lie samples-last in memory, as raw outputs do.
        self._y = np.asfortranarray(samples.y)
        starts = range(0, self.n_samples, self.batch_size)
        self._slices = [slice(i, min(i + self.batch_size, self.n_samples)) for i in starts]
        self._gather = _make_gather(X, self.batch_size, shuffled=self.shuffle is not None)

    def __iter__(self) -> Iterator[Samples]:
        weight = self.samples.sample_weight
        y, order = self._y, None
        if self.shuffle is not None:
            order = self.shuffle.permutation(self.n_samples)
            y = y.T[:, order].T
            weight = None if weight is None else weight[order]
        for rows in self._slices:
            batch = self._gather(rows if order is None else order[rows])
            yield Samples(batch, y[rows], None if weight is None else weight[rows])


def _make_gather(X, batch_size: int, shuffled: bool) -> Callable:
    """Return a function that gives the rows of X in a slice, or at an array of places.

    Whatever the layout of X, a batch costs a buffer of its size at most.
    """
    if isinstance(X, TakenRows):
        gather = _make_gather(X.X, batch_size, shuffled=True)
        return lambda rows: gather(X.places[rows])
    if issparse(X) or (X.flags.forc and not shuffled):
        return lambda rows: X[rows]
    if X.flags.c_contiguous:
        by_row = np.empty((batch_size, X.shape[1]), X.dtype)
        # mode="clip" lets take write into the buffer directly; the places are all valid.
        return lambda rows: X.take(rows, 0, by_row[: len(rows)], "clip")
    if X.flags.f_contiguous:
        by_column = np.empty((X.shape[1], batch_size), X.dtype)
        return lambda rows: X.T.take(rows, 1, by_column[:, : len(rows)], "clip").T
    return lambda rows: np.ascontiguousarray(X[rows])


class StochasticTraining:
    """Train a stack of networks with SGD or Adam, epoch by epoch.

    The parameters are changed in place, and every exception is let through, so that a caller who
    is interrupted can still read what was reached.

    Parameters
    ----------
    task : Task
        What is learned.
    parameters : Parameters
        The stack; trained in place.
    config : TrainingConfig
        How. Its engine is "compiled" for the compiled one, all else is NumPy's.
    histories : list of History
        One per network; they may already hold the `best` value of an earlier training.
    optimizer : Optimizer
        Its schedule must have as many learning rates as the stack has networks.
    rng : Generator or None
        Where the order of the rows comes from; None visits them as they are.
    n_samples_seen : int, default=0
        Rows that earlier trainings have seen.

    Attributes
    ----------
    members : list of int
        The networks still in the stack, as positions in `histories`.
    n_samples_seen : int
        Rows that each network has been trained on.
    """

    def __init__(
        self,
        task: Task,
        parameters: Parameters,
        config: TrainingConfig,
        histories: list[History],
        optimizer: Optimizer,
        rng: np.random.Generator | None = None,
        n_samples_seen: int = 0,
    ):
        self.task = task
        self.config = config
        self.histories = histories
        self.optimizer = optimizer
        self.n_samples_seen = n_samples_seen
        batch_size = config.batch_rows(len(task.train.y))
        self.batches = Batches(task.train, batch_size, rng if config.shuffle else None)
        self.members = list(range(len(histories)))
        self._left: dict[int, np.ndarray] = {}
        self._alphas = [float(alpha) for alpha in np.broadcast_to(config.alpha, len(histories))]
        self._use(parameters)
        if config.early_stopping:
            for row, history in enumerate(histories):
                history.best_weights = parameters.flat[row].copy()

    def _use(self, parameters):
        """Make buffers for this stack; called again whenever networks have left."""
        self.parameters = parameters
        self.gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
        activation = self.task.activation
        self._workspaces = Workspaces(parameters, activation, gradient=self.gradient)
        self._evaluations = Workspaces(parameters, activation, memory=self._workspaces.memory)
        self.optimizer.bind(parameters.flat, self.gradient.flat, parameters.n_weights)
        self._compiled = None
        if self.config.engine == "compiled":
            self._compiled = CompiledEpoch(self.task, self.batches, parameters, self.optimizer)

    def run(self, on_epoch: Callable[[StochasticTraining], list[int] | None] | None = None) -> None:
        """Train until every network has stopped.

        ``on_epoch`` is called after each epoch and returns the members that are to end.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self._record_start()
            for epoch in range(self.config.max_iter):
                losses, penalties = self._train_one_epoch()
                self.n_samples_seen += self.batches.n_samples
                self._record(losses, penalties)
                if epoch == self.config.max_iter - 1:
                    self._stop_members(self.members, "max_iter")
                if on_epoch is not None:
                    self._stop_members(on_epoch(self) or (), "on_epoch")
                self._drop_stopped()
                if not self.members:
                    break

    def _record_start(self):
        """Record the losses before the first step, where losses are watched at all."""
        if self.task.watched is None or not self.task.watches(0):
            return
        losses, watched = self._mean_loss(self.task.train), self._mean_loss(self.task.watched)
        for history, *values in zip(self.histories, losses, watched, strict=True):
            history.start_loss, history.start_watched_loss = map(float, values)

    def _mean_loss(self, samples):
        if self._compiled is not None and not issparse(samples.X):
            return self._compiled.mean_loss(samples)
        return mean_loss(self.parameters, self.task, samples, self._evaluations)

    def weights(self, j: int) -> np.ndarray:
        """Return the parameters that network j ended with, (n_parameters,)."""
        best = self.histories[j].best_weights
        if best is not None and self.histories[j].stopped != "diverged":
            return best
        return self._left[j] if j in self._left else self.parameters.flat[self.members.index(j)]

    def _layers(self, row):
        return layers_of(self.parameters.flat[row], self.parameters.layer_sizes)

    def _train_one_epoch(self):
        """Return each network's mean loss over the batches, and its mean L2 penalty."""
        alphas = [self._alphas[j] for j in self.members]
        if self._compiled is not None:
            return self._compiled.run(alphas)
        losses, squares, shares, decays = [], [], [], []
        for X, y, sample_weight in self.batches:
            n_rows = len(y)
            work = self._workspaces[n_rows]
            loss, total_weight = loss_and_gradient(work, self.task.loss, X, y, sample_weight)
            if total_weight == 0:
                continue
            decay = [alpha / total_weight for alpha in alphas]
            losses.append(loss)
            shares.append(n_rows / self.batches.n_samples)
            decays.append(decay)
            squares.append(self.optimizer.step(decay))
        share = np.array(shares)
        return share @ np.array(losses), share @ (np.array(decays) * np.array(squares) / 2)

    def _record(self, losses, penalties):
        """Write the epoch into the histories and decide which networks stop."""
        epoch = self.histories[self.members[0]].n_iter + 1
        validation, watched = assess_held_out(
            self.parameters, self.task, epoch, self._evaluations, self._mean_loss
        )
        for row, j in enumerate(self.members):
            self.histories[j].record(
                losses[row] + penalties[row], losses[row], validation[row], watched[row]
            )
            self._decide(self.histories[j], row)
        self.optimizer.schedule.epoch_ends(self.n_samples_seen)

    def _decide(self, history, row):
        """Count epochs without improvement; stop or slow down a network that stalls."""
        history.notice = ""
        if not math.isfinite(history.loss_curve[-1]):
            history.record_divergence(self._layers(row))
            if history.stopped:
                return
        value = (
            history.validation_scores[-1] if self.config.early_stopping else -history.loss_curve[-1]
        )
        stalled = not value >= history.best + self.config.tol  # as NaN is
        history.no_improvement_count = history.no_improvement_count + 1 if stalled else 0
        if value > history.best:
            history.best = value
            if self.config.early_stopping:
                history.best_weights = self.parameters.flat[row].copy()
        if history.no_improvement_count > self.config.n_iter_no_change:
            self._stall(history, row)

    def _stall(self, history, row):
        what = "Validation score" if self.config.early_stopping else "Training loss"
        history.notice = (
            f"{what} did not improve more than tol={self.config.tol:f} "
            f"for {self.config.n_iter_no_change:g} consecutive epochs. "
        )
        if self.optimizer.schedule.slow_down(row):
            history.no_improvement_count = 0
            rate = self.optimizer.schedule.rates[row]
            history.notice += f"Setting learning rate to {rate:f}"
        else:
            if self.optimizer.schedule.kind == "adaptive":
                history.notice += "Learning rate too small. "
            history.notice += "Stopping."
            self._stop(history, row, "converged")

    def _stop_members(self, which, why):
        for row, j in enumerate(self.members):
            if j in which and not self.histories[j].stopped:
                self._stop(self.histories[j], row, why)

    def _stop(self, history, row, why):
        history.stopped = why
        # Losses are those before a batch's step: the very last step may have overflowed unseen.
        history.record_divergence(self._layers(row))

    def _drop_stopped(self):
        """Take networks that stopped out of the stack, so that the others train faster."""
        stays = [not self.histories[j].stopped for j in self.members]
        if all(stays):
            return
        for row, j in enumerate(self.members):
            if not stays[row]:
                self._left[j] = (
                    self.parameters.flat[row].copy() if any(stays) else self.parameters.flat[row]
                )
        self.members = [j for j, stay in zip(self.members, stays, strict=True) if stay]
        if self.members:
            self.optimizer.take(np.array(stays))
            self._use(self.parameters.take(np.array(stays)))
