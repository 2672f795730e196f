"""Calibration: are tests, intervals and outcomes worth what the documentation says?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error

from benchmarks import calibration, number_null, small_tables, tuned_null
from benchmarks.small_tables import DIFFERENCE, judge_families, judge_pairs
from skinit import statistics
from skinit.statistics import HeldOutRows

RHO = 0.25


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
    masks = calibration.fold_masks(np.random.default_rng(0), 3, 100, folds=5, repeats=2)
    for replicate in masks:
        rows = [np.flatnonzero(mask) for mask in replicate]
        np.testing.assert_array_equal(statistics.find_repeats(rows, 100), np.repeat([0, 1], 5))
    assert 0.6 < null_scores.mean() < 0.8


def test_simulated_learner_is_the_ridge_regression_of_scikit_learn():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    y = rng.choice([-1.0, 1.0], size=(1, 50))
    X = np.concatenate([rng.normal(size=(1, 50, 3)) + 0.3 * y[..., None], np.ones((1, 50, 1))], -1)
    test = calibration.fold_masks(rng, 1, 50, folds=5, repeats=1)
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


def test_honest_best_takes_most_of_the_optimism_out_of_the_winner():
    scores = calibration.exchangeable_scores(500, learners=6, n_samples=200)
    truth = scores.mean()
    winner = scores.mean(axis=1).max(axis=1).mean()
    honest = np.mean(
        [statistics.honest_best(pd.DataFrame(s), np.repeat([0, 1], 5)) for s in scores]
    )
    assert winner - truth > 0.03
    assert abs(honest - truth) < 0.01


def test_a_a_through_the_public_api_is_conservative():
    """Equal learners with the product's own seeds: both tests keep their promise there."""
    scores, rho = calibration.aa_scores("iris", 300)
    for table in scores.values():
        assert table.shape == (300, 10, 2)
        assert (table[..., 0] != table[..., 1]).any(), "two sets of seeds were to be compared"
        rates = calibration.false_positive_rates(table, rho)
        assert rates["corrected"] <= 0.05
        assert rates["naive"] <= 0.10


# Small tables

SMALL = [(30, 3, 1), (60, 5, 1), (60, 10, 1), (100, 5, 2), (300, 5, 1)]


def upper_limit(hits) -> float:
    return statistics.rate_interval(int(np.sum(hits)), len(hits))[1]


@pytest.mark.parametrize("law", ["alike", "nested"])
@pytest.mark.parametrize("design", SMALL, ids=str)
def test_a_small_difference_is_not_called_a_tie_and_its_interval_is_right(design, law):
    scores = small_tables.paired_scores(law, *design, difference=DIFFERENCE, replicates=500)
    found = judge_pairs(scores, DIFFERENCE)
    assert upper_limit(found["tie"]) <= 0.05
    assert np.mean(found["missed"]) <= 0.05


@pytest.mark.parametrize("design", SMALL, ids=str)
def test_equal_candidates_are_not_called_worse_on_small_tables(design):
    scores = small_tables.paired_scores("alike", *design, difference=0, replicates=500)
    found = judge_pairs(scores, 0)
    assert upper_limit(found["worse"]) <= 0.05
    assert not found["sure of a constant"].any()


@pytest.mark.parametrize("n", [30, 60, 100])
def test_without_the_rows_small_tables_would_be_full_of_false_ties(n):
    """The rule that was in force before: without variance there is no doubt."""
    scores = small_tables.paired_scores("nested", n, 5, 1, difference=DIFFERENCE, replicates=500)
    x = scores.values[..., 0] - scores.values[..., 1]
    naive = statistics.corrected_t(x, scores.rho, identical=np.all(x == 0, axis=1))
    assert np.mean(naive.probabilities(0.01)[1] >= 0.95) > 0.05


def test_intervals_of_a_family_hold_together():
    values = calibration.exchangeable_scores(300, learners=6, n_samples=60, folds=5, repeats=2)
    found = judge_families(small_tables.Scores(values, RHO, HeldOutRows(60, step=1)))
    assert np.mean(found["worse"]) <= np.mean(found["missed"]) <= 0.05
    alone = values[..., :, None] - values[..., None, :]
    low, high = statistics.corrected_t(np.moveaxis(alone, 1, -1), RHO).interval()
    assert np.mean(((low > 0) | (high < 0)).any(axis=(1, 2))) > 0.10  # one at a time, they do not


def test_one_network_with_six_seeds_through_the_public_api():
    scores = small_tables.network_scores(60, 5, 1, replicates=40)
    assert scores.values.shape == (40, 5, 6)
    assert scores.rho == pytest.approx(RHO)
    assert np.ptp(scores.values, axis=-1).any(), "six different seeds were to be compared"
    found = judge_families(scores)
    assert np.mean(found["worse"]) <= 0.05 and np.mean(found["missed"]) <= 0.05


def test_the_laws_are_what_they_are_said_to_be():
    for law in ("alike", "nested"):
        scores = small_tables.paired_scores(law, 200, 5, 1, difference=DIFFERENCE, replicates=500)
        means = scores.values.mean(axis=(0, 1))
        np.testing.assert_allclose(means, [0.95, 0.95 - DIFFERENCE], atol=0.004)
    assert np.all(scores.values[..., 0] >= scores.values[..., 1])  # nested


def test_the_table_of_small_tables_is_printed(capsys, monkeypatch):
    monkeypatch.setattr(small_tables, "SIZES", (30,))
    monkeypatch.setattr(small_tables, "DESIGNS", ((3, 1),))
    calibration.main(["--small", "--replicates", "10"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| rows | splits | tie, alike |")
    assert lines[2].startswith("| 30 | 3 x 1 | 0.0 (0.0-30.8) |")


def test_tuned_candidates_are_rarely_called_worse_than_themselves():
    lines = list(tuned_null.tuned_lines("wine", 2, folds=3, repeats=1))
    assert len(lines) == 1 + 2 * 4
    assert "xavier worse than itself" in lines[1] and " 0.0%" in lines[1]


def test_a_clear_loser_among_tuned_ones_is_called_so():
    (_, comparison), *_ = tuned_null.tuned_scores("wine", 1, repeats=1)
    noise = np.random.default_rng(0).normal(0, 0.01, 5)
    table = pd.DataFrame({"one": 0.9 + noise, "two": 0.7 - noise})
    table.index.name = "split"
    assert tuned_null.judge(table, ("one", "two"), "accuracy", comparison) == "two worse"
    assert tuned_null.judge(table, ("one", "two"), "log_loss", comparison) == "one worse"


def test_equal_regressors_are_rarely_called_different():
    lines = list(number_null.number_lines(50, aa=4, folds=3))
    assert len(lines) == 3 * (1 + 2 * 4) + 1 + 2 * 2
    corrected = [line for line in lines if "corrected" in line]
    assert len(corrected) == 8


def test_scores_of_regressors_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2, 30, 6)), rng.standard_normal((2, 30))
    X[..., -1] = 1
    test = np.zeros((2, 1, 30), dtype=bool)
    test[..., :10] = True
    found = number_null._score(X, y, test)
    for i in range(2):
        model = Ridge(alpha=1.0, fit_intercept=False).fit(X[i, 10:], y[i, 10:])
        assert found["r2"][i, 0] == pytest.approx(model.score(X[i, :10], y[i, :10]))
        error = root_mean_squared_error(y[i, :10], model.predict(X[i, :10]))
        assert found["root_mean_squared_error"][i, 0] == pytest.approx(error)
