"""Memory of large data: how much is large, and giving back what is free."""

from __future__ import annotations

import ctypes
import os
import sys

LARGE = 2**28  # bytes of rows from which on a copy for each job may be too much
MAPPED = 2**20  # bytes of an array that is worth a mapping of its own
M_MMAP_THRESHOLD = -3  # as mallopt calls it


def count_bytes(X) -> int:
    """Return what the numbers of a table take in double precision."""
    n_rows, n_columns = X.shape
    return 8 * n_rows * n_columns


def is_large_file(path: str) -> bool:
    """Whether there is a file whose numbers may be large."""
    return os.path.isfile(path) and os.path.getsize(path) > LARGE // 4  # packed ones are small


def return_freed_memory() -> None:
    """Have arrays of a megabyte or more given back to the system as soon as they are freed.

    The C library of Linux keeps freed arrays of up to 32 MiB, and what lies between them; with
    millions of rows these are most arrays. Elsewhere nothing has to be done.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, MAPPED)
