"""Distributions around 0, each drawn with a given standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from scipy.special import ndtr, ndtri

__all__ = ["DISTRIBUTIONS", "Distribution", "draw_truncated_normal"]

# The standard deviation of a standard normal that was cut at two sigma.
CUT_AT_TWO_SIGMA = 0.87962566103423978


def draw_truncated_normal(rng, std, size):
    """Draw from the normal cut at two sigma, with standard deviation `std` after cutting."""
    sigma = std / CUT_AT_TWO_SIGMA
    return sigma * ndtri(rng.uniform(ndtr(-2.0), ndtr(2.0), size))


def _draw_symmetric_uniform(rng, std, size):
    """Draw from the uniform distribution around 0 with standard deviation `std`."""
    bound = sqrt(3.0) * std
    return rng.uniform(-bound, bound, size)


DISTRIBUTIONS = {
    "normal": lambda rng, std, size: rng.normal(0.0, std, size),
    "truncated_normal": draw_truncated_normal,
    "uniform": _draw_symmetric_uniform,
}


def _normal_density(z):
    return np.exp(-(z**2) / 2) / sqrt(2 * pi)


def _truncated_normal_density(z):
    x = z * CUT_AT_TWO_SIGMA  # in sigmas of the normal that was cut
    inside = _normal_density(x) * CUT_AT_TWO_SIGMA / (ndtr(2.0) - ndtr(-2.0))
    return np.where(abs(x) <= 2.0, inside, 0.0)


def _uniform_density(z):
    return np.where(abs(z) <= sqrt(3.0), 1 / (2 * sqrt(3.0)), 0.0)


# Of standard deviation 1.
DENSITIES = {
    "normal": _normal_density,
    "truncated_normal": _truncated_normal_density,
    "uniform": _uniform_density,
}


@dataclass(frozen=True)
class Distribution:
    """The distribution that each weight of a layer comes from, independent of the others.

    Parameters
    ----------
    shape : {"normal", "truncated_normal", "uniform"}
        A key of `DISTRIBUTIONS`.
    std : float
        The standard deviation.
    mean : float, default=0.0
        The mean.
    """

    shape: str
    std: float
    mean: float = 0.0

    def density(self, w: np.ndarray) -> np.ndarray:
        """Return the probability density at the weights w."""
        return DENSITIES[self.shape]((np.asarray(w) - self.mean) / self.std) / self.std
