from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skinit import statistics
from skinit.statistics import rank_biserial, signed_rank_p, signed_rank_probabilities
from tests.statistics.score_tables import table


@pytest.fixture
def with_ties(rng):
    """Return scores on 12 datasets in whole points: ties and zero differences, exact in binary."""
    return (100 * table(rng, n_splits=12)).round()


def test_pairs_agree_with_scikit_posthocs(with_ties):
    scikit_posthocs = pytest.importorskip("scikit_posthocs", reason="the oracle for Wilcoxon-Holm")
    long = with_ties.melt(var_name="label", value_name="score")
    columns = {"val_col": "score", "group_col": "label", "zero_method": "zsplit"}
    plain = scikit_posthocs.posthoc_wilcoxon(long, **columns)
    adjusted = scikit_posthocs.posthoc_wilcoxon(long, p_adjust="holm", **columns)
    for pair in statistics.pairwise_signed_ranks(with_ties, 0.01).itertuples():
        assert pair.p == pytest.approx(plain.loc[pair.a, pair.b], rel=1e-6)
        assert pair.p_holm == pytest.approx(adjusted.loc[pair.a, pair.b], rel=1e-6)


@pytest.mark.parametrize("rope", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("n_datasets", [5, 12, 30])
def test_posterior_agrees_with_baycomp(rng, n_datasets, rope):
    baycomp = pytest.importorskip("baycomp", reason="the oracle for the Bayesian signed-rank test")
    x = table(rng, n_splits=n_datasets, labels="ab")
    expected = baycomp.SignedRankTest.probs(
        x["b"].to_numpy(), x["a"].to_numpy(), rope=rope, nsamples=10_000, random_state=0
    )
    found = signed_rank_probabilities(x["a"] - x["b"], rope)
    np.testing.assert_allclose(found, expected, atol=0.015)


def test_p_of_few_data_sets_is_exact():
    x = np.array([0.03, 0.01, 0.02, 0.05, 0.04, 0.06])
    assert signed_rank_p(x) == pytest.approx(2 / 2**6)
    assert signed_rank_p(0 * x) == 1
    assert signed_rank_p(-x) == signed_rank_p(x)


def test_rank_biserial_is_the_difference_of_the_rank_sums(rng):
    x = rng.normal(0.3, 1, size=20)
    smaller = stats.wilcoxon(x).statistic
    assert abs(rank_biserial(x)) == pytest.approx(1 - 2 * smaller / (20 * 21 / 2))
    assert rank_biserial(-x) == -rank_biserial(x)
    assert rank_biserial([0.0, 0.0]) == 0


def test_a_pair_does_not_depend_on_who_else_is_there(rng):
    """With Nemenyi it does: see the test of mean ranks."""
    scores = table(rng, n_splits=10)
    alone = statistics.pairwise_signed_ranks(scores[["a", "b"]], 0.01).iloc[0]
    among = statistics.pairwise_signed_ranks(scores, 0.01).iloc[0]
    pd.testing.assert_series_equal(alone.drop("p_holm"), among.drop("p_holm"))


def test_mirrored_pairs_have_mirrored_rows(rng):
    scores = table(rng, n_splits=10, labels="ab")
    ab, ba = (
        statistics.pairwise_signed_ranks(scores[list(order)], 0.01).iloc[0]
        for order in ("ab", "ba")
    )
    assert ab.median_difference == -ba.median_difference
    assert ab.p_better == pytest.approx(ba.p_worse, abs=0.01)
    assert ab.p_equivalent == pytest.approx(ba.p_equivalent, abs=0.01)


def test_few_data_sets_have_effects_and_no_tests(rng):
    pairs = statistics.pairwise_signed_ranks(table(rng, n_splits=4), 0.01)
    assert pairs[["median_difference", "rank_biserial"]].notna().all(axis=None)
    assert pairs[["p", "p_holm", "p_worse", "p_equivalent", "p_better"]].isna().all(axis=None)


def test_a_median_against_the_winner_keeps_its_sign():
    """Many small losses and as many large wins: ranks say better, the median does not."""
    x = np.r_[-np.linspace(0.001, 0.002, 51), np.linspace(0.1, 0.2, 49)]
    scores = pd.DataFrame({"a": 0.5 + x, "b": 0.5})
    for columns in (["a", "b"], ["b", "a"]):
        pairs = statistics.pairwise_signed_ranks(scores[columns], 0.0)
        assert pairs["p_holm"].item() < 0.05
        (sentence,) = statistics.signed_rank_sentences(pairs, len(scores), 0.0)
        assert sentence.startswith("a is better than b: median difference -0.001")
