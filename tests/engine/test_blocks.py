from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skinit.engine.blocks import contiguous_blocks

few = st.integers(1, 7)


@given(st.lists(few, min_size=2, max_size=3), st.integers(1, 400))
def test_blocks_have_no_gaps_and_cover_everything_once(shape, size):
    buffer = np.zeros(shape)
    for members, rows in contiguous_blocks(tuple(shape), size):
        block = buffer[members, rows]
        assert block.flags.c_contiguous
        # One row of one member is the least that a block can hold.
        assert 0 < block.size <= max(size, math.prod(shape[2:]))
        block += 1
    assert (buffer == 1).all()


def test_whole_members_share_a_block_where_they_fit():
    assert list(contiguous_blocks((5, 2, 3), 13)) == [
        (slice(0, 2), slice(0, 2)),
        (slice(2, 4), slice(0, 2)),
        (slice(4, 5), slice(0, 2)),
    ]
