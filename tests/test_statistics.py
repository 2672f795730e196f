from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks import calibration
from skinit import statistics
from skinit.statistics import corrected_t, holm

RHO = 0.25


def table(rng, n_splits=10, labels="abcd", spread=0.03, shift=0.02):
    """Return correlated scores in which later labels are worse by ``shift`` each."""
    split = rng.normal(0.8, 0.05, size=(n_splits, 1))
    noise = rng.normal(scale=spread, size=(n_splits, len(labels)))
    return pd.DataFrame(split + noise - shift * np.arange(len(labels)), columns=list(labels))


def as_runs(scores, n_seeds=1):
    index = pd.MultiIndex.from_product([range(len(scores)), range(n_seeds)])
    runs = pd.DataFrame(np.repeat(scores.to_numpy(), n_seeds, axis=0), index, scores.columns)
    return runs.rename_axis(index=["split", "seed"])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# One mean


def test_split_ratio_averages_ratios_of_the_real_sizes():
    assert statistics.split_ratio([10, 30], [90, 70]) == pytest.approx((10 / 90 + 30 / 70) / 2)


@pytest.mark.parametrize("runs", [1, 2, 5])
@pytest.mark.parametrize("rope", [0.005, 0.01, 0.1])
def test_posterior_agrees_with_baycomp(rng, runs, rope):
    baycomp = pytest.importorskip("baycomp", reason="the oracle for the Bayesian t-test")
    a, b = rng.normal(0.8, 0.05, size=(2, 5 * runs))
    expected = baycomp.CorrelatedTTest(b, a, rope=rope, runs=runs)
    fitted = corrected_t(a - b, RHO)
    np.testing.assert_allclose(fitted.probabilities(rope), expected.probs(), atol=1e-10)
    assert fitted.scale == pytest.approx(np.sqrt(expected.var), abs=1e-10)
    assert fitted.df == expected.df


