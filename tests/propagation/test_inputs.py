from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from skinit.propagation import (
    find_verdicts,
)
from tests.propagation.propagation_cases import (
    LOGISTIC,
    RELU,
    TANH,
    codes,
    descent,
    make_case,
    make_layers,
    make_samples,
)


def test_after_unscaled_inputs_only_what_standardizing_leaves_is_said():
    samples = make_samples(100)
    samples = samples._replace(X=300 * samples.X)
    layers = make_layers((6, 8, 3))
    assert codes(make_case(layers, samples)) == ["INIT10"]
    for rate, expected in [(1e-9, ["INIT10", "INIT12"]), (30.0, ["INIT10", "INIT11"])]:
        config = descent(rate, 0.0)
        assert codes(make_case(layers, samples, config=config)) == expected


def test_a_large_learning_rate_alone_is_not_the_inputs_fault():
    samples = make_samples(100)
    shifted = samples._replace(X=0.3 * samples.X + 1)  # like pixels: far from centred
    layers, config = make_layers((6, 8, 3)), descent(2.0, 0.0)
    assert codes(make_case(layers, shifted, config=config)) == ["INIT11"]
    assert codes(make_case(layers, samples, config=config)) == []


def test_tiny_inputs_are_unscaled_and_rare_ones_are_not():
    samples = make_samples(100)
    tiny = samples._replace(X=1e-3 * samples.X)
    (verdict,) = find_verdicts(make_case(samples=tiny))
    assert verdict.code == "INIT10"
    assert "with standardized inputs the same weights are fine" in verdict.evidence
    # Texts: rows of norm 1 among thousands of zeros.
    rng = np.random.default_rng(0)
    X = csr_matrix((np.full(1000, 0.1), rng.integers(0, 50_000, 1000), np.arange(0, 1001, 10)))
    X.resize((100, 50_000))
    for activation in (RELU, TANH, LOGISTIC):
        texts = make_case(make_layers((50_000, 8, 3)), samples._replace(X=X), activation)
        assert np.sqrt(texts.propagation.q[0]) < 0.01
        assert codes(texts) == []


def small_outputs():
    """Return layers that large inputs do not make sure of anything."""
    *hidden, (W, b) = make_layers((6, 8, 3))
    return [*hidden, (1e-3 * W, b)]


def test_large_inputs_without_a_symptom_are_a_mild_case():
    samples = make_samples(100)
    assert codes(make_case(small_outputs(), samples)) == []
    large = samples._replace(X=300 * samples.X)
    (verdict,) = find_verdicts(make_case(small_outputs(), large, RELU))
    assert (verdict.code, verdict.severity) == ("INIT10", "mild")
    assert "with standardized inputs the same weights are fine" in verdict.evidence
    assert codes(make_case(small_outputs(), samples._replace(X=10 * samples.X), RELU)) == []


def test_a_few_large_rows_of_standardized_inputs_are_no_scale():
    samples = make_samples(2000)
    X = np.zeros_like(samples.X)
    X[:1] = np.sqrt(len(X))  # all of the variance is in one row
    batch = samples._replace(X=X)
    case = make_case(small_outputs(), batch, RELU)
    assert "INIT10" not in codes(case)
