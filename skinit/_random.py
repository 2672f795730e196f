"""Separate streams of random numbers grown from one seed.

Two estimators that differ only in ``init`` must see the same batches and the same validation
split, so weights, batches and split never share a generator.
"""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

WEIGHTS, BATCHES, VALIDATION, PICTURES, TUNING = range(5)


def draw_seed(random_state) -> int:
    """Return the one integer that a ``random_state`` stands for (None, instance: one draw)."""
    if isinstance(random_state, (int, np.integer)):
        if random_state < 0:
            raise ValueError(f"random_state must be 0 or more, got {random_state}.")
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of ``seed`` for one purpose, such as ``(WEIGHTS, layer)``."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