def test_without_correction_it_is_the_t_test_of_scipy(rng):
    x = rng.normal(0.1, 1, size=(7, 12))
    fitted, expected = corrected_t(x, 0.0), stats.ttest_1samp(x, 0, axis=1)
    np.testing.assert_allclose(fitted.t, expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(fitted.p, expected.pvalue, rtol=1e-10)
    for level in (0.5, 0.95):
        interval = expected.confidence_interval(level)
        np.testing.assert_allclose(fitted.interval(level), interval, rtol=1e-10)
    greater = stats.ttest_1samp(x, 0, axis=1, alternative="greater")
    np.testing.assert_allclose(fitted.p_greater, greater.pvalue, rtol=1e-10)


@pytest.fixture(scope="module")
def published_scores():
    """Scores of scikit-learn's example "Statistical comparison of models using grid search"."""
    from sklearn.datasets import make_moons
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
    from sklearn.svm import SVC

    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    models = {kernel: SVC(kernel=kernel, random_state=0) for kernel in ("rbf", "linear")}
    auc = {k: cross_val_score(m, X, y, scoring="roc_auc", cv=cv) for k, m in models.items()}
    return pd.DataFrame(auc)


def test_numbers_of_scikit_learns_published_example(published_scores):
    x = published_scores["rbf"] - published_scores["linear"]
    fitted = corrected_t(x, 10 / 90)
    # Printed on that page: t 0.750, p 0.227, uncorrected t 2.611, p 0.005, equivalent 0.432.
    assert (round(fitted.t, 3), round(fitted.p_greater, 3)) == (0.750, 0.227)
    naive = corrected_t(x, 0.0)
    assert (round(naive.t, 3), round(naive.p_greater, 3)) == (2.611, 0.005)
    assert round(fitted.probabilities(0.01)[1], 3) == 0.432
    assert fitted.p == pytest.approx(2 * fitted.p_greater, rel=1e-12)  # theirs is one-sided


def test_formula_of_scikit_learns_published_example(published_scores):
    x = (published_scores["rbf"] - published_scores["linear"]).to_numpy()
    scale = np.sqrt(np.var(x, ddof=1) * (1 / 100 + 10 / 90))
    fitted = corrected_t(x, 10 / 90)
    assert fitted.p_greater == pytest.approx(stats.t.sf(np.mean(x) / scale, 99), abs=1e-10)
    expected = stats.t(99, loc=np.mean(x), scale=scale).interval(0.95)
    np.testing.assert_allclose(fitted.interval(), expected, atol=1e-10)


def test_identical_scores_have_p_one_and_are_equivalent_even_without_a_rope():
    fitted = corrected_t(np.full(10, 3e-13), RHO)
    assert fitted.constant
    assert (fitted.mean, fitted.t, fitted.p) == (0, 0, 1)
    assert fitted.probabilities(0.0) == (0, 1, 0)
    assert fitted.interval() == (0, 0)


@pytest.mark.parametrize("sign", [-1, 1])
def test_constant_difference_has_p_zero_and_a_point_mass(sign):
    fitted = corrected_t(sign * (0.9 - np.full(10, 0.8)), RHO)
    assert fitted.constant
    assert fitted.t == sign * np.inf
    assert fitted.p == 0
    assert fitted.p_greater == (0 if sign > 0 else 1)
    assert fitted.probabilities(0.05) == ((0, 0, 1) if sign > 0 else (1, 0, 0))
    # .9 - .8 is a little below .1, .84 - .83 a little above .01: neither may leave the rope.
    assert fitted.probabilities(0.1) == (0, 1, 0)
    assert corrected_t(np.full(4, sign * (0.84 - 0.83)), RHO).probabilities(0.01) == (0, 1, 0)


def test_rounding_error_is_no_variance_and_a_small_variance_is_one():
    wobble = np.tile([1.0, -1.0], 5)
    assert corrected_t(0.1 + 1e-13 * wobble, RHO).constant
    assert not corrected_t(0.1 + 1e-9 * wobble, RHO).constant
    noise = corrected_t(5e-11 * wobble + 1e-13, RHO)
    assert (noise.mean, noise.t, noise.p) == (0, 0, 1)


@pytest.mark.parametrize("x", [[0.3], [0.1, np.nan, 0.2]], ids=["one split", "missing"])
def test_too_little_to_test_is_nan_and_never_a_number(x):
    fitted = corrected_t(x, RHO)
    assert np.isnan([fitted.t, fitted.p, fitted.p_greater]).all()
    assert np.isnan(fitted.interval()).all()
    assert np.isnan(fitted.probabilities(0.01)).all()


def test_one_bad_row_leaves_the_others_alone(rng):
    x = rng.normal(size=(3, 10))
    x[1, 4] = np.nan
    np.testing.assert_array_equal(np.isnan(corrected_t(x, RHO).p), [False, True, False])
    assert corrected_t(x, RHO).p[2] == corrected_t(x[2], RHO).p


def test_interval_is_clipped_to_the_range_of_the_metric():
    low, high = corrected_t([0.7, 1.0, 1.0, 1.0, 1.0], RHO).interval(bounds=(0, 1))
    assert 0 < low < 0.94
    assert high == 1


@given(
    x=st.lists(st.floats(-1, 1), min_size=2, max_size=20),
    rope=st.floats(0, 0.5),
    rho=st.floats(0, 1),
)
def test_probabilities_sum_to_one_and_mirror(x, rope, rho):
    worse, equivalent, better = corrected_t(x, rho).probabilities(rope)
    assert min(worse, equivalent, better) >= 0
    assert worse + equivalent + better == pytest.approx(1, abs=1e-12)
    mirrored = corrected_t(-np.array(x), rho).probabilities(rope)
    np.testing.assert_allclose(mirrored, (better, equivalent, worse), atol=1e-12)


# Families


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.6, 0.5], [1, 1]),
        ([0.01, np.nan, 0.02], [0.02, np.nan, 0.02]),
        ([np.nan, np.nan], [np.nan, np.nan]),
        ([], []),
    ],
)
def test_holm_by_hand(p, adjusted):
    np.testing.assert_allclose(holm(p), adjusted, rtol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.randoms())
def test_holm_properties(p, random):
    p = np.array(p)
    adjusted = holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(1, len(p) * p))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(adjusted[order]) >= 0)
    shuffled = random.sample(range(len(p)), len(p))
    np.testing.assert_array_equal(holm(p[shuffled]), adjusted[shuffled])


