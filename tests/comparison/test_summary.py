"""What follows from the scores: summary, pairs, outcomes, rope and control."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    ShuffleSplit,
)

from skinit import InitComparison, InitMLPClassifier
from skinit.comparison.kinds import KINDS
from skinit.statistics import pairwise
from tests.comparison.comparison_tools import compare

BASELINE = KINDS["classification"].baseline


def test_equal_candidates_tie_exactly(comparison):
    pairs = comparison.pairwise().set_index(["a", "b"])
    assert pairs.loc[("he", "again"), "p"] == 1
    assert pairs.loc[("he", "again"), "difference"] == 0
    summary = comparison.summary()
    assert "again" in summary.loc["he", "ties_with"] and "he" in summary.loc["again", "ties_with"]
    assert set(summary["outcome"].dropna()) <= {"best", "tied", "worse", "undecided"}


def test_summary_p_holm_is_that_of_the_pair(comparison):
    summary, pairs = comparison.summary(), comparison.pairwise()
    best = summary.index[0]
    for label in summary.index[1:-1]:
        pair = pairs[pairs["a"].isin([best, label]) & pairs["b"].isin([best, label])]
        assert summary.loc[label, "p_holm"] == pair["p_holm"].item()
    assert BASELINE not in set(pairs["a"]) | set(pairs["b"])
    assert BASELINE not in set(comparison.to_frame()["label"])
    assert summary.index[-1] == BASELINE


def test_summary_means_average_seeds_inside_splits(comparison):
    frame = comparison.to_frame()
    means = frame.groupby(["label", "split"])["test_accuracy"].mean().unstack()
    summary = comparison.summary().drop(index=BASELINE)
    np.testing.assert_allclose(summary["mean"], means.mean(axis=1)[summary.index])
    np.testing.assert_allclose(summary["sd_splits"], means.std(axis=1)[summary.index])


def test_zeros_on_imbalanced_data_predict_like_the_prior():
    X, y = make_classification(300, weights=[0.8], flip_y=0, class_sep=2, random_state=0)
    network = InitMLPClassifier((8,), "tanh", max_iter=60, learning_rate_init=0.05)
    comparison = compare(network, X, y, init=["zeros", "xavier"])
    summary = comparison.summary()
    assert summary.loc["zeros", "mean"] == pytest.approx(0.8, abs=0.02)
    assert summary.loc["zeros", "beats_prior"] == "predicts like"
    assert "zeros predicts like the class prior" in comparison.sentence()
    assert "balanced_accuracy" in comparison.metrics


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_losses_are_turned_so_that_lower_is_better(comparison, metric):
    summary = comparison.summary(metric)
    means = summary["mean"].drop(BASELINE)
    assert means.is_monotonic_decreasing if metric == "accuracy" else means.is_monotonic_increasing
    assert (summary["difference"].dropna() <= 0).all()


def test_a_metric_says_of_others_what_the_primary_one_says(comparison):
    """Who beats the prior is asked of the primary metric and log loss; the rest is exploratory."""
    expected = comparison.summary()["beats_prior"].drop(BASELINE)
    found = comparison.summary("log_loss")["beats_prior"].drop(BASELINE)
    pd.testing.assert_series_equal(found[expected.index], expected)
    said = "These tests are exploratory: the primary metric is accuracy."
    assert said in comparison.sentence("log_loss") and said not in comparison.sentence()


def test_a_target_that_nobody_reaches():
    table = compare(init=["he", "zeros"], cv=3, target=1e-6).summary()
    assert set(table["epochs_to_target"].dropna()) == {"reached 0/3, median > 15 [> 15, > 15]"}


def test_honest_best_needs_a_partition():
    partition = compare(init=["he", "xavier"], cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2))
    assert 0 < partition.honest_best <= partition.summary()["mean"].max() + 1e-12
    assert np.isnan(compare(init=["he", "xavier"], cv=ShuffleSplit(3)).honest_best)


def test_control_is_what_all_others_are_compared_with():
    comparison = compare(init=["he", "xavier", "zeros"], control="zeros", cv=3)
    pairs = comparison.pairwise()
    others = pairs[(pairs["a"] != "zeros") & (pairs["b"] != "zeros")]
    assert others["p_holm"].isna().all()
    assert np.isnan(comparison.summary().loc["zeros", "difference"])


def test_several_activations_make_pairs_of_labels():
    comparison = compare(init=["he", "xavier"], activation=["tanh", "relu"], cv=3)
    summary = comparison.summary()
    assert summary.index.names == ["label", "activation"]
    assert len(summary) == 5
    assert len(comparison.pairwise()) == 6


def test_a_rope_by_metric(comparison):
    again = InitComparison(comparison.settings, comparison.records, rope={"log_loss": 5.0})
    assert (again.pairwise("log_loss")["p_equivalent"] > 0.99).all()
    pd.testing.assert_frame_equal(again.pairwise(), comparison.pairwise())


def test_a_report_tests_the_pairs_of_each_metric_once(monkeypatch):
    comparison = compare(init=["he", "zeros"], cv=3, scoring=["accuracy", "f1_macro"])
    calls = []

    def counted(*args, **kwargs):
        calls.append(args)
        return pairwise(*args, **kwargs)

    for module in ("skinit.statistics", "skinit.statistics.summary"):
        monkeypatch.setattr(f"{module}.pairwise", counted)
    comparison.to_html()
    assert len(calls) <= len(comparison.metrics)
    for metric in comparison.metrics:
        comparison.summary(metric), comparison.sentence(metric), comparison.pairwise(metric)
    assert len(calls) == len(comparison.metrics)


def test_another_rope_or_control_gives_another_summary():
    comparison = compare(init=["he", "xavier", "zeros"], cv=3)
    first, reference = comparison.pairwise(), comparison.reference
    comparison.rope = 0.9
    assert (comparison.pairwise()["p_equivalent"] > first["p_equivalent"]).all()
    comparison.control = "zeros"
    assert comparison.reference == "zeros" != reference
    assert comparison.pairwise()["p_holm"].isna().any()
    comparison.control, comparison.rope = None, 0.01
    pd.testing.assert_frame_equal(comparison.pairwise(), first)
    with pytest.raises(ValueError, match="control='her' is not a candidate"):
        comparison.control = "her"


def test_tables_are_copies_that_may_be_changed(comparison):
    for table in (comparison.pairwise, comparison.summary, comparison.candidates):
        before = table()
        changed = table()
        changed.iloc[:, 0] = changed.iloc[:, 0].iloc[0]
        pd.testing.assert_frame_equal(table(), before)


def test_the_candidates_are_the_summary_without_the_prior(comparison):
    candidates, summary = comparison.candidates(), comparison.summary()
    assert list(summary.index) == [*candidates.index, BASELINE]
    pd.testing.assert_frame_equal(summary.iloc[:-1], candidates, check_dtype=False)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda found: found.summary("acuracy"), "Did you mean 'accuracy'"),
        (lambda found: found.curves(), "curves=True"),
        (lambda found: found.tuning(), "tune=True"),
        (lambda found: found.plot_tuning(), "tune=True"),
    ],
)
def test_what_a_comparison_does_not_have_is_refused_with_the_way_to_it(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(compare(init=["he"], cv=3, curves=False))
