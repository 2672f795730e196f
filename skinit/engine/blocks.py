"""Cut a buffer of a stack of networks into pieces that a core's cache holds."""

from __future__ import annotations

import math
from collections.abc import Iterator


def contiguous_blocks(shape: tuple[int, ...], size: int) -> Iterator[tuple[slice, slice]]:
    """Yield (members, rows) that cut a buffer (k, rows, ...) into blocks without gaps.

    Several whole members where they fit into ``size`` values, else rows of one member. An
    elementwise pass over a block with gaps would take twice as long, or longer.
    """
    k, n_rows, *rest = shape
    width = math.prod(rest)
    members = size // (n_rows * width)
    if members:
        for j in range(0, k, members):
            yield slice(j, min(j + members, k)), slice(0, n_rows)
        return
    step = max(1, size // width)
    for j in range(k):
        for i in range(0, n_rows, step):
            yield slice(j, j + 1), slice(i, min(i + step, n_rows))
