from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier
from skinit.activations import ACTIVATIONS

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_it_learns(activation):
    X, y = load_iris(return_X_y=True)
    estimator = InitMLPClassifier((16,), activation, random_state=0, learning_rate_init=0.02)
    assert cross_val_score(make_pipeline(StandardScaler(), estimator), X, y, cv=3).mean() > 0.9


def test_the_init_called_sklearn_learns_as_mlpclassifier_does():
    """The law is the same, the random numbers are not: losses agree in the mean over seeds."""
    X, y = make_classification(200, random_state=0)
    losses = [
        [cls(max_iter=20, random_state=seed, **extra).fit(X, y).loss_ for seed in range(12)]
        for cls, extra in ((InitMLPClassifier, {"init": "sklearn"}), (MLPClassifier, {}))
    ]
    difference = np.mean(losses[0]) - np.mean(losses[1])
    error = np.sqrt(sum(np.var(values, ddof=1) / 12 for values in losses))
    assert abs(difference) < 4 * error
