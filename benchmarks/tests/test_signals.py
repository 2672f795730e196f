"""The table of signals and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.signals import candidates, mean_ratios, measure, write
from skinit.activations import ACTIVATIONS, get_activation


@pytest.mark.parametrize("init", ["orthogonal", "identity"])
def test_rotations_of_a_linear_network_change_nothing(init):
    ratios = measure(init, get_activation("identity"), depth=4, width=20, seed=0)
    np.testing.assert_allclose(ratios, 1.0, rtol=0.1)


def test_relu_halves_with_xavier():
    ratios = mean_ratios("xavier", get_activation("relu"), depth=4, seeds=3)
    np.testing.assert_allclose(np.log2(ratios), -3.0, atol=0.6)


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_every_candidate_can_be_measured(activation):
    for init in candidates(get_activation(activation)).values():
        assert np.isfinite(measure(init, get_activation(activation), 2, 8, 0)).all()


def test_ratios_are_written_with_two_digits():
    assert [write(value) for value in (1.0, 0.023, 312.0, 4.4e-9, 2e7)] == [
        *("1", "0.023", "3.1e+02", "4e-09", "2e+07")
    ]
