"""The linear algebra libraries behind NumPy and scipy: what they are, and their threads."""

from __future__ import annotations

from contextlib import AbstractContextManager
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


def scipy_on_one_thread() -> AbstractContextManager:
    """Keep scipy's own BLAS, if it brings one, from threads beside those of NumPy's.

    Threads of both spin for a while when their work is done. A routine of scipy that calls a
    function in NumPy, and that one after the other, then waits several times as long as it works.
    """
    own = [
        library["filepath"]
        for library in _libraries().info()
        if "scipy.libs" in library["filepath"] or "scipy/.dylibs" in library["filepath"]
    ]
    return _libraries().select(filepath=own).limit(limits=1)