def test_pairwise_rows_are_the_tests_of_the_differences(rng):
    scores = table(rng)
    pairs = statistics.pairwise(scores, RHO, 0.01)
    columns = "a b difference low high p p_holm p_worse p_equivalent p_better"
    assert list(pairs.columns) == columns.split()
    assert len(pairs) == 6
    for row in pairs.itertuples():
        fitted = corrected_t(scores[row.a] - scores[row.b], RHO)
        assert row.p == pytest.approx(fitted.p, rel=1e-10)
        assert (row.low, row.high) == pytest.approx(fitted.interval(), rel=1e-10)
        values = (row.p_worse, row.p_equivalent, row.p_better)
        assert values == pytest.approx(fitted.probabilities(0.01), abs=1e-12)
    np.testing.assert_allclose(pairs.p_holm, holm(pairs.p))


def test_named_control_has_a_family_of_its_own_pairs(rng):
    pairs = statistics.pairwise(table(rng), RHO, 0.01, control="b")
    mine = (pairs.a == "b") | (pairs.b == "b")
    assert mine.sum() == 3
    np.testing.assert_allclose(pairs.p_holm[mine], holm(pairs.p[mine]))
    assert pairs.p_holm[~mine].isna().all()
    assert pairs.p.notna().all()


def test_unknown_control_is_named_with_the_alternatives(rng):
    with pytest.raises(ValueError, match=r"control='x' is not a candidate.*'a', 'b', 'c', 'd'"):
        statistics.pairwise(table(rng), RHO, 0.01, control="x")


def test_against_turns_the_pairs_round(rng):
    scores = table(rng, labels="abc")
    rows = statistics.against(statistics.pairwise(scores, RHO, 0.01), "b")
    assert set(rows.index) == {"a", "c"}
    reversed_pairs = statistics.pairwise(scores[["c", "b", "a"]], RHO, 0.01)
    for label, reference in [("a", "b"), ("c", "b")]:
        fitted = corrected_t(scores[label] - scores[reference], RHO)
        row = rows.loc[label]
        assert row.difference == pytest.approx(fitted.mean)
        assert (row.difference_low, row.difference_high) == pytest.approx(fitted.interval())
        values = (row.p_worse, row.p_equivalent, row.p_better)
        assert values == pytest.approx(fitted.probabilities(0.01))
    again = statistics.against(reversed_pairs, "b")
    pd.testing.assert_frame_equal(rows.sort_index(), again.sort_index()[rows.columns])


# Verdicts


def judge(scores, rope=0.01, **options):
    pairs = statistics.pairwise(scores, RHO, rope, options.get("control"))
    return statistics.verdicts(scores, pairs, **options)


def four_words(rng):
    """Return scores for which each of the four words is the right one."""
    best = rng.normal(0.8, 0.03, size=10)
    wobble = np.tile([1, -1], 5)
    return pd.DataFrame(
        {
            "worse": best - 0.2 + 0.01 * wobble,
            "undecided": best - 0.01 + 0.1 * wobble,
            "best": best,
            "tie": best - 0.002 + 0.001 * wobble,
            "trifle": best - 0.005 + 0.0001 * wobble,
        }
    )


def test_each_of_the_four_words_where_it_is_due(rng):
    words = judge(four_words(rng))
    assert words.verdict.to_dict() == {
        "best": "best",
        "tie": "tie",
        "trifle": "tie",
        "undecided": "undecided",
        "worse": "worse",
    }
    assert words.index[0] == "best"
    assert words.loc["trifle", "p_holm"] < 0.001  # a detectable trifle is a tie all the same
    assert words.loc["undecided", "p"] > 0.05
    assert words.loc["best", ["difference", "p", "p_holm", "p_equivalent"]].isna().all()


def test_equal_candidates_behind_the_best_show_their_tie(rng):
    scores = table(rng, labels="ab", shift=0.3)
    scores["b again"] = scores["b"]
    words = judge(scores, rope=0.0)
    assert words.ties_with.to_dict() == {"a": (), "b": ("b again",), "b again": ("b",)}
    assert list(words.verdict) == ["best", "worse", "worse"]
    pairs = statistics.pairwise(scores, RHO, 0.0)
    assert pairs.p.iloc[-1] == pairs.p_holm.iloc[-1] == 1


def test_p_holm_of_a_verdict_is_the_pairs_own(rng):
    scores = table(rng)
    pairs, words = statistics.pairwise(scores, RHO, 0.01), judge(scores)
    reference = words.index[0]
    for row in pairs[(pairs.a == reference) | (pairs.b == reference)].itertuples():
        other = row.b if row.a == reference else row.a
        assert words.loc[other, "p_holm"] == row.p_holm


