"""The linear algebra libraries behind NumPy and scipy: what they are, and their threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

from threadpoolctl import ThreadpoolController

# OpenBLAS's names of processors with AVX-512, for which it has kernels for small products.
_SMALL_KERNELS = {"SkylakeX", "Cooperlake", "Sapphirerapids"}


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    # Finding them takes milliseconds; the two in question are loaded with skinit.
    return ThreadpoolController()


@lru_cache(maxsize=1)
def has_small_kernels() -> bool:
    """Whether small products are done without packing the factors first."""
    return any(library.get("architecture") in _SMALL_KERNELS for library in _libraries().info())


class _OneThread:
    """Keep libraries from threads of their own while anybody is inside.

    The number of threads belongs to the process. When several Python threads change it and
    change it back, each on its own, the last one may restore what another had set. So the first
    to come in sets it, and the last to leave restores it.
    """

    def __init__(self, choose: Callable[[], ThreadpoolController]):
        self._choose = choose
        self._lock = threading.Lock()
        self._n_inside = 0

    def __enter__(self):
        with self._lock:
            if self._n_inside == 0:
                self._limit = self._choose().limit(limits=1)
            self._n_inside += 1

    def __exit__(self, *exception):
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._limit.restore_original_limits()


def _scipys_own() -> ThreadpoolController:
    own = [
        library["filepath"]
        for library in _libraries().info()
        if "scipy.libs" in library["filepath"] or "scipy/.dylibs" in library["filepath"]
    ]
    return _libraries().select(filepath=own)


# Keeps scipy's own BLAS, if it brings one, from threads beside those of NumPy's. Threads of both
# spin for a while when their work is done. A routine of scipy that calls a function in NumPy, and
# that one after the other, then waits several times as long as it works.
scipy_on_one_thread = _OneThread(_scipys_own)

# Keeps all libraries from threads; looked for anew, because other modules may bring some.
all_on_one_thread = _OneThread(ThreadpoolController)
