from __future__ import annotations

import numpy as np
import pytest

from skinit.activations import ACTIVATIONS
from skinit.engine.losses import LOSSES
from skinit.engine.task import Samples
from skinit.propagation import (
    find_verdicts,
)
from tests.propagation.propagation_cases import (
    LOGISTIC,
    RELU,
    adam,
    codes,
    descent,
    make_case,
    make_layers,
    make_samples,
)


def test_what_logistic_gives_for_zero_is_no_growth():
    samples = make_samples(100)
    small = samples._replace(X=0.03 * samples.X)
    assert codes(make_case(samples=small, activation=LOGISTIC)) == []


@pytest.mark.parametrize(
    ("layers", "where"),
    [([1e200, 1e200, 1.0], "The signal is not finite at the start, in layer 2."),
     ([1.0, 1e200, 1e200], "The signal is not finite at the start, in layer 3.")],
)  # fmt: skip
def test_numbers_that_overflow_are_a_divergence(layers, where):
    start = [
        (W * scale, b) for (W, b), scale in zip(make_layers((6, 8, 8, 3)), layers, strict=True)
    ]
    first = find_verdicts(make_case(start, activation=ACTIVATIONS["identity"]))[0]
    assert (first.code, first.evidence) == ("INIT07", where)


def test_the_loss_of_equal_probabilities_is_what_a_sure_start_is_measured_by():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 6))
    for kind, y, said in [
        ("binary", (X[:, :1] > 0) * 1.0, "ln K = 0.69"),
        ("multiclass", np.eye(4)[rng.integers(0, 4, 100)], "ln K = 1.39"),
        ("multilabel-indicator", (X[:, :4] > 0) * 1.0, "4 ln 2 = 2.77"),
    ]:
        layers = make_layers((6, 8, y.shape[1]))
        layers[1][0][:] *= 300
        (verdict,) = find_verdicts(make_case(layers, Samples(X, y), loss=LOSSES[kind]))
        assert (verdict.code, verdict.layer) == ("INIT08", 2)
        assert verdict.evidence.endswith(f"{said}.")


def test_units_that_are_nearly_copies_are_not_called_too_small():
    rng = np.random.default_rng(0)
    layers = [
        (0.01 * (rng.normal(size=(n, 1)) + 1e-3 * rng.normal(size=(n, m))), np.zeros(m))
        for n, m in [(6, 8), (8, 8), (8, 8), (8, 3)]
    ]
    (verdict,) = find_verdicts(make_case(layers))
    assert (verdict.code, verdict.layer) == ("INIT04", 1)
    assert verdict.evidence.startswith("The units of layer 1 are nearly copies (effective rank 1.0")
    assert "too small" not in verdict.cure


@pytest.mark.parametrize(
    ("config", "severity"), [(adam(0.001), "mild"), (descent(0.1), "fatal"), (None, "fatal")]
)
@pytest.mark.parametrize(("code", "gain", "output"), [("INIT03", 30.0, 1.0), ("INIT04", 0.03, 1.0)])
def test_adam_only_starts_slower_where_descent_is_lost(config, severity, code, gain, output):
    *hidden, (W, b) = make_layers((6, 8, 8, 3))
    layers = [*((gain * V, c) for V, c in hidden), (output * W, b)]
    verdicts = find_verdicts(make_case(layers, activation=RELU, config=config))
    (verdict,) = [verdict for verdict in verdicts if verdict.code == code]
    assert verdict.severity == severity
    assert ("slower start" in verdict.evidence) == (severity == "mild")


def test_saturated_layers_are_named_together():
    case = make_case(make_layers((6, 8, 8, 8, 3), gain=40))
    first = find_verdicts(case)[0]
    shares = case.propagation.saturated
    assert first.layer == 1
    assert first.evidence.startswith("Layers 1-3 are saturated: ")
    assert f"{max(shares):.0%} of their outputs" in first.evidence