def test_equal_means_are_ordered_by_log_loss_then_by_position():
    scores = pd.DataFrame(0.5, index=range(5), columns=list("abc"))
    assert judge(scores).index.tolist() == ["a", "b", "c"]
    log_loss = pd.Series({"c": 0.3, "a": 0.4, "b": 0.3})
    assert judge(scores, log_loss=log_loss).index.tolist() == ["b", "c", "a"]
    assert judge(scores, log_loss=log_loss).verdict.tolist() == ["best", "tie", "tie"]


@pytest.mark.parametrize("n_splits", [1, 10])
def test_what_cannot_be_tested_is_undecided(rng, n_splits):
    scores = table(rng, n_splits=n_splits, labels="abc", shift=0.5)
    scores.loc[0, "c"] = np.nan
    words = judge(scores)
    assert words.loc["c", "verdict"] == "undecided"
    assert words.loc["b", "verdict"] == ("undecided" if n_splits == 1 else "worse")
    assert judge(scores * np.nan).verdict.tolist() == ["undecided"] * 3


def test_one_candidate_is_the_best_of_itself(rng):
    words = judge(table(rng, labels="a"))
    assert words.verdict.to_dict() == {"a": "best"}
    assert words.ties_with.to_dict() == {"a": ()}


def test_control_stays_best_until_somebody_is_sure_to_beat_it(rng):
    scores = four_words(rng)
    assert judge(scores, control="best").verdict["best"] == "best"
    words = judge(scores, control="tie")
    assert words.loc["tie", "verdict"] == "best"  # though its mean is not the highest
    assert words.loc["best", "verdict"] == "tie"
    assert np.isnan(words.loc["tie", "difference"])
    words = judge(scores.drop(columns="undecided"), control="worse")
    assert words.verdict.to_dict() == {
        "best": "best",
        "tie": "tie",
        "trifle": "tie",
        "worse": "worse",
    }
    assert words.loc["best", "difference"] == pytest.approx(0.2)


def test_loser_to_the_control_is_worse_also_when_the_control_is_beaten(rng):
    words = judge(table(rng, labels="abc", shift=0.2, spread=0.01), control="b")
    assert words.verdict.to_dict() == {"a": "best", "b": "worse", "c": "worse"}


def test_mean_ranks_share_ties():
    scores = pd.DataFrame({"a": [0.9, 0.5], "b": [0.8, 0.5 + 1e-15], "c": [0.7, 0.4]})
    assert statistics.mean_ranks(scores).to_dict() == {"a": 1.25, "b": 1.75, "c": 3.0}


# Summary


def test_seeds_are_averaged_before_anything_is_tested(rng):
    scores = table(rng)
    once, thrice = (
        statistics.summarize(as_runs(scores, n_seeds), RHO, 0.01, bounds=(0, 1))
        for n_seeds in (1, 3)
    )
    assert once.sd_seeds.isna().all()
    np.testing.assert_allclose(thrice.sd_seeds, 0, atol=1e-12)
    same = [column for column in once if column not in ("sd_seeds", "ties_with", "verdict")]
    pd.testing.assert_frame_equal(once[same], thrice[same])


def test_summary_of_means_and_spreads(rng):
    scores = table(rng)
    noise = pd.Series(np.tile([-0.01, 0.01], 10), as_runs(scores, 2).index)
    summary = statistics.summarize(as_runs(scores, 2).add(noise, axis=0), RHO, 0.01)
    columns = (
        "mean sd_splits sd_seeds ci_low ci_high mean_rank difference difference_low "
        "difference_high p p_holm p_worse p_equivalent p_better verdict ties_with"
    )
    assert list(summary.columns) == columns.split()
    np.testing.assert_allclose(summary.sd_seeds, 0.01 * np.sqrt(2))
    for label, row in summary.iterrows():
        assert row["mean"] == pytest.approx(scores[label].mean())
        assert row.sd_splits == pytest.approx(scores[label].std(ddof=1))
        expected = corrected_t(scores[label], RHO).interval()
        assert (row.ci_low, row.ci_high) == pytest.approx(expected)
    assert summary["mean"].is_monotonic_decreasing


