"""Nothing is certain because a variance is zero: what a comparison makes of few rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_classification
from sklearn.metrics import make_scorer, matthews_corrcoef
from sklearn.model_selection import ShuffleSplit, StratifiedKFold

from skinit import InitMLPClassifier, compare_initializers

NETWORK = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=15)


def compare(X, y, init=("he", "xavier"), **options):
    options = {"random_state": 0, "curves": False, "network": NETWORK} | options
    return compare_initializers(options.pop("network"), X, y, init=init, **options)


@pytest.fixture(scope="module")
def sixty_rows():
    """Return rows on which all networks of a comparison are right: no difference to be seen."""
    return make_blobs(60, n_features=3, centers=2, cluster_std=0.3, random_state=0)


@pytest.mark.parametrize("cv", [3, 5, 10])
def test_sixty_rows_without_a_difference_are_undecided(sixty_rows, cv):
    comparison = compare(*sixty_rows, cv=cv)
    summary = comparison.summary()
    second = summary.iloc[1]
    assert second["difference"] == 0
    assert second["outcome"] == "undecided"
    assert second["needs"] == "data"
    assert (second["difference_low"], second["difference_high"]) == pytest.approx((-0.05, 0.05))
    assert second["p"] == 1
    assert "more data are needed" in comparison.sentence()
    assert summary["ci_low"].iloc[0] == pytest.approx(1 - 3 / 60)


def test_three_hundred_rows_without_a_difference_are_a_tie():
    X, y = make_blobs(300, n_features=3, centers=2, cluster_std=0.3, random_state=0)
    comparison = compare(X, y, cv=5)
    assert comparison.summary()["outcome"].tolist()[:2] == ["tied", "tied"]
    assert "the difference is within ±0.01 with probability ≥ 0.95" in comparison.sentence()


def test_two_splits_decide_nothing():
    X, y = make_blobs(60, n_features=3, centers=2, random_state=0)
    summary = compare(X, y, init=["he", "zeros"], cv=2).summary()
    assert set(summary["outcome"].dropna()) == {"undecided"}
    assert summary["p"].isna().all() and summary["difference_low"].isna().all()


def test_a_constant_difference_is_never_sure_by_itself(sixty_rows):
    """All rows right, all but one in each split wrong: what is known is known of the rows."""
    summary = compare(*sixty_rows, init=["he", "zeros"], cv=5).summary()
    zeros = summary.loc["zeros"]
    assert zeros["difference"] == -0.5
    assert zeros["outcome"] == "worse"
    assert 0 < zeros["p_better"] < zeros["p_worse"] < 1
    assert zeros["difference_low"] < -0.5 < zeros["difference_high"] < 0


def test_the_same_network_is_recognized_by_its_predictions(sixty_rows):
    comparison = compare(*sixty_rows, init={"a": "he", "b": "he", "c": "xavier"}, cv=3, n_seeds=2)
    pairs = comparison.pairwise().set_index(["a", "b"])
    assert pairs.loc[("a", "b"), "scale"] == 0
    assert pairs.loc[("a", "c"), "scale"] > 0
    twins = compare(*sixty_rows, init={"a": "he", "b": "he"}, cv=3)
    assert "b ties with a: the predictions are the same, row by row." in twins.sentence()


def test_runs_without_predictions_are_not_recognized():
    X, y = make_classification(90, 5, random_state=0)
    wild = InitMLPClassifier((8,), "relu", solver="sgd", learning_rate_init=1e200, max_iter=5)
    comparison = compare(X, y, init={"a": "he", "b": "he"}, cv=3, network=wild)
    assert comparison.to_frame()["diverged"].all()
    assert all(run.predictions is None for record in comparison.records for run in record.runs)
    assert comparison.pairwise()["scale"].item() > 0


def test_rows_are_those_that_are_tested():
    X, y = make_classification(90, 5, random_state=0)
    folds = compare(X, y, cv=StratifiedKFold(3))._analyze(None).rows
    assert (folds.n, folds.step) == (90, 1)
    cv = ShuffleSplit(3, test_size=9, random_state=0)
    tested = np.concatenate([test for _, test in cv.split(X)])
    shuffled = compare(X, y, cv=cv, n_seeds=2)._analyze(None).rows
    assert (shuffled.n, shuffled.step) == (len(set(tested)), 1 / 2)


def test_metrics_that_count_rows_are_recognized():
    X, y = make_classification(90, 5, flip_y=0.2, random_state=0)

    def share_of_hits(estimator, X, y):
        return float(np.mean(estimator.predict(X) == y))

    scoring = {
        "f1": "f1",
        "roc_auc": "roc_auc",
        "mine": share_of_hits,
        "correlation": make_scorer(matthews_corrcoef),
    }
    comparison = compare(X, y, scoring=scoring, cv=3)
    steps = {name: comparison._analyze(name).rows.step for name in comparison.metrics}
    assert steps == {"f1": 1, "roc_auc": 0, "mine": 1, "correlation": None, "log_loss": None}
