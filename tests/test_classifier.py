from __future__ import annotations

import copy
import inspect
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_matrix, csr_array, csr_matrix
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from skinit import InitializationWarning, InitMLPClassifier
from skinit.activations import ACTIVATIONS, Activation, get_activation
from skinit.fitting import fit_stack
from skinit.initializers import Initializer, VarianceScaling, get_initializer

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",  # zeros are meant to fail
)
KINDS = ["binary", "multiclass", "multilabel"]
every_kind = pytest.mark.parametrize("kind", KINDS)
every_solver = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
stochastic = pytest.mark.parametrize("solver", ["sgd", "adam"])


def small(**params):
    """Return an estimator that trains in milliseconds."""
    defaults = {"hidden_layer_sizes": (7, 4), "max_iter": 6, "random_state": 3, "batch_size": 16}
    return InitMLPClassifier(**defaults | params)


def arrays_of(estimator):
    return [*estimator.coefs_, *estimator.intercepts_]


def assert_same_fit(ours, theirs, tolerance=0.0):
    """Compare weights and everything recorded on the way; tolerance 0 means bit by bit."""
    for a, b in zip(arrays_of(ours), arrays_of(theirs), strict=True):
        assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    for name in ("loss_curve_", "validation_loss_curve_", "validation_scores_"):
        curves = getattr(ours, name), getattr(theirs, name)
        assert (curves[0] is None) == (curves[1] is None), name
        if curves[0] is not None:
            assert_allclose(*curves, rtol=tolerance, atol=tolerance, err_msg=name)
    assert ours.n_iter_ == theirs.n_iter_
    assert_allclose(ours.loss_, theirs.loss_, rtol=tolerance)


# --- the same face as MLPClassifier ---------------------------------------------------------------


def test_parameters_are_those_of_mlpclassifier_and_three_more():
    ours, theirs = InitMLPClassifier().get_params(), MLPClassifier().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    assert set(ours) - set(theirs) == {"init", "class_weight", "row_space"}
    positional = [
        [p.name for p in inspect.signature(c).parameters.values() if p.kind != p.KEYWORD_ONLY]
        for c in (InitMLPClassifier, MLPClassifier)
    ]
    assert positional[0] == positional[1]


@every_solver
@pytest.mark.parametrize("early_stopping", [False, True])
def test_attributes_are_those_of_mlpclassifier(make_problem, solver, early_stopping):
    X, y = make_problem("multiclass")
    params = {"solver": solver, "early_stopping": early_stopping, "max_iter": 3}
    ours, theirs = InitMLPClassifier(**params).fit(X, y), MLPClassifier(**params).fit(X, y)
    for name, value in vars(theirs).items():
        if name.endswith("_") and not name.startswith("_"):
            assert type(getattr(ours, name)) is type(value) or isinstance(value, float), name


def test_methods_take_what_those_of_mlpclassifier_take():
    for name in ("predict", "predict_proba", "predict_log_proba", "partial_fit", "score"):
        ours, theirs = (getattr(c, name) for c in (InitMLPClassifier, MLPClassifier))
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        )
    with pytest.raises(NotFittedError):
        InitMLPClassifier().predict([[1.0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("solver", "newton"),
        ("batch_size", "all"),
        ("batch_size", 0),
        ("alpha", -1),
        ("class_weight", "auto"),
        ("row_space", "yes"),
        ("max_iter", 0),
        ("hidden_layer_sizes", (3, 0)),
        ("hidden_layer_sizes", (3, 2.5)),
        ("hidden_layer_sizes", -1),
    ],
)
def test_a_parameter_out_of_range_is_named(make_problem, name, value):
    estimator = small(**{name: value})
    with pytest.raises(ValueError, match=name):
        estimator.fit(*make_problem("binary"))


# --- init -----------------------------------------------------------------------------------------


def gaussian(fan_in, fan_out, rng):
    return rng.normal(0, 0.1, (fan_in, fan_out))


def gaussian_with_bias(fan_in, fan_out, rng):
    return rng.normal(0, 0.1, (fan_in, fan_out)), rng.normal(size=fan_out)


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
            ["given, shape (6, 7)", "given, shape (7, 4)", "N(0, 2/fan_in)"],
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


# --- randomness -----------------------------------------------------------------------------------


SETTINGS = {
    "sgd": {"solver": "sgd"},
    "adam": {"solver": "adam"},
    "lbfgs": {"solver": "lbfgs"},
    "early": {"early_stopping": True, "validation_fraction": 0.3},
    "lsuv": {"init": "lsuv"},
}


@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)
def test_the_same_random_state_gives_the_same_bits(make_problem, params):
    X, y = make_problem("multiclass")
    first = small(**params).fit(X, y)
    assert_same_fit(first, small(**params).fit(X, y))
    assert_same_fit(first, first.fit(X, y))
    other = small(**params | {"random_state": 4}).fit(X, y)
    assert not np.array_equal(other.coefs_[0], first.coefs_[0])


def test_an_instance_and_none_are_drawn_from_once_in_a_fit(make_problem):
    X, y = make_problem("multiclass")
    rng, twin = np.random.RandomState(5), np.random.RandomState(5)
    first = small(random_state=rng).fit(X, y)
    seed = twin.randint(np.iinfo(np.int32).max)
    assert_array_equal(rng.get_state()[1], twin.get_state()[1])
    assert_same_fit(first, small(random_state=seed).fit(X, y))
    second = first.coefs_[0].copy()
    assert not np.array_equal(first.fit(X, y).coefs_[0], second)
    for _ in range(2):
        first.partial_fit(X, y)
    twin.randint(np.iinfo(np.int32).max)
    assert_array_equal(rng.get_state()[1], twin.get_state()[1])


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_without_a_seed_fits_differ(make_problem, random_state):
    X, y = make_problem("multiclass")
    first, second = (small(random_state=random_state).fit(X, y) for _ in range(2))
    assert not np.array_equal(first.coefs_[0], second.coefs_[0])


class Recorder:
    """The identity as an activation, which writes down every block that it is given."""

    def __init__(self, raise_after=np.inf, error=KeyboardInterrupt):
        self.blocks = []
        self.raise_after = raise_after
        self.error = error
        self.activation = Activation(
            "recorder", self._function, self._derivative, formula="z", from_output=True
        )

    def _function(self, z, out):
        self.blocks.append(z.reshape(-1, z.shape[-1]).copy())
        if len(self.blocks) > self.raise_after:
            raise self.error("stop here")
        if out is not z:
            np.copyto(out, z)
        return out

    def _derivative(self, z, a, out):
        out[...] = 1.0
        return out


def see_rows(init, X, y, **params):
    """Fit a network whose first layer hands its inputs on; return all that came by, in order."""
    recorder = Recorder()
    still = {"learning_rate_init": 1e-300, "hidden_layer_sizes": (X.shape[1],), "max_iter": 3}
    first = (np.eye(X.shape[1]), np.zeros(X.shape[1]))
    small(init=[first, init], activation=recorder.activation, **still | params).fit(X, y)
    return recorder.blocks


