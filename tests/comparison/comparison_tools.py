"""A small comparison that most tests of comparisons are made with."""

from __future__ import annotations

from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, compare_initializers

X, y = load_iris(return_X_y=True)
NETWORK = InitMLPClassifier((8,), "tanh", max_iter=15, learning_rate_init=0.01)
SCALED = make_pipeline(StandardScaler(), NETWORK)
TIMES = ["init_time", "fit_time"]


def compare(estimator=SCALED, X=X, y=y, **kwargs):
    return compare_initializers(estimator, X, y, **{"random_state": 0, **kwargs})
