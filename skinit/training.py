"""The training loop: epochs, batches, stopping, divergence, history; and L-BFGS beside it.

A stack of k networks sees the same batches. A network that has converged or diverged leaves the
stack, the others go on. The loop changes the parameters that it was given in place and lets
every exception through, so a caller that is interrupted can still read what was reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize
from scipy.sparse import issparse

from skinit._blas import scipy_on_one_thread
from skinit.network import (
    Parameters,
    Workspace,
    Workspaces,
    evaluate,
    loss_and_gradient,
)


class Samples(NamedTuple):
    """Rows, their coded labels and their weights.

    X is (n, n_features), dense or CSR; y (n, n_outputs) zeros and ones in the dtype of X;
    sample_weight None or (n, 1).
    """

    X: Any
    y: np.ndarray
    sample_weight: np.ndarray | None = None

    @property
    def total_weight(self) -> float:
        """What a mean over these samples is divided by."""
        return float(len(self.y) if self.sample_weight is None else self.sample_weight.sum())


@dataclass(frozen=True)
class Task:
    """What is learned, from what, and what is looked at meanwhile.

    Attributes
    ----------
    activation : Activation
        Of the hidden layers.
    loss : Loss
        On the raw outputs.
    alpha : float
        L2 strength; as in scikit-learn the penalty is ``alpha / 2 |W|² / total weight``.
    train : Samples
        What the gradient is computed from.
    validation : Samples, default=None
        Scored after each epoch; with early stopping these scores decide when to stop.
    watched : Samples, default=None
        Its loss is recorded after each epoch and never used.
    """

    activation: Any
    loss: Any
    alpha: float
    train: Samples
    validation: Samples | None = None
    watched: Samples | None = None


class Divergence(NamedTuple):
    """Where weights stopped being finite: the epoch (from 1) and the layer (from 0)."""

    iteration: int
    layer: int


@dataclass
class History:
    """What happened to one network.

    Attributes
    ----------
    loss_curve : list of float
        Mean over each epoch's batches, with the L2 term.
    data_loss_curve : list of float
        The same without the L2 term.
    validation_scores, validation_loss_curve : list of float
        Accuracy and loss (no L2) of the validation set after each epoch.
    watched_loss_curve : list of float
        Loss (no L2) of the watched set after each epoch.
    best : float
        Largest value of what decides about stopping: the validation score, or minus the loss.
    final_loss : float
        The last loss, with the L2 term.
    best_weights : ndarray of shape (n_parameters,) or None
        The weights with the best validation score; None without early stopping.
    no_improvement_count : int
        Epochs since `best` last grew by more than ``tol``.
    stopped : {"", "converged", "diverged", "max_iter"}
        Why training ended.
    notice : str
        A sentence about what the last epoch changed: a stop, another learning rate.
    divergence : Divergence or None
        Where weights stopped being finite.
    """

    best: float = -np.inf
    no_improvement_count: int = 0
    loss_curve: list[float] = field(default_factory=list)
    data_loss_curve: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    validation_loss_curve: list[float] = field(default_factory=list)
    watched_loss_curve: list[float] = field(default_factory=list)
    best_weights: np.ndarray | None = None
    final_loss: float = math.nan
    stopped: str = ""
    notice: str = ""
    divergence: Divergence | None = None

    @property
    def n_iter(self) -> int:
        """Epochs, or iterations of L-BFGS."""
        return len(self.loss_curve)

    def record(self, loss, data_loss, validation, watched) -> None:
        """Append one epoch; `validation` is (loss, accuracy) or None, `watched` a loss or None."""
        self.final_loss = float(loss)
        self.loss_curve.append(float(loss))
        self.data_loss_curve.append(float(data_loss))
        if validation is not None:
            self.validation_loss_curve.append(float(validation[0]))
            self.validation_scores.append(float(validation[1]))
        if watched is not None:
            self.watched_loss_curve.append(float(watched))

    def look_for_divergence(self, parameters: Parameters, j: int) -> None:
        """Say so when weights of network j are not finite."""
        layers = zip(parameters.coefs, parameters.intercepts, strict=True)
        for layer, (W, b) in enumerate(layers):
            if not (np.isfinite(W[j]).all() and np.isfinite(b[j]).all()):
                self.divergence = Divergence(self.n_iter, layer)
                self.stopped = "diverged"
                return


def assess(stack, task, samples, workspaces=None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean loss and accuracy of every network of the stack on ``samples``, both (k,)."""
    correct = np.empty((len(stack), len(samples.y)))

    def look(rows, raw):
        correct[:, rows] = task.loss.correct(raw, samples.y[rows])

    value = mean_loss(stack, task, samples, workspaces, look)
    weight = None if samples.sample_weight is None else samples.sample_weight[:, 0]
    accuracy = np.average(correct, axis=-1, weights=weight)
    # A network that answers with NaN is right about nothing.
    return value, np.where(np.isfinite(value), accuracy, np.nan)


