"""rank_initializers: initializers across datasets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.sparse import csr_matrix
from sklearn.datasets import make_classification

from skinit import InitMLPClassifier, compare_initializers, rank_initializers, statistics
from skinit.comparison.ranking import InitRanking

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
    display = rank_initializers(comparisons).plot(title="Ranks", figsize="column")
    assert display.figure_.get_suptitle() == "Ranks"
    assert display.figure_.get_figwidth() == 3.5
    texts = " ".join(text.get_text() for text in display.figure_.findobj(matplotlib.text.Text))
    assert all(label in texts for label in ("zeros", "he", "random"))


def test_a_ranking_says_what_it_is_and_fits_a_column(comparisons):
    ranking = rank_initializers(comparisons)
    assert str(ranking) == ranking.sentence()
    assert repr(ranking).startswith("<InitRanking of ") and ".sentence()" in repr(ranking)
    assert ranking.plot(figsize="column", title="Ranks").figure_.get_size_inches()[0] == 3.5


def test_fewer_than_five_datasets_give_ranks_only(comparisons):
    few = dict(list(comparisons.items())[:4])
    ranking = rank_initializers(few)
    assert len(ranking.mean_ranks) == 3
    assert np.isnan(ranking.test.p)
    assert "too few for a test" in ranking.sentence()


def test_pairs_are_those_of_the_signed_ranks(comparisons):
    ranking = rank_initializers(comparisons, rope=0.02)
    pairs = ranking.pairwise()
    assert list(pairs["a"][:1]) == list(ranking.mean_ranks.index[:1])
    expected = statistics.pairwise_signed_ranks(ranking.scores[ranking.mean_ranks.index], 0.02)
    pd.testing.assert_frame_equal(pairs, expected)
    assert rank_initializers(comparisons).rope == 0.01


def test_sentence_says_which_pairs_are_separated(comparisons):
    scores = pd.DataFrame(
        {
            "he": np.linspace(0.8, 0.9, 10),
            "she": np.linspace(0.8, 0.9, 10) - 0.001,
            "zeros": np.linspace(0.3, 0.6, 10),
        }
    )
    ranking = InitRanking(scores, statistics.friedman(scores), "accuracy")
    sentence = ranking.sentence()
    assert "he is better than zeros: median difference 0.400, rank-biserial correlation 1.00, " in (
        sentence
    )
    assert "adjusted p = .006." in sentence
    assert (
        "he and she are tied: the difference is within ±0.01 with probability ≥ 0.95." in sentence
    )
    few = InitRanking(scores[:6], statistics.friedman(scores[:6]), "accuracy").sentence()
    assert "are undecided by Wilcoxon's signed-rank test with Holm's correction." in few
    assert "the first of 3 pairs needs 7 datasets or more" in few


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda X, y: (X[:60], y[:60]), "they share rows"),
        (lambda X, y: (X[:60].astype(np.float32), y[:60]), "they share rows"),
        (lambda X, y: (X[:60] * 1.0000001, y[:60]), "they share rows"),
        (lambda X, y: (pd.DataFrame(X[::-1][:60]), y[::-1][:60]), "they share rows"),
        (lambda X, y: (X * 2.5 - 1, np.where(y == 1, "yes", "no")), "the classes of all 90 rows"),
    ],
    ids=["part", "precision", "scale", "frame", "standardized"],
)
def test_parts_and_copies_of_a_dataset_are_recognized(change, reason):
    X, y = make_data(0)
    tables = {"one": compare(X, y), "other": compare(*change(X, y))}
    with pytest.warns(UserWarning, match=f"'one' and 'other' look like one dataset: {reason}"):
        rank_initializers(tables)
    rank_initializers(tables, independent=True)  # a warning would be an error


def test_tables_of_few_distinct_rows_may_be_independent():
    tables = {}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        X = rng.integers(0, 2, size=(90, 3)).astype(float)
        tables[f"survey {seed}"] = compare(X, rng.integers(0, 2, size=90))
    rank_initializers(tables)


def test_sparse_rows_are_recognized_too():
    X, y = make_data(3)
    X[np.abs(X) < 0.5] = 0
    tables = {"one": compare(csr_matrix(X), y), "other": compare(csr_matrix(X[:60]), y[:60])}
    with pytest.warns(UserWarning, match="share rows"):
        rank_initializers(tables)


def test_different_ropes_need_one_for_the_ranking(comparisons):
    X, y = make_data(20)
    tables = {"one": compare(X, y, rope=0.05), **comparisons}
    with pytest.raises(ValueError, match=r"different ropes.*give rope="):
        rank_initializers(tables)
    assert rank_initializers(tables, rope=0.05).rope == 0.05
    with pytest.raises(ValueError, match="rope must be"):
        rank_initializers(tables, rope=-1)


def test_other_candidates_or_scorers_are_refused(comparisons):
    X, y = make_data(20)
    with pytest.raises(ValueError, match=r"different candidates.*lecun_normal \(tanh\).*the same"):
        rank_initializers({**comparisons, "odd": compare(X, y, init=("zeros", "lecun_normal"))})
    with pytest.raises(ValueError, match="use one scorer for all"):
        rank_initializers({**comparisons, "odd": compare(X, y, scoring="f1")})


@pytest.mark.parametrize("wrong", [{}, {"a": pd.DataFrame()}])
def test_what_is_no_comparison_is_refused(wrong):
    with pytest.raises(ValueError, match=r"compar"):
        rank_initializers(wrong)


def test_independence_is_said_with_true_or_false(comparisons):
    with pytest.raises(ValueError, match="independent must be True or False, got 'no'"):
        rank_initializers(comparisons, independent="no")


def test_pairs_of_labels_are_named_in_words():
    tables = {
        f"data {seed}": compare(*make_data(seed), init=["he"], activation=["tanh", "relu"])
        for seed in range(2)
    }
    assert "he (tanh) 1." in (sentence := rank_initializers(tables).sentence())
    assert "he (relu) 1." in sentence
