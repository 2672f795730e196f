from __future__ import annotations

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad
from scipy.stats import norm

from skinit.activations import ACTIVATIONS, Activation, gaussian_mean, get_activation
from skinit.initializers import get_initializer

NAMES = ACTIVATIONS.names()
every_activation = pytest.mark.parametrize("name", NAMES)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def value(activation, z):
    return activation.function(z, np.empty_like(z))


def slope(activation, z):
    given_z = None if activation.from_output else z
    return activation.derivative(given_z, value(activation, z), np.empty_like(z))


def test_the_table_is_complete():
    assert set(NAMES) >= {
        *("identity", "logistic", "tanh", "relu", "leaky_relu", "elu"),
        *("selu", "gelu", "silu", "softplus", "mish"),
    }
    assert get_activation("sigmoid") is get_activation("logistic")
    assert get_activation("linear") is get_activation("identity")


@every_activation
def test_values_and_slopes_equal_torch(name):
    torch = pytest.importorskip("torch", reason="torch is the oracle for function values")
    functional = torch.nn.functional
    oracle = {
        "identity": lambda z: z * 1.0,
        "logistic": torch.sigmoid,
        "tanh": torch.tanh,
        "leaky_relu": lambda z: functional.leaky_relu(z, 0.01),
    }.get(name) or getattr(functional, name)
    z = np.concatenate([np.linspace(-12, 12, 401), [-1e4, -100, 0, 100, 1e4]])
    z_torch = torch.tensor(z, requires_grad=True)
    expected = oracle(z_torch)
    (expected_slope,) = torch.autograd.grad(expected.sum(), z_torch)
    activation = get_activation(name)
    # torch's softplus is the identity above 20, hence the absolute tolerance.
    np.testing.assert_allclose(value(activation, z), expected.detach(), rtol=1e-12, atol=3e-9)
    np.testing.assert_allclose(slope(activation, z), expected_slope, rtol=1e-11, atol=3e-9)


@every_activation
def test_derivative_equals_finite_differences(name):
    activation = get_activation(name)
    z = np.linspace(-6, 6, 240)  # even: no point on the kink at 0
    h = 1e-5
    numeric = (value(activation, z + h) - value(activation, z - h)) / (2 * h)
    np.testing.assert_allclose(slope(activation, z), numeric, rtol=1e-6, atol=1e-9)


@every_activation
@every_dtype
def test_safe_far_out(name, dtype):
    activation = get_activation(name)
    z = np.linspace(-1e4, 1e4, 2001).astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a, d = value(activation, z), slope(activation, z)
    assert a.dtype == d.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(d).all()


LIMITS = {  # f(-1e4), f(1e4), f'(-1e4), f'(1e4)
    "identity": (-1e4, 1e4, 1, 1),
    "logistic": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0),
    "relu": (0, 1e4, 0, 1),
    "leaky_relu": (-100, 1e4, 0.01, 1),
    "elu": (-1, 1e4, 0, 1),
    "selu": (-1.0507009873554805 * 1.6732632423543772, 10507.009873554805, 0, 1.0507009873554805),
    "gelu": (0, 1e4, 0, 1),
    "silu": (0, 1e4, 0, 1),
    "softplus": (0, 1e4, 0, 1),
    "mish": (0, 1e4, 0, 1),
}


@every_activation
@every_dtype
def test_limits(name, dtype):
    activation = get_activation(name)
    z = np.array([-1e4, 1e4], dtype=dtype)
    found = [*value(activation, z), *slope(activation, z)]
    np.testing.assert_allclose(found, LIMITS[name], rtol=1e-6, atol=1e-6)


floats = arrays(
    st.sampled_from([np.float32, np.float64]),
    st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 5)),
    elements=st.floats(-50, 50, width=32),
)


@every_activation
@given(z=floats)
def test_in_place_and_strided_equal_the_plain_call(name, z):
    activation = get_activation(name)
    before = z.copy()
    a = value(activation, z)
    d = slope(activation, z)
    np.testing.assert_array_equal(z, before)
    assert a.dtype == d.dtype == z.dtype

    # SIMD and scalar code paths may differ in the last bits.
    close = {"rtol": 1e-5, "atol": 1e-5} if z.dtype == np.float32 else {"rtol": 1e-12}
    wide = np.empty((z.shape[0], 2 * z.shape[1], z.shape[2]), z.dtype)[:, ::2]
    assert activation.function(z, wide) is wide
    np.testing.assert_allclose(wide, a, **close)
    given_z = None if activation.from_output else z
    strided = np.empty_like(wide.T).T
    assert activation.derivative(given_z, wide, strided) is strided
    np.testing.assert_allclose(strided, d, **close)
    np.testing.assert_allclose(wide, a, **close)  # the derivative leaves a alone

    assert activation.function(z, z) is z
    np.testing.assert_allclose(z, a, **close)


