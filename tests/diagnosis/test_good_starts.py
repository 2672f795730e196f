from __future__ import annotations

import pytest

from skinit import InitMLPClassifier
from tests.diagnosis.diagnosis_cases import codes, load

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


# Initializers with activations that they are made for. (lsuv and logistic are no such pair: all
# of logistic's outputs are near 1/2, and to scale the little that varies makes large outputs.)
GOOD = [
    *[("tanh", init) for init in
      ["xavier", "glorot_normal", "glorot_uniform", "lecun_normal", "orthogonal", "lsuv"]],
    *[("relu", init) for init in ["he", "he_uniform", "lsuv"]],
    ("leaky_relu", "he"), ("elu", "he"), ("gelu", "he"), ("silu", "lsuv"), ("mish", "he"),
    ("selu", "lecun_normal"), ("softplus", "xavier"), ("identity", "orthogonal"),
    ("logistic", "glorot_normal"), ("logistic", "xavier"),
]  # fmt: skip


# At the default learning rate of .001, descent from these gets nowhere: INIT12, and rightly.
RATES = {("sgd", "logistic"): 0.1}


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(("activation", "init"), GOOD)
def test_good_starts_get_no_verdict(activation, init, solver):
    depths = [1, 2, 3] if activation in {"logistic", "softplus"} else [1, 3, 10]
    alarms = [
        (data, depth, seed, found)
        for data in ("digits", "cancer")
        for depth in depths
        for seed in range(9)
        if (
            found := codes(
                InitMLPClassifier(
                    (16,) * depth,
                    activation,
                    init=init,
                    solver=solver,
                    learning_rate_init=RATES.get((solver, activation), 0.001),
                    random_state=seed,
                ),
                *load(data),
                n_samples=128,
            )
        )
    ]
    assert alarms == []
