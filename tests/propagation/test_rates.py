from __future__ import annotations

import re

import numpy as np
import pytest

from skinit.propagation import (
    find_verdicts,
)
from skinit.propagation.rates import predict_decrease
from tests.propagation.propagation_cases import (
    LOGISTIC,
    RELU,
    adam,
    codes,
    descent,
    make_case,
    make_layers,
    make_samples,
    mean_loss,
)


def test_adam_overshoots_where_a_trial_ends_no_better_than_the_class_shares():
    assert codes(make_case(config=adam(0.01))) == []
    (verdict,) = find_verdicts(make_case(config=adam(100.0)))
    assert verdict.code == "INIT11"
    assert "no better than the class shares alone" in verdict.evidence
    # Large steps alone are no failure.
    assert make_case(config=adam(0.3)).trial.was_run
    assert codes(make_case(config=adam(0.3))) == []


def test_a_jump_at_the_edge_of_stability_is_a_mild_verdict():
    case = make_case(make_layers((6, 8, 3)), make_samples(200), config=descent(8.0, 0.0))
    assert case.trial.rise is not None
    assert case.trial.after < 0.5
    (verdict,) = find_verdicts(case)
    assert (verdict.code, verdict.severity) == ("INIT11", "mild")
    assert verdict.evidence.endswith("Training may still succeed, but not smoothly.")


def exact_decrease(case, rate):
    """Return how far one tiny step along the gradient lowers the loss, over rate."""
    start = case.propagation
    stepped = [
        (W - rate * G[0], b - rate * g[0, 0])
        for (W, b), G, g in zip(
            case.layers, start.gradient.coefs, start.gradient.intercepts, strict=True
        )
    ]
    return (start.loss - mean_loss(stepped, case.activation, case.loss, case.batch)) / rate


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_decrease_that_is_predicted_is_that_of_small_steps(momentum):
    case = make_case(config=descent(0.01, momentum, max_iter=5))
    predicted = predict_decrease(case, case.propagation.gradient.flat[0])
    assert predicted == pytest.approx(0.05 / (1 - momentum) * exact_decrease(case, 1e-6), rel=1e-3)


def test_adam_moves_every_weight_alike_but_those_without_a_gradient():
    case = make_case(config=adam(0.01, max_iter=5))
    gradient = np.array([1.0, -0.1, 1e-8, 0.0])
    assert predict_decrease(case, gradient) == pytest.approx(0.05 * (1.1 + 0.5e-8))


def test_inverse_scaling_shrinks_the_sum_of_the_learning_rates():
    def decrease(**params):
        return predict_decrease(make_case(config=descent(0.1, 0.0, **params)), np.ones(1))

    assert decrease(max_iter=3) == pytest.approx(0.3)
    shrunk = 0.1 * (1 + 61**-0.5 + 121**-0.5)  # 60 rows an epoch
    assert decrease(max_iter=3, learning_rate="invscaling") == pytest.approx(shrunk)


@pytest.mark.parametrize("make", [descent, adam])
def test_a_learning_rate_can_be_too_small(make):
    (verdict,) = find_verdicts(make_case(config=make(1e-7)))
    assert (verdict.code, verdict.severity) == ("INIT12", "fatal")
    assert "lower the loss by < 1%" in verdict.evidence
    rate = float(re.search(r"about (\S+), or train longer", verdict.cure)[1])
    assert codes(make_case(config=make(rate))) == []


def test_near_zero_weights_speed_up_by_themselves():
    small = make_layers((6, 8, 3), gain=0.1)
    config = descent(0.1, 0.0, max_iter=20)
    case = make_case(small, config=config)
    decrease = predict_decrease(case, case.propagation.gradient.flat[0]) / case.propagation.loss
    assert 0.01 < decrease < 0.1
    assert codes(case) == []


def test_a_gradient_that_tells_no_classes_apart_is_too_faint():
    layers = make_layers((6, 8, 8, 8, 3), gain=0.5)
    case = make_case(layers, activation=LOGISTIC, config=descent(0.001, 0.0))
    (verdict,) = find_verdicts(case)
    assert verdict.code == "INIT12"
    assert verdict.severity == "fatal"


def test_a_learning_rate_can_diverge_at_once():
    config = descent(1e200, 0.0)
    verdicts = find_verdicts(make_case(activation=RELU, config=config))
    assert [v.code for v in verdicts] == ["INIT07", "INIT11"]
    assert verdicts[0].evidence.startswith("The loss is not finite at trial step ")


def test_where_no_class_can_be_told_apart_no_learning_rate_is_the_cure():
    samples = make_samples()
    alike = samples._replace(X=np.ones_like(samples.X))
    verdict = find_verdicts(make_case(samples=alike, config=descent(0.01)), ["INIT12"])[0]
    assert verdict.cure.startswith("No learning rate makes up for it")
