from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import threadpool_info, threadpool_limits

from skinit._blas import all_on_one_thread, has_small_kernels, scipy_on_one_thread


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


def test_small_kernels_are_those_of_avx_512():
    architectures = {pool.get("architecture") for pool in threadpool_info()}
    assert has_small_kernels() == bool(architectures & {"SkylakeX", "Cooperlake", "Sapphirerapids"})
