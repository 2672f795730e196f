"""rank_initializers: initializers across datasets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import StratifiedKFold

from skinit import InitMLPClassifier, compare_initializers, rank_initializers

NETWORK = InitMLPClassifier((4,), "tanh", solver="lbfgs", max_iter=10)


def compare(X, y, init=("zeros", "he", "random"), **kwargs):
    return compare_initializers(
        NETWORK, X, y, init=init, cv=3, random_state=0, curves=False, **kwargs
    )


def make_data(seed):
    return make_classification(90, 5, flip_y=0.1, random_state=seed)


@pytest.fixture(scope="module")
def comparisons():
    return {f"data {seed}": compare(*make_data(seed)) for seed in range(6)}


def test_ranks_and_tests_are_those_of_the_mean_scores(comparisons):
    ranking = rank_initializers(comparisons)
    means = pd.DataFrame(
        {name: c.to_frame().groupby("label")["test_accuracy"].mean()
         for name, c in comparisons.items()}
    ).T  # fmt: skip
    ranks = means.round(12).rank(axis=1, ascending=False).mean()
    for label, rank in ranking.mean_ranks.items():
        assert rank == pytest.approx(ranks[label])
    assert ranking.to_frame().shape == (3, 7)
    assert "Friedman p" in ranking.sentence()
    q = stats.studentized_range.ppf(0.95, 3, np.inf) / np.sqrt(2)
    assert ranking.critical_difference == pytest.approx(q * np.sqrt(3 * 4 / (6 * 6)))


def test_the_diagram_is_drawn(comparisons):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    display = rank_initializers(comparisons).plot()
    texts = " ".join(text.get_text() for text in display.figure_.findobj(matplotlib.text.Text))
    assert all(label in texts for label in ("zeros", "he", "random"))


def test_fewer_than_five_datasets_give_ranks_only(comparisons):
    few = dict(list(comparisons.items())[:4])
    ranking = rank_initializers(few)
    assert len(ranking.mean_ranks) == 3
    assert np.isnan(ranking.test.p)
    assert "allow no test" in ranking.sentence()


def test_folds_are_no_datasets():
    X, y = load_iris(return_X_y=True)
    folds = {
        f"fold {j}": compare(X[train], y[train])
        for j, (train, _) in enumerate(StratifiedKFold(3).split(X, y))
    }
    with pytest.raises(ValueError, match="share rows: they are parts of one dataset"):
        rank_initializers(folds)


def test_other_candidates_or_scorers_are_refused(comparisons):
    X, y = make_data(20)
    with pytest.raises(ValueError, match=r"different candidates.*lecun_normal"):
        rank_initializers({**comparisons, "odd": compare(X, y, init=("zeros", "lecun_normal"))})
    with pytest.raises(ValueError, match="use one scorer for all"):
        rank_initializers({**comparisons, "odd": compare(X, y, scoring="f1")})


@pytest.mark.parametrize("wrong", [{}, {"a": pd.DataFrame()}])
def test_what_is_no_comparison_is_refused(wrong):
    with pytest.raises(ValueError, match=r"compar"):
        rank_initializers(wrong)


def test_pairs_of_labels_are_named_in_words():
    tables = {
        f"data {seed}": compare(*make_data(seed), init=["he"], activation=["tanh", "relu"])
        for seed in range(2)
    }
    assert "he (tanh) 1." in (sentence := rank_initializers(tables).sentence())
    assert "he (relu) 1." in sentence