def test_loss_keeps_its_sign_and_its_differences_turn(rng):
    losses = 1 - table(rng, labels="abc", shift=0.2)
    summary = statistics.summarize(
        as_runs(losses), RHO, 0.01, bounds=(0, np.inf), greater_is_better=False
    )
    assert summary.index.tolist() == ["a", "b", "c"]
    assert summary["mean"].to_dict() == pytest.approx(losses.mean().to_dict())
    assert (summary.ci_low < summary["mean"]).all()
    assert (summary.difference.iloc[1:] < 0).all()
    assert summary.mean_rank["a"] < summary.mean_rank["c"]


def test_a_missing_run_is_not_averaged_away(rng):
    runs = as_runs(table(rng), n_seeds=2)
    runs.iloc[0, 0] = np.nan
    summary = statistics.summarize(runs, RHO, 0.01)
    assert np.isnan(summary.loc["a", "mean"])
    assert summary.loc["a", "verdict"] == "undecided"
    assert summary.index[-1] == "a"


def test_labels_of_two_parts(rng):
    scores = table(rng)
    scores.columns = pd.MultiIndex.from_product(
        [["he", "ones"], ["tanh", "relu"]], names=["label", "activation"]
    )
    summary = statistics.summarize(as_runs(scores), RHO, 0.01, control=("he", "relu"))
    assert summary.index.names == ["label", "activation"]
    assert np.isnan(summary.loc[("he", "relu"), "difference"])
    assert summary.drop(("he", "relu")).difference.notna().all()


# Honest best, resolution


def test_repeats_are_read_off_the_test_rows():
    from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit

    def find(cv):
        return statistics.find_repeats([test for _, test in cv.split(np.zeros((10, 1)))], 10)

    np.testing.assert_array_equal(
        find(RepeatedKFold(n_splits=5, n_repeats=2)), np.repeat([0, 1], 5)
    )
    np.testing.assert_array_equal(find(KFold(10)), np.zeros(10))
    assert find(ShuffleSplit(5, test_size=0.2, random_state=0)) is None
    assert statistics.find_repeats([[0, 1], [2]], n_samples=4) is None
    assert statistics.find_repeats([[0, 1], [0, 1], [2, 3], [2, 3]], n_samples=4) is None


def test_honest_best_by_hand():
    scores = pd.DataFrame({"a": [0.9, 0.5, 0.6, 0.2], "b": [0.1, 0.7, 0.4, 0.8]})
    # Fold 0 is chosen for by fold 1 (b wins: .1), fold 1 by fold 0 (a: .5); then b: .4, a: .2.
    assert statistics.honest_best(scores, [0, 0, 1, 1]) == pytest.approx(
        (0.1 + 0.5 + 0.4 + 0.2) / 4
    )


@pytest.mark.parametrize("repeat", [None, [0, 1, 2, 3]], ids=["no partition", "one fold each"])
def test_honest_best_needs_other_folds(repeat):
    assert math.isnan(statistics.honest_best(pd.DataFrame({"a": [1.0] * 4}), repeat))


def test_candidate_that_failed_is_never_chosen():
    scores = pd.DataFrame({"a": [np.nan] * 4, "b": [0.1, 0.2, 0.3, 0.4]})
    assert statistics.honest_best(scores, [0, 0, 0, 0]) == pytest.approx(0.25)


def test_honest_best_takes_most_of_the_optimism_out_of_the_winner():
    scores = calibration.exchangeable_scores(500, learners=6, n_samples=200)
    truth = scores.mean()
    winner = scores.mean(axis=1).max(axis=1).mean()
    honest = np.mean(
        [statistics.honest_best(pd.DataFrame(s), np.repeat([0, 1], 5)) for s in scores]
    )
    assert winner - truth > 0.03
    assert abs(honest - truth) < 0.01


@pytest.mark.parametrize(("repeats", "in_sd"), [(1, 2.49), (2, 1.86), (5, 1.57), (10, 1.49)])
def test_resolution_in_units_of_the_standard_deviation(rng, repeats, in_sd):
    scores = table(rng, n_splits=5 * repeats, labels="ab")
    sd = (scores["a"] - scores["b"]).std(ddof=1)
    assert statistics.resolution(scores, RHO) / sd == pytest.approx(in_sd, abs=0.005)