@pytest.mark.parametrize("params", [{}, SETTINGS["early"], {"shuffle": False}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_estimators_that_differ_in_init_see_the_same_batches_and_split(make_problem, kind, params):
    X, y = make_problem(kind)
    seen = [see_rows(init, X, y, **params) for init in ("he", "zeros", "lsuv", gaussian_with_bias)]
    # some look at the rows before training too, and here it is the training that counts
    in_training = [np.concatenate(blocks)[-3 * len(X) :] for blocks in seen]
    for rows in in_training[1:]:
        assert_array_equal(rows, in_training[0])
    epochs = np.split(in_training[0], 3)
    for epoch in epochs:  # every epoch brings each row once, for training or for validation
        assert_array_equal(np.sort(epoch, axis=0), np.sort(X, axis=0))
    assert np.array_equal(epochs[0], epochs[1]) == (params.get("shuffle") is False)
    if params.get("early_stopping"):
        aside = [epoch[-14:] for epoch in epochs]
        assert_array_equal(aside[0], aside[1])
    other_seed = np.concatenate(see_rows("he", X, y, random_state=4, **params))[-3 * len(X) :]
    assert np.array_equal(other_seed, in_training[0]) == (params.get("shuffle") is False)


def test_the_validation_split_is_stratified(make_problem):
    X, y = make_problem("multiclass", n=90)
    blocks = see_rows("he", X, y, early_stopping=True, validation_fraction=0.2, max_iter=1)
    rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in np.concatenate(blocks)[-18:]]
    expected = np.bincount(y) * 0.2
    assert np.abs(np.bincount(y[rows]) - expected).max() < 1


# --- sample weights -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "class_weight"),
    [
        *[(kind, None) for kind in KINDS],
        ("binary", "balanced"),
        ("multiclass", "balanced"),
        ("multiclass", {0: 3.0, 1: 0.5}),
    ],
    ids=str,
)
@pytest.mark.parametrize("init", ["he", "lsuv", "within_layer"])
@every_solver
def test_a_weight_of_two_is_the_row_twice(make_problem, kind, init, class_weight, solver):
    X, y = make_problem(kind)
    copies = np.random.default_rng(0).integers(1, 4, len(X))
    params = {"solver": solver, "init": init, "class_weight": class_weight, "alpha": 0.3}
    params |= {"batch_size": "full", "activation": "tanh", "max_iter": 20}
    weighted = small(**params).fit(X, y, sample_weight=copies.astype(float))
    repeated = small(**params).fit(np.repeat(X, copies, axis=0), np.repeat(y, copies, axis=0))
    assert_same_fit(weighted, repeated, 1e-6 if solver == "lbfgs" else 1e-9)
    unweighted = small(**params).fit(X, y)
    assert np.abs(unweighted.coefs_[0] - weighted.coefs_[0]).max() > 1e-4


@every_kind
@pytest.mark.parametrize("layout", [np.asarray, csr_matrix])
@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)
def test_a_weight_of_zero_is_the_row_absent(make_problem, kind, params, layout):
    X, y = make_problem(kind, n=70)
    weight = np.random.default_rng(0).integers(0, 3, 70).astype(float)
    kept = weight > 0
    assert 40 < kept.sum() < 60
    with_zeros = small(**params).fit(layout(X), y, sample_weight=weight)
    without = small(**params).fit(layout(X[kept]), y[kept], sample_weight=weight[kept])
    assert_same_fit(with_zeros, without)
    assert with_zeros.t_ == without.t_


@pytest.mark.parametrize("class_weight", ["balanced", {0: 2.0, 1: 5.0}, {1: 5.0}], ids=str)
def test_a_class_whose_rows_all_weigh_nothing_needs_no_care(make_problem, class_weight):
    X, y = make_problem("multiclass")
    weight = (y != 2).astype(float)
    zeros = small(class_weight=class_weight).fit(X, y, weight)
    assert_array_equal(zeros.classes_, [0, 1, 2])
    by_hand = compute_sample_weight(class_weight, y[y != 2])
    weight[y != 2] = by_hand
    assert_same_fit(zeros, small().fit(X, y, weight), 1e-12)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(45), "zero"),
        (-np.ones(45), "[Nn]egative"),
        (np.ones(44), "sample_weight"),
        (np.full(45, np.nan), "NaN"),
    ],
)
def test_bad_sample_weights_are_refused(make_problem, weight, message):
    with pytest.raises(ValueError, match=message):
        small().fit(*make_problem("binary"), sample_weight=weight)


# --- class weights --------------------------------------------------------------------------------


LABELS = {"ints": np.array([0, 1, 2]), "texts": np.array(["a", "b", "c"]), "gaps": [-3, 7, 50]}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("how", ["balanced", "dict", "some"])
def test_class_weights_are_sample_weights(make_problem, labels, how):
    X, y = make_problem("multiclass")
    y = np.asarray(labels)[y]
    class_weight = {
        "balanced": "balanced",
        "dict": dict(zip(labels, [0.5, 2.0, 5.0], strict=True)),
        "some": {labels[1]: 3.0},
    }[how]
    ours = small(class_weight=class_weight).fit(X, y)
    by_hand = small().fit(X, y, compute_sample_weight(class_weight, y))
    assert_same_fit(ours, by_hand, 1e-12)
    assert np.abs(ours.coefs_[0] - small().fit(X, y).coefs_[0]).max() > 1e-6


def test_balanced_counts_sample_weights(make_problem):
    X, y = make_problem("binary")
    weight = np.random.default_rng(0).uniform(0.1, 3, len(y))
    ours = small(class_weight="balanced").fit(X, y, weight)
    sums = np.bincount(y, weights=weight)
    assert_same_fit(ours, small().fit(X, y, weight * (sums.sum() / (2 * sums))[y]), 1e-12)


@pytest.mark.parametrize("own_split", [False, True])
@pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
def test_class_weights_do_not_touch_the_validation_set(make_problem, own_split, with_weights):
    X, y = make_problem("binary", n=80)
    weight = np.random.default_rng(2).uniform(0.1, 3, 80) if with_weights else np.ones(80)
    params = {"early_stopping": True, "class_weight": {0: 10.0, 1: 0.1}}
    if own_split:
        estimator = small(**params).fit(X, y, weight if with_weights else None)
        # the split depends on the seed alone: eight rows, the last ones seen in an epoch
        seen = np.concatenate(see_rows("he", X, y, early_stopping=True, max_iter=1))[-8:]
        aside = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in seen]
    else:
        estimator, aside = small(**params), np.arange(50, 80)
        sides = {"X_val": X[50:], "y_val": y[50:], "sample_weight_val": weight[50:]}
        estimator.fit(X[:50], y[:50], weight[:50], **sides)
    best = int(np.argmax(estimator.validation_scores_))
    expected = log_loss(y[aside], estimator.predict_proba(X[aside]), sample_weight=weight[aside])
    assert_allclose(estimator.validation_loss_curve_[best], expected, rtol=1e-12)
    score = estimator.score(X[aside], y[aside], weight[aside])
    assert_allclose(estimator.best_validation_score_, score, rtol=1e-12)