@pytest.mark.parametrize("name", ["identity", "logistic", "tanh", "relu"])
def test_common_activations_allocate_nothing(name):
    activation = get_activation(name)
    z = np.random.default_rng(0).standard_normal((400, 400))
    out = np.empty_like(z)
    activation.derivative(z, activation.function(z, z), out)  # imports and caches are warm now
    tracemalloc.start()
    activation.function(z, z)
    activation.derivative(z, z, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < z.nbytes / 10


@pytest.mark.parametrize(
    ("name", "gain", "backward"),
    [
        ("identity", 1, 1),
        ("logistic", 1.84623, 4.72265),
        ("tanh", 1.59254, 1.46741),
        ("relu", 1.41421, 1.41421),
        ("elu", 1.24520, None),
        ("selu", 1, None),
        ("gelu", 1.53353, 1.48111),
        ("silu", 1.67653, 1.62332),
        ("mish", 1.48685, None),
        ("softplus", 1.04187, None),
    ],
)
def test_gains_equal_the_published_numbers(name, gain, backward):
    activation = get_activation(name)
    assert activation.gain == pytest.approx(gain, abs=5.1e-6)
    if backward is not None:
        assert activation.backward_gain == pytest.approx(backward, abs=5.1e-6)


@every_activation
@pytest.mark.parametrize("variance", [0.1, 1.0, 9.0])
def test_moments_equal_adaptive_quadrature(name, variance):
    activation = get_activation(name)

    def mean_square(f):
        def integrand(z):
            return f(activation, np.array([z])).item() ** 2 * norm.pdf(z, scale=variance**0.5)

        return sum(quad(integrand, *ends, epsabs=1e-12)[0] for ends in [(-40, 0), (0, 40)])

    assert activation.second_moment(variance) == pytest.approx(mean_square(value), rel=1e-9)
    found = activation.derivative_second_moment(variance)
    assert found == pytest.approx(mean_square(slope), rel=1e-9)


@pytest.mark.parametrize(("power", "moment"), [(0, 1), (2, 3), (4, 27), (6, 405)])
def test_gaussian_mean_knows_the_moments(power, moment):
    assert gaussian_mean(lambda z: z**power, variance=3.0) == pytest.approx(moment, rel=1e-12)


@every_activation
def test_survives_pickle_and_deepcopy(name):
    activation = get_activation(name)
    assert pickle.loads(pickle.dumps(activation)) == activation
    assert copy.deepcopy(activation) == activation


@every_activation
def test_describes_itself(name):
    activation = get_activation(name)
    assert activation.name == name
    assert "z" in activation.formula
    get_initializer(activation.default_init)  # an unknown name would raise


@pytest.mark.parametrize("name", NAMES)
def test_default_init(name):
    assert get_activation(name).default_init == "isometric"


def test_saturation_bounds():
    bounds = {n: a.saturation for n, a in ACTIVATIONS.items() if a.saturation is not None}
    assert bounds == {"tanh": (-0.97, 0.97), "logistic": (0.03, 0.97)}


def test_an_activation_of_ones_own():
    own = Activation("double", lambda z, out: np.multiply(z, 2.0, out=out), lambda z, a, out: out)
    assert get_activation(own) is own
    assert own.gain == pytest.approx(0.5)


def test_unknown_name():
    with pytest.raises(ValueError, match=r"Unknown activation 'rellu'\. Did you mean 'relu'"):
        get_activation("rellu")


@pytest.mark.parametrize("wrong", [None, 3, np.tanh])
def test_neither_name_nor_activation(wrong):
    with pytest.raises(ValueError, match="activation must be a name or an Activation, got"):
        get_activation(wrong)


@every_activation
def test_the_plot_shows_function_and_derivative(name):
    import matplotlib.pyplot as plt

    display = ACTIVATIONS[name].plot(limit=3.0)
    lines = {line.get_label(): line.get_xydata() for line in display.ax_.lines}
    z, values = lines["f"].T
    assert (z[0], z[-1]) == (-3.0, 3.0)
    np.testing.assert_array_equal(z, lines["f'"][:, 0])
    # The middle of each step has the slope of the chord, but for the two steps at a kink.
    chords = np.diff(values) / np.diff(z)
    middle = (lines["f'"][1:, 1] + lines["f'"][:-1, 1]) / 2
    assert np.count_nonzero(abs(chords - middle) > 1e-3) <= 2
    display.figure_.draw_without_rendering()
    plt.close("all")


@pytest.mark.parametrize(("name", "meant"), [("swish", "silu"), ("LReLU", "leaky_relu")])
def test_names_of_other_libraries_are_offered(name, meant):
    with pytest.raises(ValueError, match=f"Unknown activation '{name}'. Did you mean '{meant}'"):
        get_activation(name)
