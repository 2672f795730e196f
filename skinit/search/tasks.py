"""Callbacks of scikit-learn 1.9: a search is a task, and each network's fit is one inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from skinit.estimators.callbacks import has_callbacks


class SearchTasks:
    """Tells the callbacks of a search, where there are any, what begins and ends.

    The tasks have the names and numbers that GridSearchCV gives them.

    Parameters
    ----------
    search : InitMLPSearchCV
        The search.
    network : BaseInitMLP
        The network inside its estimator.
    X, y
        As ``fit`` got them.
    n_candidates, n_splits : int
        How many there are.

    Attributes
    ----------
    evaluations : list of list of CallbackContext
        The task of each candidate, by split; empty lists without callbacks.
    """

    def __init__(self, search, network, X, y, n_candidates: int, n_splits: int):
        self._known = {"estimator": search, "X": X, "y": y}
        self.evaluations: list[list] = [[] for _ in range(n_splits)]
        self._fit = None
        if not (has_callbacks(search) or has_callbacks(network)):
            return
        self._fit = search._init_callback_context(max_subtasks=1 + bool(search.refit))
        self._fit.call_on_fit_task_begin(**self._known)
        self._search = self._fit.subcontext(
            task_name="search", max_subtasks=n_candidates * n_splits, sequential_subtasks=False
        )
        self._search.call_on_fit_task_begin(estimator=search)
        self.evaluations = [
            [
                self._search.subcontext(
                    task_name="candidate-split-evaluation", task_id=i * n_splits + j
                )
                for i in range(n_candidates)
            ]
            for j in range(n_splits)
        ]

    def end_search(self) -> None:
        """End the part with the splits."""
        if self._fit is not None:
            self._search.call_on_fit_task_end(estimator=self._known["estimator"])

    @contextmanager
    def refit(self, best) -> Iterator[None]:
        """Fit the best candidate on all rows inside."""
        if self._fit is None or not hasattr(best, "set_callbacks"):
            yield
            return
        context = self._fit.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(**self._known)
            yield
            context.call_on_fit_task_end(**self._known)

    def end(self) -> None:
        """End the search."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._known)


@contextmanager
def evaluating(search, networks: Sequence, contexts: Mapping[int, Any], X, y) -> Iterator[None]:
    """Train networks of a split inside; `contexts` has their tasks by their ``id``, or nothing."""
    with ExitStack() as stack:
        for network in networks:
            if context := contexts.get(id(network)):
                stack.enter_context(context.propagate_callback_context(network))
                context.call_on_fit_task_begin(estimator=search, X=X, y=y)
                stack.callback(context.call_on_fit_task_end, estimator=search, X=X, y=y)
        yield