def test_class_weights_in_partial_fit(make_problem):
    """A batch may lack the classes that the dict weighs."""
    X, y = make_problem("multiclass")
    class_weight = {0: 4.0}
    ours, by_hand = (small(class_weight=w, batch_size=8) for w in (class_weight, None))
    for rows in (y != 0, y == 0, y >= 0):
        ours.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        weight = np.where(y[rows] == 0, 4.0, 1.0)
        by_hand.partial_fit(X[rows], y[rows], sample_weight=weight, classes=[0, 1, 2])
    assert_same_fit(ours, by_hand, 1e-12)


def test_what_class_weights_cannot_do_is_said(make_problem):
    X, y = make_problem("multilabel")
    for class_weight in ("balanced", {0: 2.0}):
        with pytest.raises(ValueError, match="class_weight is not defined for multilabel"):
            small(class_weight=class_weight).fit(X, y)
    with pytest.raises(ValueError, match=r"balanced.*partial_fit"):
        small(class_weight="balanced").partial_fit(X, y[:, 0], classes=[0, 1])
    with pytest.raises(ValueError, match="class_weight"):
        small(class_weight={5: 2.0}).fit(X, y[:, 0])


@every_solver
def test_weights_that_leave_nothing_are_refused(make_problem, solver):
    with pytest.raises(ValueError, match="zero"):
        small(class_weight={0: 0, 1: 0}, solver=solver).fit(*make_problem("binary"))


# --- row space ------------------------------------------------------------------------------------


ROW_SPACE = {
    "plain": {"solver": "sgd", "momentum": 0, "batch_size": "full"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "alpha": 0.5},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 1},
    "lbfgs": {"solver": "lbfgs", "alpha": 0.1},
    "early": {"solver": "sgd", "early_stopping": True, "validation_fraction": 0.3},
    "logistic": {"solver": "sgd", "activation": "logistic", "init": "sklearn"},
    "zeros": {"solver": "sgd", "init": "zeros"},
    "lsuv": {"solver": "sgd", "init": "lsuv"},
}


def wide(make_problem, kind="multiclass", n=30, **options):
    return make_problem(kind, n=n, d=200, **options)


@every_kind
@pytest.mark.parametrize("params", ROW_SPACE.values(), ids=ROW_SPACE)
@pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
def test_row_space_changes_nothing(make_problem, kind, params, with_weights):
    X, y = wide(make_problem, kind)
    weight = np.random.default_rng(0).uniform(0, 2, 30) if with_weights else None
    params = {"activation": "tanh", "learning_rate_init": 0.01, "max_iter": 12} | params
    rows, direct = (small(row_space=r, **params).fit(X, y, weight) for r in (True, False))
    assert_same_fit(rows, direct, 1e-9)
    assert_allclose(rows.predict_proba(X + 1), direct.predict_proba(X + 1), rtol=1e-8)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
@pytest.mark.parametrize("layout", [np.asarray, csr_matrix], ids=["dense", "csr"])
def test_row_space_with_a_validation_set_of_ones_own(make_problem, solver, layout):
    X, y = wide(make_problem, n=50)
    params = {"solver": solver, "early_stopping": True, "activation": "tanh"}
    sides = {"X_val": layout(X[30:]), "y_val": y[30:], "sample_weight_val": np.arange(1.0, 21)}
    rows, direct = (
        small(row_space=r, **params).fit(X[:30], y[:30], **sides) for r in (True, False)
    )
    assert_same_fit(rows, direct, 1e-9)


def test_row_space_in_float32(make_problem):
    """Loosely: rounding of 6e-8, amplified by the training."""
    X, y = wide(make_problem, dtype=np.float32)
    rows, direct = (small(row_space=r, solver="sgd").fit(X, y) for r in (True, False))
    assert_same_fit(rows, direct, 1e-4)
    assert {array.dtype for array in arrays_of(rows)} == {np.dtype(np.float32)}


def test_fit_in_the_row_space_then_partial_fit(make_problem):
    """The velocity of the momentum comes back to the features' coordinates too."""
    X, y = wide(make_problem, n=50)
    params = {"solver": "sgd", "activation": "tanh", "alpha": 0.5, "learning_rate": "invscaling"}
    models = [small(row_space=r, **params).fit(X[:30], y[:30]) for r in (True, False)]
    for _ in range(3):
        for model in models:
            model.partial_fit(X[30:], y[30:])
        assert_same_fit(*models, 1e-9)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_warm_starts_in_the_row_space(make_problem, solver):
    X, y = wide(make_problem)
    params = {"solver": solver, "activation": "tanh", "warm_start": True}
    models = [small(row_space=r, **params) for r in (True, False)]
    for _ in range(3):
        assert_same_fit(*(model.fit(X, y) for model in models), 1e-9)


@pytest.mark.parametrize("tol", [1e-3, 3e-2, 10.0])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("init", ["xavier", "zeros"])
def test_lbfgs_stops_where_it_would_without_the_row_space(make_problem, tol, alpha, init):
    """By the largest entry of the gradient in the features' coordinates, not in its own."""
    X, y = wide(make_problem)
    params = {"solver": "lbfgs", "max_iter": 1000, "alpha": alpha, "init": init, "tol": tol}
    rows, direct = (
        small(row_space=r, activation="tanh", **params).fit(X, y) for r in (True, False)
    )
    assert rows.n_iter_ == direct.n_iter_ < 1000
    assert_same_fit(rows, direct, 1e-6)


def test_row_space_cannot_serve_adam(make_problem):
    with pytest.raises(ValueError, match=r"row_space=True.*'adam'"):
        small(row_space=True).fit(*wide(make_problem))


def test_row_space_is_chosen_where_it_pays(make_problem, monkeypatch):
    used = []

    class Spy(RuntimeError):
        pass

    def spy(X):
        used.append(X.shape)
        raise Spy

    monkeypatch.setattr("skinit.fitting.RowSpace", spy)
    X, y = make_problem("binary", n=20, d=3000)
    with pytest.raises(Spy):
        small(solver="sgd", max_iter=500).fit(X, y)
    assert used == [(20, 3000)]
    for params in ({"solver": "adam"}, {"row_space": False, "solver": "sgd"}, {"max_iter": 1}):
        small(**{"solver": "sgd"} | params).fit(X, y)
    small(solver="sgd").fit(csr_matrix(X), y)
    small(solver="sgd").fit(X[:, :5], y)
    assert len(used) == 1


# --- data -----------------------------------------------------------------------------------------


