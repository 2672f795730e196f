"""The linear algebra libraries behind NumPy and scipy: their threads, and one fast path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import ClassVar

import numpy as np
from threadpoolctl import ThreadpoolController

# OpenBLAS's names of processors with AVX-512. Up to so many multiply-adds it has kernels for them
# that do not pack the factors first and take two thirds of the time. A product of up to twice as
# many is therefore faster in halves: with 200 rows, 64 features and 100 units a whole training
# step takes a tenth less (``python -m benchmarks``, row "digits (100,) batch 200").
_SMALL_KERNELS = {"SkylakeX", "Cooperlake", "Sapphirerapids"}
SMALL_PRODUCT = 1_000_000

# Multiply-adds from which on a product may use several threads: a fifth of a millisecond on one.
# Two threads take 0.55 of this on a quiet machine, and of smaller products 0.7 to 1.4. On a busy
# machine a thread that waits for the other loses a time slice, a hundred times of it.
EARNS_THREADS = 4_000_000


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    # Finding them takes milliseconds; the two in question are loaded with skinit.
    return ThreadpoolController()


@lru_cache(maxsize=1)
def has_small_kernels() -> bool:
    """Whether small products are done without packing the factors first."""
    return any(library.get("architecture") in _SMALL_KERNELS for library in _libraries().info())


def multiply(X, Y, out):
    """Write X @ Y into ``out``: X (n, m), Y (k, m, units), ``out`` (k, n, units)."""
    multiply_adds = X.shape[0] * X.shape[1] * Y.shape[-1]
    if SMALL_PRODUCT < multiply_adds <= 2 * SMALL_PRODUCT and has_small_kernels():
        half = X.shape[0] // 2
        np.matmul(X[:half], Y, out[:, :half])
        np.matmul(X[half:], Y, out[:, half:])
    else:
        np.matmul(X, Y, out)


class _OneThread:
    """Limit libraries to one thread while any Python thread is inside the context.

    The number of threads is a setting of the whole process. If several Python threads set and
    reset it independently, the last one may restore what another had set. So the first to hold a
    library sets it, and the last to let go restores it, whichever contexts they are in.
    """

    _lock = threading.Lock()
    _held: ClassVar[dict[str, tuple[int, int]]] = {}  # by file: holders, and threads before

    def __init__(self, choose: Callable[[], ThreadpoolController]):
        self._choose = choose
        self._entered: list[list] = []

    def __enter__(self):
        libraries = self._choose().lib_controllers
        with self._lock:
            self._entered.append(libraries)
            for library in libraries:
                holders, before = self._held.get(library.filepath, (0, library.num_threads))
                self._held[library.filepath] = holders + 1, before
                if holders == 0:
                    library.set_num_threads(1)

    def __exit__(self, *exception):
        with self._lock:
            for library in self._entered.pop():
                holders, before = self._held.pop(library.filepath)
                if holders == 1:
                    library.set_num_threads(before)
                else:
                    self._held[library.filepath] = holders - 1, before


def _scipys_libraries() -> ThreadpoolController:
    paths = [
        library["filepath"]
        for library in _libraries().info()
        if "scipy.libs" in library["filepath"] or "scipy/.dylibs" in library["filepath"]
    ]
    return _libraries().select(filepath=paths)


# scipy may bring a BLAS beside NumPy's. Threads of both spin for a while when their work is done,
# so a scipy routine that calls back into NumPy waits several times as long as it works.
scipy_on_one_thread = _OneThread(_scipys_libraries)

# The libraries are looked up again each time, because modules imported later may bring some.
all_on_one_thread = _OneThread(ThreadpoolController)

_blas_on_one_thread = _OneThread(lambda: _libraries().select(user_api="blas"))


def threads_for(multiply_adds: int) -> AbstractContextManager:
    """Return a context in which BLAS has the threads that a product of this size earns."""
    return _blas_on_one_thread if multiply_adds < EARNS_THREADS else nullcontext()