def mean_loss(stack, task, samples, workspaces=None, look=None) -> np.ndarray:
    """Return the mean loss of every network of the stack on ``samples``, (k,).

    ``look`` is called with each block's rows and their raw outputs.
    """
    value = np.zeros(len(stack))
    for rows, raw in evaluate(stack, task.activation, samples.X, workspaces):
        weight = None if samples.sample_weight is None else samples.sample_weight[rows]
        if look is not None:
            look(rows, raw)
        value += task.loss.value_and_gradient(raw, samples.y[rows], weight)[0]
    return value / samples.total_weight


def look_aside(stack, task, workspaces=None):
    """Return (loss, accuracy) on the validation samples and the loss on the watched ones.

    Two lists with an entry for every network, which is None where there are no such samples.
    """
    validation: list[tuple | None] = [None] * len(stack)
    watched: list[float | None] = [None] * len(stack)
    if task.validation is not None:
        validation = list(zip(*assess(stack, task, task.validation, workspaces), strict=True))
    if task.watched is not None:
        watched = list(mean_loss(stack, task, task.watched, workspaces))
    return validation, watched


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
        if not (issparse(X) or X.flags.c_contiguous or (X.flags.f_contiguous and not shuffle)):
            # Rows of other layouts are slow to gather, and BLAS cannot read every one of them.
            X = np.ascontiguousarray(X)
        self.samples = samples._replace(X=X)
        # Labels lie samples-last in memory, as raw outputs do.
        self._y = np.asfortranarray(samples.y)
        starts = range(0, self.n_samples, self.batch_size)
        self._slices = [slice(i, min(i + self.batch_size, self.n_samples)) for i in starts]
        if self.shuffle is not None and not issparse(X):
            self._rows = np.empty((self.batch_size, X.shape[1]), X.dtype)

    def __iter__(self) -> Iterator[Samples]:
        X, _, weight = self.samples
        y, order = self._y, None
        if self.shuffle is not None:
            order = self.shuffle.permutation(self.n_samples)
            y = y.T[:, order].T
            weight = None if weight is None else weight[order]
        for rows in self._slices:
            batch = X[rows] if order is None else self._gather(order[rows])
            yield Samples(batch, y[rows], None if weight is None else weight[rows])

    def _gather(self, rows):
        X = self.samples.X
        if issparse(X):
            return X[rows]
        # mode="clip" lets take write into the buffer directly; the indices are all valid.
        return X.take(rows, 0, self._rows[: len(rows)], "clip")