@every_solver
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.asarray, csr_matrix, csc_matrix, csr_array])
def test_dtypes_stay(make_problem, solver, dtype, layout):
    X, y = make_problem("multiclass", dtype=dtype)
    estimator = small(solver=solver).fit(layout(X), y, sample_weight=np.ones(len(y)))
    arrays = [*arrays_of(estimator), estimator.predict_proba(X), estimator.predict_log_proba(X)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("params", [{}, {"solver": "sgd", "row_space": True}], ids=str)
def test_float32_stays_beside_a_validation_set_of_float64(make_problem, params):
    X, y = make_problem("multiclass", n=60)
    train = X[:40].astype(np.float32), y[:40]
    estimator = small(early_stopping=True, **params).fit(*train, X_val=X[40:], y_val=y[40:])
    assert {array.dtype for array in arrays_of(estimator)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("dtype", [np.int64, bool, object])
def test_other_numbers_become_float64(make_problem, dtype):
    X, y = make_problem("multiclass")
    estimator = small().fit((X > 0).astype(dtype), y)
    assert_same_fit(estimator, small().fit((X > 0).astype(float), y))
    assert_allclose(
        estimator.predict_proba((X > 0).astype(dtype)), estimator.predict_proba(X > 0.0), rtol=1e-12
    )


@every_kind
def test_predictions_belong_together(make_problem, kind):
    X, y = make_problem(kind)
    estimator = small(max_iter=50).fit(X, y)
    probability = estimator.predict_proba(X)
    assert probability.shape == (45, {"binary": 2}.get(kind, 3))
    assert_allclose(estimator.predict_log_proba(X), np.log(probability), rtol=1e-9)
    if kind == "multilabel":
        assert_array_equal(estimator.predict(X), probability > 0.5)
    else:
        assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)
        assert_array_equal(estimator.predict(X), estimator.classes_[probability.argmax(1)])
    assert estimator.score(X, y) == accuracy_score(y, estimator.predict(X))


@every_kind
def test_log_probabilities_are_finite_where_probabilities_are_zero(make_problem, kind):
    X, y = make_problem(kind)
    estimator = small().fit(X, y)
    assert (estimator.predict_proba(1e6 * X) == 0).any()
    log_probability = estimator.predict_log_proba(1e6 * X)
    assert np.isfinite(log_probability).all()
    assert log_probability.min() < -1000


def test_labels_of_every_kind(make_problem):
    X, y = make_problem("binary")
    expected = small().fit(X, y)
    for labels in (["no", "yes"], [False, True], [-1.0, 1.0], [10, 20]):
        estimator = small().fit(X, np.array(labels)[y])
        assert_array_equal(estimator.classes_, labels)
        assert_array_equal(estimator.predict(X), np.array(labels)[expected.predict(X)])
    with pytest.warns(Warning, match="column-vector"):
        assert_same_fit(small().fit(X, y[:, None]), expected)


def test_a_sparse_indicator_of_labels(make_problem):
    X, y = make_problem("multilabel")
    estimator = small(early_stopping=True, validation_fraction=0.3).fit(X, csr_matrix(y))
    assert_same_fit(estimator, small(early_stopping=True, validation_fraction=0.3).fit(X, y))


def test_feature_names(make_problem):
    pandas = pytest.importorskip("pandas")
    X, y = make_problem("binary")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    estimator = small().fit(frame, y)
    assert_array_equal(estimator.feature_names_in_, list("abcdef"))
    assert_same_fit(estimator, small().fit(X, y))
    with pytest.raises(ValueError, match="feature names"):
        estimator.predict(frame.rename(columns={"a": "z"}))
    with pytest.raises(ValueError, match="feature names"):
        estimator.partial_fit(frame[list("fedcba")], y)
    with pytest.warns(UserWarning, match="valid feature names"):
        estimator.predict(X)
    assert not hasattr(estimator.fit(X, y), "feature_names_in_")


@pytest.mark.parametrize("batch_size", ["full", 45, 7])
def test_full_means_all_rows_at_once(make_problem, batch_size):
    X, y = make_problem("binary")
    full = small(batch_size="full", shuffle=True).fit(X, y)
    other = small(batch_size=batch_size).fit(X, y)
    assert np.array_equal(full.coefs_[0], other.coefs_[0]) == (batch_size != 7)
    assert_same_fit(full, small(batch_size="full", shuffle=False).fit(X, y))


def test_auto_is_200_rows_or_all(make_problem):
    X, y = make_problem("binary", n=230)
    assert_same_fit(small(batch_size="auto").fit(X, y), small(batch_size=200).fit(X, y))
    few = small(batch_size="auto").fit(X[:150], y[:150])
    assert_same_fit(few, small(batch_size="full").fit(X[:150], y[:150]))


def test_a_batch_size_beyond_the_rows_is_clipped_with_a_warning(make_problem):
    X, y = make_problem("binary")
    with pytest.warns(UserWarning, match="batch_size=99.*45.*clipped") as caught:
        clipped = small(batch_size=99).fit(X, y)
    assert caught[0].filename == __file__
    assert_same_fit(clipped, small(batch_size="full").fit(X, y))


# --- stopping, validation -------------------------------------------------------------------------


@stochastic
@pytest.mark.parametrize("n_iter_no_change", [2, np.inf])
def test_training_stops_or_goes_on(make_problem, solver, n_iter_no_change):
    X, y = make_problem("binary")
    estimator = small(solver=solver, tol=10.0, n_iter_no_change=n_iter_no_change, max_iter=9).fit(
        X, y
    )
    assert estimator.n_iter_ == (9 if n_iter_no_change == np.inf else 4)
    assert len(estimator.loss_curve_) == estimator.n_iter_
    assert estimator.t_ == 45 * estimator.n_iter_
    assert estimator.loss_ == estimator.loss_curve_[-1]
    assert estimator.best_loss_ == min(estimator.loss_curve_)


@pytest.mark.filterwarnings("always::skinit.InitializationWarning")
def test_a_start_that_cannot_learn_is_a_warning_to_whom_it_concerns(make_problem, recwarn):
    X, y = make_problem("multiclass")
    ones = [np.ones(shape) for shape in ((6, 7), (7, 4), (4, 3))]
    starts = {"zeros": "INIT01", "he": "", "ones": "INIT02", "lsuv": "", ("sequence",): "INIT02"}
    for init, code in starts.items():
        recwarn.clear()
        estimator = small(init=ones if isinstance(init, tuple) else init, activation="tanh")
        estimator.fit(X, y)
        found = [w for w in recwarn if w.category is InitializationWarning]
        assert [code] * bool(code) == [str(w.message)[:6] for w in found]
        assert all(w.filename == __file__ for w in found)
        recwarn.clear()
        estimator.set_params(warm_start=True).fit(X, y).partial_fit(X, y)
        fit_stack([estimator], X, y)
        assert not [w for w in recwarn if w.category is InitializationWarning]


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_the_end_of_the_budget_is_a_warning(make_problem):
    X, y = make_problem("binary")
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(6\).*converged"):
        small().fit(X, y)
    with pytest.warns(ConvergenceWarning, match="lbfgs has not converged"):
        small(solver="lbfgs").fit(X, y)
    small(tol=10.0, max_iter=50).fit(X, y)
    small(solver="lbfgs", max_iter=2000, alpha=1).fit(X, y)
    small().partial_fit(X, y, classes=[0, 1])


@every_kind
@pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])
def test_validation_curves_are_those_of_the_weights_kept(make_problem, kind, with_weights):
    """The weights kept are those of the best epoch: what it recorded can be computed again."""
    X, y = make_problem(kind, n=80)
    weight = np.random.default_rng(1).uniform(0.1, 3, 30) if with_weights else None
    bests = set()
    for max_iter in (1, 4, 15, 40):
        estimator = small(
            early_stopping=True, max_iter=max_iter, random_state=max_iter, learning_rate_init=0.02
        )  # fmt: skip
        estimator.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weight)
        best = int(np.argmax(estimator.validation_scores_))
        bests.add(best)
        assert len(estimator.validation_loss_curve_) == estimator.n_iter_
        assert estimator.best_validation_score_ == estimator.validation_scores_[best]
        assert estimator.best_loss_ is None
        score = estimator.score(X[50:], y[50:], weight)
        assert_allclose(estimator.best_validation_score_, score, rtol=1e-12)
        p = estimator.predict_proba(X[50:])
        if kind == "multilabel":
            expected = sum(
                log_loss(y[50:, j], p[:, j], sample_weight=weight, labels=[0, 1]) for j in range(3)
            )
        else:
            expected = log_loss(y[50:], p, sample_weight=weight)
        assert_allclose(estimator.validation_loss_curve_[best], expected, rtol=1e-12)
    assert len(bests) > 1


