from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from skinit import get_initializer, tutorial
from skinit.tutorial import STARTS, first_weights

BY_NAME = {start.name: start for start in STARTS}
each_start = pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)


@each_start
def test_a_start_has_the_distribution_of_the_initializer_it_is_named_after(start):
    initializer, fan_in = get_initializer(start.name), 20_000
    W, b = initializer.sample(fan_in, 5, np.random.default_rng(0), None)
    assert np.std(W) == pytest.approx(start.factor(fan_in), rel=0.02)
    assert not b.any()
    assert start.formula == initializer.formula


@each_start
def test_first_weights_are_drawn_layer_by_layer_as_units_by_inputs(start):
    rng = np.random.RandomState(1)
    for (fan_in, units), W in zip(pairwise([12, 5, 5, 1]), first_weights(start, 12), strict=True):
        np.testing.assert_array_equal(W, (rng.randn(units, fan_in) * start.factor(fan_in)).T)


def test_a_nudge_changes_the_first_layer_by_rounding_only():
    plain, nudged = (first_weights(BY_NAME["he"], 12, nudge) for nudge in (0, 3))
    assert (plain[0] != nudged[0]).all()
    np.testing.assert_allclose(nudged[0], plain[0], rtol=4 * np.finfo(float).eps)
    for same, other in zip(plain[1:], nudged[1:], strict=True):
        np.testing.assert_array_equal(same, other)


def test_all_starts_publish_a_cost_for_every_hundred_steps():
    assert {len(start.published.costs) for start in STARTS} == {tutorial.STEPS // tutorial.EVERY}
    assert set(BY_NAME["zeros"].published.costs) == {math.log(2)}
