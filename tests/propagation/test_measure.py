from __future__ import annotations

import numpy as np
import pytest

from skinit.activations import ACTIVATIONS
from skinit.engine.task import Samples
from skinit.propagation import (
    Propagation,
)
from tests.propagation.propagation_cases import (
    RELU,
    SOFTMAX,
    TANH,
    make_layers,
    make_samples,
    mean_loss,
)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "logistic", "elu", "gelu", "mish"])
def test_gradients_agree_with_finite_differences(activation, weighted):
    activation, samples = ACTIVATIONS[activation], make_samples(weighted=weighted)
    layers = make_layers((6, 5, 4, 3), bias=0.1)
    start = Propagation(layers, activation, SOFTMAX, samples)
    for i, (W, b) in enumerate(layers):
        for array, gradient in [
            (W, start.gradient.coefs[i][0]),
            (b, start.gradient.intercepts[i][0, 0]),
        ]:
            place = tuple(size // 2 for size in array.shape)
            losses, kept = [], array[place]
            for step in (1e-5, -1e-5):
                array[place] = kept + step
                losses.append(mean_loss(layers, activation, SOFTMAX, samples))
            array[place] = kept
            assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-5)


def test_deltas_are_those_of_single_samples():
    samples, layers = make_samples(4), make_layers((6, 5, 4, 3))
    start = Propagation(layers, TANH, SOFTMAX, samples)
    alone = Propagation(layers, TANH, SOFTMAX, Samples(samples.X[2:3], samples.y[2:3]))
    for together, single, (_, b) in zip(start.delta, alone.delta, layers, strict=True):
        np.testing.assert_allclose(together[2], single[0], atol=1e-15)
        assert together.shape == (4, len(b))
    for i, delta in enumerate(start.delta):
        np.testing.assert_allclose(delta.mean(axis=0), start.gradient.intercepts[i][0, 0])


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_the_measurement_is_what_the_formulas_say(name):
    activation, samples = ACTIVATIONS[name], make_samples()
    layers = make_layers((6, 5, 4, 3), bias=0.1)
    start, a = Propagation(layers, activation, SOFTMAX, samples), samples.X
    for i, (W, b) in enumerate(layers):
        z = a @ W + b
        np.testing.assert_allclose(start.z[i], z, atol=1e-12)
        if i < 2:
            a = activation.function(z, z.copy())
            np.testing.assert_allclose(start.a[i], a, atol=1e-12)
            assert start.q[i + 1] == pytest.approx(np.mean(a**2))


def test_dead_units_are_counted_over_the_rows():
    layers = make_layers((6, 4, 3))
    layers[0][1][:] = [-100, -100, 0, 100]
    start = Propagation(layers, RELU, SOFTMAX, make_samples())
    assert start.dead.tolist() == [0.5]
    assert start.always_on.tolist() == [0.25]
    assert np.isnan(start.saturated).all()


def test_units_that_are_zero_are_unset_and_not_dead():
    assert Propagation(make_layers((6, 4, 3), gain=0), RELU, SOFTMAX, make_samples()).dead == [0]


def test_units_on_a_plateau_are_saturated_and_not_dead():
    start = Propagation(make_layers((6, 4, 3), gain=1e4), TANH, SOFTMAX, make_samples())
    assert start.dead.tolist() == [0]
    assert start.saturated[0] > 0.99


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_very_negative_units_of_any_activation_without_plateaus_die(name):
    activation = ACTIVATIONS[name]
    start = Propagation(make_layers((6, 4, 3), bias=-1000.0), activation, SOFTMAX, make_samples())
    dies = name not in {"identity", "leaky_relu", "tanh", "logistic"}
    assert start.dead.tolist() == [float(dies)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copies_are_found_whatever_blas_does_to_the_last_bits(dtype):
    layers = [(W.astype(dtype), b.astype(dtype)) for W, b in make_layers((6, 8, 3))]
    (W, _), (out, _) = layers
    W[:, 1], out[1] = W[:, 0] * (1 + 2 * np.finfo(dtype).eps), out[0]
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [7]


def test_equal_incoming_weights_with_different_outgoing_ones_are_no_copies():
    layers = make_layers((6, 8, 3))
    layers[0][0][:] = 0.3
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [8]
    layers[1][0][:] = 0.3
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [1]


def test_different_biases_part_units():
    layers = [(np.ones((6, 5)), np.arange(5.0)), (np.ones((5, 3)), np.zeros(3))]
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [5]
