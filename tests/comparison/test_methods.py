"""What a reviewer asks first: configuration, methods, provenance."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sklearn.base import clone

from skinit import InitComparison, InitMLPClassifier
from skinit.comparison.configuration import parameters
from skinit.comparison.provenance import Provenance, observe
from tests.comparison.comparison_tools import NETWORK, SCALED, compare


@pytest.mark.parametrize(
    ("params", "lines"),
    [
        ({}, {"Hidden layers": "1 of 8 units", "Activation": "tanh", "Learning rate": "0.01",
              "Solver": "adam (beta_1 0.9, beta_2 0.999, epsilon 1e-08)",
              "Batch": "200 rows, or all where there are fewer", "L2 penalty (alpha)": "0.0001"}),
        ({"solver": "sgd", "momentum": 0.5, "nesterovs_momentum": False, "batch_size": "full"},
         {"Solver": "sgd with momentum 0.5", "Learning rate": "0.01, constant",
          "Batch": "all rows at once"}),
        ({"solver": "sgd", "learning_rate": "invscaling", "batch_size": 32, "shuffle": False},
         {"Learning rate": "0.01, invscaling (power_t 0.5)",
          "Solver": "sgd with Nesterov's momentum 0.9",
          "Batch": "32 rows, always in the same order"}),
        ({"solver": "lbfgs", "alpha": 0.5},
         {"Solver": "lbfgs (at most 15000 evaluations of the loss)", "L2 penalty (alpha)": "0.5",
          "Stopping": "after 15 iterations, or with no entry of the gradient above 0.0001"}),
        ({"class_weight": "balanced", "early_stopping": True, "validation_fraction": 0.2},
         {"class_weight": "balanced",
          "Stopping": "after 15 epochs, or after 10 epochs without an improvement of 0.0001 in the "
                      "score on 20% of the training rows, set aside"}),
        ({"hidden_layer_sizes": (5, 5, 5)}, {"Hidden layers": "3 of 5 units each"}),
    ],
)  # fmt: skip
def test_the_configuration_is_spelt_out(params, lines):
    comparison = compare(clone(NETWORK).set_params(**params), init=["he", "zeros"], cv=2)
    assert lines.items() <= comparison.configuration.items()
    if params.get("solver") == "lbfgs":
        assert "Batch" not in comparison.configuration
        assert "Learning rate" not in comparison.configuration


def test_defaults_are_written_down_too(comparison):
    values = parameters(comparison.settings.network)
    expected = NETWORK.get_params(deep=False)
    del expected["init"], expected["random_state"]
    assert values == expected


def test_initializers_are_named_with_what_they_stand_for():
    comparison = compare(init=["auto", "he"], activation=["tanh", "relu"], cv=2)
    lines = comparison.configuration["Initializers"].split("\n")
    assert [line.split(":")[0] for line in lines] == [
        "auto (tanh)", "he (tanh)", "auto (relu)", "he (relu)",
    ]  # fmt: skip
    assert "N(0, 2/fan_in)" in lines[1]


def test_the_methods_paragraph_can_be_pasted(comparison):
    comparison.data_name = "iris"
    methods = comparison.methods()
    for part in (
        "on iris (150 rows, 4 features, 3 classes)", "N(0, 2/fan_in)", "1 hidden layer of 8 units",
        "with tanh", "adam", "learning rate 0.01", "after 15 epochs", "StandardScaler()",
        "3 splits", "2 training runs", "corrected resampled t-test", "for all 3 pairs",
        "±0.01", "scikit-learn 1.",
    ):  # fmt: skip
        assert part in methods.paragraph
    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", methods.paragraph)]
    assert sorted(set(numbers)) == [*range(1, len(methods.references) + 1)]
    assert [*dict.fromkeys(numbers)] == sorted(set(numbers))
    assert "[1] " in str(methods)
    comparison.data_name = ""


def test_what_was_tuned_and_who_is_the_control_is_told():
    comparison = compare(
        SCALED, init=["he", "zeros"], cv=3, tune={"learning_rate_init": [0.01, 0.1]}, control="he"
    )
    text = comparison.methods().paragraph
    assert "learning_rate_init from 0.01 or 0.1 was chosen by the log loss on 20%" in text
    assert "he was named as the control before the results were seen." in text
    assert "Holm" not in text  # there is one comparison only
    assert comparison.configuration["Learning rate"] == "tuned in each split, from 0.01 or 0.1"


def test_a_callable_has_no_reference():
    def mine(fan_in, fan_out, rng):
        return rng.normal(size=(fan_in, fan_out))

    comparison = compare(InitMLPClassifier((3,), max_iter=3), init={"mine": mine, "he": "he"}, cv=2)
    assert re.search(r"initializers of .*: mine, .*; he \[1\], N", comparison.methods().paragraph)


def test_the_run_is_dated_and_saved_with_the_machine(comparison, tmp_path):
    assert comparison.provenance.date == date.today().isoformat()
    assert "core" in comparison.provenance.machine
    comparison.data_name = "iris"
    comparison.save(tmp_path / "saved.json")
    loaded = InitComparison.load(tmp_path / "saved.json")
    assert loaded.provenance == comparison.provenance
    assert loaded.data_name == "iris"
    comparison.data_name = ""


def test_what_is_not_known_is_not_invented():
    unknown = Provenance()
    assert unknown.describe_machine() == unknown.write_date() == ""
    assert observe(2).n_jobs == 2