@pytest.mark.parametrize("shape", [(10, 1), (1, 3)])
def test_no_pair_to_test_has_no_resolution(shape):
    assert math.isnan(statistics.resolution(pd.DataFrame(np.zeros(shape)), RHO))


# Class prior, epochs, divergence


def test_words_about_the_class_prior(rng):
    noise = rng.normal(scale=0.01, size=10)
    accuracy = {
        "ranker": 0 * noise,  # no more hits than the prior, but it ranks
        "bold": 0.2 + noise,  # accurate and over-confident
        "zeros": 0 * noise,
        "wrong": -0.2 + noise,
        "noisy": 5 * noise,
        "half known": 0 * noise,
    }
    neg_log_loss = {
        "ranker": 0.1 + noise,
        "bold": -0.3 + noise,
        "zeros": 0.0005 + noise / 100,  # detectable, and of no use
        "wrong": -0.2 + noise,
        "noisy": 5 * noise,
        "half known": 5 * noise,
    }
    improvements = {
        "accuracy": pd.DataFrame(accuracy),
        "neg_log_loss": pd.DataFrame(neg_log_loss),
    }
    rope = {"accuracy": 0.01, "neg_log_loss": 0.01}
    assert corrected_t(improvements["neg_log_loss"]["zeros"], RHO).p_greater < 0.05
    expected = {
        "ranker": "beats",
        "bold": "beats",
        "zeros": "predicts like",
        "wrong": "worse",
        "noisy": "not shown",
        "half known": "not shown",
    }
    assert statistics.beats_prior(improvements, RHO, rope).to_dict() == expected
    known = statistics.beats_prior(improvements, RHO, rope, same=["noisy"])
    assert known["noisy"] == "predicts like"


def test_beating_the_prior_is_adjusted_for_the_number_of_candidates():
    x = np.array([0.02, 0.11, 0.05, 0.14, -0.01, 0.09, 0.03, 0.12, 0.06, 0.0])
    assert 0.01 < corrected_t(x, RHO).p_greater < 0.05
    alone, among = (
        pd.DataFrame(np.tile(x[:, None], k), columns=list("abcdefgh")[:k]) for k in (1, 8)
    )
    rope = {"accuracy": 0.01}
    assert statistics.beats_prior({"accuracy": alone}, RHO, rope)["a"] == "beats"
    assert statistics.beats_prior({"accuracy": among}, RHO, rope)["a"] == "not shown"


def test_nothing_is_shown_by_one_split():
    words = statistics.beats_prior(
        {"accuracy": pd.DataFrame({"a": [0.3]})}, RHO, {"accuracy": 0.01}
    )
    assert words["a"] == "not shown"


def test_same_answer_for_everybody():
    same = np.tile([0.2, 0.8], (5, 1))
    assert statistics.same_answer(same)
    assert not statistics.same_answer(same + 1e-6 * np.arange(5)[:, None])


def test_first_epoch_counts_from_one_and_never_arriving_is_nan():
    assert statistics.first_epoch([0.9, 0.5, 0.4, 0.6], 0.5) == 2
    assert math.isnan(statistics.first_epoch([0.9, np.nan], 0.5))
    assert math.isnan(statistics.first_epoch([], 0.5))


@pytest.mark.parametrize(
    ("epochs", "quartiles", "text"),
    [
        ([4, 1, 3, 2], (1, 2, 3), "reached 4/4, median 2 [1, 3]"),
        ([5, np.nan, 7, np.nan], (5, 7, np.inf), "reached 2/4, median 7 [5, > 50]"),
        ([np.nan, np.nan], (np.inf,) * 3, "reached 0/2, median > 50 [> 50, > 50]"),
    ],
)
def test_runs_that_never_arrive_are_censored_at_the_budget(epochs, quartiles, text):
    assert statistics.epoch_quartiles(epochs) == quartiles
    assert statistics.describe_epochs(epochs, max_iter=50) == text


def test_quartiles_are_those_of_kaplan_meier(rng):
    budget = 20.0
    epochs = rng.integers(1, 30, size=31).astype(float)
    arrived = epochs <= budget
    data = stats.CensoredData.right_censored(np.minimum(epochs, budget), ~arrived)
    curve = stats.ecdf(data).cdf
    expected = [curve.quantiles[np.argmax(curve.probabilities >= q)] for q in (0.25, 0.5)]
    quartiles = statistics.epoch_quartiles(np.where(arrived, epochs, np.nan))
    assert list(quartiles[:2]) == expected
    assert quartiles[2] == np.inf


