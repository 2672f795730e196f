from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from skinit import statistics


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
