from __future__ import annotations

import numpy as np
import pytest

from skinit.engine.task import Samples
from skinit.propagation import (
    find_verdicts,
)
from tests.propagation.propagation_cases import (
    BINARY,
    make_case,
    make_layers,
)


@pytest.mark.parametrize("weighted", [False, True])
def test_no_better_than_the_class_shares(weighted):
    y = np.repeat([[0.0], [1.0]], [80, 20], axis=0)
    weight = np.where(y == 0, 0.5, 2.0) if weighted else None
    samples = Samples(np.random.default_rng(0).normal(size=(100, 6)), y, weight)
    shares = np.average(y, weights=weight)
    log_odds = np.log(shares / (1 - shares))
    layers = make_layers((6, 8, 1))
    layers[-1] = (np.zeros((8, 1)), np.array([log_odds]))
    (verdict,) = find_verdicts(make_case(layers, samples, loss=BINARY, fitted=True))
    entropy = 0.693 if weighted else 0.500
    assert verdict.code == "INIT09"
    assert verdict.evidence == (
        f"After training the loss {entropy:.3f} is no better than the class shares alone "
        f"({entropy:.3f}), whatever the accuracy (0.80; largest class 0.80)."
    )
