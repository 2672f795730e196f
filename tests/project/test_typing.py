"""Type checkers accept what users write, and find what is wrong in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skinit import (
    InitComparison,
    InitMLPClassifier,
    InitMLPRegressor,
    compare_initializers,
    diagnose,
)

ROOT = Path(__file__).parents[2]
X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2

RIGHT = """
import numpy as np
from skinit import InitMLPClassifier, InitMLPRegressor, compare_initializers, diagnose

X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
network = InitMLPClassifier((4,), init="he")
network.fit(X, y)
first: np.ndarray = network.coefs_[0]
bias: np.ndarray = network.intercepts_[-1]
formula: str = network.initializers_[0].formula
size: int = network.n_layers_ + network.n_outputs_ + network.n_features_in_
epochs: int = network.n_iter_ + network.t_
loss: float = network.loss_ + network.loss_curve_[-1]
classes: np.ndarray = network.classes_
output: str = network.out_activation_
if network.best_loss_ is not None:
    best: float = network.best_loss_
if network.validation_scores_ is not None and network.validation_loss_curve_ is not None:
    score: float = network.validation_scores_[0] + network.validation_loss_curve_[0]
fitted = InitMLPClassifier().fit(X, y).coefs_
number: np.ndarray = InitMLPRegressor().fit(X, y).coefs_[0]
comparison = compare_initializers(network, X, y)
sentence: str = comparison.sentence() + str(comparison)
means = comparison.summary()["mean"]
code: str = diagnose(network, X, y).verdicts[0].code
"""

WRONG = """
from skinit import InitMLPClassifier

network = InitMLPClassifier()
epochs: str = network.n_iter_
weights = network.coefs_["first"]
best: float = network.best_loss_
"""


@pytest.fixture(scope="module", params=["mypy", "pyright"])
def errors(request, tmp_path_factory):
    """Return the lines of each file in which a type checker finds an error."""
    pytest.importorskip(request.param)
    folder = tmp_path_factory.mktemp("user")
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text(WRONG)
    options = {
        "mypy": ["--cache-dir", str(folder / "cache")],
        "pyright": ["--outputjson", "--pythonpath", sys.executable],
    }[request.param]
    done = subprocess.run(
        [sys.executable, "-m", request.param, *options, "right.py", "wrong.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)},
    )
    found = {"right.py": set(), "wrong.py": set()}
    for file, line in (read_mypy if request.param == "mypy" else read_pyright)(done):
        found[file].add(line)
    return found


def read_mypy(done):
    lines = re.findall(r"^(right\.py|wrong\.py):(\d+): error", done.stdout, re.MULTILINE)
    return [(file, int(line)) for file, line in lines]


def read_pyright(done):
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except ValueError:  # it loads a part of itself when it is first used
        pytest.skip(f"pyright cannot run here: {done.stderr[-200:]}")
    return [
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in found
        if each["severity"] == "error"
    ]


def test_what_users_write_is_accepted(errors):
    assert errors["right.py"] == set()


def test_what_is_wrong_is_found(errors):
    assert errors["wrong.py"] == {5, 6, 7}


@pytest.mark.parametrize("cls", [InitMLPClassifier, InitMLPRegressor])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_fitted_attribute_has_a_type(cls):
    fitted = cls(hidden_layer_sizes=(2,), max_iter=2, random_state=0).fit(X, y)
    annotated = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", ())}
    attributes = {name for name in vars(fitted) if name.endswith("_") and name[0] != "_"}
    assert attributes <= annotated
    assert not any(hasattr(cls(), name) for name in annotated if name.endswith("_"))


def test_completion_offers_what_is_for_users():
    network = InitMLPClassifier((2,), max_iter=3)
    comparison = compare_initializers(network, X, y, init=["he"], cv=2, progress=False)
    for thing, names in [
        (network, {"fit", "init", "predict", "get_params"}),
        (comparison, {"summary", "sentence", "settings", "to_html"}),
        (diagnose(network, X, y), {"verdicts", "to_frame", "plot"}),
    ]:
        offered = set(dir(thing))
        assert names <= offered
        assert {name for name in offered if re.match("_[^_]", name)} == set()
    assert isinstance(comparison, InitComparison)
