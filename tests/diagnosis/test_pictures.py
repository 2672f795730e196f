from __future__ import annotations

import numpy as np
import pytest

from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


@pytest.fixture(scope="module")
def pictures(pictures_folder):
    from skinit.datasets import load_image_folder

    bunch = load_image_folder(pictures_folder, size=150)
    return bunch.data, bunch.target == list(bunch.target_names).index("cat")


def tutorial(factor, rate):
    """Return the network of the blog post: standard normal numbers times sqrt(factor / fan_in)."""
    rng = np.random.RandomState(1)
    sizes = [(67_500, 5), (5, 5), (5, 1)]
    init = [rng.randn(m, n).T * np.sqrt(factor / n) for n, m in sizes]
    return InitMLPClassifier(
        (5, 5), "tanh", init=init, solver="sgd", learning_rate_init=rate, momentum=0,
        batch_size="full", shuffle=False, alpha=0, max_iter=1000,
    )  # fmt: skip


def test_the_tutorials_jumping_curves_are_explained(pictures):
    (he,) = diagnose(tutorial(2, 0.01), *pictures).verdicts
    (xavier,) = diagnose(tutorial(1, 0.01), *pictures).verdicts
    assert (he.code, xavier.code) == ("INIT11", "INIT11")
    assert "curvature = 1.5 at the start; in trial step 6 the loss rose from 0.679" in he.evidence
    assert "in trial step 7 the loss rose" in xavier.evidence


@pytest.mark.parametrize("factor", [1, 2])
def test_at_a_tenth_of_the_learning_rate_the_tutorials_nets_get_no_verdict(pictures, factor):
    assert diagnose(tutorial(factor, 0.001), *pictures).verdicts == ()
