from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, fitting
from skinit.diagnosis import PropagationDisplay, diagnose
from skinit.initializers import Constant, VarianceScaling
from skinit.propagation import RULES

ROOT = Path(__file__).parents[1]

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


@cache
def load(name):
    """Return X and y: a data set by name, standardized; "raw" has pixels from 0 to 255."""
    X, y = load_breast_cancer(return_X_y=True) if "cancer" in name else load_digits(return_X_y=True)
    return X * (255 / 16) if "raw" in name else StandardScaler().fit_transform(X), y


def negative_biases(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.full(fan_out, -100.0)


def codes(estimator, X, y, **kwargs):
    return [
        verdict.code for verdict in diagnose(estimator, X, y, random_state=0, **kwargs).verdicts
    ]


# --- Planted failures -------------------------------------------------------------------------

LARGE_OUTPUT = ["he", "he", VarianceScaling(2000.0)]

PLANTED = [
    ("zeros, tanh", "INIT01", "digits", {"init": "zeros", "activation": "tanh"}),
    ("zeros, relu", "INIT01", "digits", {"init": "zeros"}),
    ("zeros, logistic", "INIT02", "digits", {"init": "zeros", "activation": "logistic"}),
    ("constant, tanh", "INIT02", "digits", {"init": Constant(0.1), "activation": "tanh"}),
    ("constant, relu", "INIT02", "cancer", {"init": Constant(0.1)}),
    ("constant, logistic", "INIT02", "digits", {"init": Constant(0.1), "activation": "logistic"}),
    ("random, tanh", "INIT03", "digits", {"init": "random", "activation": "tanh"}),
    ("random, relu", "INIT03", "digits", {"init": "random"}),
    ("random, logistic", "INIT03", "digits", {"init": "random", "activation": "logistic"}),
    ("pixels, relu", "INIT10", "digits, raw", {"init": "he"}),
    ("pixels, tanh", "INIT10", "digits, raw", {"init": "he", "activation": "tanh"}),
    ("relu, xavier, 20 layers", "INIT04", "digits",
     {"init": "xavier", "hidden_layer_sizes": (32,) * 20}),
    ("logistic, 15 layers", "INIT05", "digits",
     {"activation": "logistic", "hidden_layer_sizes": (32,) * 15}),
    ("negative biases", "INIT06", "digits", {"init": [negative_biases, "he", "he"]}),
    ("learning rate, descent", "INIT11", "digits",
     {"solver": "sgd", "momentum": 0, "learning_rate_init": 10}),
    ("learning rate, momentum", "INIT11", "digits", {"solver": "sgd", "learning_rate_init": 10}),
    ("learning rate, adam", "INIT11", "digits", {"learning_rate_init": 1}),
    ("learning rate, absurd", "INIT07", "digits",
     {"solver": "sgd", "momentum": 0, "learning_rate_init": 1e150}),
    ("large output", "INIT08", "digits", {"init": LARGE_OUTPUT}),
    ("large output, two classes", "INIT08", "cancer", {"init": LARGE_OUTPUT}),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("code", "data", "params"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_every_planted_failure_gets_its_own_code_first(code, data, params, seed):
    estimator = InitMLPClassifier(**({"hidden_layer_sizes": (32, 32)} | params), random_state=seed)
    assert codes(estimator, *load(data))[0] == code


def test_every_code_of_a_start_is_planted():
    assert {row[1] for row in PLANTED} == set(RULES) - {"INIT09"}


def imbalanced(n=200):
    """Return rows of which 80 % belong to class 0, easily told apart."""
    y = np.repeat([0, 1], [n * 4 // 5, n // 5])
    return np.random.default_rng(0).normal(size=(n, 4)) + 2 * y[:, None], y


def test_zeros_on_imbalanced_data_reach_80_percent_and_still_have_no_gradient():
    X, y = imbalanced()
    estimator = InitMLPClassifier((8,), "tanh", init="zeros", max_iter=100, random_state=0)
    assert codes(estimator, X, y) == ["INIT01"]
    estimator.set_params(learning_rate_init=0.1).fit(X, y)
    assert estimator.score(X, y) == 0.8
    assert codes(estimator, X, y) == ["INIT01", "INIT09"]


def test_a_network_that_learned_nothing_is_no_better_than_the_prior():
    X, y = imbalanced()
    X = X[np.random.default_rng(0).permutation(len(X))]
    lazy = InitMLPClassifier((8,), learning_rate_init=1e-9, max_iter=2, random_state=0).fit(X, y)
    first = diagnose(lazy, X, y).verdicts[0]
    assert first.code == "INIT09"
    assert f"({lazy.score(X, y):.2f}; largest class 0.80)" in first.evidence


def test_constant_weights_on_easy_data_train_well_and_still_are_copies():
    X, y = imbalanced()
    init = Constant(0.1)
    estimator = InitMLPClassifier((8,), "tanh", init=init, solver="lbfgs", random_state=0)
    assert codes(estimator, X, y) == ["INIT02"]
    estimator.fit(X, y)
    assert estimator.score(X, y) > 0.95
    assert codes(estimator, X, y) == ["INIT02"]


def test_what_has_learned_gets_no_verdict_however_large_its_outputs():
    X, y = load("cancer")
    estimator = InitMLPClassifier((16,), "tanh", solver="lbfgs", alpha=0, random_state=0).fit(X, y)
    assert np.abs(estimator._outputs(X, "log_probability")).max() > 10
    assert codes(estimator, X, y) == []


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_fitted_network_is_judged_with_the_class_weights_it_was_fitted_with(class_weight):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [950, 50])
    X = rng.normal(size=(1000, 2)) + 0.7 * y[:, None]
    estimator = InitMLPClassifier(
        (8,), solver="lbfgs", class_weight=class_weight, max_iter=30, random_state=0
    ).fit(X, y)
    assert codes(estimator, X, y) == []


# --- No false alarms --------------------------------------------------------------------------

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
                    (16,) * depth, activation, init=init, solver=solver, random_state=seed
                ),
                *load(data),
                n_samples=128,
            )
        )
    ]
    assert alarms == []


