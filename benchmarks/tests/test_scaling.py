"""What more workers gain: measured, and on paper."""

from __future__ import annotations

import pytest

from benchmarks.scaling import Costs, make_comparison, take_apart, write

COSTS = Costs(alone=1.0, splits=(1.0, 2.0), sent=1000, returned=250, data=125_000)


@pytest.mark.parametrize(
    ("n_workers", "n_splits", "seconds"),
    [
        # alone + splits in rounds + records of 10 microseconds + a millisecond of X for each worker
        (1, 4, 1 + 4 * 2 + 4e-5 + 1e-3),
        (4, 4, 1 + 1 * 2 + 4e-5 + 4e-3),
        (3, 4, 1 + 2 * 2 + 4e-5 + 3e-3),
        (100, 4, 1 + 1 * 2 + 4e-5 + 4e-3),  # nobody has anything for the others to do
    ],
)
def test_time_on_paper(n_workers, n_splits, seconds):
    assert COSTS.predict(n_workers, n_splits) == pytest.approx(seconds)


def test_a_comparison_is_taken_apart():
    costs = take_apart(make_comparison(epochs=1))
    assert len(costs.splits) == 10
    assert min(costs.splits) > 0
    assert costs.alone > 0
    n_bytes = 1797 * 64 * 8  # digits
    assert costs.sent + costs.returned < n_bytes / 20 < n_bytes < costs.data


def test_speed_up_is_against_one_worker_of_the_same_kind():
    rows = [
        {"backend": "loky", "workers": 1, "seconds": 6.0, "same": True},
        {"backend": "loky", "workers": 2, "seconds": 4.0, "same": True},
        {"backend": "dask", "workers": 1, "seconds": 8.0, "same": True},
        {"backend": "dask", "workers": 2, "seconds": 4.0, "same": False},
    ]
    text = write("cores 2", rows, COSTS)
    assert "| 2 | loky | 4.00 | 1.50 | yes |" in text
    assert "| 2 | dask | 4.00 | 2.00 | no |" in text
