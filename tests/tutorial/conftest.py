from __future__ import annotations

import numpy as np
import pytest

from skinit import tutorial
from skinit.tutorial import STARTS, Pictures, Run

BY_NAME = {start.name: start for start in STARTS}


@pytest.fixture(scope="session")
def by_name():
    return BY_NAME


@pytest.fixture(scope="session")
def pictures():
    """Return 30 small pictures, 18 of them cats."""
    rng = np.random.default_rng(0)
    y = (np.arange(30) % 5 < 3).astype(int)
    X = rng.uniform(size=(30, 48)) * (0.6 + 0.4 * y[:, None] * (np.arange(48) % 2))
    return Pictures(X, y, ("dog", "cat"), (4, 4, 3), "made up", are_published=False)


@pytest.fixture(scope="session")
def runs(pictures):
    return [tutorial.run(start, pictures, folds=3, steps=200) for start in STARTS]


@pytest.fixture(scope="session")
def run_that_ended():
    """Return a function that makes a Run as if training had produced these costs."""

    def make(name, costs=None, accuracy=0.99):
        start = BY_NAME[name]
        at_prints = start.published.costs if costs is None else costs
        curve = [cost for cost in at_prints for _ in range(tutorial.EVERY)]
        return Run(start, curve, accuracy, [0.5, 0.6], [curve[-1]] * tutorial.REPEATS, 1.0)

    return make