# --- The tutorial -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures(pictures_folder):
    from skinit.datasets import load_image_folder

    bunch = load_image_folder(pictures_folder, size=150)
    return bunch.data, bunch.target == list(bunch.target_names).index("cat")


def tutorial(factor, rate):
    """Return the tutorial's network: standard normal numbers times sqrt(factor / fan_in)."""
    rng = np.random.RandomState(1)
    sizes = [(67_500, 5), (5, 5), (5, 1)]
    init = [rng.randn(m, n).T * np.sqrt(factor / n) for n, m in sizes]
    return InitMLPClassifier(
        (5, 5), "tanh", init=init, solver="sgd", learning_rate_init=rate, momentum=0,
        batch_size="full", shuffle=False, alpha=0,
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


# --- The start is that of fit -----------------------------------------------------------------


@pytest.mark.parametrize("init", ["he", "sklearn", "lsuv", ["he", "zeros"]])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("random_state", [3, np.random.RandomState(5)])
def test_what_is_judged_is_what_fit_starts_from(monkeypatch, init, early_stopping, random_state):
    X, y = load("cancer")
    X = X * np.linspace(1, 2, len(X))[:, None]
    estimator = InitMLPClassifier(
        (8,), init=init, early_stopping=early_stopping, max_iter=1, random_state=random_state
    )
    case = diagnose(estimator, X, y).case
    starts = []
    original = fitting.start_layers

    def remember(network, task):
        starts.append((original(network, task), task))
        return starts[-1][0]

    monkeypatch.setattr(fitting, "start_layers", remember)
    estimator.fit(X, y)
    ((layers, task),) = starts
    np.testing.assert_equal(case.layers, layers)
    np.testing.assert_array_equal(case.train.X, task.train.X)
    np.testing.assert_array_equal(case.train.y, task.train.y)


def test_the_estimator_stays_as_it_is():
    X, y = load("digits")
    generator = np.random.RandomState(0)
    estimator = InitMLPClassifier((8,), random_state=generator)
    before = generator.get_state()[1].copy()
    diagnose(estimator, X, y)
    assert not hasattr(estimator, "coefs_")
    assert not hasattr(estimator, "classes_")
    np.testing.assert_array_equal(generator.get_state()[1], before)


def test_the_same_random_state_measures_the_same_rows():
    X, y = load("digits")
    estimator = InitMLPClassifier((8,), random_state=0)
    a, b, c = (diagnose(estimator, X, y, random_state=seed).case.batch.X for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert a.shape == c.shape == (256, 64)
    assert not np.array_equal(a, c)
    assert len(diagnose(estimator, X, y, n_samples=50).case.batch.y) == 50


# --- Pipelines --------------------------------------------------------------------------------


def test_the_steps_of_a_pipeline_are_fitted_first_and_left_alone():
    X, y = load("digits, raw")
    network = InitMLPClassifier((32,), random_state=0)
    assert codes(network, X, y) == ["INIT10"]
    pipeline = make_pipeline(StandardScaler(), network)
    assert codes(pipeline, X, y) == []
    assert not hasattr(pipeline[0], "mean_")
    assert codes(make_pipeline(network), X, y) == ["INIT10"]


def test_a_fitted_pipeline_is_judged_as_it_stands():
    X, y = load("digits, raw")
    network = InitMLPClassifier((32,), max_iter=30, random_state=0)
    pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
    diagnosis = diagnose(pipeline, X, y)
    assert diagnosis.verdicts == ()
    assert diagnosis.case.fitted
    assert diagnosis.case.layers[0][0] is network.coefs_[0]
    np.testing.assert_allclose(diagnosis.case.train.X, pipeline[0].transform(X))


# --- Input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [LogisticRegression(), make_pipeline(LogisticRegression())])
def test_other_estimators_are_refused(estimator):
    with pytest.raises(TypeError, match="needs an InitMLPClassifier"):
        diagnose(estimator, *load("cancer"))


def test_a_batch_has_rows():
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        diagnose(InitMLPClassifier(), *load("cancer"), n_samples=0)


def bad_inputs():
    X, y = load_iris(return_X_y=True)
    with_nan = X.copy()
    with_nan[3, 1] = np.nan
    return [
        ({}, with_nan, y),
        ({}, X[:-1], y),
        ({}, X, np.linspace(0, 1, 150)),
        ({"init": "hee"}, X, y),
        ({"activation": "rele"}, X, y),
        ({"solver": "adagrad"}, X, y),
        ({"hidden_layer_sizes": (0,)}, X, y),
        ({"init": ["he"]}, X, y),
    ]


@pytest.mark.parametrize(("params", "X", "y"), bad_inputs())
def test_bad_input_gets_the_errors_of_fit(params, X, y):
    said = []
    for judge in (
        lambda estimator: estimator.fit(X, y),
        lambda estimator: diagnose(estimator, X, y),
    ):
        try:
            judge(InitMLPClassifier(**params))
        except ValueError as error:
            said.append(str(error))
    assert len(said) == 2
    assert said[0] == said[1]


def test_a_fitted_estimator_refuses_other_features_and_unknown_classes():
    X, y = load_iris(return_X_y=True)
    estimator = InitMLPClassifier((4,), max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but InitMLPClassifier is expecting 4"):
        diagnose(estimator, X[:, :3], y)
    with pytest.raises(ValueError, match="y has classes not in"):
        diagnose(estimator, X, y + 1)
    assert isinstance(diagnose(estimator, X[:60], y[:60]).verdicts, tuple)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("make", [csr_matrix, np.float32, list, lambda X: X])
def test_every_kind_of_input_is_judged_alike(make, solver):
    X, y = load("digits")
    X = X.astype(np.float32).astype(float)
    estimator = InitMLPClassifier((16,), "tanh", init="random", solver=solver, random_state=0)
    found = diagnose(estimator, make(X), y, random_state=0)
    assert [v.code for v in found.verdicts] == ["INIT03"]
    assert found.to_frame()["update_ratio"].isna().all() == (solver == "lbfgs")


def test_labels_of_every_kind_are_judged():
    X, y = load("digits")
    many = np.column_stack([y % 2 == 0, y > 5, y == 3]).astype(int)
    for labels in (y, y.astype(str), y > 4, many):
        assert codes(InitMLPClassifier((16,), random_state=0), X, labels) == []
        estimator = InitMLPClassifier((16,), init="zeros", random_state=0)
        assert codes(estimator, X, labels) == ["INIT01"]
        estimator.set_params(max_iter=3).fit(X, labels)
        assert codes(estimator, X, labels) == ["INIT01", "INIT09"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copies_stay_copies_through_training(dtype):
    X, y = load("digits")
    estimator = InitMLPClassifier((16,), "tanh", init=Constant(0.1), max_iter=20, random_state=0)
    estimator.fit(X.astype(dtype), y)
    assert estimator.coefs_[0].dtype == dtype
    assert codes(estimator, X, y)[0] == "INIT02"


def test_early_stopping_leaves_the_validation_rows_out():
    X, y = load("cancer")
    estimator = InitMLPClassifier((8,), early_stopping=True, validation_fraction=0.5)
    assert len(diagnose(estimator, X, y).case.train.y) == len(y) // 2


# --- What a diagnosis shows -------------------------------------------------------------------


def test_a_diagnosis_says_its_verdict_in_one_line():
    X, y = load("digits")
    zeros = diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y)
    assert repr(zeros) == (
        "INIT01, no gradient: No gradient reaches any weight: only the output bias can move. All "
        "dL/dW are 0 at the start. Use any random init. See docs/verdicts/init01.md."
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
    assert "xavier is too small for relu; use he." in diagnosis.verdicts[0].cure
    object.__setattr__(diagnosis.verdicts[0], "cure", "<script>alert(1)</script>")
    assert "<script>" not in diagnosis._repr_html_()
    assert "&lt;script&gt;" in diagnosis._repr_html_()


def test_an_init_that_is_no_name_is_called_by_its_formula():
    X, y = load("digits")
    for init, name in [(VarianceScaling(0.5), "N(0, 0.5/fan_in)"), ("auto", "auto")]:
        activation = "relu" if name != "auto" else "gelu"
        depth = 20 if name != "auto" else 60
        estimator = InitMLPClassifier((16,) * depth, activation, init=init, random_state=0)
        (first, *_) = diagnose(estimator, X, y).verdicts
        better = "lsuv" if name == "auto" else "he"
        assert first.code == "INIT04"
        assert first.cure == f"{name} is too small for {activation}; use {better}."


def test_every_verdict_has_a_page_in_the_documentation():
    X, y = load("digits")
    for code in RULES:
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
    assert frame.drop(columns="always_on").loc[[1, 2]].notna().all(axis=None)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_display_draws_what_the_frame_says(activation):
    mpl.use("Agg")
    X, y = load("digits")
    diagnosis = diagnose(InitMLPClassifier((32, 16), activation, random_state=0), X, y)
    frame, display = diagnosis.to_frame(), diagnosis.plot()
    assert isinstance(display, PropagationDisplay)
    scales, shares = display.ax_
    drawn = {line.get_label(): line.get_ydata() for line in [*scales.lines, *shares.lines]}
    np.testing.assert_allclose(drawn["signal a"] ** 2, frame["q"].iloc[:-1])
    np.testing.assert_allclose(drawn["dL/dz"], frame["delta_rms"])
    np.testing.assert_allclose(drawn["dL/dW"], frame["gradient_rms"])
    np.testing.assert_allclose(drawn["distinct"], 100)
    assert ("saturated" in drawn) == (activation == "tanh")
    assert scales.get_yscale() == "log"
    assert all(ax.get_xlabel() == "layer" and ax.get_ylabel() for ax in display.ax_)
    assert repr(display) == (
        "<PropagationDisplay: signal and gradient of 3 layers. Draw it with .plot().>"
    )
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match="axes of a grid"):
        display.plot(display.figure_.add_axes([0, 0, 1, 1]))
    mpl.pyplot.close("all")


def test_signals_of_zero_are_drawn_as_gaps():
    X, y = load("digits")
    diagnosis = diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y)
    figure = PropagationDisplay(diagnosis.to_frame()).to_figure()
    figure.canvas.draw()
    signal = figure.axes[1].lines[0].get_ydata()
    assert np.isnan(signal).tolist() == [True]


def test_a_diagnosis_of_a_clone_is_the_same():
    X, y = load("digits")
    estimator = InitMLPClassifier((8,), solver="sgd", learning_rate_init=10, random_state=0)
    assert repr(diagnose(clone(estimator), X, y, random_state=0)) == repr(
        diagnose(estimator, X, y, random_state=0)
    )
