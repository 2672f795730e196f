from __future__ import annotations

import pytest

from skinit import statistics


@pytest.mark.parametrize(("n", "percent"), [(10, 31), (50, 7)])
def test_no_divergence_in_few_runs_is_no_promise(n, percent):
    low, high = statistics.rate_interval(0, n)
    assert (low, round(100 * high)) == (0, percent)
    assert high == pytest.approx(1 - 0.025 ** (1 / n), rel=1e-10)
