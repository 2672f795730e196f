from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose
from skinit.estimators import base
from tests.diagnosis.diagnosis_cases import codes, load

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


@pytest.mark.parametrize("init", ["he", "sklearn", "lsuv", ["he", "zeros"]])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("random_state", [3, np.random.RandomState(5)])
def test_what_is_judged_is_what_fit_starts_from(monkeypatch, init, early_stopping, random_state):
    X, y = load("cancer")
    X = X * np.linspace(1, 2, len(X))[:, None]
    estimator = InitMLPClassifier(
        (8,), init=init, early_stopping=early_stopping, max_iter=1, random_state=random_state
    )
    case = diagnose(estimator, X, y).case
    starts = []
    original = base.draw_start

    def remember(network, problem, partial):
        initializers, start = original(network, problem, partial)
        starts.append((start.layers, problem.task))
        return initializers, start

    monkeypatch.setattr(base, "draw_start", remember)
    estimator.fit(X, y)
    ((layers, task),) = starts
    np.testing.assert_equal(case.layers, layers)
    np.testing.assert_array_equal(case.train.X, task.train.X)
    np.testing.assert_array_equal(case.train.y, task.train.y)


def test_the_estimator_stays_as_it_is():
    X, y = load("digits")
    generator = np.random.RandomState(0)
    estimator = InitMLPClassifier((8,), random_state=generator)
    before = generator.get_state()[1].copy()
    diagnose(estimator, X, y)
    assert not hasattr(estimator, "coefs_")
    assert not hasattr(estimator, "classes_")
    np.testing.assert_array_equal(generator.get_state()[1], before)


def test_the_same_random_state_measures_the_same_rows():
    X, y = load("digits")
    estimator = InitMLPClassifier((8,), random_state=0)
    a, b, c = (diagnose(estimator, X, y, random_state=seed).case.batch.X for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert a.shape == c.shape == (256, 64)
    assert not np.array_equal(a, c)
    assert len(diagnose(estimator, X, y, n_samples=50).case.batch.y) == 50


def test_the_steps_of_a_pipeline_are_fitted_first_and_left_alone():
    X, y = load("digits, raw")
    network = InitMLPClassifier((32,), random_state=0)
    assert codes(network, X, y) == ["INIT10"]
    pipeline = make_pipeline(StandardScaler(), network)
    assert codes(pipeline, X, y) == []
    assert not hasattr(pipeline[0], "mean_")
    assert codes(make_pipeline(network), X, y) == ["INIT10"]


def test_a_fitted_pipeline_is_judged_as_it_stands():
    X, y = load("digits, raw")
    network = InitMLPClassifier((32,), max_iter=30, random_state=0)
    pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
    diagnosis = diagnose(pipeline, X, y)
    assert diagnosis.verdicts == ()
    assert diagnosis.case.fitted
    assert diagnosis.case.layers[0][0] is network.coefs_[0]
    np.testing.assert_allclose(diagnosis.case.train.X, pipeline[0].transform(X))
