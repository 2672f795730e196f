from __future__ import annotations

import numpy as np
import pytest

from skinit.activations import ACTIVATIONS, Activation
from skinit.engine.task import Samples, Start, Task
from skinit.engine.training import train
from skinit.propagation import (
    Case,
    Propagation,
    find_verdicts,
)
from tests.propagation.propagation_cases import (
    BINARY,
    LOGISTIC,
    RELU,
    SOFTMAX,
    TANH,
    adam,
    codes,
    descent,
    make_case,
    make_layers,
    make_samples,
)


def test_dead_units_must_be_dead_on_all_rows_before_it_is_said():
    layers, samples = make_layers((6, 4, 3), bias=-5.0), make_samples(60)
    shown = samples._replace(X=samples.X * np.where(np.arange(60) < 30, 0.1, 10)[:, None])
    batch = Samples(shown.X[:30], shown.y[:30])
    case = Case(layers, RELU, SOFTMAX, shown, batch)
    assert case.propagation.dead.tolist() == [1.0]
    assert "INIT06" not in codes(case)
    alone = Case(layers, RELU, SOFTMAX, batch, batch)
    assert find_verdicts(alone)[0].evidence.startswith("100% of layer 1 never fires on 30 rows")


def balanced():
    """Two classes of equal size, so that the residuals of a constant network sum to 0."""
    X = np.random.default_rng(0).normal(size=(20, 6))
    return Samples(X, np.repeat([[0.0], [1.0]], 10, axis=0))


def test_no_gradient_means_none_for_any_sample():
    case = make_case(make_layers((6, 5, 1), gain=0), balanced(), LOGISTIC, BINARY)
    # The mean gradient is 0, but only because the classes balance: the next batch will not.
    assert all(np.abs(G).max() < 1e-16 for G in case.propagation.gradient.coefs)
    assert case.propagation.has_gradient
    assert codes(case) == ["INIT02"]


def test_no_gradient_must_hold_on_all_rows_before_it_is_said():
    samples = make_samples(3000)
    samples.X[:2999] *= 0.01
    samples.X[2999] = 100
    layers = make_layers((6, 8, 3), bias=-1.0)
    first = samples._replace(X=samples.X[:256], y=samples.y[:256])
    case = Case(layers, RELU, SOFTMAX, samples, first)
    assert not case.propagation.has_gradient
    first, *others = find_verdicts(case)
    # Not a matter of dead units either, but of rows.
    assert first.evidence.startswith("All units of layer 1 are 0 on 2999 of 3000 rows")
    assert "INIT01" not in [verdict.code for verdict in others]


def test_a_signal_that_fades_to_almost_nothing_is_not_called_zero():
    case = make_case(make_layers((6, *[8] * 20, 3), gain=0.03))
    assert not case.propagation.has_gradient
    assert codes(case) == ["INIT04"]


@pytest.mark.parametrize("activation", [TANH, RELU])
def test_zeros_pass_no_gradient(activation):
    case = make_case(make_layers((6, 5, 1), gain=0), balanced(), activation, BINARY)
    assert not case.propagation.has_gradient
    assert codes(case) == ["INIT01"]


def test_nothing_left_to_learn_is_not_no_gradient():
    samples = Samples(np.ones((4, 1)), np.ones((4, 1)))
    layers = [(np.full((1, 2), [1.0, 2.0]), np.zeros(2)), (np.full((2, 1), 1e3), np.zeros(1))]
    case = make_case(layers, samples, TANH, BINARY, fitted=True)
    assert case.propagation.loss == 0
    assert "INIT01" not in codes(case)


@pytest.mark.parametrize("zero", [0, 1, 2])
def test_one_layer_of_zeros_opens_with_the_first_step_and_gets_no_verdict(zero):
    layers = make_layers((6, 8, 8, 3))
    layers[zero][0][:] = 0
    assert codes(make_case(layers, config=adam(0.001))) == []


def test_an_activation_of_ones_own_is_judged_by_its_slopes():
    def clipped(z, out):
        return np.clip(z, 0, 6, out=out)

    def slope(z, a, out):
        return np.copyto(out, (a > 0) & (a < 6)) or out

    relu6 = Activation("relu6", clipped, slope, from_output=True)
    case = make_case(make_layers((6, 8, 3), bias=-100.0), activation=relu6)
    assert codes(case) == ["INIT06"]


# --- Rows that are silent ---------------------------------------------------------------------


def test_a_layer_that_is_silent_on_almost_all_rows_is_dead_though_its_units_are_not():
    layers, samples = make_layers((6, 8, 8, 3), gain=1.4), make_samples(400)
    layers[0][1][:] = -3.2
    case = make_case(layers, samples, RELU)
    assert case.propagation.dead[0] < 0.9 <= case.propagation.silent_rows[0]
    (verdict,) = find_verdicts(case)
    assert (verdict.code, verdict.layer) == ("INIT06", 1)
    silent = int((samples.X @ layers[0][0] - 3.2 <= 0).all(axis=1).sum())
    assert f"are 0 on {silent} of 400 rows" in verdict.evidence


# --- Copies with another sign -----------------------------------------------------------------


def mirror(layers):
    """Return the network with every hidden unit twice, the second time with all signs changed."""
    (W, b), (out, c) = layers
    return [(np.hstack([W, -W]), np.hstack([b, -b])), (np.vstack([out, -out]), c)]


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_units_of_opposite_signs_are_copies_where_the_activation_is_odd(name):
    layers = mirror(make_layers((6, 4, 3), bias=0.1))
    distinct = Propagation(layers, ACTIVATIONS[name], SOFTMAX, make_samples()).distinct
    assert distinct.tolist() == [4 if name in {"identity", "tanh"} else 8]


def test_mirrored_units_stay_mirrored_in_training():
    layers = mirror(make_layers((6, 4, 3), bias=0.1))
    task, config = Task(TANH, SOFTMAX, make_samples()), descent(0.1, max_iter=50)
    (trained,) = train(task, [Start(layers)], config)
    (W, b), (out, _) = trained.layers
    np.testing.assert_allclose(W[:, :4], -W[:, 4:], atol=1e-12)
    np.testing.assert_allclose(b[:4], -b[4:], atol=1e-12)
    np.testing.assert_allclose(out[:4], -out[4:], atol=1e-12)


def test_the_sentence_about_copies_counts_them():
    layers = [(np.full_like(W, 0.1), b) for W, b in make_layers((6, 20, 3))]
    (verdict,) = find_verdicts(make_case(layers))
    assert verdict.evidence.startswith("Units are copies: layer 1 has only 1 distinct unit of 20,")
