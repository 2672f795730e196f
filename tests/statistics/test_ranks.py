from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skinit import statistics
from skinit.statistics.ranks import _untied
from tests.statistics.score_tables import table


def test_mean_ranks_share_ties():
    scores = pd.DataFrame({"a": [0.9, 0.5], "b": [0.8, 0.5 + 1e-15], "c": [0.7, 0.4]})
    assert statistics.mean_ranks(scores).to_dict() == {"a": 1.25, "b": 1.75, "c": 3.0}


# Area under the curve (times 1000) of four classifiers on 14 datasets: Demsar (2006), table 6.
# "Voting", last but one, is equal in three digits but not in its published ranks.
DEMSAR = pd.DataFrame(
    {
        "C4.5": [763, 599, 954, 628, 882, 936, 661, 583, 775, 1000, 940, 619, 972, 957],
        "+m": [768, 591, 971, 661, 888, 931, 668, 583, 838, 1000, 962, 666, 981, 978],
        "+cf": [771, 590, 968, 654, 886, 916, 609, 563, 866, 1000, 965, 614, 975.1, 946],
        "+m+cf": [798, 569, 967, 657, 898, 931, 685, 625, 875, 1000, 962, 669, 975, 970],
    }
)


def test_published_ranks_and_statistics_of_demsar():
    result = statistics.friedman(DEMSAR)
    ranks = {"+m+cf": 1.964, "+m": 2.0, "+cf": 2.893, "C4.5": 3.143}
    assert result.mean_ranks.round(3).to_dict() == ranks
    assert result.mean_ranks.index.tolist() == list(ranks)
    # Demsar does not correct for ties, and publishes chi2 = 9.28 and F = 3.69.
    uncorrected = result.chi2 * _untied(DEMSAR)
    assert round(uncorrected, 2) == 9.28
    assert round(13 * uncorrected / (14 * 3 - uncorrected), 2) == 3.69
    expected = stats.friedmanchisquare(*DEMSAR.to_numpy().T)
    assert (result.chi2, result.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert result.f == pytest.approx(13 * result.chi2 / (14 * 3 - result.chi2))
    assert result.p_f == stats.f.sf(result.f, 3, 39)
    assert result.p_f < 0.05
    assert result.n_datasets == 14


@pytest.mark.parametrize("decimals", [1, 2, 12], ids=["many ties", "ties", "no ties"])
def test_friedman_agrees_with_scipy(rng, decimals):
    scores = table(rng, n_splits=9).round(decimals)
    result = statistics.friedman(scores)
    expected = stats.friedmanchisquare(*scores.to_numpy().T)
    assert result.chi2 == pytest.approx(expected.statistic, abs=1e-10)
    assert result.p == pytest.approx(expected.pvalue, abs=1e-10)


def test_perfect_agreement_and_perfect_equality_of_ranks():
    agree = statistics.friedman(pd.DataFrame({"a": [2.0] * 6, "b": [1.0] * 6}))
    assert (agree.chi2, agree.f, agree.p_f) == (6, math.inf, 0)
    equal = statistics.friedman(pd.DataFrame({"a": [1.0] * 6, "b": [1.0] * 6}))
    assert (equal.chi2, equal.f, equal.p) == (0, 0, 1)


def test_nemenyis_verdict_on_a_pair_depends_on_who_else_is_there():
    """a beats b on ten of ten datasets; twelve others, all far behind, make that "not shown"."""
    scores = pd.DataFrame({"a": np.full(10, 2.0), "b": np.full(10, 1.0)})
    alone = statistics.mean_ranks(scores)
    assert alone["b"] - alone["a"] > statistics.nemenyi_cd(2, 10)
    many = scores.assign(**{f"far {j}": -float(j) for j in range(12)})
    ranks = statistics.mean_ranks(many)
    assert ranks["b"] - ranks["a"] < statistics.nemenyi_cd(14, 10)


def test_few_datasets_have_ranks_only(rng):
    result = statistics.friedman(table(rng, n_splits=4))
    assert result.mean_ranks.sum() == 10
    assert np.isnan([result.chi2, result.p, result.f, result.p_f]).all()
    assert math.isnan(statistics.nemenyi_cd(4, 4))


def test_missing_cells_are_refused_by_name(rng):
    scores = table(rng, n_splits=5).set_axis(["digits", "wine", "iris", "moons", "cats"])
    scores.loc["wine", "c"] = np.nan
    with pytest.raises(ValueError, match="missing: 'c' on 'wine'"):
        statistics.friedman(scores)
    with pytest.raises(ValueError, match="two candidates"):
        statistics.friedman(scores[["a"]])


# Critical values of the two-tailed Nemenyi test: Demsar (2006), table 5.
Q = {
    0.05: [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164],
    0.10: [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920],
}


@pytest.mark.parametrize("alpha", Q)
@pytest.mark.parametrize("k", range(2, 11))
def test_nemenyi_critical_values(alpha, k):
    cd = statistics.nemenyi_cd(k, 10, alpha)
    assert cd / np.sqrt(k * (k + 1) / 60) == pytest.approx(Q[alpha][k - 2], abs=0.0011)


@pytest.mark.parametrize(
    ("ranks", "cd", "groups"),
    [
        ([1.0, 2.0, 3.0, 4.0], 1.5, [["a", "b"], ["b", "c"], ["c", "d"]]),
        ([1.0, 1.2, 1.4, 4.0], 1.5, [["a", "b", "c"]]),
        ([2.5, 2.5, 2.5, 2.5], 0.1, [["a", "b", "c", "d"]]),
        ([4.0, 1.0, 3.0, 2.0], 1.0, []),
        ([4.0, 1.0, 3.0, 2.0], math.nan, []),
        ([4.0, 1.0, 3.0, 2.0], 2.5, [["b", "d", "c"], ["d", "c", "a"]]),
    ],
)
def test_cliques(ranks, cd, groups):
    assert statistics.cliques(pd.Series(ranks, index=list("abcd")), cd) == groups


@given(st.lists(st.floats(1, 9), min_size=2, max_size=8), st.floats(0.1, 8))
def test_cliques_are_maximal_and_join_exactly_the_close(ranks, cd):
    ranks = pd.Series(ranks)
    groups = [set(group) for group in statistics.cliques(ranks, cd)]
    for a in ranks.index:
        for b in ranks.index[ranks.index > a]:
            low, high = sorted([ranks[a], ranks[b]])
            assert any({a, b} <= group for group in groups) == (high - low < cd)
    assert not any(a < b for a in groups for b in groups)
