"""What the engine takes and returns: rows, a task, starts, a configuration, trained networks.

An estimator, or any other caller, hands these to `skinit.engine.training.train`. They are plain
data: nothing here computes anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from skinit.engine.optimizers import Optimizer

Layers = list[tuple[np.ndarray, np.ndarray]]


class Samples(NamedTuple):
    """Rows, their encoded targets and their weights.

    X is (n, n_features), dense, CSR or `TakenRows`; y (n, n_outputs) in the dtype of X, as the loss
    expects it; sample_weight None or (n, 1).
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
    """What is learned, from which rows, and what is measured meanwhile.

    Attributes
    ----------
    activation : Activation
        Of the hidden layers.
    loss : Loss
        On the raw outputs.
    train : Samples
        What the gradient is computed from.
    validation : Samples, default=None
        Scored after each epoch; early stopping decides by these scores.
    watched : Samples, default=None
        Its loss is recorded and never used.
    watched_after : int, default=None
        The one epoch after which it is recorded; None is the start and each epoch.
    """

    activation: Any
    loss: Any
    train: Samples
    validation: Samples | None = None
    watched: Samples | None = None
    watched_after: int | None = None

    def watches(self, epoch: int) -> bool:
        """Whether the loss of watched rows, if any, is recorded after an epoch; 0 is the start."""
        return self.watched_after in (None, epoch)


@dataclass(frozen=True)
class TrainingConfig:
    """How to train; fields are named, and mean, what scikit-learn's parameters do.

    ``alpha`` and ``learning_rate_init`` are one number for all networks of a stack or an array of
    shape (k,), one for each network. ``engine`` is one of `skinit.engine.compiled.ENGINES`.
    """

    solver: str = "adam"
    alpha: float | np.ndarray = 0.0001
    batch_size: int | str = "auto"
    learning_rate: str = "constant"
    learning_rate_init: float | np.ndarray = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    tol: float = 1e-4
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: float = 10
    max_fun: int = 15000
    row_space: bool | str = "auto"
    engine: str = "auto"

    def batch_rows(self, n_rows: int) -> int:
        """Return the rows of a batch, at most all of them."""
        if self.batch_size == "full":
            return n_rows
        return min(200 if self.batch_size == "auto" else int(self.batch_size), n_rows)


@dataclass(frozen=True)
class Start:
    """Where one network starts: fresh weights, or what an earlier training left.

    Attributes
    ----------
    layers : list of (W, b)
        One pair per layer; copied, not changed.
    optimizer : Optimizer, default=None
        State of an earlier training; copied, not changed. None is a fresh one.
    best : float, default=-inf
        See `History`.
    no_improvement_count : int, default=0
        See `History`.
    n_samples_seen : int, default=0
        Rows that earlier trainings have seen.
    """

    layers: Layers
    optimizer: Optimizer | None = None
    best: float = -np.inf
    no_improvement_count: int = 0
    n_samples_seen: int = 0


class Divergence(NamedTuple):
    """Where weights stopped being finite: the epoch, from 1, and the layer, from 0."""

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
        Score (accuracy, or R² of numbers) and loss (no L2) of the validation set after each epoch.
    watched_loss_curve : list of float
        Loss (no L2) of the watched set after each epoch.
    best : float
        Largest value of what decides about stopping: the validation score, or minus the loss.
    start_loss, start_watched_loss : float
        Losses (no L2) before the first step, of the training rows and of the watched set. NaN
        where nothing is watched.
    final_loss : float
        The last loss, with the L2 term.
    best_weights : ndarray of shape (n_parameters,) or None
        The weights with the best validation score; None without early stopping.
    no_improvement_count : int
        Epochs since `best` last grew by more than ``tol``.
    stopped : {"", "converged", "diverged", "max_iter", "on_epoch", "interrupted"}
        Why training ended; "on_epoch" by its request, "interrupted" by Ctrl-C.
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
    start_loss: float = math.nan
    start_watched_loss: float = math.nan
    final_loss: float = math.nan
    stopped: str = ""
    notice: str = ""
    divergence: Divergence | None = None

    @property
    def n_iter(self) -> int:
        """Epochs, or iterations of L-BFGS."""
        return len(self.loss_curve)

    def record(self, loss, data_loss, validation, watched) -> None:
        """Append one epoch; `validation` is (loss, score) or None, `watched` a loss or None."""
        self.final_loss = float(loss)
        self.loss_curve.append(float(loss))
        self.data_loss_curve.append(float(data_loss))
        if validation is not None:
            self.validation_loss_curve.append(float(validation[0]))
            self.validation_scores.append(float(validation[1]))
        if watched is not None:
            self.watched_loss_curve.append(float(watched))

    def record_divergence(self, layers: Layers) -> None:
        """Mark the network as diverged if any of its weights is not finite."""
        for layer, (W, b) in enumerate(layers):
            if not (np.isfinite(W).all() and np.isfinite(b).all()):
                self.divergence = Divergence(self.n_iter, layer)
                self.stopped = "diverged"
                return


@dataclass(frozen=True)
class Trained:
    """What one network became.

    Attributes
    ----------
    layers : list of (W, b)
        One pair per layer, in the coordinates of the features.
    history : History
        What happened on the way.
    optimizer : Optimizer or None
        Its state after the last step; None for L-BFGS, and for members of a larger stack.
    n_samples_seen : int
        Rows seen, those of earlier trainings included.
    start_seconds : float
        What drawing its first weights took; 0 where the caller did not measure it.
    """

    layers: Layers
    history: History
    optimizer: Optimizer | None = None
    n_samples_seen: int = 0
    start_seconds: float = 0.0


@dataclass(frozen=True)
class Progress:
    """What ``on_epoch`` is told after each epoch.

    Attributes
    ----------
    members : sequence of int
        The networks still in training, by their position among the starts.
    histories : sequence of History
        Theirs.
    trained : callable ``() -> list of Trained``
        Make copies of what these networks are now, in the coordinates of the features.
    """

    members: Sequence[int]
    histories: Sequence[History]
    trained: Callable[[], list[Trained]]