class StochasticTraining:
    """Train a stack of networks with SGD or Adam, epoch by epoch.

    Parameters
    ----------
    task : Task
        What is learned.
    parameters : Parameters
        The stack; trained in place.
    optimizer : Optimizer
        Its schedule must have as many learning rates as the stack has networks.
    histories : list of History
        One a network; they may already hold the `best` value of an earlier training.
    batch_size : int
        Rows of a batch.
    shuffle : Generator or None
        Where the order of the rows comes from.
    max_iter, tol, n_iter_no_change, early_stopping
        As in scikit-learn. Early stopping needs ``task.validation``.

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
        optimizer,
        histories: list[History],
        *,
        batch_size: int,
        shuffle: np.random.Generator | None,
        max_iter: int,
        tol: float,
        n_iter_no_change: float,
        early_stopping: bool = False,
        n_samples_seen: int = 0,
    ):
        self.task = task
        self.optimizer = optimizer
        self.histories = histories
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.n_samples_seen = n_samples_seen
        self.batches = Batches(task.train, batch_size, shuffle)
        self.members = list(range(len(histories)))
        self._left: dict[int, np.ndarray] = {}
        self._use(parameters)
        if early_stopping:
            for row, history in enumerate(histories):
                history.best_weights = parameters.flat[row].copy()

    def _use(self, parameters):
        """Make buffers for this stack; called again whenever networks have left."""
        self.parameters = parameters
        self.gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
        self._workspaces = Workspaces(parameters, self.task.activation)
        self._evaluations = Workspaces(
            parameters, self.task.activation, backward=False, memory=self._workspaces.memory
        )
        self.optimizer.bind(parameters.flat, self.gradient.flat, parameters.n_weights)

    def run(self, on_epoch: Callable[[StochasticTraining], None] | None = None) -> None:
        """Train until every network has stopped; ``on_epoch`` is called after each epoch."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for epoch in range(self.max_iter):
                self._record(*self._train_one_epoch())
                if epoch == self.max_iter - 1:
                    self._budget_ends()
                if on_epoch is not None:
                    on_epoch(self)
                self._let_stopped_leave()
                if not self.members:
                    break

    def weights(self, j: int) -> np.ndarray:
        """Return the parameters that network j ended with, (n_parameters,)."""
        best = self.histories[j].best_weights
        if best is not None and self.histories[j].stopped != "diverged":
            return best
        return self._left[j] if j in self._left else self.parameters.flat[self.members.index(j)]

    def _train_one_epoch(self):
        """Return each network's mean loss over the batches, and its mean L2 penalty."""
        losses, squares, shares, decays = [], [], [], []
        for X, y, sample_weight in self.batches:
            n_rows = len(y)
            loss, total_weight = loss_and_gradient(
                self.parameters,
                self.gradient,
                self._workspaces[n_rows],
                self.task.loss,
                X,
                y,
                sample_weight,
            )
            if total_weight == 0:
                continue
            decay = self.task.alpha / total_weight
            losses.append(loss)
            shares.append(n_rows / self.batches.n_samples)
            decays.append(decay)
            squares.append(self.optimizer.step(decay))
        self.n_samples_seen += self.batches.n_samples
        share, decay = np.array(shares), np.array(decays)
        return share @ np.array(losses), (share * decay / 2) @ np.array(squares)

    def _record(self, losses, penalties):
        """Write the epoch into the histories and decide who stops."""
        validation, watched = look_aside(self.parameters, self.task, self._evaluations)
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
            history.look_for_divergence(self.parameters, row)
            if history.stopped:
                return
        value = history.validation_scores[-1] if self.early_stopping else -history.loss_curve[-1]
        stalled = not value >= history.best + self.tol  # as NaN is
        history.no_improvement_count = history.no_improvement_count + 1 if stalled else 0
        if value > history.best:
            history.best = value
            if self.early_stopping:
                history.best_weights = self.parameters.flat[row].copy()
        if history.no_improvement_count > self.n_iter_no_change:
            self._stall(history, row)

    def _stall(self, history, row):
        what = "Validation score" if self.early_stopping else "Training loss"
        history.notice = (
            f"{what} did not improve more than tol={self.tol:f} "
            f"for {self.n_iter_no_change:g} consecutive epochs. "
        )
        if self.optimizer.schedule.stalls(row):
            history.no_improvement_count = 0
            rate = self.optimizer.schedule.rates[row]
            history.notice += f"Setting learning rate to {rate:f}"
        else:
            if self.optimizer.schedule.kind == "adaptive":
                history.notice += "Learning rate too small. "
            history.notice += "Stopping."
            self._stop(history, row, "converged")

    def _budget_ends(self):
        for row, j in enumerate(self.members):
            if not self.histories[j].stopped:
                self._stop(self.histories[j], row, "max_iter")

    def _stop(self, history, row, why):
        history.stopped = why
        # Losses are those before a batch's step: the very last step may have overflowed unseen.
        history.look_for_divergence(self.parameters, row)

    def _let_stopped_leave(self):
        """Take networks that stopped out of the stack, so that the others train faster."""
        stays = [not self.histories[j].stopped for j in self.members]
        if all(stays):
            return
        for row, j in enumerate(self.members):
            if not stays[row]:
                self._left[j] = (
                    self.parameters.flat[row].copy() if any(stays) else (self.parameters.flat[row])
                )
        self.members = [j for j, stay in zip(self.members, stays, strict=True) if stay]
        if self.members:
            self.optimizer.take(np.array(stays))
            self._use(self.parameters.take(np.array(stays)))


