from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from skinit.propagation.trial import ADAM_SCREEN
from tests.propagation.propagation_cases import (
    RELU,
    adam,
    codes,
    descent,
    make_case,
    make_layers,
    make_samples,
)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_trial_runs_only_where_the_screen_asks_for_it(momentum):
    layers, samples = make_layers((6, 8, 3)), make_samples(100)

    def trial(rate):
        config = descent(rate, momentum)
        return make_case(layers, samples, config=config).trial

    assert trial(0.01).losses == ()
    assert trial(0.01).rise is None
    high = trial(30.0)
    step, before, after = high.rise
    assert high.sharpness == pytest.approx(3000 * trial(0.01).sharpness)
    assert before == high.losses[0 if momentum else step - 1]
    assert after == high.losses[step] > 1.001 * before
    assert trial(0.99 * high.calm_rate).losses == ()
    assert len(trial(1.01 * high.calm_rate).losses) == 32


def test_a_trial_changes_neither_weights_nor_optimizer():
    layers, config = make_layers((6, 8, 3)), descent(30.0, 0.9)
    kept = [(W.copy(), b.copy()) for W, b in layers]
    first, second = (make_case(layers, config=config).trial for _ in range(2))
    assert first == second
    np.testing.assert_equal(layers, kept)


def test_trials_of_wide_data_agree_with_the_direct_way():
    samples, layers = make_samples(30, 2000), make_layers((2000, 8, 3))
    trials = [
        make_case(layers, samples, config=descent(0.05, 0.0, row_space=row_space)).trial
        for row_space in (True, False)
    ]
    assert len(trials[0].losses) > 5
    assert trials[0].sharpness == pytest.approx(trials[1].sharpness, rel=1e-6)
    np.testing.assert_allclose(trials[0].losses, trials[1].losses, rtol=1e-9)


def mini_batches(rate, momentum, **params):
    return replace(descent(rate, momentum, **params), batch_size=20)


def test_a_trial_of_mini_batches_tells_only_where_it_ends():
    layers, samples = make_layers((6, 8, 3)), make_samples(100)
    trial = make_case(layers, samples, config=mini_batches(0.9, 0.9)).trial
    assert trial.was_run
    assert trial.losses == ()
    assert trial.rise is None
    assert np.isfinite(trial.after)


def test_a_trial_of_mini_batches_that_diverges_ends_at_infinity():
    case = make_case(activation=RELU, config=mini_batches(1e200, 0.0))
    assert case.trial.after == np.inf
    assert codes(case) == ["INIT07", "INIT11"]


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_adam_is_tried_where_its_step_is_not_small_beside_the_weights(factor):
    layers = make_layers((6, 8, 3))
    layers[1][0][:] = 0  # left out: any step is larger than zero
    size = np.sqrt(np.mean(layers[0][0] ** 2))
    trial = make_case(layers, config=adam(factor * ADAM_SCREEN * size)).trial
    assert trial.was_run == (factor > 1)
    assert trial.calm_rate == pytest.approx(ADAM_SCREEN * size)
