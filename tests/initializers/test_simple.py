"""Fixed widths, against torch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from skinit.initializers import (
    Normal,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
)
from tests.initializers.init_tools import (
    draw,
)

SIGMA = 0.1 / 0.87962566103423978


@pytest.mark.parametrize(
    ("init", "torch_name", "arguments"),
    [
        ("he_normal", "kaiming_normal_", {}),
        ("he_uniform", "kaiming_uniform_", {}),
        ("xavier_normal", "xavier_normal_", {}),
        ("xavier_uniform", "xavier_uniform_", {}),
        ("lecun_normal", "kaiming_normal_", {"nonlinearity": "linear"}),
        ("lecun_uniform", "kaiming_uniform_", {"nonlinearity": "linear"}),
        (VarianceScaling(2.0, "fan_out"), "kaiming_normal_", {"mode": "fan_out"}),
        (VarianceScaling(2.0, "fan_out", "uniform"), "kaiming_uniform_", {"mode": "fan_out"}),
        (Normal(0.3), "normal_", {"std": 0.3}),
        (Uniform(-0.2, 0.4), "uniform_", {"a": -0.2, "b": 0.4}),
        (TruncatedNormal(0.1), "trunc_normal_", {"std": SIGMA, "a": -2 * SIGMA, "b": 2 * SIGMA}),
        (Orthogonal(1.5), "orthogonal_", {"gain": 1.5}),
    ],
)
def test_distribution_equals_torch(init, torch_name, arguments):
    torch = pytest.importorskip("torch", reason="torch.nn.init is the oracle")
    torch.manual_seed(0)
    weight = torch.empty(200, 300)  # torch stores (fan_out, fan_in)
    getattr(torch.nn.init, torch_name)(weight, **arguments)
    assert ks_2samp(draw(init)[0].ravel(), weight.numpy().ravel()).pvalue > 1e-3


def test_truncated_normal_ends_at_two_sigma():
    W, _ = draw(TruncatedNormal(0.1))
    assert 0.99 * 2 * SIGMA < np.abs(W).max() <= 2 * SIGMA
    assert W.std() == pytest.approx(0.1, rel=0.02)