def test_the_validation_set_may_be_sparse_or_carry_weights_of_zero(make_problem):
    X, y = make_problem("multiclass", n=80)
    weight = np.tile([1.0, 0.0], 15)
    params = {"early_stopping": True, "max_iter": 20}
    dense = small(**params).fit(
        X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weight
    )
    sparse = small(**params).fit(
        X[:50], y[:50], X_val=csc_matrix(X[50:]), y_val=y[50:], sample_weight_val=weight
    )
    assert_same_fit(dense, sparse, 1e-12)
    half = small(**params).fit(X[:50], y[:50], X_val=X[50::2], y_val=y[50::2])
    assert_same_fit(dense, half, 1e-12)
    with pytest.raises(ValueError, match="zero"):
        small(**params).fit(
            X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=0 * weight
        )
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val and y_val"):
        small(**params).fit(X[:50], y[:50], sample_weight_val=weight)


def test_lbfgs_takes_no_validation_scores(make_problem):
    X, y = make_problem("binary")
    estimator = small(solver="lbfgs", early_stopping=True).fit(X, y)
    assert_same_fit(estimator, small(solver="lbfgs").fit(X, y))
    assert estimator.validation_scores_ is estimator.best_validation_score_ is None


@pytest.mark.parametrize("given", [("X_val",), ("y_val",), ("X_val", "y_val")])
def test_the_errors_of_a_wrong_validation_set_are_those_of_hist_gradient_boosting(
    make_problem, given
):
    X, y = make_problem("binary")
    sides = {name: {"X_val": X, "y_val": y}[name] for name in given}
    messages = []
    for estimator in (small(), HistGradientBoostingClassifier(early_stopping=False)):
        with pytest.raises(ValueError, match="X_val") as error:
            estimator.fit(X, y, **sides)
        # 'auto' is a value of early_stopping there, and not here
        messages.append(
            str(error.value).replace(",early", ", early").replace("either 'auto' or ", "")
        )
    assert messages[0] == messages[1]


def test_other_wrong_validation_sets(make_problem):
    X, y = make_problem("binary")
    early = small(early_stopping=True)
    with pytest.raises(ValueError, match="features"):
        early.fit(X, y, X_val=X[:, :3], y_val=y)
    with pytest.raises(ValueError, match="y_val has classes not in"):
        early.fit(X, y, X_val=X, y_val=y + 5)
    with pytest.raises(ValueError, match="inconsistent"):
        early.fit(X, y, X_val=X, y_val=y[1:])
    with pytest.raises(ValueError, match="validation set is too small"):
        small(early_stopping=True, validation_fraction=0.01).fit(X[:, :2], y % 1)


# --- going on -------------------------------------------------------------------------------------


@stochastic
def test_partial_fit_goes_on_with_batches_and_optimizer(make_problem, solver):
    """Calls of partial_fit are the epochs of one fit."""
    X, y = make_problem("multiclass")
    params = {"solver": solver, "n_iter_no_change": np.inf, "learning_rate": "invscaling"}
    whole = small(max_iter=7, **params).fit(X, y)
    by_epoch = small(**params)
    for _ in range(7):
        by_epoch.partial_fit(X, y, classes=[0, 1, 2])
    for a, b in zip(arrays_of(whole), arrays_of(by_epoch), strict=True):
        assert_array_equal(a, b)
    assert by_epoch.loss_curve_ == whole.loss_curve_
    assert (by_epoch.n_iter_, by_epoch.t_) == (1, whole.t_)
    longer = small(max_iter=9, **params).fit(X, y)
    for _ in range(2):
        whole.partial_fit(X, y)
    assert_array_equal(whole.coefs_[0], longer.coefs_[0])


def test_partial_fit_after_a_copy_goes_on_the_same(make_problem):
    X, y = make_problem("multiclass")
    first = small().partial_fit(X, y, classes=[0, 1, 2])
    copies = [copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    first.partial_fit(X, y)
    for other in copies:
        assert_same_fit(first, other.partial_fit(X, y))


def test_partial_fit_and_classes(make_problem):
    X, y = make_problem("multiclass")
    with pytest.raises(ValueError, match="classes"):
        small().partial_fit(X, y)
    some = y < 2
    estimator = small().partial_fit(X[some], y[some], classes=[0, 1, 2, 3])
    assert_array_equal(estimator.classes_, [0, 1, 2, 3])
    assert estimator.predict_proba(X).shape == (45, 4)
    estimator.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"classes not in.*\[0 1 2 3\]"):
        estimator.partial_fit(X, y + 3)
    with pytest.raises(ValueError, match="classes"):
        estimator.partial_fit(X, y, classes=[0, 1, 2])
    assert_array_equal(estimator.fit(X, y).classes_, [0, 1, 2])


def test_partial_fit_of_labels(make_problem):
    X, y = make_problem("multilabel")
    estimator = small().partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X, y)
    assert_array_equal(estimator.coefs_[0], small(max_iter=2).fit(X, y).coefs_[0])


