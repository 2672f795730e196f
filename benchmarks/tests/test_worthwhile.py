"""From how much work on compiled code pays."""

from __future__ import annotations

import pytest

from benchmarks.worthwhile import Costs


def test_the_start_is_paid_back_where_both_engines_take_as_long():
    costs = Costs(start=0.3, compiled=0.25, numpy=1.0, estimate=2.0)
    seconds_of_numpy = costs.pays_from / 2.0
    assert seconds_of_numpy * 0.25 + 0.3 == pytest.approx(seconds_of_numpy)


def test_what_is_not_faster_never_pays():
    assert Costs(start=0.3, compiled=1.0, numpy=1.0, estimate=1.0).pays_from == float("inf")
