"""What a comparison does differently for classes and for numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor

from skinit.comparison.metrics import (
    LOG_LOSS,
    ROOT_SQUARED_ERROR,
    Metric,
    log_loss,
    make_class_scorers,
    make_number_scorers,
    root_squared_error,
    suggest_scorer,
)
from skinit.comparison.targets import check_classes, check_numbers
from skinit.estimators.pipelines import target_scale


class Kind:
    """One kind of target.

    Attributes
    ----------
    task : str
        What scikit-learn calls what there is to do.
    baseline : str
        Name of the predictor that looks at no feature.
    loss : Metric
        What is recorded for every run, beside what scorers measure.
    stratifies : bool
        Whether splits keep the shares of what is predicted.
    """

    task: str
    baseline: str
    loss: Metric
    stratifies: bool

    def check_target(self, y) -> np.ndarray:
        """Return y as an array, or say why it cannot be compared on."""
        raise NotImplementedError

    def make_scorers(self, scoring, y) -> dict[str, Callable]:
        """Return scorers by name, the primary one first."""
        raise NotImplementedError

    def make_baseline(self) -> BaseEstimator:
        """Return an unfitted estimator of the baseline."""
        raise NotImplementedError

    def measure_loss(self, estimator, X, y) -> float:
        """Return `loss` of a fitted estimator."""
        raise NotImplementedError

    def inner_loss(self, network, parts, y) -> str:
        """Return the name, in `skinit.comparison.metrics.LOSSES`, of what values are chosen by."""
        raise NotImplementedError

    def curve_loss(self, network, fitted) -> str:
        """Return the name of what loss curves show, given fitted parts around a network."""
        raise NotImplementedError

    def curve_factor(self, network, fitted) -> float:
        """Return what a network's loss is multiplied by to be `curve_loss`."""
        raise NotImplementedError

    def answers(self, estimator, X) -> np.ndarray:
        """Return what an estimator says of rows, as finely as it can."""
        raise NotImplementedError

    def unit_of_answers(self, y) -> np.ndarray | float:
        """Return how large differences of answers usually are, for training targets."""
        raise NotImplementedError

    def count_outputs(self, y) -> int:
        """Return the outputs of a network for a target."""
        raise NotImplementedError

    def suggest_scorer(self, name, y) -> str:
        """Return which scorer to use in place of one that cannot score a target."""
        raise NotImplementedError


class ClassKind(Kind):
    """One class per row."""

    task, baseline, loss, stratifies = "classification", "class prior", LOG_LOSS, True

    def check_target(self, y):
        """See `Kind`."""
        return check_classes(y)

    def make_scorers(self, scoring, y):
        """See `Kind`."""
        return make_class_scorers(scoring, y)

    def make_baseline(self):
        """See `Kind`."""
        return DummyClassifier(strategy="prior")

    def measure_loss(self, estimator, X, y):
        """See `Kind`."""
        return log_loss(estimator, X, y)

    def inner_loss(self, network, parts, y):
        """See `Kind`."""
        return "log_loss"

    def curve_loss(self, network, fitted):
        """See `Kind`."""
        return "log_loss"

    def curve_factor(self, network, fitted):
        """See `Kind`."""
        return 1.0

    def answers(self, estimator, X):
        """See `Kind`."""
        return estimator.predict_proba(X)

    def unit_of_answers(self, y):
        """See `Kind`."""
        return 1.0

    def count_outputs(self, y):
        """See `Kind`."""
        return len(np.unique(y))

    def suggest_scorer(self, name, y):
        """See `Kind`."""
        return suggest_scorer(name, np.unique(y))


class NumberKind(Kind):
    """One number per row, or several."""

    task, baseline, loss, stratifies = "regression", "training mean", ROOT_SQUARED_ERROR, False

    def check_target(self, y):
        """See `Kind`."""
        return check_numbers(y)

    def make_scorers(self, scoring, y):
        """See `Kind`."""
        return make_number_scorers(scoring)

    def make_baseline(self):
        """See `Kind`."""
        return DummyRegressor(strategy="mean")

    def measure_loss(self, estimator, X, y):
        """See `Kind`."""
        return root_squared_error(estimator, X, y)

    def inner_loss(self, network, parts, y):
        """Return "poisson_deviance" for a network that is trained on it; see `Kind`."""
        is_transformed = any(isinstance(part, TransformedTargetRegressor) for part in parts)
        is_poisson = network.loss == "poisson" and y.ndim == 1 and not is_transformed
        return "poisson_deviance" if is_poisson else "squared_error"

    def curve_loss(self, network, fitted):
        """Return the name of twice the network's loss, in the target's unit if that can be."""
        name = {"poisson": "poisson_deviance"}.get(network.loss, network.loss)
        scale = target_scale(fitted)
        in_unit = scale == 1 or (scale is not None and name == "squared_error")
        return name if in_unit else f"transformed_{name}"

    def curve_factor(self, network, fitted):
        """Return 2, because losses are halves, times the square of the target's scale."""
        is_squared = self.curve_loss(network, fitted) == "squared_error"
        return 2.0 * (target_scale(fitted) or 1.0) ** 2 if is_squared else 2.0

    def answers(self, estimator, X):
        """See `Kind`."""
        return estimator.predict(X)

    def unit_of_answers(self, y):
        """Return the standard deviation of each output; see `Kind`."""
        spread = np.std(y, axis=0)
        return np.where(spread > 0, spread, 1.0)

    def count_outputs(self, y):
        """See `Kind`."""
        return 1 if y.ndim == 1 else y.shape[1]

    def suggest_scorer(self, name, y):
        """See `Kind`."""
        if name == "r2":
            return "R² needs two test rows or more that differ: use fewer folds, or score an error."
        return "Use another scorer, such as 'r2' or 'neg_mean_absolute_error'."


KINDS: dict[str, Kind] = {kind.task: kind for kind in (ClassKind(), NumberKind())}


def kind_of(network) -> Kind:
    """Return the kind of target that a network is for.

    Examples
    --------
    >>> from skinit import InitMLPRegressor
    >>> kind_of(InitMLPRegressor()).baseline
    'training mean'
    """
    return KINDS["classification" if is_classifier(network) else "regression"]
