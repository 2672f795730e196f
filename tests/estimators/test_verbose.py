from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from skinit import InitMLPClassifier
from tests.estimators.estimator_cases import small

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",  # zeros are meant to fail
)


@pytest.mark.parametrize(
    "params",
    [
        {"solver": "sgd"},
        {"solver": "adam", "early_stopping": True},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 1e-5},
        {"solver": "sgd", "tol": 0.0, "max_iter": 4},
    ],
    ids=["sgd", "early", "adaptive", "budget"],
)
def test_verbose_prints_what_mlpclassifier_prints(make_problem, params, capsys, monkeypatch):
    X, y = make_problem("binary")
    params = {"tol": 1e-1, "n_iter_no_change": 2, "max_iter": 40, "verbose": True} | params
    params |= {"batch_size": 200, "hidden_layer_sizes": (4,), "random_state": 0}
    X, y = np.tile(X, (5, 1)), np.tile(y, 5)
    twin = MLPClassifier(shuffle=False, **params)
    layers = []

    def remember(self, fan_in, fan_out, dtype):
        rng = np.random.default_rng(len(layers))
        layers.append((rng.normal(size=(fan_in, fan_out)), np.zeros(fan_out)))
        return tuple(array.copy() for array in layers[-1])

    monkeypatch.setattr(MLPClassifier, "_init_coef", remember)
    twin.fit(X, y)
    theirs = capsys.readouterr().out
    # scores differ with the split: only the words are compared then
    InitMLPClassifier(init=layers, shuffle=False, **params).fit(X, y)
    ours = capsys.readouterr().out
    if params.get("early_stopping"):
        words = re.compile(r"[\d.]+")
        assert set(words.sub("#", ours).splitlines()) == set(words.sub("#", theirs).splitlines())
    else:
        assert ours == theirs
    assert ours.count("Iteration") > 2


def test_lbfgs_prints_its_iterations(make_problem, capsys):
    small(solver="lbfgs", verbose=True, max_iter=3).fit(*make_problem("binary"))
    assert re.findall(r"Iteration (\d), loss = 0\.\d{8}\n", capsys.readouterr().out) == list("123")


def test_nothing_is_printed_unasked(make_problem, capsys):
    small().fit(*make_problem("binary"))
    assert capsys.readouterr().out == ""
