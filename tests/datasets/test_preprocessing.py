"""The preprocessing of a table: right numbers, and little memory beside them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from skinit.comparison.prepared import prepare_rows
from skinit.datasets import make_preprocessor, preprocessing


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(3, 2, size=(50, 5)), columns=list("abcde"))
    X.loc[::4, "b"] = np.nan
    X["c"] = 7.0
    X["d"] = np.nan
    return X


def standardized(X):
    """Return what the page of the documentation promises of numbers, with NumPy alone."""
    columns = []
    for name in X:
        filled = np.where(X[name].isna(), np.nanmedian(X[name]), X[name])
        if np.ptp(filled) > 0:
            columns.append((filled - filled.mean()) / filled.std())
    return np.column_stack(columns)


@pytest.mark.parametrize("n_at_once", [1, 100, 10_000])
@pytest.mark.parametrize("copy", [True, False])
def test_numbers_are_standardized_whatever_the_blocks(copy, n_at_once, frame, monkeypatch):
    monkeypatch.setattr(preprocessing, "BLOCK", n_at_once)
    expected = standardized(frame.drop(columns="d"))
    fitted = make_preprocessor(copy=copy).fit(frame)
    before = frame.copy()
    pd.testing.assert_frame_equal(frame, before)  # fit never writes
    assert_allclose(fitted.transform(frame.copy()), expected, atol=1e-12)
    assert_allclose(clone(fitted).fit_transform(frame), expected, atol=1e-12)
    if copy:
        pd.testing.assert_frame_equal(frame, before)


def test_numbers_dates_and_words_stand_side_by_side(frame):
    frame["day"] = pd.date_range("2020", periods=50)
    frame["town"] = pd.Categorical(["x", "y"] * 25)
    for copy in (True, False):
        Z = make_preprocessor(copy=copy).fit_transform(frame)
        assert_allclose(Z[:, :3], standardized(frame[["a", "b", "e"]]), atol=1e-12)
        assert_allclose(Z[:, -1], frame["town"] == "y")
        assert np.isfinite(Z).all()


def test_columns_are_known_by_their_names(frame):
    fitted = make_preprocessor().fit(frame)
    assert_allclose(fitted.transform(frame[list("edcba")]), fitted.transform(frame))
    with pytest.raises(ValueError, match=r"X lacks columns .* fitted with: b, e"):
        fitted.transform(frame[["a", "c", "d"]])


def test_many_rows_are_prepared_in_the_memory_of_one_copy(monkeypatch):
    """Of the rows of a split there is one copy, which is standardized in place."""
    from sklearn.pipeline import Pipeline

    n, d = 100_000, 20
    monkeypatch.setattr(preprocessing, "BLOCK", n // 2)  # one column at once
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(d, n)).T, columns=map(str, range(d)))
    y = np.arange(n) % 2
    steps = Pipeline([("table", make_preprocessor(copy=False))])
    train, test = np.arange(0, n, 2), np.arange(1, n, 2)
    prepare_rows([steps], {}, X[:100], y[:100], train[:50], test[:50])  # what is loaded late
    tracemalloc.start()
    prepared = prepare_rows([steps], {}, X, y, train, test)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert prepared.train[0].shape == prepared.test[0].shape == (n // 2, d)
    assert peak < 1.3 * X.to_numpy().nbytes
