"""Scorers of a comparison: scikit-learn's, two of them in fewer lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names


def accuracy(estimator, X, y) -> float:
    """Return the share of rows whose class is predicted."""
    return float(np.mean(estimator.predict(X) == y))


def balanced_accuracy(estimator, X, y) -> float:
    """Return the mean over the classes in `y` of the share of their rows that is predicted."""
    _, codes, n_rows = np.unique(y, return_inverse=True, return_counts=True)
    return float(np.mean(np.bincount(codes, estimator.predict(X) == y) / n_rows))


# Scikit-learn's validate their input, which takes longer than to train a small network in a
# stack. These are for everybody's first comparison, and equal to the last bit.
OWN = {"accuracy": accuracy, "balanced_accuracy": balanced_accuracy}


def make_scorers(scoring, y) -> dict[str, Callable]:
    """Return scorers by name, the primary one first."""
    scoring = "accuracy" if scoring is None else scoring
    if isinstance(scoring, str):
        scoring = [scoring]
    if callable(scoring):
        scoring = {getattr(scoring, "__name__", "score"): scoring}
    if not isinstance(scoring, Mapping):
        scoring = {name: name for name in scoring}
    unnamed = [name for name in scoring if not isinstance(name, str)]
    if unnamed:
        raise ValueError(
            f"scoring: give scorers of your own as a mapping of name to scorer, got {unnamed[0]!r}."
        )
    scorers = {
        name: _get_scorer(scorer) if isinstance(scorer, str) else scorer
        for name, scorer in scoring.items()
    }
    if not scorers:
        raise ValueError("scoring is empty: name at least one scorer.")
    if "log_loss" in scorers:
        raise ValueError("'log_loss' is recorded in any case: give your scorer another name.")
    largest_share = np.unique(y, return_counts=True)[1].max() / len(y)
    if "accuracy" in scorers and largest_share > 0.6:
        scorers.setdefault("balanced_accuracy", balanced_accuracy)
    return scorers


def _get_scorer(name):
    try:
        return OWN.get(name) or get_scorer(name)
    except ValueError as error:
        close = get_close_matches(name, get_scorer_names(), n=3)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(
            f"Unknown scorer {name!r}: {hint or 'see sklearn.metrics.get_scorer_names().'}"
        ) from error
