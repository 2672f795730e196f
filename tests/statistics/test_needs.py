from __future__ import annotations

import numpy as np
import pytest

from skinit import statistics
from skinit.statistics import HeldOutRows, corrected_t, what_is_needed
from skinit.statistics.needs import Spread
from tests.statistics.score_tables import RHO, as_runs, table


@pytest.fixture(scope="module")
def parts():
    """Return what splits and what seeds do to differences, each with variance 1 in all estimates.

    Seeds have variance 1 inside every split, and their means 1 / 3 over the splits.
    """
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(10, 3)) + [[100, 0, 0]])[0]
    by_split, by_seed = 3 * (basis[:, 1:] - basis[:, 1:].mean(axis=0)).T[:, :, None]
    return by_split, np.array([-1, 0, 1]) + by_seed / np.sqrt(3)


def test_spread_adds_up_to_the_corrected_scale(parts):
    by_split, by_seed = parts
    x = 0.03 * by_split + 0.02 * by_seed
    spread = Spread.of(x)
    assert spread.within == pytest.approx(0.02**2)
    low, high = corrected_t(x.mean(axis=1), RHO).interval()
    assert spread.half_width(RHO, 0.975, 10, 3) == pytest.approx((high - low) / 2)
    alone = Spread.of(x[:, :1])
    assert (alone.between, alone.within) == (pytest.approx(x[:, 0].var(ddof=1)), 0)


def test_repeats_end_at_the_share_of_the_test_rows(parts):
    spread = Spread(0.02, between=0.05**2, within=0.0)
    endless = spread.half_width(RHO, 0.975, np.inf, 1)
    assert endless == pytest.approx(1.959964 * np.sqrt(RHO) * 0.05)
    assert endless > 0.02  # more repeats are not enough


@pytest.mark.parametrize(
    ("mean", "split_sd", "seed_sd", "need"),
    [
        (0.02, 0.0, 0.05, "seeds"),
        (0.02, 0.018, 0.01, "repeats"),
        (0.02, 0.018, 0.06, "seeds and repeats"),
        (0.02, 0.05, 0.01, "data"),
        (0.0, 0.05, 0.0001, "data"),
        (0.0, 0.008, 0.0001, "repeats"),
    ],
)
def test_the_cheapest_thing_that_could_decide(parts, mean, split_sd, seed_sd, need):
    by_split, by_seed = parts
    x = mean + split_sd * by_split + seed_sd * by_seed
    assert what_is_needed(x, RHO, rope=0.01) == need


def test_one_seed_cannot_tell_what_seeds_would_do(parts):
    x = parts[0]
    assert what_is_needed(0.02 + 0.05 * x, RHO, rope=0.01) == "seeds or data"
    assert what_is_needed(0.02 + 0.015 * x, RHO, rope=0.01) == "repeats"


def test_too_few_rows_need_data_however_small_the_spread():
    x = np.zeros((5, 3))
    assert what_is_needed(x, RHO, rope=0.01, rows=HeldOutRows(60, step=1 / 3)) == "data"


def test_what_cannot_be_tested():
    assert what_is_needed(np.zeros((2, 3)), RHO, rope=0.01) == "splits"
    assert what_is_needed(np.full((5, 3), np.nan), RHO, rope=0.01) == ""


def test_a_summary_says_what_is_needed_of_the_undecided_only(rng):
    scores = table(rng, labels="abc", shift=0.0, spread=0.1)
    scores["d"] = scores["a"] - 0.5
    summary = statistics.summarize(as_runs(scores), RHO, 0.01)
    undecided = summary["outcome"] == "undecided"
    assert undecided.sum() == 3  # and one of them is the reference, which needs nothing
    assert (summary["needs"] != "").equals(undecided & (summary.index != summary.index[0]))