@pytest.mark.parametrize(("n", "percent"), [(10, 31), (50, 7)])
def test_no_divergence_in_few_runs_is_no_promise(n, percent):
    low, high = statistics.rate_interval(0, n)
    assert (low, round(100 * high)) == (0, percent)
    assert high == pytest.approx(1 - 0.025 ** (1 / n), rel=1e-10)


# Across datasets

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
    assert (round(result.chi2, 2), round(result.f, 2)) == (9.28, 3.69)
    assert result.p_f == stats.f.sf(result.f, 3, 39)
    assert result.p_f < 0.05
    assert result.n_datasets == 14


def test_friedman_agrees_with_scipy_where_nothing_is_tied(rng):
    scores = table(rng, n_splits=9)
    result = statistics.friedman(scores)
    expected = stats.friedmanchisquare(*scores.to_numpy().T)
    assert result.chi2 == pytest.approx(expected.statistic, abs=1e-10)
    assert result.p == pytest.approx(expected.pvalue, abs=1e-10)


def test_perfect_agreement_and_perfect_equality_of_ranks():
    agree = statistics.friedman(pd.DataFrame({"a": [2.0] * 6, "b": [1.0] * 6}))
    assert (agree.chi2, agree.f, agree.p_f) == (6, math.inf, 0)
    equal = statistics.friedman(pd.DataFrame({"a": [1.0] * 6, "b": [1.0] * 6}))
    assert (equal.chi2, equal.f, equal.p) == (0, 0, 1)


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


# Sentences


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.00099, "< .001"), (0, "< .001"), (0.001, "= .001"), (0.04321, "= .043"), (1, "= 1.000")],
)
def test_format_p(p, text):
    assert statistics.format_p(p) == text


def speak(scores, control=None, beats="beats", diverged=0.0, **options):
    summary = statistics.summarize(as_runs(scores), RHO, 0.01, control=control)
    summary["beats_prior"] = pd.Series(beats, index=summary.index)
    summary["diverged_rate"] = pd.Series(diverged, index=summary.index).fillna(0.0)
    settings = {"metric": "accuracy", "rope": 0.01, "n_splits": len(scores), "n_runs": len(scores)}
    return statistics.sentences(summary, control=control, **settings | options)


def test_one_sentence_per_group_in_order(rng):
    scores = four_words(rng)
    texts = speak(scores, honest=0.79)
    mean = scores["best"].mean()
    assert len(texts) == 4
    assert texts[0].startswith(f"best has the highest accuracy: {mean:.3f} (95% interval 0.")
    assert texts[0].endswith("; honest estimate of choosing this way 0.790).")
    sure = statistics.pairwise(scores, RHO, 0.01).query("a == 'best' or b == 'best'").p_equivalent
    least = math.floor(100 * sure[sure >= 0.95].min()) / 100
    assert texts[1] == (
        f"tie and trifle each tie with it: any difference is below 0.01 "
        f"(probability {least:.2f} or more)."
    )
    assert texts[2].startswith("worse is worse by 0.200 (0.18")
    assert texts[2].endswith("; adjusted p < .001).")
    assert texts[3].startswith("undecided is undecided: the difference to best may be anything")
    assert texts[3].endswith("; more seeds or data would tell.")


def test_nobody_is_called_best_where_all_is_undecided(rng):
    texts = speak(table(rng, labels="abc", spread=0.1, shift=0.0))
    said = r"No candidate can be called best: . and . are not separated from . by 10 splits\."
    assert re.fullmatch(said, texts[0])
    assert "are undecided: the difference to" in texts[1]
    assert texts[1].count(" for ") == 2


def test_constant_difference_says_so():
    x = np.linspace(0.7, 0.8, 10)
    texts = speak(pd.DataFrame({"a": x, "b": x - 0.1}))
    assert texts[1] == "b is worse by 0.100 (the same in every split; adjusted p < .001)."


def test_several_losers_share_a_sentence(rng):
    texts = speak(table(rng, labels="abc", shift=0.2, spread=0.01))
    assert texts[1].startswith("b is worse by 0.")
    assert "; c by 0." in texts[1]


