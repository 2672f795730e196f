"""What initializers promise for signal and gradient, measured through 30 layers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skinit.activations import ACTIVATIONS
from skinit.initializers import EdgeOfChaos, Gain, get_initializer
from tests.initializers.init_tools import NAMES, sample

DEPTH = 30


def ratios(init, activation, width, seed):
    """Return z-variance of the last layer over the first, and squared gradient, first over last."""
    rng = np.random.default_rng(1000 + seed)
    X = rng.standard_normal((100, width))
    sizes = [width] * (DEPTH + 1) + [1]
    variances, slopes, a = [], [], X
    layers = sample(init, sizes, X, seed, activation)[:-1]
    for W, b in layers:
        z = a @ W + b
        a = activation.function(z.copy(), np.empty_like(z))
        variances.append(z.var())
        slopes.append(activation.derivative(z, a, np.empty_like(z)))
    gradients = [rng.standard_normal(z.shape) * slopes[-1]]
    for (W, _), slope in zip(layers[:0:-1], slopes[-2::-1], strict=True):
        gradients.append(gradients[-1] @ W.T * slope)
    squares = [np.mean(gradient**2) for gradient in gradients]
    return {"signal": variances[-1] / variances[0], "gradient": squares[-1] / squares[0]}


def stable(init, activation):
    """Return the initializer at a variance that is stable for the activation."""
    if isinstance(init, EdgeOfChaos):
        init.set_params(q={"gelu": 4.0, "silu": 15.0, "mish": 2.0}.get(activation.name, 1.0))
    return init


PROMISES = [
    (name, activation, quantity)
    for name in NAMES
    for activation in ACTIVATIONS.names()
    if get_initializer(name).accepts(ACTIVATIONS[activation])
    for quantity in get_initializer(name).keeps
    if activation not in get_initializer(name).exceptions.get(quantity, ())
]


@pytest.mark.parametrize("name", NAMES)
def test_every_class_of_the_table_says_what_it_keeps(name):
    assert "keeps" in vars(type(get_initializer(name)))
    assert get_initializer(name).keeps.keys() <= {"signal", "gradient"}
    assert get_initializer(name).exceptions.keys() <= get_initializer(name).keeps.keys()


@pytest.mark.parametrize(("name", "activation", "quantity"), PROMISES)
def test_promises_hold_through_30_layers(name, activation, quantity):
    initializer = stable(get_initializer(name), ACTIVATIONS[activation])
    bound = initializer.keeps[quantity]
    for width, seeds in [(64, 3), (256, 1)]:
        for seed in range(seeds):
            found = ratios(initializer, ACTIVATIONS[activation], width, seed)[quantity]
            assert 1 / bound <= found <= bound, (width, seed)


@pytest.mark.parametrize(
    ("name", "activation", "quantity"),
    [
        (name, activation, quantity)
        for name in NAMES
        for quantity, activations in get_initializer(name).exceptions.items()
        for activation in activations
    ],
)
def test_exceptions_are_needed(name, activation, quantity):
    initializer = get_initializer(name)
    found = [ratios(initializer, ACTIVATIONS[activation], 64, s)[quantity] for s in range(8)]
    assert max(abs(math.log(value)) for value in found) > math.log(initializer.keeps[quantity])


@pytest.mark.parametrize("activation", ["gelu", "silu", "mish"])
def test_gain_at_a_larger_variance_steadies_what_grows(activation):
    for seed in range(3):
        found = ratios(Gain(q=4.0), ACTIVATIONS[activation], 256, seed)
        assert all(1 / 100 <= ratio <= 100 for ratio in found.values()), seed


# Where no weights keep the gradient (logistic, softplus), or where 30 layers are too many (silu).
BEYOND = {"logistic", "softplus", "silu"}


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS.names()) - BEYOND))
def test_auto_keeps_signal_and_gradient_within_100(activation):
    f = ACTIVATIONS[activation]
    found = [ratios(f.default_init, f, 128, seed) for seed in range(4)]
    for quantity in ("signal", "gradient"):
        mean = np.mean([math.log(each[quantity]) for each in found])
        assert abs(mean) < math.log(100)
