"""What the tests of initializers share."""

from __future__ import annotations

import numpy as np
import pytest

from skinit.activations import get_activation
from skinit.initializers import InitContext, get_initializer, resolve_init, sample_layers
from skinit.initializers.names import INITIALIZERS

NAMES = INITIALIZERS.names()
ALIASES = [alias for name in NAMES for alias in INITIALIZERS.aliases(name)]
LOOKING = [name for name in NAMES if get_initializer(name).needs_inputs]
every_name = pytest.mark.parametrize("name", NAMES)
every_looking = pytest.mark.parametrize("name", LOOKING)

RELU, TANH = get_activation("relu"), get_activation("tanh")


def suited(init):
    """Return relu, or tanh for initializers that are not made for relu."""
    is_for_relu = isinstance(init, (list, tuple)) or get_initializer(init).accepts(RELU)
    return RELU if is_for_relu else TANH


def hidden_layer(fan_in, activation=RELU, n=2000):
    """Return the context of the middle one of three layers, with standard normal inputs."""
    inputs = np.random.default_rng(99).standard_normal((n, fan_in))
    return InitContext(1, 3, activation.name, activation, inputs)


def output_layer(fan_in, fan_out, activation=RELU, n=2000):
    """Return the context of the last of three layers, with standard normal inputs."""
    inputs = np.random.default_rng(99).standard_normal((n, fan_in))
    return InitContext(2, 3, "softmax", activation, inputs, None, np.arange(1.0, fan_out + 1))


def draw(init, fan_in=300, fan_out=200, seed=0, activation=None):
    context = hidden_layer(fan_in, activation or suited(init))
    return get_initializer(init).sample(fan_in, fan_out, np.random.default_rng(seed), context)


def sample(init, sizes, X=None, seed=0, activation=None, **more):
    activation = activation or suited(init)
    initializers = resolve_init(init, len(sizes) - 1, activation)
    return sample_layers(
        initializers,
        sizes,
        activation=activation,
        out_activation="logistic",
        seed=seed,
        inputs=X,
        **{"output_baseline": np.zeros(sizes[-1]), **more},
    )
