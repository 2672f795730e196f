"""One number of threads for everybody; imports nothing that would start some of its own."""

from __future__ import annotations

import os

# Of OpenMP (torch), OpenBLAS and MKL (NumPy), and XLA (jax); each is read when it is loaded.
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")


def limit(n: int) -> None:
    """Give this process and its children ``n`` threads, and as many cores where one can say so.

    Call it before NumPy is imported.
    """
    os.environ.update(dict.fromkeys(VARIABLES, str(n)))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def count() -> int:
    """Return the number of threads that everybody has."""
    return int(os.environ.get(VARIABLES[0], os.cpu_count() or 1))
