"""Outputs read back: one rule for classes, probabilities and their logarithms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skinit.estimators.targets import make_class_target


def near_ties(n_classes, dtype, center, seed):
    """Return raw outputs that differ by a few steps of the last digit, or by nothing."""
    rng = np.random.default_rng(seed)
    step = np.spacing(dtype(center)) if center else np.finfo(dtype).eps / 4
    steps = rng.integers(-4, 5, size=(200, 1 if n_classes == 2 else n_classes))
    raw = (center * (n_classes > 2) + steps * step).astype(dtype)
    if n_classes > 2:
        raw[rng.random(raw.shape) < 0.3] -= dtype(5)  # classes that are out of the question
    return raw


@given(
    st.integers(2, 40),
    st.sampled_from([np.float64, np.float32]),
    st.sampled_from([0.0, 1e-19, 0.7, -3.0, 200.0]),
    st.integers(0, 10_000),
)
def test_the_largest_is_the_same_class_by_every_method(n_classes, dtype, center, seed):
    raw = near_ties(n_classes, dtype, center, seed)
    target = make_class_target(np.repeat(np.arange(n_classes), 3))
    p, log_p = target.predict_proba(raw.copy()), target.predict_log_proba(raw.copy())
    assert p.dtype == log_p.dtype == dtype
    assert_array_equal(target.predict(raw.copy()), p.argmax(axis=1))
    assert_array_equal(log_p.argmax(axis=1), p.argmax(axis=1))
    assert_allclose(np.exp(log_p), p, rtol=200 * np.finfo(dtype).eps)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_outputs_that_leave_no_doubt_keep_their_digits(n_classes):
    raw = np.array([[-800.0, 3.0, 790.0], [1e-9, 0.0, -1e-9]])[:, : 1 if n_classes == 2 else 3]
    target = make_class_target(np.repeat(np.arange(n_classes), 3))
    expected = raw - np.logaddexp.reduce(raw, axis=1)[:, None]
    if n_classes == 2:
        expected = -np.logaddexp(0, np.hstack([raw, -raw]))
    assert_allclose(target.predict_log_proba(raw), expected, rtol=1e-14)


def test_labels_of_bytes_are_refused_for_what_they_are():
    with pytest.raises(ValueError, match="represented as bytes is not supported"):
        make_class_target(np.array([b"a", b"b"] * 9))
