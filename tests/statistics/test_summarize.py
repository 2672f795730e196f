from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinit import statistics
from skinit.statistics import corrected_t
from tests.statistics.score_tables import RHO, as_runs, table


def test_seeds_are_averaged_before_anything_is_tested(rng):
    scores = table(rng)
    once, thrice = (
        statistics.summarize(as_runs(scores, n_seeds), RHO, 0.01, bounds=(0, 1))
        for n_seeds in (1, 3)
    )
    assert once.sd_seeds.isna().all()
    np.testing.assert_allclose(thrice.sd_seeds, 0, atol=1e-12)
    same = [
        column
        for column in once
        if column not in ("sd_seeds", "ties_with", "outcome", "note", "needs")
    ]
    pd.testing.assert_frame_equal(once[same], thrice[same])


def test_summary_of_means_and_spreads(rng):
    scores = table(rng)
    noise = pd.Series(np.tile([-0.01, 0.01], 10), as_runs(scores, 2).index)
    summary = statistics.summarize(as_runs(scores, 2).add(noise, axis=0), RHO, 0.01)
    columns = (
        "mean sd_splits sd_seeds ci_low ci_high mean_rank difference scale difference_low "
        "difference_high p p_holm p_worse p_equivalent p_better outcome note ties_with needs"
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
    assert summary.loc["a", "outcome"] == "failed"
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
