"""A search decides once who trains, for all candidates and splits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from skinit import InitMLPClassifier, InitMLPRegressor, InitMLPSearchCV
from skinit.comparison import networks
from skinit.engine import compiled, training

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]
needs_numba = pytest.mark.skipif(
    not compiled.is_available(), reason='the compiled engine needs the extra "fast"'
)

X, y = load_iris(return_X_y=True)


def search(grid=None, *, estimator=None, X=X, y=y, **options):
    network = estimator or InitMLPClassifier((6,), max_iter=3, random_state=0)
    found = InitMLPSearchCV(network, grid or {"init": ["he", "zeros"]}, cv=3, **options)
    return found.fit(X, y)


@pytest.fixture
def trained_by(monkeypatch):
    """The engines that trainings are asked to use, in their order."""
    asked = []
    choose = training.choose_engine

    def watch(task, layer_sizes, k, config):
        asked.append(config.engine)
        return choose(task, layer_sizes, k, config)

    monkeypatch.setattr(training, "choose_engine", watch)
    return asked


def test_a_little_work_is_numpys(trained_by):
    assert search(refit=False).engine_ == "numpy"
    assert set(trained_by) == {"numpy"}


@needs_numba
def test_the_work_of_all_candidates_decides(trained_by, monkeypatch):
    one = search({"init": ["he"]}, refit=False)
    per_candidate = networks._expect_seconds(one.estimator, 100, 4, 3)
    monkeypatch.setattr(networks, "WORTHWHILE", 1.5 * 3 * per_candidate / networks.PROCESSES)
    trained_by.clear()
    assert search({"init": ["he"]}, refit=False).engine_ == "numpy"
    assert search({"learning_rate_init": [0.1, 0.01]}, refit=False).engine_ == "compiled"
    assert trained_by == ["numpy"] * 3 + ["preferred"] * 3
    assert search({"max_iter": [3, 6]}, refit=False).engine_ == "compiled"
    trained_by.clear()
    search({"init": ["he", "zeros"]})
    assert trained_by == ["preferred"] * 3 + ["auto"]  # the fit on all rows decides for itself


@needs_numba
def test_what_cannot_be_compiled_or_trained_does_not_count(monkeypatch):
    monkeypatch.setattr(networks, "WORTHWHILE", 1e-12)
    assert search({"solver": ["lbfgs"]}).engine_ == "numpy"
    with pytest.warns(match="fits failed"):
        wrong = search({"hidden_layer_sizes": [(0,), (4,)]}, error_score=0.0)
    assert wrong.engine_ == "compiled"
    assert wrong.cv_results_["mean_test_score"][0] == 0.0


def test_engines_of_a_grid_are_what_they_say(trained_by):
    assert search({"engine": ["numpy", "auto"]}, refit=False).engine_ is None
    assert sorted(set(trained_by)) == ["auto", "numpy"]
    assert search(estimator=InitMLPClassifier((6,), max_iter=3, engine="numpy")).engine_ == "numpy"


def test_texts_several_labels_and_numbers_are_work_too():
    texts = ["red apple", "green pear", "red cherry", "green grass"] * 6
    of_texts = make_pipeline(CountVectorizer(), InitMLPClassifier((4,), max_iter=3))
    grid = {"initmlpclassifier__init": ["he"]}
    assert search(grid, estimator=of_texts, X=texts, y=[0, 1, 0, 1] * 6).engine_ == "numpy"
    labels = np.stack([y == 0, y > 0], axis=1).astype(int)
    assert search(y=labels).engine_ == "numpy"
    numbers = InitMLPRegressor(hidden_layer_sizes=(4,), max_iter=3)
    assert search(estimator=numbers, y=X[:, 0]).engine_ == "numpy"
