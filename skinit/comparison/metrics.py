"""Metrics of a comparison: which way is better, in which range, and what measures them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import xlogy
from sklearn.metrics import get_scorer, get_scorer_names

from skinit._sklearn import is_negated
from skinit._wording import join_words, suggest
from skinit.comparison.descriptions import describe

# Scores may be infinite, or their squares: what depends on such a one is NaN or infinite, and no
# warning says so.
allow_infinite = np.errstate(divide="ignore", invalid="ignore", over="ignore")

# Ranges of scikit-learn's scores, by the beginning of their names.
_BOUNDS = {
    ("accuracy", "balanced_accuracy", "roc_auc", "f1", "precision", "recall", "jaccard",
     "average_precision", "top_k_accuracy"): (0.0, 1.0),
    ("neg_",): (-math.inf, 0.0),
    ("matthews_corrcoef",): (-1.0, 1.0),
    ("r2", "explained_variance", "d2_"): (-math.inf, 1.0),
}  # fmt: skip

# What others call them.
_OTHER_NAMES = {
    "acc": "accuracy", "ap": "average_precision", "auc": "roc_auc", "bacc": "balanced_accuracy",
    "bce": "neg_log_loss", "brier": "neg_brier_score", "cross_entropy": "neg_log_loss",
    "crossentropy": "neg_log_loss", "log_loss": "neg_log_loss", "logloss": "neg_log_loss",
    "mcc": "matthews_corrcoef", "nll": "neg_log_loss", "roc": "roc_auc", "auroc": "roc_auc",
    "mae": "neg_mean_absolute_error", "mape": "neg_mean_absolute_percentage_error",
    "mean_absolute_error": "neg_mean_absolute_error", "mse": "neg_mean_squared_error",
    "mean_squared_error": "neg_mean_squared_error", "r_squared": "r2", "r2_score": "r2",
    "rmse": "neg_root_mean_squared_error", "rsquared": "r2",
    "root_mean_squared_error": "neg_root_mean_squared_error",
}  # fmt: skip
# Scorers of scikit-learn that ask which of two classes is the positive one.
_OF_POSITIVE_CLASS = ("f1", "precision", "recall", "jaccard")
_OF_CLASS_ONE = ("average_precision", "neg_brier_score", "d2_brier_score")


# Those that are made of counts of rows.
_COUNTS = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "jaccard", "top_k")


@dataclass(frozen=True)
class Metric:
    """A number by which candidates are compared.

    Parameters
    ----------
    name : str
        Its name in tables.
    scorer : str
        What measures it, as Python code.
    greater_is_better : bool, default=True
        True for every scorer of scikit-learn; False for a loss.
    bounds : (float, float), default=(-inf, inf)
        Its range, infinite where it is not known.
    """

    name: str
    scorer: str
    greater_is_better: bool = True
    bounds: tuple[float, float] = (-math.inf, math.inf)

    @property
    def counts_rows(self) -> bool:
        """Whether it is known to be made of counts of rows."""
        return self.bounds == (0.0, 1.0) and self.name.startswith(_COUNTS)

    @property
    def in_unit_of_target(self) -> bool:
        """Whether it is an error, as large as the unit of the target makes it."""
        return not self.greater_is_better and self.name != LOG_LOSS.name

    def turn(self, scores):
        """Return scores turned so that higher is better."""
        return scores if self.greater_is_better else -scores


# Recorded for every run, because no scorer is needed for them: of classes, and of numbers.
LOG_LOSS = Metric("log_loss", "log_loss", greater_is_better=False, bounds=(0.0, math.inf))
ROOT_SQUARED_ERROR = Metric(
    "root_mean_squared_error",
    "'neg_root_mean_squared_error'",
    greater_is_better=False,
    bounds=(0.0, math.inf),
)


def accuracy(estimator, X, y) -> float:
    """Return the share of rows whose class is predicted."""
    return float(np.mean(estimator.predict(X) == y))


def balanced_accuracy(estimator, X, y) -> float:
    """Return the mean over the classes in `y` of the share of their rows that is predicted."""
    _, codes, n_rows = np.unique(y, return_inverse=True, return_counts=True)
    return float(np.mean(np.bincount(codes, estimator.predict(X) == y) / n_rows))


def log_loss(estimator, X, y) -> float:
    """Return the mean negative log probability of the classes in `y`, in nats."""
    of_class = np.searchsorted(estimator.classes_, y)[:, None]
    log_probability = np.take_along_axis(estimator.predict_log_proba(X), of_class, axis=1)
    return -float(log_probability.mean())


def r2(estimator, X, y) -> float:
    """Return R², over several outputs their mean; NaN where fewer than two rows are scored."""
    if len(y) < 2:
        return math.nan
    y, prediction = y.reshape(len(y), -1), estimator.predict(X).reshape(len(y), -1)
    left = np.sum(np.square(y - prediction), axis=0)
    there = np.sum(np.square(y - np.average(y, axis=0)), axis=0)
    # As in scikit-learn: a constant output has the score 1 if it is predicted exactly, else 0.
    unexplained = np.divide(left, there, out=np.sign(left), where=there != 0)
    return float(np.average(1 - unexplained))


def squared_error(estimator, X, y) -> float:
    """Return the mean squared error, over several outputs their mean."""
    return float(np.mean(np.square(estimator.predict(X) - y)))


def root_squared_error(estimator, X, y) -> float:
    """Return the root of the mean squared error; of several outputs, the mean of their roots."""
    errors = np.square(estimator.predict(X) - y)
    return float(np.mean(np.sqrt(np.mean(errors, axis=0))))


def poisson_deviance(estimator, X, y) -> float:
    """Return the mean Poisson deviance; infinite where 0 or infinity is predicted in error."""
    expected = estimator.predict(X)
    deviance = 2 * (xlogy(y, y / expected) - y + expected)
    # 0 of 0 is exact, and any number is far from infinity.
    deviance = np.select([(y == 0) & (expected == 0), np.isinf(expected)], [0, np.inf], deviance)
    return float(np.average(deviance))


# What decides about tuned values, by name.
LOSSES = {
    "log_loss": log_loss, "squared_error": squared_error, "poisson_deviance": poisson_deviance
}  # fmt: skip

# scikit-learn's own versions validate their input, which takes longer than training a small
# network in a stack. These are in everybody's first comparison, and equal to the last bit.
FAST_SCORERS = {"accuracy": accuracy, "balanced_accuracy": balanced_accuracy}
FAST_NUMBER_SCORERS = {"r2": r2}


def make_class_scorers(scoring, y) -> dict[str, Callable]:
    """Return scorers of classes by name, the primary one first."""
    scoring = "accuracy" if scoring is None else scoring
    scorers = _get_scorers(scoring, FAST_SCORERS)
    if LOG_LOSS.name in scorers:
        raise ValueError("'log_loss' is recorded in any case: give your scorer another name.")
    _check_positive_class(scoring, y)
    largest_share = np.unique(y, return_counts=True)[1].max() / len(y)
    if "accuracy" in scorers and largest_share > 0.6:
        scorers.setdefault("balanced_accuracy", balanced_accuracy)
    return scorers


def make_number_scorers(scoring) -> dict[str, Callable]:
    """Return scorers of numbers by name, the primary one first.

    scikit-learn's scorers of errors are negative, so that higher is better. Here an error is an
    error: "neg_mean_absolute_error" is measured, and called, "mean_absolute_error".
    """
    scorers: dict[str, Callable] = {}
    scoring = ["r2", "neg_root_mean_squared_error"] if scoring is None else scoring
    for name, scorer in _get_scorers(scoring, FAST_NUMBER_SCORERS).items():
        if is_negated(scorer):
            name, scorer = name.removeprefix("neg_"), Error(scorer)
        if name in scorers:
            raise ValueError(f"scoring: {name!r} is there twice.")
        scorers[name] = scorer
    return scorers


@dataclass(frozen=True)
class Error:
    """An error, lower is better, that one of scikit-learn's scorers has turned.

    Parameters
    ----------
    scorer : callable ``(estimator, X, y) -> float``
        Returns minus the error.
    """

    scorer: Callable

    def __call__(self, estimator, X, y) -> float:
        """Return the error of an estimator."""
        return -float(self.scorer(estimator, X, y))


def _get_scorers(scoring, fast: Mapping[str, Callable] = MappingProxyType({})) -> dict[str, Any]:
    scorers = {
        name: _get_scorer(scorer, fast) if isinstance(scorer, str) else scorer
        for name, scorer in _name_scorers(scoring).items()
    }
    if not scorers:
        raise ValueError("scoring is empty: name at least one scorer.")
    return scorers


def _check_positive_class(scoring, y):
    """Refuse, before any training, scorers of a positive class that these labels do not have."""
    classes = np.unique(y)
    for name, scorer in _name_scorers(scoring).items():
        is_odd = len(classes) > 2 or 1 not in classes
        if scorer == name and name in _OF_POSITIVE_CLASS and is_odd:
            raise ValueError(suggest_scorer(name, classes))
        if scorer == name and name in _OF_CLASS_ONE and len(classes) == 2 and 1 not in classes:
            raise ValueError(suggest_scorer(name, classes))


def _name_scorers(scoring) -> dict:
    """Return a mapping of name to scorer for everything that `scoring` may be."""
    if isinstance(scoring, str):
        scoring = [scoring]
    if callable(scoring):
        scoring = {getattr(scoring, "__name__", "score"): scoring}
    names = list(scoring) if isinstance(scoring, Iterable) else [scoring]
    for name in names:
        if not isinstance(name, str):
            raise ValueError(
                f"scoring: give your scorers as a mapping of name to scorer, got {name!r}."
            )
    scorers = dict(scoring) if isinstance(scoring, Mapping) else {name: name for name in names}
    for name, scorer in scorers.items():
        if not isinstance(scorer, str) and not callable(scorer):
            raise ValueError(
                f"scoring: {name!r} must be the name of a scorer or a callable (estimator, X, y) "
                f"-> float, got {scorer!r}."
            )
        if not name:
            raise ValueError("scoring: a scorer has an empty name; give it one to be shown.")
    return scorers


def _get_scorer(name, fast):
    try:
        return fast.get(name) or get_scorer(name)
    except ValueError as error:
        folded = name.lower().replace(" ", "_").replace("-", "_")
        if folded in _OTHER_NAMES:
            hint = f" Did you mean {_OTHER_NAMES[folded]!r}?"
        else:
            hint = suggest(name, get_scorer_names(), n=3)
        hint = hint or " See sklearn.metrics.get_scorer_names()."
        raise ValueError(f"Unknown scorer {name!r}.{hint}") from error


def suggest_scorer(name, classes) -> str:
    """Return which scorer to use in place of one of scikit-learn's that cannot score a target.

    Examples
    --------
    >>> suggest_scorer("f1", ["no", "yes"])
    "f1 takes class 1 for the positive one, but the classes are 'no' and 'yes': use 'f1_macro', or \
    name the class with make_scorer(f1_score, pos_label='yes') (in a terminal --pos-label yes)."
    >>> suggest_scorer("roc_auc", [0, 1, 2])
    "roc_auc is for two classes, and here are 3: use 'roc_auc_ovr'."
    """
    if len(classes) > 2 and name in (*_OF_POSITIVE_CLASS, "roc_auc"):
        other = "roc_auc_ovr" if name == "roc_auc" else f"{name}_macro"
        return f"{name} is for two classes, and here are {len(classes)}: use {other!r}."
    words = [repr(each.item() if isinstance(each, np.generic) else each) for each in classes]
    if name in _OF_POSITIVE_CLASS and 1 not in classes:
        return (
            f"{name} takes class 1 for the positive one, but the classes are {join_words(words)}: "
            f"use '{name}_macro', or name the class with make_scorer({name}_score, "
            f"pos_label={words[-1]}) (in a terminal --pos-label {classes[-1]})."
        )
    if name in _OF_CLASS_ONE and len(classes) == 2 and 1 not in classes:
        return (
            f"{name} takes class 1 for the positive one, but the classes are {join_words(words)}: "
            f"compare on y == {words[-1]} (in a terminal --pos-label {classes[-1]})."
        )
    return "Use another scorer, such as 'accuracy', 'balanced_accuracy' or 'neg_log_loss'."


def make_metric(name, scorer) -> Metric:
    """Return the metric that a scorer measures; only scikit-learn's have a known range."""
    is_error = isinstance(scorer, Error)
    if is_error:
        scorer = scorer.scorer
    code, of_scikit_learn = describe(scorer), f"neg_{name}" if is_error else name
    known = (FAST_SCORERS | FAST_NUMBER_SCORERS).get(name)
    if known is None and of_scikit_learn in get_scorer_names():
        known = get_scorer(of_scikit_learn)
    if known is not None and code == describe(known):
        code, bounds = repr(of_scikit_learn), _bounds_of(name)
    else:
        bounds = (-math.inf, math.inf)
    return Metric(name, code, not is_error, (0.0, math.inf) if is_error else bounds)


def _bounds_of(name) -> tuple[float, float]:
    for beginnings, bounds in _BOUNDS.items():
        if name.startswith(beginnings):
            return bounds
    return -math.inf, math.inf
