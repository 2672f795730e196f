from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array, csr_matrix

from skinit.engine.stochastic import Batches
from skinit.engine.task import Samples
from tests.engine.engine_cases import tasks, weighted

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def strided(X):
    """Return the same values in every second column of a larger array."""
    wide = np.zeros((X.shape[0], 2 * X.shape[1]))
    wide[:, ::2] = X
    return wide[:, ::2]


LAYOUTS = [np.asarray, np.asfortranarray, strided, csr_matrix, csr_array]


@pytest.mark.parametrize("small", [0, 1 << 20], ids=["as it lies", "copied"])
@pytest.mark.parametrize("layout", LAYOUTS)
@weighted
@pytest.mark.parametrize("batch_size", [1, 7, 45, 99])
@pytest.mark.parametrize("shuffled", [False, True])
def test_each_epoch_visits_every_row_once(
    layout, with_weights, batch_size, shuffled, small, monkeypatch
):
    monkeypatch.setattr("skinit.engine.stochastic.SMALL", small)
    samples = tasks(with_weights=with_weights).train
    samples = samples._replace(X=layout(samples.X))
    shuffle = np.random.default_rng(0) if shuffled else None
    batches, orders = Batches(samples, batch_size, shuffle), []
    for _ in range(2):
        rows = []
        for X, y, weight in batches:
            X = X if isinstance(X, np.ndarray) else X.toarray()
            rows.append((X.copy(), y.copy(), np.ones((len(y), 1)) if weight is None else weight))
        X, y, weight = (np.concatenate(part) for part in zip(*rows, strict=True))
        full = samples.X if isinstance(samples.X, np.ndarray) else samples.X.toarray()
        order = [int(np.flatnonzero((full == row).all(1))[0]) for row in X]
        assert sorted(order) == list(range(45))
        assert_array_equal(y, samples.y[order])
        if with_weights:
            assert_array_equal(weight, samples.sample_weight[order])
        assert [len(part[0]) for part in rows][:-1] == [batch_size] * (len(rows) - 1)
        orders.append(order)
    in_order = not shuffled or batch_size >= 45  # the sum over a single batch has no order
    assert (orders[0] == list(range(45))) == in_order
    assert (orders[0] == orders[1]) == in_order


@pytest.mark.parametrize("layout", [np.asarray, np.asfortranarray, strided])
@pytest.mark.parametrize("shuffled", [False, True])
def test_batches_of_a_large_x_cost_no_copy_of_it(layout, shuffled):
    X = layout(np.random.default_rng(0).normal(size=(20_000, 60)))  # above the limit for copies
    y = np.zeros((len(X), 1))
    tracemalloc.start()
    for _ in Batches(Samples(X, y), 100, np.random.default_rng(0) if shuffled else None):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.size * 8 / 8
