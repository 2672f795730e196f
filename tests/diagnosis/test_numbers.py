"""Verdicts on regressors: those of classes where they mean the same, and two that are different."""

from __future__ import annotations

import warnings
from contextlib import suppress

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from skinit import InitializationWarning, InitMLPRegressor
from skinit.diagnosis import diagnose
from skinit.initializers import Constant, VarianceScaling
from tests.diagnosis.diagnosis_cases import codes, negative_biases

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::skinit.InitializationWarning"
)
LARGE_OUTPUT = ["he", "he", VarianceScaling(20_000.0)]
every_loss = pytest.mark.parametrize("loss", ["squared_error", "poisson"])


def load(loss="squared_error", *, spread=1.0, offset=0.0, raw=False):
    """Return standardized rows (as pixels if raw), and targets of a scale, positive for poisson."""
    X, y = load_diabetes(return_X_y=True)
    X, z = scale(X), scale(y)
    y = np.exp(z / 2) if loss == "poisson" else z + offset
    return 1000 * X if raw else X, spread * y


def make(**params):
    return InitMLPRegressor(**{"hidden_layer_sizes": (32, 32), "random_state": 0} | params)


@every_loss
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize("init", ["auto", "he", "xavier", "sklearn", "torch", "orthogonal"])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_good_starts_on_scaled_targets_get_no_verdict(loss, activation, init, solver):
    rate = {"learning_rate_init": 0.02} if solver == "sgd" else {}
    start = make(loss=loss, activation=activation, init=init, solver=solver, **rate)
    assert codes(start, *load(loss)) == []