def test_sentences_with_a_control(rng):
    texts = speak(table(rng, labels="abc", shift=0.2, spread=0.01), control="b", honest=0.7)
    assert texts[0].startswith("b is the control: accuracy 0.")
    assert "honest" not in texts[0]
    assert texts[1].startswith("a is better by 0.")
    assert texts[2].startswith("c is worse by 0.")


def test_sentences_about_prior_and_divergence(rng):
    texts = speak(
        table(rng, labels="abcd", shift=0.2),
        beats={"a": "beats", "b": "predicts like", "c": "predicts like", "d": "worse"},
        diverged={"d": 0.3, "c": 0.1},
    )
    assert texts[-3:] == [
        "b and c predict like the class prior.",
        "d is worse than the class prior.",
        "c diverged in 1 of 10 runs (0-45%) and d in 3 of 10 runs (7-65%); "
        "those runs are scored as the class prior.",
    ]
    assert speak(table(rng, labels="ab"), beats="not shown")[-1] == (
        "a and b were not shown to beat the class prior."
    )


def test_few_splits_and_one_candidate(rng):
    texts = speak(table(rng, n_splits=1, labels="ab", shift=0.5))
    assert texts[1] == "b is undecided."
    assert texts[-1] == "Too few splits to rely on a test: 1 split, 5 or more are needed."
    assert "nan" not in " ".join(texts)
    (alone,) = speak(table(rng, labels="a"))
    assert alone.startswith("a has the highest accuracy: ")


def test_lowest_is_best_for_a_loss(rng):
    assert speak(table(rng, shift=0.2), greater_is_better=False)[0].startswith("a has the lowest")


def test_sentences_never_claim_what_statistics_cannot(rng):
    for shift in (0.0, 0.02, 0.2):
        text = " ".join(speak(table(rng, shift=shift), diverged=0.1, beats="not shown"))
        for word in ("significant", "prove", "no difference", "nan"):
            assert word not in text


# Calibration


@pytest.fixture(scope="module")
def null_scores():
    return calibration.exchangeable_scores(1000)


def test_equal_learners_on_fresh_data_are_rarely_called_different(null_scores):
    rates = calibration.false_positive_rates(null_scores, RHO)
    assert rates["corrected"] <= 0.07
    assert rates["naive"] >= 0.12
    assert rates["naive"] >= 3 * rates["corrected"]


def test_equal_learners_are_rarely_called_worse_than_the_luckiest_of_them():
    scores = calibration.exchangeable_scores(100, learners=6)
    assert calibration.family_error(scores, RHO) <= 0.05


def test_interval_of_one_mean_covers_the_expected_score(null_scores):
    assert calibration.coverage(null_scores, RHO) >= 0.93
    assert calibration.coverage(null_scores, 0.0) < 0.9


def test_simulated_splits_are_a_partition_and_the_learners_learn(null_scores):
    masks = calibration._test_masks(np.random.default_rng(0), 3, 100, folds=5, repeats=2)
    for replicate in masks:
        rows = [np.flatnonzero(mask) for mask in replicate]
        np.testing.assert_array_equal(statistics.find_repeats(rows, 100), np.repeat([0, 1], 5))
    assert 0.6 < null_scores.mean() < 0.8


def test_simulated_learner_is_the_ridge_regression_of_scikit_learn(rng):
    from sklearn.linear_model import Ridge

    y = rng.choice([-1.0, 1.0], size=(1, 50))
    X = np.concatenate([rng.normal(size=(1, 50, 3)) + 0.3 * y[..., None], np.ones((1, 50, 1))], -1)
    test = calibration._test_masks(rng, 1, 50, folds=5, repeats=1)
    expected = []
    for mask in test[0]:
        ridge = Ridge(alpha=1.0, fit_intercept=False).fit(X[0, ~mask], y[0, ~mask])
        expected.append(np.mean(np.sign(ridge.predict(X[0, mask])) == y[0, mask]))
    np.testing.assert_allclose(calibration._accuracies(X, y, test)[0], expected)


def test_benchmark_prints_rates_with_limits(capsys):
    calibration.main(["--replicates", "20", "--repeats", "2"])
    out = capsys.readouterr().out
    assert out.startswith("5 folds x 2, 20 replicates")
    assert out.count("%  (") == 5
