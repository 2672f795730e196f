"""Parameters, callables and given arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.base import clone

from skinit.initializers import (
    Constant,
    EdgeOfChaos,
    FromCallable,
    Gain,
    Given,
    Identity,
    Normal,
    Orthogonal,
    PriorBias,
    Sparse,
    TanhInit,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
    get_initializer,
)
from tests.initializers.init_tools import (
    sample,
)


@pytest.mark.parametrize(
    ("initializer", "parameter"),
    [
        (Constant(math.nan), "value"),
        (Constant("0"), "value"),
        (Normal(-1.0), "std"),
        (TruncatedNormal(math.inf), "std"),
        (Uniform(low=None), "low"),
        (Uniform(high=math.inf), "high"),
        (Uniform(low=1.0, high=0.0), "low"),
        (VarianceScaling(-1), "scale"),
        (VarianceScaling(mode="fan"), "mode"),
        (VarianceScaling(distribution="gauss"), "distribution"),
        (VarianceScaling(bias="yes"), "bias"),
        (Orthogonal(-1), "gain"),
        (Identity(None), "gain"),
        (Sparse(n_nonzero=0), "n_nonzero"),
        (Sparse(std=-1), "std"),
        (Orthogonal("relu"), "gain"),
        (EdgeOfChaos(q=0), "q"),
        (Gain(q=0), "q"),
        (TanhInit(alpha=-1), "alpha"),
        (PriorBias(weights=3), "weights"),
    ],
)
def test_a_wrong_parameter_is_named_when_sampling(initializer, parameter):
    with pytest.raises(ValueError, match=parameter):
        initializer.sample(3, 2, np.random.default_rng(0))


def test_callables_return_weights_or_a_pair():
    rng = np.random.default_rng
    ones = get_initializer(lambda fan_in, fan_out, rng: np.ones((fan_in, fan_out)))
    W, b = ones.sample(3, 2, rng(0))
    np.testing.assert_array_equal(W, np.ones((3, 2)))
    np.testing.assert_array_equal(b, np.zeros(2))

    def pair(fan_in, fan_out, rng):
        return rng.normal(size=(fan_in, fan_out)), np.full(fan_out, 7)

    W, b = get_initializer(pair).sample(3, 2, rng(5))
    np.testing.assert_array_equal(W, rng(5).normal(size=(3, 2)))
    np.testing.assert_array_equal(b, [7, 7])
    assert get_initializer(pair).formula == "pair()"
    assert clone(FromCallable(pair)).function is pair


def fails(fan_in, rng):
    return rng.normal(size=fan_in)


def divides_by_zero(fan_in, fan_out, rng):
    return fan_in / 0


@pytest.mark.parametrize(
    ("function", "error"), [(fails, TypeError), (divides_by_zero, ZeroDivisionError)]
)
def test_a_callable_that_fails_names_layer_and_signature(function, error):
    with pytest.raises(error) as failure:
        sample(["he", function], [4, 3, 2])
    (note,) = failure.value.__notes__
    call = f"{function.__name__}(fan_in, fan_out, rng)"
    assert note.startswith(f"init of layer 2 (3 -> 2) was called as {call}: the numbers of inputs")


def test_given_numbers():
    W, b = np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])
    for init, expected in [(W, np.zeros(2)), ((W, b), b)]:
        given_law = clone(get_initializer(init))
        drawn = given_law.sample(3, 2, None)
        np.testing.assert_array_equal(drawn[0], W)
        np.testing.assert_array_equal(drawn[1], expected)
        assert "array(3, 2)" in repr(given_law)
    assert Given(W).bias_formula == "0"
    assert Given(W, b).bias_formula == "given"


def test_given_numbers_are_copied():
    W = np.ones((3, 2))
    drawn = sample([W, "zeros"], [3, 2, 1])
    drawn[0][0][:] = 5.0
    np.testing.assert_array_equal(W, np.ones((3, 2)))