def test_what_partial_fit_cannot_do_is_said(make_problem):
    X, y = make_problem("binary")
    assert not hasattr(small(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        small(solver="lbfgs").partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="early_stopping"):
        small(early_stopping=True).partial_fit(X, y, classes=[0, 1])


@stochastic
def test_warm_start_goes_on_with_weights_and_batches(make_problem, solver):
    """Without momentum, warm fits are the epochs of one fit: the batch stream goes on."""
    X, y = make_problem("multiclass")
    params = {"solver": solver, "n_iter_no_change": np.inf, "momentum": 0}
    warm = small(max_iter=2, warm_start=True, **params).fit(X, y)
    warm.fit(X, y).fit(X, y)
    whole = small(max_iter=6, **params).fit(X, y)
    assert (warm.n_iter_, warm.t_) == (2, whole.t_)
    assert len(warm.loss_curve_) == 6
    if solver == "sgd":
        assert_array_equal(warm.coefs_[0], whole.coefs_[0])
        assert warm.loss_curve_ == whole.loss_curve_
    assert_same_fit(small(warm_start=True, **params).fit(X, y), small(**params).fit(X, y))


def test_warm_start_keeps_the_best_weights_of_all_calls(make_problem):
    X, y = make_problem("binary", n=80)
    sides = {"X_val": X[50:], "y_val": y[50:]}
    params = {"early_stopping": True, "warm_start": True, "learning_rate_init": 0.05}
    estimator = small(max_iter=15, **params).fit(X[:50], y[:50], **sides)
    for _ in range(4):
        estimator.fit(X[:50], y[:50], **sides)
        assert estimator.best_validation_score_ == max(estimator.validation_scores_)
        assert estimator.score(X[50:], y[50:]) == estimator.best_validation_score_


def test_what_warm_start_cannot_do_is_said(make_problem):
    X, y = make_problem("multiclass")
    estimator = small(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="same classes"):
        estimator.fit(X[y < 2], y[y < 2])
    with pytest.raises(ValueError, match="features"):
        estimator.fit(X[:, :4], y)
    with pytest.raises(ValueError, match=r"\[6, 7, 4, 3\].*\[6, 9, 3\]"):
        estimator.set_params(hidden_layer_sizes=9).fit(X, y)


# --- printing -------------------------------------------------------------------------------------


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


# --- in scikit-learn's company --------------------------------------------------------------------


def test_clone_and_pickle(make_problem):
    X, y = make_problem("multiclass")
    estimator = small(init=VarianceScaling(2.5), activation=get_activation("gelu")).fit(X, y)
    fresh = clone(estimator)
    assert not hasattr(fresh, "coefs_")
    assert fresh.init is not estimator.init
    assert_same_fit(fresh.fit(X, y), estimator)
    thawed = pickle.loads(pickle.dumps(estimator))
    assert_array_equal(thawed.predict_proba(X), estimator.predict_proba(X))
    for name in ("he", "lsuv", "torch", "sparse"):
        assert_same_fit(*(pickle.loads(pickle.dumps(small(init=name).fit(X, y))) for _ in "ab"))


def test_fit_leaves_its_parameters_alone(make_problem):
    init = VarianceScaling(2.5)
    estimator = small(init=init)
    before = {name: copy.deepcopy(value) for name, value in estimator.get_params().items()}
    estimator.fit(*make_problem("multiclass"))
    assert estimator.init is init
    assert repr(estimator.get_params()) == repr(before)


def test_grid_search_over_names_objects_functions_and_nested_parameters(make_problem):
    X, y = make_problem("multiclass")
    he, scaling = get_initializer("he"), VarianceScaling()
    inits = ["zeros", "he", he, gaussian, lambda i, o, rng: rng.normal(size=(i, o)), ["he"] * 3]
    grid = [{"init": inits}, {"init": [scaling], "init__scale": [2.0, 4.0]}]
    search = GridSearchCV(small(), grid, cv=2).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 8
    assert_array_equal(scores[[1, 1, 1]], scores[[2, 5, 6]])  # he, by four ways
    assert scaling.scale == 1.0
    assert hasattr(search.best_estimator_, "coefs_")
    with pytest.raises(ValueError, match=r"init__scale.*VarianceScaling"):
        GridSearchCV(small(), {"init": ["he"], "init__scale": [2.0]}, cv=2).fit(X, y)


def test_in_a_pipeline(make_problem):
    X, y = make_problem("binary")
    pipeline = make_pipeline(StandardScaler(), small())
    assert cross_val_score(pipeline, 100 * X, y, cv=3).shape == (3,)
    assert OneVsRestClassifier(small()).fit(X, y).predict(X).shape == (45,)
    pipeline.set_params(initmlpclassifier__init=VarianceScaling())
    pipeline.set_params(initmlpclassifier__init__scale=3.0)
    assert pipeline[-1].init.scale == 3.0


def test_metadata_routing(make_problem):
    X, y = make_problem("binary")
    weight = np.random.default_rng(0).uniform(0.1, 4, len(y))
    expected = make_pipeline(StandardScaler(), small())
    expected.fit(X, y, initmlpclassifier__sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        network = small().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, network).fit(X, y, sample_weight=weight)
        assert_same_fit(pipeline[-1], expected[-1])
        search = GridSearchCV(network, {"init": ["he", "zeros"]}, cv=2)
        search.fit(X, y, sample_weight=weight)
        assert_same_fit(search.best_estimator_, clone(search.best_estimator_).fit(X, y, weight))
        once = small().set_partial_fit_request(classes=True, sample_weight=True)
        assert "classes" in once.get_metadata_routing().partial_fit.requests


def test_the_validation_set_goes_through_the_pipeline(make_problem):
    X, y = make_problem("binary", n=80)
    X = 50 + 20 * X
    scaler = StandardScaler().fit(X[:50])
    expected = small(early_stopping=True).fit(
        scaler.transform(X[:50]), y[:50], X_val=scaler.transform(X[50:]), y_val=y[50:]
    )
    with config_context(enable_metadata_routing=True):
        network = small(early_stopping=True).set_fit_request(X_val=True, y_val=True)
        steps = [("scaler", StandardScaler()), ("network", network)]
        pipeline = Pipeline(steps, transform_input=["X_val"])
        pipeline.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    assert_same_fit(pipeline["network"], expected)


@every_kind
@every_solver
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu", "sigmoid"])
def test_to_sklearn_predicts_the_same(make_problem, kind, solver, activation):
    X, y = make_problem(kind)
    ours = small(solver=solver, activation=activation).fit(X, y)
    twin = ours.to_sklearn()
    assert type(twin) is MLPClassifier
    assert_allclose(twin.predict_proba(X), ours.predict_proba(X), rtol=1e-12, atol=1e-15)
    assert_array_equal(twin.predict(X), ours.predict(X))
    for name in ("n_iter_", "t_", "loss_", "n_features_in_", "loss_curve_"):
        assert getattr(twin, name) == getattr(ours, name)
    twin.coefs_[0][:] = 0
    assert ours.coefs_[0].any()


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("begun", ["float32", "float64"])
def test_training_goes_on_in_the_dtype_it_began_in(make_problem, solver, begun):
    """Rows of another dtype change neither that nor the optimizer's state."""
    X, y = make_problem("multiclass")
    X = X.astype(np.float32)
    same, other = (small(solver=solver, max_iter=5).fit(X.astype(begun), y) for _ in range(2))
    foreign = "float64" if begun == "float32" else "float32"
    for _ in range(10):
        same.partial_fit(X.astype(begun), y)
        other.partial_fit(X.astype(foreign), y)
    assert other.coefs_[0].dtype == begun
    assert_same_fit(other, same, 1e-12)
    other.set_params(warm_start=True, max_iter=3).fit(X.astype(foreign), y)
    assert other.coefs_[0].dtype == begun


def test_rows_that_validation_leaves_need_a_weight(make_problem):
    X, y = np.arange(20.0).reshape(10, 2), np.r_[1, np.zeros(9, int)]
    params = {"class_weight": {0: 0, 1: 1}, "early_stopping": True, "validation_fraction": 0.5}
    params["batch_size"] = 2
    messages = set()
    for seed in range(6):
        try:
            small(**params, random_state=seed).fit(X, y)
        except ValueError as error:
            messages.add(str(error))
    assert len(messages) == 1
    assert "The rows that validation leaves for training all have weight 0" in messages.pop()


def test_a_score_that_is_no_number_is_no_improvement(make_problem):
    X, y = make_problem("binary")
    estimator = small(
        activation="identity", early_stopping=True, n_iter_no_change=2, max_iter=30
    ).fit(X, y, X_val=X * 1e307, y_val=y)
    assert np.isnan(estimator.validation_scores_[-1])
    assert estimator.n_iter_ < 30


def test_to_sklearn_leaves_nothing_of_skinit(make_problem):
    X, y = make_problem("binary")
    twin = small(early_stopping=True, init="lsuv").fit(X, y).to_sklearn()
    assert b"skinit" not in pickle.dumps(twin)


@pytest.mark.parametrize("batch_size", ["full", 16])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_to_sklearn_can_be_trained_further(make_problem, batch_size, early_stopping):
    X, y = make_problem("multiclass")
    params = {"solver": "sgd", "momentum": 0, "shuffle": False, "batch_size": batch_size}
    ours = small(early_stopping=early_stopping, **params).fit(X, y)
    twin = ours.to_sklearn()
    assert twin.batch_size == (batch_size if batch_size == 16 else 45 - 5 * early_stopping)
    if early_stopping:
        twin.fit(X, y)
        return
    ours.partial_fit(X, y)
    twin.partial_fit(X, y)
    assert_allclose(twin.coefs_[0], ours.coefs_[0], rtol=1e-12)
    assert_allclose(twin.loss_curve_, ours.loss_curve_, rtol=1e-12)
    twin.set_params(warm_start=True, max_iter=2).fit(X, y)
    assert len(twin.loss_curve_) == 9
    assert len(ours.loss_curve_) == 7
    assert_array_equal(pickle.loads(pickle.dumps(twin)).predict(X), twin.predict(X))


TANH = get_activation("tanh")
ANOTHER_RELU = Activation("relu", TANH.function, TANH.derivative, from_output=True)


@pytest.mark.parametrize(
    "activation",
    ["gelu", "leaky_relu", ANOTHER_RELU],
    ids=["gelu", "leaky_relu", "another relu"],
)
def test_to_sklearn_says_which_activations_it_can_give(make_problem, activation):
    estimator = small(activation=activation, max_iter=1).fit(*make_problem("binary"))
    with pytest.raises(ValueError, match="identity, logistic, tanh, relu"):
        estimator.to_sklearn()
    with pytest.raises(NotFittedError):
        small().to_sklearn()


# --- when it goes wrong ---------------------------------------------------------------------------


def assert_same_state(now, before):
    """Compare attributes deeply."""
    assert now.keys() == before.keys()
    for name, value in before.items():
        frozen = [pickle.dumps(copy.deepcopy(v)) for v in (now[name], value)]
        assert frozen[0] == frozen[1], name


class Explosion(Exception):
    """Something that nobody expects."""


def exploding(fan_in, fan_out, rng):
    raise Explosion


def _explode(z, out):
    if _explode.armed == 0:
        raise Explosion
    _explode.armed -= 1
    return np.tanh(z, out=out)


_explode.armed = np.inf


def _tanh_slope(z, a, out):
    return np.subtract(1.0, np.multiply(a, a, out=out), out=out)


FRAGILE = Activation("fragile", _explode, _tanh_slope, from_output=True)


@pytest.fixture
def fragile():
    """Return a function: the activation explodes after so many calls from now."""
    yield lambda calls: setattr(_explode, "armed", calls)
    _explode.armed = np.inf


def fit(estimator, X, y):
    return estimator.fit(X, y)


def partial_fit(estimator, X, y):
    return estimator.partial_fit(X, y, classes=[0, 1])


CALLS = {
    "fit": (fit, {}),
    "fit, lbfgs": (fit, {"solver": "lbfgs"}),
    "warm": (fit, {"warm_start": True, "solver": "sgd"}),
    "warm, lbfgs": (fit, {"warm_start": True, "solver": "lbfgs"}),
    "warm, early": (fit, {"warm_start": True, "early_stopping": True}),
    "partial": (partial_fit, {}),
    "partial, sgd": (partial_fit, {"solver": "sgd"}),
}


@pytest.mark.parametrize(("call", "params"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("fitted", [False, True], ids=["fresh", "fitted"])
@pytest.mark.parametrize("calls", [0, 5], ids=["at once", "later"])
def test_an_exception_leaves_the_estimator_as_it_was(
    make_problem, call, params, fitted, calls, fragile
):
    X, y = make_problem("binary")
    estimator = small(activation=FRAGILE, **params)
    if fitted:
        call(estimator, X, y)
    before = copy.deepcopy(vars(estimator))
    fragile(calls)
    with pytest.raises(Explosion):
        call(estimator, X, y)
    assert_same_state(vars(estimator), before)
    fragile(np.inf)
    for bad in ((X, y + 0.5), (X[1:], y), (np.full_like(X, np.nan), y)):
        with pytest.raises(ValueError, match=r"."):
            call(estimator, *bad)
        assert_same_state(vars(estimator), before)
    # what comes next is as if nothing had happened
    undisturbed = small(activation=FRAGILE, **params)
    for _ in range(1 + fitted):
        call(undisturbed, X, y)
    assert_same_fit(call(estimator, X, y), undisturbed)


def test_an_initializer_that_raises_leaves_the_estimator_as_it_was(make_problem):
    X, y = make_problem("binary")
    estimator = small().fit(X, y).set_params(init=exploding)
    before = copy.deepcopy(vars(estimator))
    with pytest.raises(Explosion):
        estimator.fit(X, y)
    assert_same_state(vars(estimator), before)


DIVERGENT = {
    "sgd": {"solver": "sgd", "learning_rate_init": 1e50, "activation": "identity"},
    "rows": {
        "solver": "sgd", "learning_rate_init": 1e50, "activation": "identity", "row_space": True,
    },
    "early": {
        "solver": "sgd", "learning_rate_init": 1e50, "activation": "relu", "early_stopping": True,
        "n_iter_no_change": 100,
    },
    "adam": {"solver": "adam", "learning_rate_init": 1e160, "activation": "identity"},
    "last step": {"solver": "sgd", "alpha": 1e200, "learning_rate_init": 1e200, "max_iter": 1},
}  # fmt: skip


@pytest.mark.parametrize("params", DIVERGENT.values(), ids=DIVERGENT)
@pytest.mark.parametrize("kind", KINDS)
def test_divergence_is_an_error_that_names_iteration_layer_and_cure(make_problem, kind, params):
    X, y = make_problem(kind, n=30, d=40)
    message = (
        r"^Solver produced non-finite parameter weights: at iteration \d+ in layer [123] "
        r"\(\d+ -> \d+\)\..*StandardScaler.*learning_rate_init.*smaller weights"
    )
    good = small(solver="sgd").fit(X, y)
    for estimator in (small(), good):
        before = copy.deepcopy(vars(estimator.set_params(**{"max_iter": 40} | params)))
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, y)
        assert_same_state(vars(estimator), before)


def test_a_network_that_stops_when_it_overflows_has_diverged(make_problem):
    """Its last loss is finite, since losses are computed before the step."""
    X, y = np.array([[1.0], [-1.0]] * 5), np.array([0, 1] * 5)
    estimator = small(
        hidden_layer_sizes=(), solver="sgd", momentum=1.0, nesterovs_momentum=False, alpha=0,
        learning_rate_init=1e308, batch_size="full", n_iter_no_change=1, max_iter=50, init="zeros",
    )  # fmt: skip
    # right at once and pushed on by the momentum: 5e307 more in every epoch, until it stops
    with pytest.raises(ValueError, match="non-finite parameter weights: at iteration 4"):
        estimator.fit(X, y)


@every_solver
@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_warns_and_keeps_the_weights_so_far(make_problem, solver, early_stopping):
    X, y = make_problem("binary")
    recorder = Recorder(raise_after=8 if solver == "lbfgs" else 25)
    estimator = small(
        activation=recorder.activation, solver=solver, max_iter=100, hidden_layer_sizes=(7,),
        early_stopping=early_stopping,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="interrupted"):
        estimator.fit(X, y)
    assert 1 < estimator.n_iter_ < 100
    assert len(estimator.loss_curve_) == estimator.n_iter_
    recorder.raise_after = np.inf
    whole = clone(estimator).set_params(max_iter=estimator.n_iter_).fit(X, y)
    assert estimator.loss_curve_ == whole.loss_curve_
    if solver == "lbfgs" or early_stopping:
        # the last weights that were accepted, not a trial step and not half an epoch
        assert_same_fit(estimator, whole)


def test_ctrl_c_in_partial_fit_keeps_what_there_was(make_problem):
    """An epoch that is not finished has nothing to report."""
    X, y = make_problem("binary")
    recorder = Recorder()
    estimator = small(activation=recorder.activation)
    estimator.partial_fit(X, y, classes=[0, 1])
    weights = estimator.coefs_[0].copy()
    recorder.raise_after = len(recorder.blocks) + 1
    with pytest.raises(KeyboardInterrupt):
        estimator.partial_fit(X, y)
    assert_array_equal(estimator.coefs_[0], weights)


# --- many candidates at once ----------------------------------------------------------------------


CANDIDATES = ["he", "zeros", gaussian_with_bias, VarianceScaling(0.5), "lsuv", "sklearn", "random"]
STACKED = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "adaptive": {
        "solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 1,
        "learning_rate_init": 0.05, "max_iter": 30,
    },
    "stopping": {"tol": 5e-3, "n_iter_no_change": 2, "max_iter": 60, "learning_rate_init": 0.01},
    "early": {
        "early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3, "max_iter": 40,
    },
    "lbfgs": {"solver": "lbfgs"},
    "rows": {"solver": "sgd", "row_space": True, "alpha": 0.5},
    "full": {"batch_size": "full", "activation": "mish"},
}  # fmt: skip


@every_kind
@pytest.mark.parametrize("params", STACKED.values(), ids=STACKED)
def test_fit_stack_is_fit_for_every_candidate(make_problem, kind, params):
    X, y = make_problem(kind, n=60, d=80 if params.get("row_space") else 6)
    weight = np.random.default_rng(0).uniform(0, 2, 60)
    estimators = [small(init=init, **params) for init in CANDIDATES]
    histories = fit_stack(estimators, X, y, weight)
    assert len(histories) == len(CANDIDATES)
    stops = set()
    for estimator, history in zip(estimators, histories, strict=True):
        alone = clone(estimator).fit(X, y, weight)
        # random weights of size 10 saturate: rounding in one sum grows on the way
        assert_same_fit(estimator, alone, 1e-7)
        assert set(vars(alone)) - set(vars(estimator)) <= {"_optimizer"}
        assert history.loss_curve == estimator.loss_curve_
        assert_array_equal(estimator.predict(X), alone.predict(X))
        stops.add(estimator.n_iter_)
    assert len(stops) > 1 or params is not STACKED["stopping"]


def test_fit_stack_with_validation_and_watched_rows(make_problem):
    X, y = make_problem("multiclass", n=90)
    validation = (X[50:70], y[50:70], None)
    params = {"early_stopping": True, "max_iter": 25, "n_iter_no_change": 4}
    estimators = [small(init=init, **params) for init in CANDIDATES]
    histories = fit_stack(estimators, X[:50], y[:50], None, validation, watched=(X[70:], y[70:]))
    for estimator, history in zip(estimators, histories, strict=True):
        alone = clone(estimator).fit(X[:50], y[:50], X_val=X[50:70], y_val=y[50:70])
        assert_same_fit(estimator, alone, 1e-7)
        best = int(np.argmax(history.validation_scores))
        # by hand: scikit-learn's log_loss ends at 36, and "random" is worse than that
        expected = -estimator.predict_log_proba(X[70:])[np.arange(20), y[70:]].mean()
        assert_allclose(history.watched_loss_curve[best], expected, rtol=1e-9)


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_one_that_diverges_does_not_disturb_the_others(make_problem, solver):
    X, y = make_problem("multiclass")
    huge = VarianceScaling(1e300)
    params = {"solver": solver, "activation": "identity"}
    estimators = [small(init=init, **params) for init in ("he", huge, "zeros")]
    histories = fit_stack(estimators, X, y)
    if solver == "sgd":
        assert [history.stopped for history in histories] == ["max_iter", "diverged", "max_iter"]
        with pytest.raises(ValueError, match="non-finite parameter weights"):
            clone(estimators[1]).fit(X, y)
    for estimator in estimators[::2]:
        assert_same_fit(estimator, clone(estimator).fit(X, y), 1e-9)


def test_candidates_of_a_stack_share_nothing_afterwards(make_problem):
    X, y = make_problem("multiclass")
    first, second, third = (small(init=init, solver="sgd", momentum=0) for init in ("he",) * 3)
    fit_stack([first, second], X, y)
    third.fit(X, y)
    for estimator in (first, second, third):
        estimator.partial_fit(X, y)
    assert_same_fit(first, third, 1e-9)
    assert_same_fit(second, third, 1e-9)


def test_a_stack_always_starts_anew(make_problem):
    X, y = make_problem("multiclass")
    together = [small(init=init, warm_start=True) for init in ("he", "sklearn")]
    for _ in range(2):
        fit_stack(together, X, y)
        for estimator in together:
            assert_same_fit(estimator, clone(estimator).fit(X, y), 1e-9)


def test_a_stack_can_be_verbose(make_problem, capsys):
    fit_stack([small(init=init, verbose=True, max_iter=2) for init in ("he", "zeros")],
              *make_problem("binary"))  # fmt: skip
    assert capsys.readouterr().out.count("Iteration 2") == 2


def test_fit_stack_lets_ctrl_c_through(make_problem):
    recorder = Recorder(raise_after=25)
    estimators = [small(init=init, activation=recorder.activation) for init in ("he", "zeros")]
    with pytest.raises(KeyboardInterrupt):
        fit_stack(estimators, *make_problem("binary"))


# --- it learns ------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_it_learns(activation):
    X, y = load_iris(return_X_y=True)
    estimator = InitMLPClassifier((16,), activation, random_state=0, learning_rate_init=0.02)
    assert cross_val_score(make_pipeline(StandardScaler(), estimator), X, y, cv=3).mean() > 0.9


def test_the_init_called_sklearn_learns_as_mlpclassifier_does():
    """The law is the same, the random numbers are not: losses agree in the mean over seeds."""
    X, y = make_classification(200, random_state=0)
    losses = [
        [cls(max_iter=20, random_state=seed, **extra).fit(X, y).loss_ for seed in range(12)]
        for cls, extra in ((InitMLPClassifier, {"init": "sklearn"}), (MLPClassifier, {}))
    ]
    difference = np.mean(losses[0]) - np.mean(losses[1])
    error = np.sqrt(sum(np.var(values, ddof=1) / 12 for values in losses))
    assert abs(difference) < 4 * error
