from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.base import clone

from skinit import InitMLPClassifier
from skinit.activations import get_activation
from skinit.diagnosis import diagnose
from skinit.initializers import VarianceScaling
from skinit.propagation import RULES
from skinit.propagation.pages import read_page
from tests.diagnosis.diagnosis_cases import load

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


ROOT = Path(__file__).parents[2]


def test_a_diagnosis_says_its_verdict_in_one_line():
    X, y = load("digits")
    zeros = diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y)
    assert repr(zeros) == (
        "INIT01, no gradient: No gradient reaches any weight: only the output bias can move. All "
        "dL/dW are 0 at the start. Use a random init: he, xavier or orthogonal. More: "
        "skinit explain INIT01."
    )
    sound = diagnose(InitMLPClassifier((8,), "tanh", random_state=0), X, y)
    assert repr(sound) == "No verdict: signal and gradient are sound in all layers (2)."
    params = {"solver": "sgd", "momentum": 0, "learning_rate_init": 1e150}
    two = diagnose(InitMLPClassifier((8,), random_state=0, **params), X, y)
    assert repr(two).endswith("Also: INIT11, learning rate too large for this start.")


def test_the_page_escapes_what_users_call_things():
    X, y = load("digits")
    estimator = InitMLPClassifier((16,) * 20, init="xavier", random_state=0)
    diagnosis = diagnose(estimator, X, y)
    assert "xavier is too small for relu; use isometric." in diagnosis.verdicts[0].cure
    object.__setattr__(diagnosis.verdicts[0], "cure", "<script>alert(1)</script>")
    assert "<script>" not in diagnosis._repr_html_()
    assert "&lt;script&gt;" in diagnosis._repr_html_()


def test_an_init_that_is_no_name_is_called_by_its_formula():
    X, y = load("digits")
    for init, name in [(VarianceScaling(0.5), "N(0, 0.5/fan_in)"), ("auto", "auto")]:
        activation = "relu" if name != "auto" else "gelu"
        depth = 20 if name != "auto" else 100
        # For gelu, a default that is too small for so many layers.
        given = activation if name != "auto" else replace(get_activation("gelu"), default_init="he")
        estimator = InitMLPClassifier((16,) * depth, given, init=init, random_state=0)
        (first, *_) = diagnose(estimator, X, y).verdicts
        better = "lsuv" if name == "auto" else "isometric"
        assert first.code == "INIT04"
        assert first.cure == f"{name} is too small for {activation}; use {better}."


def test_every_verdict_has_a_page_in_the_documentation():
    X, y = load("digits")
    for code in RULES:
        assert read_page(code).startswith(f"# {code}: {RULES[code].title}\n")
        page = ROOT / f"docs/verdicts/{code.lower()}.md"
        assert page.read_text(encoding="utf-8").startswith(f"# {code}: {RULES[code].title}\n")
    url = diagnose(InitMLPClassifier(init="zeros"), X, y).verdicts[0].url
    assert (ROOT / url).exists()


def test_the_frame_has_a_row_per_layer():
    X, y = load("digits")
    frame = diagnose(InitMLPClassifier((32, 16), "tanh", random_state=0), X, y).to_frame()
    assert frame.index.tolist() == [1, 2, 3]
    assert frame["units"].tolist() == [32, 16, 10]
    assert frame["distinct"].iloc[:2].tolist() == [32, 16]
    assert frame.loc[1, "z_std"] == pytest.approx(1, rel=0.2)  # xavier on standardized inputs
    assert frame["always_on"].isna().all()
    assert frame.drop(columns=["always_on", "loss_ratio"]).loc[[1, 2]].notna().all(axis=None)


def test_a_diagnosis_of_a_clone_is_the_same():
    X, y = load("digits")
    estimator = InitMLPClassifier((8,), solver="sgd", learning_rate_init=10, random_state=0)
    assert repr(diagnose(clone(estimator), X, y, random_state=0)) == repr(
        diagnose(estimator, X, y, random_state=0)
    )


def test_a_notebook_shows_sentence_layers_and_a_figure_on_demand():
    X, y = load("digits")
    html = diagnose(InitMLPClassifier((8, 4), "tanh", init="zeros"), X, y)._repr_html_()
    sentence, table, figure = re.split("<table|<details>", html)
    assert "INIT01" in sentence
    assert table.count("<tr") == 4  # headings and three layers
    assert '<img src="data:image/svg+xml;base64,' in figure


@pytest.mark.parametrize("scale", [0.0, 1e200, 1e-200])
def test_a_notebook_shows_any_start_without_warnings(scale):
    X, y = load("digits")
    init = VarianceScaling(scale, "fan_in", "normal")
    assert "<details>" in diagnose(InitMLPClassifier((8,) * 3, init=init), X, y)._repr_html_()
