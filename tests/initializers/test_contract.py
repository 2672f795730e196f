"""What every row of the table promises."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils import check_random_state

from skinit.activations import ACTIVATIONS, Activation
from skinit.initializers import InitContext, get_initializer, sample_layers
from tests.initializers.init_tools import (
    RELU,
    TANH,
    draw,
    every_name,
    hidden_layer,
    output_layer,
    sample,
    suited,
)

SECOND_MOMENT = {  # E[W²] behind relu (or tanh), and standard normal inputs where they matter
    "zeros": lambda n_in, n_out: 0,
    "ones": lambda n_in, n_out: 1,
    "constant": lambda n_in, n_out: 0,
    "random": lambda n_in, n_out: 100,
    "normal": lambda n_in, n_out: 0.01**2,
    "uniform": lambda n_in, n_out: 0.05**2 / 3,
    "truncated_normal": lambda n_in, n_out: 0.01**2,
    "xavier": lambda n_in, n_out: 1 / n_in,
    "he": lambda n_in, n_out: 2 / n_in,
    "he_uniform": lambda n_in, n_out: 2 / n_in,
    "glorot_normal": lambda n_in, n_out: 2 / (n_in + n_out),
    "glorot_uniform": lambda n_in, n_out: 2 / (n_in + n_out),
    "lecun_normal": lambda n_in, n_out: 1 / n_in,
    "lecun_uniform": lambda n_in, n_out: 1 / n_in,
    "variance_scaling": lambda n_in, n_out: 1 / n_in,
    "orthogonal": lambda n_in, n_out: 1 / max(n_in, n_out),
    "identity": lambda n_in, n_out: 1 / max(n_in, n_out),
    "sparse": lambda n_in, n_out: 15 / n_in,
    "lsuv": lambda n_in, n_out: 1 / n_in,
    "within_layer": lambda n_in, n_out: 1 / n_in,
    "random_walk": lambda n_in, n_out: 2 * math.exp(2.4 / (n_in - 2.4)) / n_in,
    "edge_of_chaos": lambda n_in, n_out: 2 / n_in,
    "looks_linear": lambda n_in, n_out: 2 / max(n_in, n_out),
    "tanh_init": lambda n_in, n_out: 1 / min(n_in, n_out) + 0.085**2 / n_in,
    "ZerO": lambda n_in, n_out: 1 / n_in if n_in >= n_out else 1 / 512,
    "sinusoidal": lambda n_in, n_out: 2 / n_in,
    "nguyen_widrow": lambda n_in, n_out: (1.4 * n_out ** (1 / n_in)) ** 2 / n_in,
    "rai": lambda n_in, n_out: (0.6007**2 + 0.5) / (n_in + 1),
    "gain": lambda n_in, n_out: 2 / n_in,
    "isometric": lambda n_in, n_out: 2 / max(n_in, n_out),
    "mup": lambda n_in, n_out: 2 / n_in,
    "prior_bias": lambda n_in, n_out: 2 / n_in,
    "sklearn": lambda n_in, n_out: 2 / (n_in + n_out),
    "torch": lambda n_in, n_out: 1 / (3 * n_in),
    "keras": lambda n_in, n_out: 2 / (n_in + n_out),
}


@every_name
def test_a_formula_names_the_layers_that_differ(name):
    """The first and the last layer, seen beside a hidden one of the same size."""
    X = 3.0 * np.random.default_rng(0).standard_normal((256, 200))
    layers = sample(name, [200] * 5, X, activation=suited(name))
    first, _, hidden, last = (np.sqrt(np.mean(W**2)) for W, _ in layers)
    initializer = get_initializer(name)
    if not initializer.needs_inputs:  # else the formula has what the inputs do
        differs = abs(first - hidden) > 0.1 * hidden
        assert ("layer 1" in initializer.formula) == differs
    assert ("output" in initializer.formula) == (abs(last - hidden) > 0.1 * hidden)


@every_name
@pytest.mark.parametrize("fans", [(300, 200), (200, 300)])
def test_second_moment_within_sampling_error(name, fans):
    squares = draw(name, *fans)[0] ** 2
    sampling_error = squares.std() / math.sqrt(squares.size)
    expected = SECOND_MOMENT[name](*fans)
    assert abs(squares.mean() - expected) <= 5 * sampling_error + 1e-9 * expected


@every_name
@given(fan_in=st.integers(1, 20), fan_out=st.integers(1, 20), seed=st.integers(0, 2**31 - 1))
def test_shapes_dtype_and_determinism(name, fan_in, fan_out, seed):
    if name == "looks_linear":
        fan_in, fan_out = 2 * fan_in, 2 * fan_out  # needs pairs of units; its error is below
    W, b = draw(name, fan_in, fan_out, seed)
    assert W.shape == (fan_in, fan_out)
    assert b.shape == (fan_out,)
    assert W.dtype == b.dtype == np.float64
    assert np.isfinite(W).all()
    assert np.isfinite(b).all()
    again = draw(name, fan_in, fan_out, seed)
    np.testing.assert_array_equal(W, again[0])
    np.testing.assert_array_equal(b, again[1])


@every_name
def test_draws_leave_the_global_generator_alone(name):
    state = check_random_state(None).get_state  # scikit-learn's name for the global one
    before = state()[1].copy()
    draw(name, 20, 10)
    np.testing.assert_array_equal(before, state()[1])


@every_name
def test_biases_are_zero_unless_the_table_says_otherwise(name):
    initializer = get_initializer(name)
    activation = TANH if initializer.accepts(TANH) else RELU
    rng = np.random.default_rng(0)
    contexts = [hidden_layer(30, activation), output_layer(30, 20, activation)]
    drawn = [initializer.sample(30, 20, rng, context)[1] for context in contexts]
    assert np.any(drawn) == (initializer.bias_formula != "0")


@every_name
def test_clone_pickle_and_get_params(name):
    initializer = get_initializer(name)
    for twin in (clone(initializer), pickle.loads(pickle.dumps(initializer))):
        assert type(twin) is type(initializer)
        assert twin is not initializer
        assert twin.get_params() == initializer.get_params()
        assert repr(twin) == repr(initializer)
    assert get_initializer(name) is not initializer


@every_name
def test_repr_shows_every_number_and_the_formula(name):
    initializer = get_initializer(name)
    shown = repr(initializer)
    assert shown.startswith(f"<{type(initializer).__name__}(")
    assert initializer.formula in shown
    for key, value in initializer.get_params().items():
        assert f"{key}={value!r}" in shown


@every_name
def test_set_params_reaches_every_parameter(name):
    initializer = get_initializer(name)
    for key in initializer.get_params():
        assert initializer.set_params(**{key: 7}).get_params()[key] == 7


@every_name
def test_context_none_has_a_default_or_a_clear_error(name):
    initializer = get_initializer(name)
    if initializer.needs_inputs or initializer.needs_context:
        assert initializer.needs_inputs or name in ("looks_linear", "edge_of_chaos")
        with pytest.raises(ValueError, match=f"{type(initializer).__name__}.* needs a context"):
            initializer.sample(4, 2, np.random.default_rng(0))
    else:
        W, _ = initializer.sample(4, 2, np.random.default_rng(0))
        np.testing.assert_allclose(W, draw(name, 4, 2)[0], rtol=1e-13)  # a layer behind relu


@every_name
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_networks_start_the_same_from_float32_inputs(name, dtype):
    X = np.random.default_rng(1).standard_normal((50, 6)).astype(np.float32)
    layers = sample(name, [6, 4, 2, 1], X.astype(dtype))
    for (W, b), (W64, b64) in zip(layers, sample(name, [6, 4, 2, 1], X), strict=True):
        assert W.dtype == b.dtype == np.float64
        np.testing.assert_array_equal(W, W64)
        np.testing.assert_array_equal(b, b64)


@every_name
@pytest.mark.parametrize("activation", ACTIVATIONS.names())
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_an_activation_is_accepted_or_refused_by_name(name, activation, layer):
    initializer, f = get_initializer(name), ACTIVATIONS[activation]
    inputs = np.random.default_rng(0).standard_normal((50, 6))
    context = InitContext(layer, 3, activation, f, inputs, None, np.zeros(4))
    accepted = initializer.activations is None or activation in initializer.activations
    assert initializer.accepts(f) == accepted
    if name == "edge_of_chaos" and activation in ("gelu", "silu", "mish"):
        initializer.set_params(q=15.0)  # at 1 it has its own answer: see test_depth
    if accepted:
        initializer.sample(6, 4, np.random.default_rng(0), context)
        return
    known = ", ".join(initializer.activations[:-1])
    message = f"not made for the activation '{activation}'.*It is for .*{known}"
    with pytest.raises(ValueError, match=message):
        initializer.sample(6, 4, np.random.default_rng(0), context)


@every_name
def test_a_refusal_comes_before_a_network_is_trained(name):
    def cube(z, out):
        return np.power(z, 3, out=out)

    def triple_square(z, a, out):
        return np.multiply(3 * z, z, out=out)

    odd = Activation("cubic", cube, triple_square)
    if get_initializer(name).accepts(odd):
        assert get_initializer(name).activations is None
        return
    with pytest.raises(ValueError, match="not made for the activation 'cubic'"):
        sample_layers(
            [get_initializer(name)] * 2, [4, 4, 2], activation=odd, out_activation="softmax", seed=0
        )
