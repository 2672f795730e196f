"""The four starts: the same normal numbers, each time multiplied by another factor."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from skinit.initializers import get_initializer
from skinit.tutorial.published import HIDDEN, PUBLISHED, Published


@dataclass(frozen=True)
class Start:
    """One way to start.

    Parameters
    ----------
    name : str
        The initializer that draws from the same distribution.
    factor : callable
        Takes fan_in, returns what the standard normal numbers are multiplied by.
    """

    name: str
    factor: Callable[[int], float]

    @property
    def formula(self) -> str:
        """The distribution of the weights."""
        return get_initializer(self.name).formula

    @property
    def published(self) -> Published:
        """What the blog post prints for this start."""
        return PUBLISHED[self.name]


STARTS = [
    Start("zeros", lambda fan_in: 0.0),
    Start("random", lambda fan_in: 10.0),
    Start("he", lambda fan_in: math.sqrt(2 / fan_in)),
    Start("xavier", lambda fan_in: math.sqrt(1 / fan_in)),
]


def first_weights(start: Start, n_features: int, nudge: int = 0) -> list[np.ndarray]:
    """Return the first weights of the blog post, one array (fan_in, fan_out) per layer.

    Parameters
    ----------
    start : Start
        Which of the four.
    n_features : int
        Numbers per picture.
    nudge : int, default=0
        Enlarge the first layer by this many units of rounding, 2.2e-16 each.
    """
    rng = np.random.RandomState(1)
    sizes = (n_features, *HIDDEN, 1)
    # The blog post draws (units, inputs).
    weights = [
        rng.randn(units, inputs).T * start.factor(inputs) for inputs, units in pairwise(sizes)
    ]
    weights[0] *= 1 + nudge * np.finfo(float).eps
    return weights
