from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from skinit import statistics


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
