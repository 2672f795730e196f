from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skinit import statistics
from skinit.statistics import HeldOutRows, corrected_t, mean_of_scores
from skinit.statistics.thresholds import is_sure
from tests.statistics.score_tables import RHO


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


# Without variance


def test_the_same_network_twice_is_the_same_for_sure():
    fitted = corrected_t(np.zeros(10), RHO, identical=True)
    assert (fitted.mean, fitted.scale, fitted.t, fitted.p) == (0, 0, 0, 1)
    assert fitted.probabilities(0.0) == (0, 1, 0)
    assert fitted.interval() == (0, 0)
    assert np.isnan(corrected_t(np.full(10, np.nan), RHO, identical=True).scale)


def test_equal_scores_alone_show_nothing():
    fitted = corrected_t(np.full(10, 3e-13), RHO)
    assert (fitted.mean, fitted.t, fitted.p) == (0, 0, 1)
    assert np.isnan(fitted.interval()).all()
    assert np.isnan(fitted.probabilities(0.01)).all()


@pytest.mark.parametrize("step", [1, 1 / 3, 0, None])
@pytest.mark.parametrize("n_splits", [3, 5, 25])
def test_no_difference_in_n_rows_is_the_rule_of_three(n_splits, step):
    fitted = corrected_t(np.zeros(n_splits), RHO, HeldOutRows(300, step))
    assert fitted.interval() == pytest.approx((-0.01, 0.01))
    assert is_sure(fitted.probabilities(0.01)[1])
    assert not is_sure(fitted.probabilities(0.0099)[1])
    fewer = corrected_t(np.zeros(n_splits), RHO, HeldOutRows(299, step))
    assert not is_sure(fewer.probabilities(0.01)[1])


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("n_splits", [3, 5, 10])
def test_constant_difference_is_worth_its_signs(sign, n_splits):
    fitted = corrected_t(sign * (0.9 - np.full(n_splits, 0.8)), RHO)
    expected = stats.binomtest(n_splits, n_splits).pvalue
    assert fitted.p == pytest.approx(expected) == 2.0 ** (1 - n_splits)
    assert np.sign(fitted.t) == sign
    worse, equivalent, better = fitted.probabilities(0.0)
    # Test and posterior are one distribution: the tail beyond 0 is half the p-value.
    assert (worse if sign > 0 else better) == pytest.approx(expected / 2)
    assert equivalent == pytest.approx(0, abs=1e-15)
    assert 0 < min(fitted.probabilities(0.01)) < max(fitted.probabilities(0.01)) < 1
    low, high = fitted.interval(1 - expected)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rows_in_favour", [5, 8, 12, 60])
def test_rows_that_all_speak_for_one_side_are_worth_no_more_than_mcnemar_grants(rows_in_favour):
    difference = np.full(10, rows_in_favour / 120)
    fitted = corrected_t(difference, RHO, HeldOutRows(120, step=1))
    exact = stats.binomtest(rows_in_favour, rows_in_favour).pvalue
    assert fitted.p >= exact
    nearly = difference + 1e-4 * np.tile([1, -1], 5)
    assert corrected_t(nearly, RHO, HeldOutRows(120, step=1)).p == pytest.approx(fitted.p)


def test_rows_only_bound_the_scale_from_below(rng):
    x = rng.normal(0.1, 0.2, size=10)
    alone, bounded = corrected_t(x, RHO), corrected_t(x, RHO, HeldOutRows(1000, step=1))
    assert alone.scale == bounded.scale
    assert corrected_t(x / 1000, RHO, HeldOutRows(1000)).scale == corrected_t(x / 1000, RHO).scale


@given(
    rows=st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 20)), min_size=1, max_size=8),
    n_seeds=st.just(3),
)
def test_no_rows_vary_less_than_the_least_scale_says(rows, n_seeds):
    """The derivation of `HeldOutRows`, row by row."""
    d = np.repeat([value for value, _ in rows], [count for _, count in rows]) / n_seeds
    three = HeldOutRows(len(d), step=0).rule_of_three_scale(df=9)
    bound = HeldOutRows(len(d), step=1 / n_seeds).least_scale(abs(d.mean()), df=9)
    assert bound**2 <= d.var() / len(d) + three**2 + 1e-12


def test_a_candidate_without_mistakes_is_not_perfect_for_sure():
    scores = np.ones(5)
    fitted = mean_of_scores(scores, RHO, HeldOutRows(150, step=1), bounds=(0, 1))
    assert fitted.interval(bounds=(0, 1)) == pytest.approx((1 - 3 / 150, 1))
    assert np.isnan(mean_of_scores(scores, RHO).interval()).all()
    varied = [0.8, 0.7, 0.9, 0.85, 0.6]
    assert mean_of_scores(varied, RHO).interval() == corrected_t(varied, RHO).interval()


def test_rounding_error_is_no_variance_and_a_small_variance_is_one():
    wobble = np.tile([1.0, -1.0], 5)
    constant = corrected_t(np.full(10, 0.1), RHO).scale
    assert corrected_t(0.1 + 1e-13 * wobble, RHO).scale == pytest.approx(constant)
    assert corrected_t(0.1 + 1e-9 * wobble, RHO).scale < 1e-8
    noise = corrected_t(5e-11 * wobble + 1e-13, RHO)
    assert (noise.mean, noise.t, noise.p) == (0, 0, 1)


@pytest.mark.parametrize(
    "x", [[0.3], [0.3, 0.4], [0.1, np.nan, 0.2]], ids=["one split", "two", "missing"]
)
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
    x=st.lists(st.floats(-1, 1), min_size=3, max_size=20),
    rope=st.floats(0, 0.5),
    rho=st.floats(0, 1),
)
def test_probabilities_sum_to_one_and_mirror(x, rope, rho):
    rows = HeldOutRows(50, step=1)
    worse, equivalent, better = corrected_t(x, rho, rows).probabilities(rope)
    assert min(worse, equivalent, better) >= 0
    assert worse + equivalent + better == pytest.approx(1, abs=1e-12)
    mirrored = corrected_t(-np.array(x), rho, rows).probabilities(rope)
    np.testing.assert_allclose(mirrored, (better, equivalent, worse), atol=1e-12)
