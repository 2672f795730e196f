from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def pictures_folder():
    """Return the folder of the tutorial's 100 pictures, which are not ours to distribute."""
    folder = os.environ.get("SKINIT_CATS_VS_DOGS")
    if not folder:
        pytest.skip("set SKINIT_CATS_VS_DOGS to the folder of the tutorial's 100 pictures")
    return Path(folder)


@pytest.fixture(scope="session")
def make_problem():
    """Return a function that makes small data sets which can be learned, but not perfectly."""

    def make(kind, n=45, d=6, *, seed=0, dtype=np.float64):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, d))
        score = X @ rng.normal(size=(d, 3)) + rng.normal(size=(n, 3))
        y = {
            "binary": lambda: (score[:, 0] > 0).astype(int),
            "multiclass": lambda: score.argmax(axis=1),
            "multilabel": lambda: (score > 0).astype(int),
        }[kind]()
        return X.astype(dtype), y

    return make
