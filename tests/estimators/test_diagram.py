"""A notebook shows how each layer of a fitted network started."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, InitMLPRegressor, get_initializer

X = np.random.default_rng(0).standard_normal((40, 4))
y = X[:, 0] > 0


class Texts(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_data(self, data):
        self.found.append(data)


def texts(estimator) -> str:
    return "\n".join(Texts(estimator._repr_html_()).found)


@pytest.mark.parametrize("cls", [InitMLPClassifier, InitMLPRegressor])
@pytest.mark.parametrize("steps", [[], [StandardScaler()]], ids=["alone", "pipeline"])
def test_the_diagram_shows_the_initializers_with_their_formulas(cls, steps):
    init = ["he", get_initializer("torch"), "mup"]
    network = cls(hidden_layer_sizes=(3, 2), init=init, solver="lbfgs", tol=10)
    estimator = make_pipeline(*steps, network) if steps else network
    shown = texts(estimator.fit(X, y))
    for layer in ["layer 1: 4 → 3", "layer 2: 3 → 2", "layer 3: 2 → 1"]:
        assert layer in shown
    for formula in ["N(0, 2/fan_in)", "U(±sqrt(1/fan_in))", "N(0, g²/fan_in)"]:
        assert formula in shown
    assert cls.__name__ in shown


def test_auto_is_resolved():
    shown = texts(InitMLPClassifier((3,), solver="lbfgs", tol=10).fit(X, y))
    assert "Isometric" in shown
    assert "Q orthogonal" in shown


def test_before_fit_only_parameters_are_shown():
    shown = texts(InitMLPClassifier((3,), init="he"))
    assert "layer 1" not in shown
    assert "hidden_layer_sizes" in shown


def test_names_of_functions_are_escaped():
    def odd(fan_in, fan_out, rng):
        return rng.normal(size=(fan_in, fan_out))

    odd.__name__ = "<script>alert(1)</script>"
    network = InitMLPClassifier((3,), init=odd, solver="lbfgs", tol=10).fit(X, y)
    assert "<script>alert(1)" not in network._repr_html_()
