"""Initializers that start from the identity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from skinit.initializers import Identity, TanhInit
from tests.initializers.init_tools import draw


def test_identity_is_cut_or_padded():
    np.testing.assert_array_equal(draw(Identity(2.0), 2, 3)[0], [[2, 0, 0], [0, 2, 0]])
    np.testing.assert_array_equal(draw("identity", 3, 2)[0], [[1, 0], [0, 1], [0, 0]])


def wrapped_identity(fan_in, fan_out):
    """Return the paper's matrix D, entry by entry."""
    size = min(fan_in, fan_out)
    return np.array([[float(i % size == j % size) for j in range(fan_out)] for i in range(fan_in)])


@pytest.mark.parametrize("fans", [(200, 200), (300, 120), (120, 300)])
@pytest.mark.parametrize("alpha", [0.085, 0.3])
def test_tanh_init_is_a_wrapped_identity_plus_noise(fans, alpha):
    W, b = draw(TanhInit(alpha=alpha), *fans)
    noise = (W - wrapped_identity(*fans)) * np.sqrt(fans[0]) / alpha
    assert kstest(noise.ravel(), "norm").pvalue > 1e-3
    assert not b.any()


def test_tanh_init_without_noise():
    expected = [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]]
    np.testing.assert_array_equal(draw(TanhInit(alpha=0.0), 2, 5)[0], expected)
    np.testing.assert_array_equal(draw(TanhInit(alpha=0.0), 5, 2)[0], np.transpose(expected))


def walsh(size):
    """Return the Hadamard matrix of a power of two by the parity of common bits."""
    return np.array([[(-1) ** (i & j).bit_count() for j in range(size)] for i in range(size)])


@pytest.mark.parametrize(
    ("fan_in", "fan_out", "size"), [(3, 4, 4), (3, 5, 8), (8, 9, 16), (1, 2, 2)]
)
def test_zero_expands_by_a_hadamard_matrix(fan_in, fan_out, size):
    W, b = draw("ZerO", fan_in, fan_out)
    np.testing.assert_allclose(W, walsh(size)[:fan_in, :fan_out] / size**0.5)
    assert not b.any()


def test_zero_rows_are_orthonormal_for_a_power_of_two():
    W, _ = draw("ZerO", 5, 16)
    np.testing.assert_allclose(W @ W.T, np.eye(5), atol=1e-15)


@pytest.mark.parametrize("fans", [(4, 4), (6, 2), (1, 1)])
def test_zero_is_the_identity_otherwise(fans):
    np.testing.assert_array_equal(draw("ZerO", *fans)[0], np.eye(*fans))
