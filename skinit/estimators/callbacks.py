"""The callbacks of scikit-learn 1.9: a fit is a task, and each of its epochs is one inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial as bind
from typing import Any

from skinit.engine.task import Progress, Trained
from skinit.engine.training import OnEpoch


def has_callbacks(estimator) -> bool:
    """Whether somebody wants to be told of the estimator's fit."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def shows_progress(estimator) -> bool:
    """Whether scikit-learn's ProgressBar is among the callbacks."""
    if not has_callbacks(estimator):
        return False
    from sklearn.callback import ProgressBar

    return any(isinstance(callback, ProgressBar) for callback in estimator._skl_callbacks)


def share_callbacks(estimator, other):
    """Give the callbacks of one estimator to another one, which is returned."""
    return other.set_callbacks(*estimator._skl_callbacks) if has_callbacks(estimator) else other


class FitTasks:
    """Tells the callbacks of an estimator when its fit and its epochs begin and end.

    Parameters
    ----------
    estimator : BaseInitMLP
        With callbacks.
    X, y, sample_weight
        As ``fit`` got them.
    max_iter : int
        The number of epochs at most.
    attributes_of : callable ``(trained) -> dict``
        What the estimator knows after a training.
    """

    def __init__(
        self,
        estimator,
        X,
        y,
        sample_weight,
        max_iter: int,
        attributes_of: Callable[[Trained], dict[str, Any]],
    ):
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._known = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._attributes_of = attributes_of
        self._epochs_left = max_iter
        self._fit = estimator._init_callback_context(max_subtasks=max_iter)
        self._fit.call_on_fit_task_begin(**self._known)
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._known)

    def end_epoch(self, trained: Callable[[], Trained]) -> bool:
        """End an epoch, begin the next one, and return whether a callback wants to stop.

        Parameters
        ----------
        trained : callable
            Returns what the network is now.
        """
        stop = self._epoch.call_on_fit_task_end(
            **self._known,
            # Only made for callbacks that ask for a fitted estimator.
            reconstruction_attributes=lambda: self._attributes_of(trained()),
        )
        self._epochs_left -= 1
        self._epoch = None
        if self._epochs_left and not stop:
            self._begin_epoch()
        return stop

    def end(self, trained: Trained) -> None:
        """End the fit."""
        if self._epoch is not None:  # training ended, so that it has nothing to show
            self._epoch.call_on_fit_task_end(estimator=self._known["estimator"])
        self._fit.call_on_fit_task_end(
            **self._known, reconstruction_attributes=lambda: self._attributes_of(trained)
        )


def follow_epochs(
    tasks: Mapping[int, FitTasks], others: Sequence[OnEpoch | None] = ()
) -> OnEpoch | None:
    """Return one function to call after each epoch.

    Parameters
    ----------
    tasks : mapping of int to FitTasks
        Those of networks that train together, by the numbers of the networks.
    others : sequence of callable
        What is to be called before; None is left out.
    """

    def end_epochs(progress: Progress) -> list[int]:
        stopping = []
        for place, number in enumerate(progress.members):
            task = tasks.get(number)
            if task is not None and task.end_epoch(bind(_take, progress, place)):
                stopping.append(number)
        return stopping

    functions = [each for each in others if each is not None] + [end_epochs] * bool(tasks)

    def on_epoch(progress: Progress) -> bool | set[int]:
        stopping: set[int] = set()
        for tell in functions:
            asked = tell(progress)
            if asked is True:
                return True
            stopping |= set(asked or ())
        return stopping

    return on_epoch if functions else None


def _take(progress: Progress, place: int) -> Trained:
    return progress.trained()[place]
