from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from skinit import statistics
from tests.statistics.score_tables import RHO, table


@pytest.mark.parametrize(("repeats", "in_sd"), [(1, 2.49), (2, 1.86), (5, 1.57), (10, 1.49)])
def test_resolution_in_units_of_the_standard_deviation(rng, repeats, in_sd):
    scores = table(rng, n_splits=5 * repeats, labels="ab")
    sd = (scores["a"] - scores["b"]).std(ddof=1)
    assert statistics.resolution(scores, RHO) / sd == pytest.approx(in_sd, abs=0.005)


@pytest.mark.parametrize("shape", [(10, 1), (1, 3)])
def test_no_pair_to_test_has_no_resolution(shape):
    assert math.isnan(statistics.resolution(pd.DataFrame(np.zeros(shape)), RHO))
