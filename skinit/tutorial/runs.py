"""The runs: each start trained on all pictures, cross-validated, and repeated with a nudge."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold

from skinit._blas import all_on_one_thread
from skinit.datasets.folds import check_folds
from skinit.estimators.classifier import InitMLPClassifier
from skinit.propagation import InitializationWarning
from skinit.tutorial.pictures import Pictures
from skinit.tutorial.published import EVERY, HIDDEN, LEARNING_RATE, STEPS
from skinit.tutorial.starts import Start, first_weights

FOLDS = 5
REPEATS = 5  # runs whose start differs by rounding only


@dataclass(frozen=True)
class Run:
    """What one start led to.

    Parameters
    ----------
    start : Start
        The start.
    costs : list of float
        Mean log loss on the training pictures before each step, in nats.
    accuracy : float
        Accuracy on the training pictures after the last step.
    fold_accuracies : list of float
        Accuracy on each fold, of a network trained on the others.
    repeated_costs : list of float
        Final costs of runs whose first weights differ in their last binary digits only.
    seconds : float
        Duration of all these training runs.
    """

    start: Start
    costs: list[float]
    accuracy: float
    fold_accuracies: list[float]
    repeated_costs: list[float]
    seconds: float

    @property
    def at_prints(self) -> dict[int, tuple[float, float]]:
        """The published and the reproduced cost by number of steps."""
        pairs = zip(self.start.published.costs, self.costs[EVERY - 1 :: EVERY], strict=False)
        return {EVERY * i: pair for i, pair in enumerate(pairs, start=1)}

    @property
    def largest_difference(self) -> float:
        """The largest difference between published and reproduced costs."""
        return max((abs(ours - theirs) for theirs, ours in self.at_prints.values()), default=0.0)


def network(
    start: Start, n_features: int, *, steps: int = STEPS, nudge: int = 0, row_space="auto"
) -> InitMLPClassifier:
    """Return the network of the blog post, untrained: plain gradient descent, biases 0."""
    return InitMLPClassifier(
        HIDDEN,
        "tanh",
        init=first_weights(start, n_features, nudge),
        solver="sgd",
        momentum=0,
        learning_rate_init=LEARNING_RATE,
        alpha=0,
        batch_size="full",
        shuffle=False,
        max_iter=steps,
        n_iter_no_change=np.inf,
        row_space=row_space,
    )


def count_trainings(folds: int) -> int:
    """Return how many networks `run` trains: on all pictures, with other roundings, on folds."""
    return 1 + REPEATS + folds


def run(
    start: Start,
    pictures: Pictures,
    *,
    folds: int = FOLDS,
    seed: int = 0,
    steps: int = STEPS,
    on_training: Callable[[], None] = lambda: None,
) -> Run:
    """Train one start on all pictures, cross-validate it, and repeat it with other roundings.

    Parameters
    ----------
    start : Start
        Which of the four.
    pictures : Pictures
        What to learn.
    folds : int, default=5
        Number of stratified, shuffled folds of the cross-validation.
    seed : int, default=0
        Seed of their shuffle.
    steps : int, default=1000
        Steps of gradient descent.
    on_training : callable ``() -> None``
        Called after each of the `count_trainings` trainings.

    Raises
    ------
    ValueError
        If a class has fewer pictures than there are folds, or if training diverges.
    """
    X, y = pictures.X, pictures.y
    check_folds(np.array(pictures.names)[y], folds, source=pictures.source)
    cv = StratifiedKFold(folds, shuffle=True, random_state=seed)
    began = time.perf_counter()

    def train(untrained: InitMLPClassifier, rows=slice(None)) -> InitMLPClassifier:
        fitted = clone(untrained).fit(X[rows], y[rows])
        on_training()
        return fitted

    # Matrices of 100 x 5 train fastest on one thread, and then roundings do not depend on the
    # number of cores.
    with _expected_warnings_ignored(), all_on_one_thread:
        fitted, *repeats = (
            train(network(start, X.shape[1], steps=steps, nudge=nudge))
            for nudge in range(1 + REPEATS)
        )
        fresh = network(start, X.shape[1], steps=steps)
        scores = [
            float(train(fresh, inside).score(X[outside], y[outside]))
            for inside, outside in cv.split(X, y)
        ]
    return Run(
        start=start,
        costs=list(map(float, fitted.loss_curve_)),
        accuracy=float(fitted.score(X, y)),
        fold_accuracies=scores,
        repeated_costs=[float(repeat.loss_) for repeat in repeats],
        seconds=time.perf_counter() - began,
    )


@contextmanager
def _expected_warnings_ignored():
    """Ignore two warnings: all steps are meant to be used, and zeros is not meant to learn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", InitializationWarning)
        yield
