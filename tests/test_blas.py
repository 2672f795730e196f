from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import threadpool_info, threadpool_limits

from skinit._blas import (
    EARNS_THREADS,
    all_on_one_thread,
    has_small_kernels,
    scipy_on_one_thread,
    threads_for,
)
from skinit.activations import get_activation
from skinit.engine.losses import LOSSES
from skinit.engine.task import Samples, Start, Task, TrainingConfig
from skinit.engine.training import train


def threads():
    """Return the number of threads of each BLAS by its file."""
    np.dot(np.ones(2), scipy.linalg.eigvalsh(np.eye(2)))
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {pool["filepath"]: pool["num_threads"] for pool in pools}


def is_scipys(path):
    return "scipy.libs" in path or "scipy/.dylibs" in path


def test_only_scipys_own_threads_are_held_back_and_for_a_while():
    with threadpool_limits(2):
        before = threads()
        if set(map(is_scipys, before)) != {True, False} or set(before.values()) != {2}:
            pytest.skip("NumPy and scipy share one BLAS here, or it has no second thread")
        with scipy_on_one_thread:
            assert threads() == {path: 1 if is_scipys(path) else 2 for path in before}
        assert threads() == before


def test_the_last_to_leave_gives_the_threads_back():
    """Two that overlap: the second comes while the first is inside, and leaves after it."""
    with threadpool_limits(2):
        before = threads()
        all_on_one_thread.__enter__()
        all_on_one_thread.__enter__()
        all_on_one_thread.__exit__()
        assert set(threads().values()) == {1}
        all_on_one_thread.__exit__()
        assert threads() == before


def test_contexts_of_different_kinds_may_overlap():
    """A fit in one thread begins before a comparison in another, and ends in the middle of it."""
    with threadpool_limits(2):
        before, fit = threads(), threads_for(1000)
        fit.__enter__()
        all_on_one_thread.__enter__()
        fit.__exit__()
        assert set(threads().values()) == {1}
        all_on_one_thread.__exit__()
        assert threads() == before


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_uses_the_threads_that_its_largest_product_earns(solver, monkeypatch):
    seen = []

    def look(progress):
        seen.append(set(threads().values()))
        return True

    X = np.random.default_rng(0).normal(size=(100, 30))
    task = Task(get_activation("relu"), LOSSES["binary"], Samples(X, (X[:, :1] > 0) * 1.0))
    start = Start([(X[:30, :20] * 0.1, np.zeros(20)), (X[:20, :1] * 0.1, np.zeros(1))])
    config = TrainingConfig(solver=solver, batch_size=50, max_iter=2, row_space=False)
    rows = 50 if solver == "adam" else 100
    with threadpool_limits(2):
        before = set(threads().values())
        for least in (rows * 30 * 20 + 1, rows * 30 * 20):
            monkeypatch.setattr("skinit._blas.EARNS_THREADS", least)
            train(task, [start], config, on_epoch=look)
            assert set(threads().values()) == before
    assert EARNS_THREADS > 200 * 64 * 100  # the default network on digits stays on one
    assert seen[0] == {1}
    if solver == "adam":  # lbfgs holds scipy's back anyway
        assert seen[1] == before


def test_small_kernels_are_those_of_avx_512():
    architectures = {pool.get("architecture") for pool in threadpool_info()}
    assert has_small_kernels() == bool(architectures & {"SkylakeX", "Cooperlake", "Sapphirerapids"})
