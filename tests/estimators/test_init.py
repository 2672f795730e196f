from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from skinit import InitMLPClassifier
from skinit.activations import ACTIVATIONS, get_activation
from skinit.initializers import Initializer, VarianceScaling, get_initializer
from tests.estimators.estimator_cases import assert_same_fit, gaussian, gaussian_with_bias, small

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",  # zeros are meant to fail
)


@pytest.mark.parametrize(
    ("init", "formulas"),
    [
        ("he", ["N(0, 2/fan_in)"] * 3),
        (VarianceScaling(3.0), ["N(0, 3/fan_in)"] * 3),
        (VarianceScaling, ["N(0, 1/fan_in)"] * 3),
        (gaussian, ["gaussian()"] * 3),
        (gaussian_with_bias, ["gaussian_with_bias()"] * 3),
        (
            ["he", VarianceScaling(3.0), gaussian],
            ["N(0, 2/fan_in)", "N(0, 3/fan_in)", "gaussian()"],
        ),
        (
            [np.ones((6, 7)), (np.ones((7, 4)), np.ones(4)), "auto"],
            ["given, shape (6, 7)", "given, shape (7, 4)", get_initializer("isometric").formula],
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_init_takes_every_form(make_problem, init, formulas):
    estimator = small(init=init).fit(*make_problem("multiclass"))
    assert [law.formula for law in estimator.initializers_] == formulas
    assert all(isinstance(law, Initializer) for law in estimator.initializers_)


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_auto_asks_the_activation(make_problem, activation):
    X, y = make_problem("multiclass")
    law = get_activation(activation).default_init
    auto, named = (small(init=init, activation=activation).fit(X, y) for init in ("auto", law))
    assert_same_fit(auto, named)
    assert auto.initializers_[0].formula == get_initializer(law).formula


@pytest.mark.parametrize("name", ["he", "sklearn", "lsuv", "within_layer", "zeros"])
def test_training_starts_where_init_says(make_problem, name):
    """One step of a tiny rate leaves the weights where the initializers put them."""
    X, y = make_problem("multiclass")
    tiny = {"learning_rate_init": 1e-300, "max_iter": 1, "init": name}
    estimator = small(**tiny).fit(X, y)
    assert name != "zeros" or not any(W.any() for W in estimator.coefs_)
    again = small(init=list(zip(estimator.coefs_, estimator.intercepts_, strict=True)), max_iter=1)
    assert_same_fit(small(max_iter=1, init=name).fit(X, y), again.fit(X, y))
    if name == "within_layer":
        z = X @ estimator.coefs_[0] + estimator.intercepts_[0]
        assert_allclose(z.mean(axis=0), 0, atol=1e-12)
        assert_allclose(z.std(axis=0), 1, rtol=1e-12)


def test_data_dependent_laws_read_sparse_rows(make_problem):
    X, y = make_problem("multiclass")
    X = X * (X > 0.3)
    dense, sparse = (small(init="lsuv").fit(data, y) for data in (X, csr_matrix(X)))
    assert_same_fit(dense, sparse, 1e-12)


BAD_INIT = {
    "unknown": ("hee", "Did you mean 'he'"),
    "too short": (["he", "he"], "2 entries.*3 weight layers"),
    "wrong shape": (lambda i, o, rng: np.ones((o, i)), r"layer 1 \(6 -> 7\).*\(7, 6\).*\(6, 7\)"),
    "wrong bias": (
        lambda i, o, rng: (np.ones((i, o)), np.ones(o + 1)),
        r"layer 1 \(6 -> 7\).*\(8,\).*\(7,\)",
    ),
    "not finite": (lambda i, o, rng: np.full((i, o), np.nan), "layer 1 .*not finite"),
    "wrong array": (["he", np.ones((4, 7)), "he"], r"layer 2 \(7 -> 4\).*\(4, 7\).*\(7, 4\)"),
    "one array": (np.ones((6, 7)), "one array for all layers"),
    "number": (3, "init must be"),
}


@pytest.mark.parametrize(("init", "message"), BAD_INIT.values(), ids=BAD_INIT)
def test_a_wrong_init_is_one_clear_error(make_problem, init, message):
    with pytest.raises(ValueError, match=message):
        small(init=init).fit(*make_problem("multiclass"))


@pytest.mark.parametrize(("activation", "message"), [("rlu", "Did you mean 'relu'"), (3, "name")])
def test_a_wrong_activation_is_one_clear_error(make_problem, activation, message):
    with pytest.raises(ValueError, match=message):
        small(activation=activation).fit(*make_problem("multiclass"))


@pytest.mark.parametrize("init", ["he", gaussian, ["he", "he", "he"], VarianceScaling])
def test_nested_parameters_of_what_has_none_are_explained(init):
    with pytest.raises(ValueError, match=r"init__scale.*Initializer.*VarianceScaling"):
        small(init=init).set_params(init__scale=2.0)


def test_nested_parameters_reach_the_initializer():
    estimator = small(init=VarianceScaling())
    assert estimator.set_params(init__scale=3.0).init.scale == 3.0
    assert estimator.set_params(init=VarianceScaling(), init__mode="fan_out").init.mode == "fan_out"
    with pytest.raises(ValueError, match="slope"):
        estimator.set_params(init__slope=3.0)


@pytest.mark.parametrize("weights", [None, np.r_[np.full(50, 1.0), np.full(50, 0.0), np.ones(20)]])
def test_prior_bias_starts_at_the_shares_of_the_classes(weights):
    X = np.random.default_rng(0).standard_normal((120, 4))
    y = np.repeat(["a", "b", "c"], [50, 50, 20])
    network = InitMLPClassifier((999,), init=["he", "prior_bias"], solver="sgd", random_state=0)
    network.set_params(learning_rate_init=1e-12, max_iter=1, alpha=0).fit(X, y, weights)
    expected = [50, 50 if weights is None else 0.5, 20]  # no row counts as half a row
    shares = np.array(expected) / (120 if weights is None else 70)
    assert_allclose(np.exp(network.intercepts_[-1]), shares, rtol=1e-6)
    assert_allclose(network.predict_proba(X).mean(axis=0), shares / shares.sum(), atol=0.02)
