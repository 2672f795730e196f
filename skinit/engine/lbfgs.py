"""Train networks with L-BFGS, scipy's, one after the other and on all samples at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import scipy.optimize

from skinit._blas import scipy_on_one_thread
from skinit.engine.evaluation import assess_held_out, mean_loss
from skinit.engine.passes import Workspace, loss_and_gradient
from skinit.engine.rows import as_matrix
from skinit.engine.stack import Parameters, layers_of
from skinit.engine.task import History, Task, TrainingConfig


class LBFGSTraining:
    """Train one network with L-BFGS, scipy's, on all samples at once.

    Parameters
    ----------
    task : Task
        What is learned.
    parameters : Parameters
        A stack of one; trained in place.
    alpha : float
        Strength of its L2 penalty.
    config : TrainingConfig
        How.
    history : History
        Filled while training goes on.
    is_flat : callable ``(gradient) -> bool``, default=None
        Tell of a gradient, (n_parameters,), whether it is small enough to stop. None compares its
        largest entry with `tol`, as scikit-learn does; what the largest entry is depends on the
        coordinates.
    """

    n_samples_seen = 0

    def __init__(
        self,
        task: Task,
        parameters: Parameters,
        alpha: float,
        config: TrainingConfig,
        history: History,
        is_flat: Callable[[np.ndarray], bool] | None = None,
    ):
        self.task = task
        self.parameters = parameters
        self.histories = [history]
        self.members = [0]
        self.is_flat = is_flat
        gtol = config.tol if is_flat is None else 0.0
        self.options = {"maxiter": config.max_iter, "maxfun": config.max_fun, "gtol": gtol}
        self.decay = alpha / task.train.total_weight
        # Trial steps of the line search go here, so that `parameters` are always accepted ones.
        self._trial = Parameters(parameters.layer_sizes, parameters.flat.copy())
        self.gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
        self._X = as_matrix(task.train.X)
        # Targets samples-last, as raw outputs are.
        self._y = np.asfortranarray(task.train.y)
        self._is_asked_to_stop = False

    @cached_property
    def _work(self):
        n_rows = len(self.task.train.y)
        return Workspace(self._trial, self.task.activation, n_rows, gradient=self.gradient)

    def run(self, on_epoch=None) -> None:
        """Train until L-BFGS stops.

        ``on_epoch`` is called after each of its iterations and returns the members that are to end:
        the only one there is, or none.
        """

        def iteration_ends(intermediate_result):
            self._record(intermediate_result)
            self._is_asked_to_stop = on_epoch is not None and bool(on_epoch(self))
            if self._is_asked_to_stop or self._is_at_minimum():
                raise StopIteration

        start = self.parameters.flat[0].astype(np.float64)
        self._record_start()
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if self.is_flat is not None:
                loss, _ = self._objective(start)
                if self._is_at_minimum():
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
        if self._is_asked_to_stop:
            why = "on_epoch"
        else:
            why = "converged" if result.status == 0 or self._is_at_minimum() else "max_iter"
        self._end(result.fun, why, str(result.message))

    def _record_start(self):
        """Record the losses before the first step, where losses are watched at all."""
        if self.task.watched is not None and self.task.watches(0):
            (history,) = self.histories
            for name, rows in (("start_loss", "train"), ("start_watched_loss", "watched")):
                (value,) = mean_loss(self.parameters, self.task, getattr(self.task, rows))
                setattr(history, name, float(value))

    def _is_at_minimum(self):
        # The line search ends with the point that it accepts: the gradient is that of it.
        return self.is_flat is not None and self.is_flat(self.gradient.flat[0])

    def _end(self, loss, why, message):
        (history,) = self.histories
        history.final_loss = float(loss)
        history.stopped = why
        history.notice = message
        history.record_divergence(layers_of(self.parameters.flat[0], self.parameters.layer_sizes))

    def weights(self, j: int = 0) -> np.ndarray:
        """Return the parameters reached, (n_parameters,)."""
        return self.parameters.flat[j]

    def _penalty(self, parameters):
        return float(parameters.squared_norms()[0]) * self.decay / 2

    def _objective(self, x):
        self._trial.flat[0] = x
        train = self.task.train
        loss, _ = loss_and_gradient(
            self._work, self.task.loss, self._X, self._y, train.sample_weight
        )
        weights = slice(0, self.parameters.n_weights)
        self.gradient.flat[:, weights] += self.decay * self._trial.flat[:, weights]
        # scipy keeps what it is given, so it gets a copy and not the buffer.
        return float(loss[0]) + self._penalty(self._trial), self.gradient.flat[0].astype(float)

    def _record(self, result):
        self.parameters.flat[0] = result.x
        epoch = self.histories[0].n_iter + 1
        (validation,), (watched,) = assess_held_out(self.parameters, self.task, epoch)
        data_loss = result.fun - self._penalty(self.parameters)
        self.histories[0].record(result.fun, data_loss, validation, watched)