PLANTED = [
    ("zeros", "INIT01", {"init": "zeros", "activation": "tanh"}, {}),
    ("constant", "INIT02", {"init": Constant(0.1)}, {}),
    ("random", "INIT03", {"init": "random", "activation": "tanh"}, {}),
    ("relu, xavier, 20 layers", "INIT04", {"init": "xavier", "hidden_layer_sizes": (32,) * 20}, {}),
    ("logistic, 15 layers", "INIT05", {"activation": "logistic", "hidden_layer_sizes": (32,) * 15,
                                       "init": "he"}, {}),
    ("negative biases", "INIT06", {"init": [negative_biases, "he", "he"]}, {}),
    ("absurd rate", "INIT07", {"solver": "sgd", "learning_rate_init": 1e150}, {}),
    ("large output", "INIT08", {"init": LARGE_OUTPUT}, {}),
    ("pixels", "INIT10", {"init": "he"}, {"raw": True}),
    ("large rate", "INIT11", {"learning_rate_init": 3.0, "init": "he"}, {}),
    ("large rate, sgd", "INIT11", {"learning_rate_init": 1.0, "init": "he", "solver": "sgd"}, {}),
    ("small rate", "INIT12", {"learning_rate_init": 1e-7}, {}),
    ("small rate, sgd", "INIT12", {"learning_rate_init": 1e-7, "solver": "sgd", "init": "he"}, {}),
    ("thousands", "INIT13", {}, {"spread": 50_000.0}),
    ("thousands, sgd", "INIT13", {"solver": "sgd"}, {"spread": 50_000.0}),
    ("millionths", "INIT13", {}, {"spread": 1e-6}),
    ("millionths, sgd", "INIT13", {"solver": "sgd", "learning_rate_init": 0.02}, {"spread": 1e-6}),
    ("millionths, lbfgs", "INIT13", {"solver": "lbfgs"}, {"spread": 1e-6}),
    ("far away", "INIT13", {"init": "he"}, {"offset": 500.0}),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("code", "params", "data"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_every_planted_failure_gets_its_own_code_first(code, params, data, seed):
    assert codes(make(**params, random_state=seed), *load(**data))[0] == code


@pytest.mark.parametrize("spread", [1e-6, 50_000.0])
def test_several_outputs_are_judged_together(spread):
    X, y = load()
    y = np.column_stack([y, spread * y])
    (first, *_) = diagnose(make(), X, y).verdicts
    assert (first.code, first.severity) == ("INIT13", "fatal")
    assert "standard deviations" in first.evidence
    assert codes(make(), X, scale(y)) == []


@pytest.mark.parametrize("spread", [1e-6, 50_000.0])
def test_unscaled_counts_are_to_be_divided(spread):
    start = make(loss="poisson", solver="sgd", learning_rate_init=0.02)
    (verdict,) = diagnose(start, *load("poisson", spread=spread)).verdicts
    assert verdict.code == "INIT13"
    assert "transformer=StandardScaler(with_mean=False)" in verdict.cure


def test_each_of_unscaled_inputs_and_targets_is_said():
    assert codes(make(init="he"), *load(raw=True, spread=50_000.0))[:2] == ["INIT13", "INIT10"]


def test_outputs_far_from_the_targets_are_measured_in_standard_deviations():
    X, y = load()
    layers = [(np.zeros((10, 4)) + np.eye(10, 4), np.zeros(4)), (np.eye(4, 1), np.full(1, 12.0))]
    (verdict,) = [
        v for v in diagnose(make(init=layers, hidden_layer_sizes=(4,)), X, y).verdicts
        if v.code == "INIT08"
    ]  # fmt: skip
    assert (verdict.title, verdict.severity) == ("outputs far from the targets", "mild")
    distance = np.sqrt(np.mean((np.maximum(X[:, 0], 0) + 12 - y.mean()) ** 2))
    assert f"outputs are {distance:.3g} (root mean square) from the mean of y" in (
        diagnose(make(init=layers, hidden_layer_sizes=(4,)), X, y, n_samples=1000)
        .verdicts[0]
        .evidence
    )
    layers[1][1][:] = 40.0
    assert (
        diagnose(make(init=layers, hidden_layer_sizes=(4,)), X, y).verdicts[0].severity == "fatal"
    )


@every_loss
def test_a_regressor_that_learned_nothing_is_no_better_than_the_mean(loss):
    X, y = load(loss)
    lazy = make(loss=loss, learning_rate_init=1e-9, max_iter=2, init="he").fit(X, y)
    verdict = diagnose(lazy, X, y).verdicts[0]
    assert (verdict.code, verdict.title) == ("INIT09", "no better than the mean")
    assert f"R² is {lazy.score(X, y):.2f}" in verdict.evidence
    assert codes(lazy.set_params(learning_rate_init=0.01, max_iter=50).fit(X, y), X, y) == []


def test_the_mean_itself_is_no_better_than_the_mean():
    X, y = load()
    mean = [(np.zeros((10, 1)), np.array([y.mean()]))]
    start = make(init=mean, hidden_layer_sizes=(), learning_rate_init=1e-12, max_iter=1).fit(X, y)
    assert "INIT09" in codes(start, X, y)


@every_loss
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("level", [0.0, 3.0, 1e6])
def test_constant_targets_are_no_ones_fault(loss, solver, level):
    """There is nothing to learn; what is said must at least be no error."""
    X, y = load()
    network, target = make(loss=loss, solver=solver, max_iter=2), np.full_like(y, level)
    found = diagnose(network, X, target)
    assert "INIT13" not in [verdict.code for verdict in found.verdicts]
    assert len(found.to_frame()) == 3
    if (loss, level) != ("poisson", 1e6):  # which diverges
        assert "INIT09" not in codes(network.fit(X, target), X, target)


NESTED = {
    "around": lambda net: TransformedTargetRegressor(net, transformer=StandardScaler()),
    "in a pipeline": lambda net: make_pipeline(
        StandardScaler(), TransformedTargetRegressor(net, transformer=StandardScaler())
    ),
    "around a pipeline": lambda net: TransformedTargetRegressor(
        make_pipeline(StandardScaler(), net), transformer=StandardScaler()
    ),
    "a function": lambda net: TransformedTargetRegressor(
        net, func=lambda y: y / 50_000.0, inverse_func=lambda y: y * 50_000.0
    ),
}


@pytest.mark.parametrize("nest", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("fitted", [False, True])
def test_transformed_targets_are_judged_as_the_network_sees_them(nest, fitted):
    X, y = load(spread=50_000.0)
    network = make(learning_rate_init=0.01)
    assert codes(network, X, y)[0] == "INIT13"
    nested = nest(network)
    assert codes(nested.fit(X, y) if fitted else nested, X, y) == []


def test_a_fitted_network_in_a_transformation_may_have_learned_nothing():
    X, y = load(spread=50_000.0)
    lazy = NESTED["in a pipeline"](make(learning_rate_init=1e-9, max_iter=1, init="he")).fit(X, y)
    assert codes(lazy, X, y) == ["INIT09"]


def warnings_of(estimator, X, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(ValueError):  # it may diverge, as the warning says
            estimator.fit(X, y)
    return [str(w.message) for w in caught if issubclass(w.category, InitializationWarning)]


@pytest.mark.parametrize(
    ("params", "data"), [row[2:] for row in PLANTED if row[1] == "INIT13"],
    ids=[row[0] for row in PLANTED if row[1] == "INIT13"],
)  # fmt: skip
def test_fit_warns_of_targets_that_make_a_start_hopeless_and_names_the_cure(params, data):
    X, y = load(**data)
    (said,) = warnings_of(make(**params), X, y)
    assert said.startswith("INIT13, unscaled targets: The targets are not scaled")
    assert "TransformedTargetRegressor(..., transformer=StandardScaler())" in said
    cured = TransformedTargetRegressor(make(**params), transformer=StandardScaler())
    assert warnings_of(cured, X, y) == []


@every_loss
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("spread", [0.3, 1.0, 5.0])
def test_fit_is_silent_about_usual_targets(loss, solver, spread):
    assert warnings_of(make(loss=loss, solver=solver, max_iter=3), *load(loss, spread=spread)) == []


def test_going_on_is_not_warned_of():
    X, y = load(spread=50_000.0)
    start = make(warm_start=True)
    assert len(warnings_of(start, X, y)) == 1
    assert warnings_of(start, X, y) == []


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("spread", [1e-3, 15.0, 100.0])
def test_the_first_call_of_partial_fit_is_judged_as_the_first_of_many(solver, spread):
    """`tol` ends no series of calls, and one epoch alone need not reach the targets."""
    X, y = load(spread=spread)
    start = make(solver=solver, init="he", learning_rate_init=1e-3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start.partial_fit(X, y)
    said = [w for w in caught if "INIT13" in str(w.message)]
    config = {"max_iter": 200, "n_iter_no_change": np.inf}
    fatal = [v for v in diagnose(clone(start).set_params(**config), X, y).verdicts
             if (v.code, v.severity) == ("INIT13", "fatal")]  # fmt: skip
    assert len(said) == len(fatal)


def test_the_table_has_predictions_in_its_last_row():
    X, y = load("poisson")
    table = diagnose(make(loss="poisson"), X, y, n_samples=1000).to_frame()
    assert table.loc[3, "a_mean"] == pytest.approx(y.mean(), rel=0.2)
    assert table.loc[3, "loss_ratio"] == pytest.approx(1, abs=0.3)