class LBFGSTraining:
    """Train one network with L-BFGS, scipy's, on all samples at once.

    Parameters
    ----------
    task : Task
        What is learned.
    parameters : Parameters
        A stack of one; trained in place.
    history : History
        Filled while training goes on.
    max_iter, max_fun, tol
        As in scikit-learn: iterations, evaluations, largest entry of the gradient at the end.
    is_flat : callable, default=None
        Tell of a gradient, (n_parameters,), whether it is small enough to stop, in place of the
        test of its entries: what the largest entry is depends on the coordinates.
    """

    def __init__(self, task, parameters, history, *, max_iter, max_fun, tol, is_flat=None):
        self.task = task
        self.parameters = parameters
        self.histories = [history]
        self.members = [0]
        self.n_samples_seen = 0
        self.is_flat = is_flat
        gtol = tol if is_flat is None else 0.0
        self.options = {"maxiter": max_iter, "maxfun": max_fun, "gtol": gtol}
        self.decay = task.alpha / task.train.total_weight
        # Trial steps of the line search go here, so that `parameters` are always accepted ones.
        self._trial = Parameters(parameters.layer_sizes, parameters.flat.copy())
        self.gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
        # Labels samples-last, as raw outputs are.
        self._y = np.asfortranarray(task.train.y)

    @cached_property
    def _work(self):
        return Workspace(self.parameters, self.task.activation, len(self.task.train.y))

    def run(self, on_epoch=None) -> None:
        """Train until L-BFGS stops; ``on_epoch`` is called after each of its iterations."""

        def iteration_ends(intermediate_result):
            self._record(intermediate_result)
            if on_epoch is not None:
                on_epoch(self)
            if self._may_stop():
                raise StopIteration

        start = self.parameters.flat[0].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if self.is_flat is not None:
                loss, _ = self._objective(start)
                if self._may_stop():
                    self._end(loss, "converged", "The gradient is small enough at the start.")
                    return
            with scipy_on_one_thread:
                result = scipy.optimize.minimize(
                    self._objective,
                    start,
                    method="L-BFGS-B",
                    jac=True,
                    callback=iteration_ends,
                    options=self.options,
                )
        self.parameters.flat[0] = result.x
        converged = result.status == 0 or self._may_stop()
        self._end(result.fun, "converged" if converged else "max_iter", str(result.message))

    def _may_stop(self):
        # The line search ends with the point that it accepts: the gradient is that of it.
        return self.is_flat is not None and self.is_flat(self.gradient.flat[0])

    def _end(self, loss, why, message):
        (history,) = self.histories
        history.final_loss = float(loss)
        history.stopped = why
        history.notice = message
        history.look_for_divergence(self.parameters, 0)

    def weights(self, j: int = 0) -> np.ndarray:
        """Return the parameters reached, (n_parameters,)."""
        return self.parameters.flat[j]

    def _penalty(self, parameters):
        return float(parameters.squared_norms()[0]) * self.decay / 2

    def _objective(self, x):
        self._trial.flat[0] = x
        train = self.task.train
        loss, _ = loss_and_gradient(
            self._trial,
            self.gradient,
            self._work,
            self.task.loss,
            train.X,
            self._y,
            train.sample_weight,
        )
        weights = slice(0, self.parameters.n_weights)
        self.gradient.flat[:, weights] += self.decay * self._trial.flat[:, weights]
        # scipy keeps what it is given, so it gets a copy and not the buffer.
        return float(loss[0]) + self._penalty(self._trial), self.gradient.flat[0].astype(float)

    def _record(self, result):
        self.parameters.flat[0] = result.x
        (validation,), (watched,) = look_aside(self.parameters, self.task)
        data_loss = result.fun - self._penalty(self.parameters)
        self.histories[0].record(result.fun, data_loss, validation, watched)
