"""Data sets and shortcuts for the tests of this room."""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.preprocessing import StandardScaler

from skinit.diagnosis import diagnose


@cache
def load(name):
    """Return X and y: a data set by name, standardized; "raw" has pixels from 0 to 255."""
    X, y = load_breast_cancer(return_X_y=True) if "cancer" in name else load_digits(return_X_y=True)
    return X * (255 / 16) if "raw" in name else StandardScaler().fit_transform(X), y


def negative_biases(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.full(fan_out, -100.0)


def codes(estimator, X, y, **kwargs):
    return [
        verdict.code for verdict in diagnose(estimator, X, y, random_state=0, **kwargs).verdicts
    ]


def imbalanced(n=200):
    """Return rows of which 80 % belong to class 0, easily told apart."""
    y = np.repeat([0, 1], [n * 4 // 5, n // 5])
    return np.random.default_rng(0).normal(size=(n, 4)) + 2 * y[:, None], y
