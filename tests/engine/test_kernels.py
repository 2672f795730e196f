"""exp and tanh of the compiled engine, against more digits than they have."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from skinit.engine import kernels

# Units in the last place; one half is what rounding alone costs.
MOST = 2.0


def vectorized(function):
    @kernels.compiled
    def apply(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    def call(x):
        out = np.empty_like(x)
        apply(x, out)
        return out

    return call


def numbers(dtype, low, high, n=200_000):
    rng = np.random.default_rng(0)
    tiny = np.geomspace(1e-30, 1e-3, 1000)
    x = np.concatenate([rng.uniform(low, high, n), rng.normal(size=n), tiny, -tiny, [0.0]])
    return np.clip(x, low, high).astype(dtype)


def errors(found, exact, dtype):
    """Return errors in units in the last place."""
    rounded = exact.astype(dtype)
    return np.abs((found.astype(np.longdouble) - exact) / np.spacing(np.abs(rounded)))


BOUNDS = {np.float64: (-708.0, 709.7), np.float32: (-86.0, 88.7)}
every_dtype = pytest.mark.parametrize("dtype", BOUNDS)


@every_dtype
def test_exp_is_exact_to_two_units(dtype):
    x = numbers(dtype, *BOUNDS[dtype])
    exact = np.exp(x.astype(np.longdouble))
    assert errors(vectorized(kernels.exp)(x), exact, dtype).max() < MOST


@every_dtype
def test_expm1_is_exact_to_two_units(dtype):
    x = numbers(dtype, -80.0 if dtype is np.float64 else -40.0, 20.0)
    exact = np.expm1(x.astype(np.longdouble))
    assert errors(vectorized(kernels.expm1)(x), exact, dtype).max() < MOST


@every_dtype
@pytest.mark.parametrize("name", ["TANH", "LOGISTIC", "ELU"])
def test_activations_are_exact_to_four_units(name, dtype):
    z = numbers(dtype, -30.0, 30.0)[:, None]
    exact = {
        "TANH": np.tanh,
        "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
        "ELU": lambda x: np.where(x > 0, x, np.expm1(x)),
    }[name](z.astype(np.longdouble))
    kernels.activate(z, np.zeros(1, dtype), getattr(kernels, name))
    assert errors(z, exact, dtype).max() < 4


@every_dtype
def test_beyond_their_range_they_keep_their_meaning(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0], dtype)
    exp, expm1 = vectorized(kernels.exp)(x), vectorized(kernels.expm1)(x)
    smallest = np.finfo(dtype).tiny
    assert np.isnan(exp[0]) and np.isnan(expm1[0])
    assert exp[1] == exp[3] == np.inf
    assert 0 <= exp[2] == exp[4] < 4 * smallest
    assert exp[5] == 1
    assert expm1[2] == expm1[4] == -1
    assert expm1[5] == 0
