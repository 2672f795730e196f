"""What is particular to numbers: their forms, their errors, two models that are known exactly."""

from __future__ import annotations

import copy
import inspect
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import is_regressor
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.linear_model import PoissonRegressor, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPRegressor
from skinit.estimators.base import fit_stack
from tests.estimators.estimator_cases import assert_same_fit, assert_same_state, every_solver

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
    "ignore::skinit.InitializationWarning",
    "ignore:.*It is going to be clipped",
)
KINDS = {"number": "squared_error", "numbers": "squared_error", "count": "poisson",
         "counts": "poisson"}  # fmt: skip
every_kind = pytest.mark.parametrize("kind", KINDS)
every_loss = pytest.mark.parametrize("loss", ["squared_error", "poisson"])


def small(**params):
    """Return an estimator that trains in milliseconds."""
    defaults = {"hidden_layer_sizes": (7, 4), "max_iter": 6, "random_state": 3, "batch_size": 16}
    return InitMLPRegressor(**defaults | params)


# --- The face ---------------------------------------------------------------------------------


def test_parameters_are_those_of_mlpregressor_and_two_more():
    ours, theirs = InitMLPRegressor().get_params(), MLPRegressor().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    assert "init" in set(ours) - set(theirs)
    assert "class_weight" not in ours
    positional = [
        [p.name for p in inspect.signature(c).parameters.values() if p.kind != p.KEYWORD_ONLY]
        for c in (InitMLPRegressor, MLPRegressor)
    ]
    assert positional[0] == positional[1]
    assert is_regressor(InitMLPRegressor())


@every_solver
@pytest.mark.parametrize("early_stopping", [False, True])
def test_attributes_are_those_of_mlpregressor(make_problem, solver, early_stopping):
    X, y = make_problem("numbers")
    params = {"solver": solver, "early_stopping": early_stopping, "max_iter": 3}
    ours, theirs = InitMLPRegressor(**params).fit(X, y), MLPRegressor(**params).fit(X, y)
    for name, value in vars(theirs).items():
        if name.endswith("_") and not name.startswith("_"):
            assert type(getattr(ours, name)) is type(value) or isinstance(value, float), name
    assert not hasattr(ours, "classes_")
    assert not hasattr(ours, "predict_proba")


def test_methods_take_what_those_of_mlpregressor_take():
    for name in ("predict", "partial_fit", "score"):
        ours, theirs = (getattr(c, name) for c in (InitMLPRegressor, MLPRegressor))
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        )
    with pytest.raises(NotFittedError):
        InitMLPRegressor().predict([[1.0]])
    assert not hasattr(InitMLPRegressor(solver="lbfgs"), "partial_fit")


def test_other_losses_are_refused():
    with pytest.raises(ValueError, match="The 'loss' parameter of InitMLPRegressor must be a str"):
        InitMLPRegressor("absolute_error").fit([[0.0], [1.0]], [0.0, 1.0])


@every_kind
@every_solver
def test_the_twin_in_scikit_learn_predicts_the_same_and_trains_on(make_problem, kind, solver):
    X, y = make_problem(kind)
    ours = small(loss=KINDS[kind], solver=solver, batch_size="full").fit(X, y)
    twin = ours.to_sklearn()
    assert type(twin) is MLPRegressor
    assert_array_equal(twin.predict(X), ours.predict(X))
    assert twin.score(X, y) == ours.score(X, y)
    twin.set_params(warm_start=True, max_iter=50).fit(X, y)
    assert twin.loss_ < ours.loss_


def test_activations_that_the_twin_has_not_are_refused(make_problem):
    X, y = make_problem("number")
    with pytest.raises(ValueError, match="MLPRegressor has no activation 'gelu'"):
        small(activation="gelu").fit(X, y).to_sklearn()


# --- Targets ----------------------------------------------------------------------------------

FORMS = {
    "list": list,
    "series": lambda y: pd.Series(y, index=range(9, 9 + len(y))),
    "nullable": lambda y: pd.Series(y, dtype="Float64"),
    "objects": lambda y: y.astype(object),
    "decimals": lambda y: np.array([Decimal(v) for v in y], dtype=object),
    "other byte order": lambda y: y.astype(">f8"),
    "long": lambda y: y.astype(np.longdouble),
    "read only": lambda y: np.frombuffer(y.tobytes()),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_numbers_of_every_form(make_problem, form):
    X, y = make_problem("number")
    expected = small(early_stopping=True).fit(X, y)
    found = small(early_stopping=True).fit(X, form(y))
    assert_same_fit(found, expected)
    assert found.predict(X).shape == y.shape


@pytest.mark.parametrize("dtype", [int, np.uint8, bool, ">i4", np.float16, np.float32])
def test_numbers_of_other_types(make_problem, dtype):
    X, y = make_problem("count")
    y = y.astype(dtype)
    assert_same_fit(small().fit(X, y), small().fit(X, y.astype(float)))


@every_loss
def test_a_column_warns_and_is_a_single_output(make_problem, loss):
    X, y = make_problem("count")
    expected = small(loss=loss).fit(X, y)
    for column in (y[:, None], pd.DataFrame({"price": y})):
        with pytest.warns(DataConversionWarning, match="column-vector"):
            found = small(loss=loss).fit(X, column)
        assert_same_fit(found, expected)
        assert found.predict(X).shape == (45,)


def test_several_outputs_may_be_a_frame_or_sparse(make_problem):
    X, y = make_problem("numbers")
    expected = small().fit(X, y)
    for form in (pd.DataFrame(y, columns=list("abc")), csr_matrix(y), y.tolist()):
        assert_same_fit(small().fit(X, form), expected)
    assert expected.predict(X).shape == (45, 3)
    assert expected.n_outputs_ == 3


BAD = [
    (np.array([1.0, np.nan, 2.0]), "Input y contains NaN"),
    (np.array([1.0, np.inf, 2.0]), "Input y contains infinity"),
    (
        np.array([1.0, None, 2.0], dtype=object),
        "`y` has values that are not finite .*: fill them in",
    ),
    (pd.Series([1, None, 2], dtype="Int64"), "Input y contains NaN"),
    (np.array([1, pd.NA, 2], dtype=object), "Input y contains NaN"),
    (np.array(["a", "b", "c"]), "`y` must hold numbers, got values such as 'a'"),
    (np.array(["a", 1, 2], dtype=object), "`y` must hold numbers, got values such as 'a'"),
    (pd.Series(["x", "y", "x"], dtype="category"), "must hold numbers, got values such as 'x'"),
    (pd.date_range("2026-01-01", periods=3), "`y` must hold numbers, got values such as '2026"),
    (np.array([1 + 2j, 1, 2]), "Complex data not supported"),
    (np.zeros((3, 2, 2)), "Found array with dim 3"),
    (np.zeros((3, 0)), "0 feature"),
    (np.zeros(2), "inconsistent numbers of samples"),
    (np.array([0, 1e200, 0]), "`y` has values of up to 1e.200, whose squares are too large"),
    (np.array([0, 1e-200, 0]), "`y` has differences of 1e-200 at most, whose squares are too sma"),
    (np.array([[1, 0], [1, 1e-200], [1, 0]]), "`y` has differences of 1e-200 at most"),
    (None, "requires y to be passed"),
]


@every_loss
@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize(("y", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_what_cannot_be_learned_gets_one_error_and_changes_nothing(loss, fitted, y, message):
    X = np.eye(3)
    estimator = small(loss=loss)
    if fitted:
        estimator.fit(X, [0.0, 1.0, 2.0])
    before = copy.deepcopy(vars(estimator))
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)
    assert_same_state(vars(estimator), before)


@pytest.mark.parametrize(("y", "message"), BAD[:2] + BAD[5:7], ids=lambda value: str(value)[:30])
def test_bad_targets_of_a_validation_set_are_named(y, message):
    X = np.eye(3)
    name = message.replace("`y`", "y_val").replace("Input y contains NaN", "y_val has values")
    name = name.replace("Input y contains infinity", "y_val has values that are not finite")
    with pytest.raises(ValueError, match=name):
        small(early_stopping=True).fit(X, [0.0, 1.0, 2.0], X_val=X, y_val=y)


def test_one_row_of_a_validation_set_has_no_r2():
    X, y = np.eye(3), [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="X_val has 1 row: R², which early stopping watches, need"):
        small(early_stopping=True).fit(X, y, X_val=X[:1], y_val=y[:1])


def test_targets_beyond_float32_are_an_error_that_says_so():
    for value, message in ((1e30, "too large"), (1e-30, "too small"), (1e-60, "too small")):
        with pytest.raises(ValueError, match=f"{message} for float32, the dtype of X"):
            small().fit(np.eye(3, dtype=np.float32), [0.0, value, 0.0])


@pytest.mark.parametrize("where", ["fit", "partial_fit", "warm_start", "y_val"])
def test_negative_targets_are_refused_by_poisson_alone(where):
    X, y, bad = np.eye(3), np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, -0.5])
    early = where == "y_val"
    estimator = small(loss="poisson", warm_start=where == "warm_start", early_stopping=early)
    if where in ("partial_fit", "warm_start"):
        estimator.fit(X, y)
    call = estimator.partial_fit if where == "partial_fit" else estimator.fit
    args = {"y": y, "X_val": X, "y_val": bad} if early else {"y": bad}
    message = "negative values \\(the smallest is -0.5\\), which loss='poisson' is not defined for"
    with pytest.raises(ValueError, match=message):
        call(X, **args)
    small().fit(X, bad)


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_another_number_of_outputs_cannot_go_on(make_problem, call):
    X, y = make_problem("numbers")
    estimator = small(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="`y` has 2 outputs; the estimator was fitted with 3"):
        getattr(estimator, call)(X, y[:, :2])


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_another_loss_cannot_go_on(make_problem, call):
    X, y = make_problem("count")
    estimator = small(warm_start=True).fit(X, y)
    expected = estimator.predict(X)
    estimator.set_params(loss="poisson")
    assert_array_equal(estimator.predict(X), expected)
    with pytest.raises(ValueError, match="with the loss of the previous call to fit, 'squared"):
        getattr(estimator, call)(X, y)
    estimator.set_params(warm_start=False).fit(X, y)
    assert estimator.out_activation_ == "exp"


@every_loss
@every_solver
@pytest.mark.parametrize("level", [0.0, 0.1, 3.0, 1e6])
def test_constant_targets_are_learned(loss, solver, level):
    if (loss, solver, level) == ("poisson", "sgd", 1e6):
        pytest.skip("the gradient of a count grows with it: descent diverges")
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.full(40, level)
    estimator = small(loss=loss, solver=solver, early_stopping=True, learning_rate_init=1e-4)
    predicted = estimator.fit(X, y).predict(X)
    assert np.isfinite(predicted).all()
    # the start is the mean; what the weights add to it is of size 1 at most
    assert np.abs(predicted - level).max() < max(1.0, level)
    if solver != "lbfgs":
        assert all(score == 0 or score == 1 for score in estimator.validation_scores_)


@every_solver
@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e-8, 1e8, 1e30, 1e140])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_targets_of_any_scale_end_in_numbers_or_in_an_error(solver, scale, early_stopping):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    estimator = small(solver=solver, early_stopping=early_stopping)
    try:
        estimator.fit(X, scale * X[:, 0])
    except ValueError as error:
        # Both ends are right.
        assert "non-finite" in str(error) or "squares are too small" in str(error)  # noqa: PT017
    else:
        assert np.isfinite(estimator.predict(X)).all()


def test_a_divergence_names_the_targets_too():
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(
        ValueError, match=r"Scale the inputs .* and the targets \(TransformedTarget"
    ):
        small(solver="sgd", activation="identity", learning_rate_init=1.0).fit(X, 1e6 * X[:, 0])


# --- Starts -----------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("weighted", [False, True])
def test_auto_starts_at_the_best_constant_prediction(make_problem, kind, weighted):
    X, y = make_problem(kind)
    y = 5 + 100 * y if KINDS[kind] == "squared_error" else 100 * y
    weight = np.random.default_rng(0).uniform(0.1, 3, 45) if weighted else None
    estimator = small(loss=KINDS[kind], learning_rate_init=1e-12, max_iter=1).fit(X, y, weight)
    mean = np.average(y, axis=0, weights=weight)
    expected = mean if KINDS[kind] == "squared_error" else np.log(mean)
    assert_allclose(estimator.intercepts_[-1], np.atleast_1d(expected), rtol=1e-6)
    assert "mean of y" in estimator.initializers_[-1].bias_formula


@every_loss
def test_counts_that_are_all_zero_have_a_start(loss):
    estimator = small(loss=loss).fit(np.eye(3), np.zeros(3))
    assert np.isfinite(estimator.predict(np.eye(3))).all()


def test_sklearn_starts_as_scikit_learn_does(make_problem):
    """By its law: Glorot's uniform with biases."""
    X, y = make_problem("number")
    estimator = small(init="sklearn", learning_rate_init=1e-12, max_iter=1).fit(X, y)
    bound = np.sqrt(6 / (7 + 4))
    assert np.abs(estimator.coefs_[1]).max() <= bound
    assert np.abs(estimator.intercepts_[1]).max() <= bound


# --- Against what is known exactly ------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_poisson_without_hidden_layers_is_a_generalized_linear_model(make_problem, alpha, weighted):
    """scikit-learn's penalty is not divided by the number of rows, or the sum of their weights."""
    X, y = make_problem("count", n=200)
    weight = np.random.default_rng(0).uniform(0.1, 3, 200) if weighted else None
    total = 200 if weight is None else weight.sum()
    glm = PoissonRegressor(alpha=alpha, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    glm.fit(X, y, weight)
    descent = {"solver": "sgd", "batch_size": "full", "learning_rate_init": 0.1, "tol": 0,
               "n_iter_no_change": np.inf, "max_iter": 3000}  # fmt: skip
    for params, tolerance in ((descent, 1e-7), ({"solver": "lbfgs", "tol": 1e-12}, 1e-4)):
        ours = InitMLPRegressor("poisson", (), alpha=alpha * total, random_state=0, **params).fit(
            X, y, weight
        )
        assert_allclose(ours.coefs_[0][:, 0], glm.coef_, rtol=tolerance, atol=tolerance)
        assert_allclose(ours.intercepts_[0][0], glm.intercept_, rtol=tolerance, atol=tolerance)
        assert_allclose(ours.predict(X), glm.predict(X), rtol=tolerance)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["number", "numbers"])
def test_squared_error_without_hidden_layers_is_ridge_regression(make_problem, kind, weighted):
    X, y = make_problem(kind, n=200)
    weight = np.random.default_rng(0).uniform(0.1, 3, 200) if weighted else None
    ridge = Ridge(alpha=7.0).fit(X, y, weight)
    # by a solver whose steps follow the gradient alone: with several outputs, the value is another
    ours = InitMLPRegressor(
        hidden_layer_sizes=(), solver="sgd", alpha=7.0, tol=0, batch_size="full", max_iter=3000,
        learning_rate_init=0.1, n_iter_no_change=np.inf, random_state=0,
    ).fit(X, y, weight)  # fmt: skip
    assert_allclose(ours.predict(X), ridge.predict(X), rtol=1e-6, atol=1e-8)


@every_kind
def test_gradients_are_finite_differences(make_problem, kind):
    """Of the loss that is printed, after one step of descent from given weights."""
    X, y = make_problem(kind)
    rng = np.random.default_rng(1)
    n_outputs = 1 if y.ndim == 1 else 3
    layers = [(rng.normal(size=(6, 5)) / 3, rng.normal(size=5)),
              (rng.normal(size=(5, n_outputs)) / 3, rng.normal(size=n_outputs))]  # fmt: skip

    def one_step(layers, rate):
        return InitMLPRegressor(
            KINDS[kind], (5,), "tanh", init=layers, solver="sgd", momentum=0, alpha=0.3,
            learning_rate_init=rate, batch_size="full", max_iter=1,
        ).fit(X, y)  # fmt: skip

    moved = one_step(layers, 1e-3)
    for i, (W, _) in enumerate(layers):
        for place in [(0, 0), (4, 0), (2, W.shape[1] - 1)]:
            losses = []
            for sign in (1, -1):
                other = copy.deepcopy(layers)
                other[i][0][place] += sign * 1e-5
                values = one_step(other, 1e-12).loss_
                penalty = 0.3 / 2 / 45 * sum(float(np.square(V).sum()) for V, _ in other)
                # The printed loss is the mean over outputs, the trained one their sum.
                factor = n_outputs if KINDS[kind] == "squared_error" else 1
                losses.append(factor * (values - penalty) + penalty)
            slope = (losses[0] - losses[1]) / 2e-5
            assert_allclose((W - moved.coefs_[i])[place] / 1e-3, slope, rtol=1e-5, atol=1e-7)


# --- Training ---------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("own_set", [False, True])
def test_early_stopping_keeps_the_weights_of_the_best_r2(make_problem, kind, own_set):
    X, y = make_problem(kind, n=90)
    sides, train = {}, slice(None)
    if own_set:
        sides, train = {"X_val": X[60:], "y_val": y[60:]}, slice(60)
    estimator = small(
        loss=KINDS[kind], early_stopping=True, max_iter=60, learning_rate_init=0.02,
        validation_fraction=0.3, n_iter_no_change=5,
    ).fit(X[train], y[train], **sides)  # fmt: skip
    scores = estimator.validation_scores_
    assert estimator.best_validation_score_ == max(scores)
    assert len(scores) == estimator.n_iter_ == len(estimator.validation_loss_curve_)
    if own_set:
        expected = r2_score(y[60:], estimator.predict(X[60:]))
        assert_allclose(estimator.best_validation_score_, expected, rtol=1e-9)


@every_kind
def test_members_of_a_stack_are_what_they_are_alone(make_problem, kind):
    X, y = make_problem(kind)
    members = [small(loss=KINDS[kind], init=init) for init in ("auto", "he", "sklearn")]
    fit_stack(members, X, y)
    for member, init in zip(members, ("auto", "he", "sklearn"), strict=True):
        assert_same_fit(member, small(loss=KINDS[kind], init=init).fit(X, y), 1e-9)


@every_kind
@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_the_row_space_changes_nothing(make_problem, kind, solver):
    X, y = make_problem(kind, d=120)
    X = X / 10
    params = {"loss": KINDS[kind], "solver": solver, "learning_rate_init": 0.01, "alpha": 0.1}
    direct = small(row_space=False, **params).fit(X, y)
    assert_same_fit(small(row_space=True, **params).fit(X, y), direct, 1e-7)


def test_weights_of_zero_leave_rows_out_and_of_two_double_them(make_problem):
    X, y = make_problem("counts")
    weight = np.random.default_rng(0).integers(0, 3, 45).astype(float)
    repeated = np.repeat(np.arange(45), weight.astype(int))
    params = {"loss": "poisson", "batch_size": "full"}
    expected = small(**params).fit(X[repeated], y[repeated])
    assert_same_fit(small(**params).fit(X, y, weight), expected, 1e-9)


def test_it_works_in_searches_and_pipelines(make_problem):
    X, _ = make_problem("number", n=90)
    y = X[:, 0] + X[:, 1] ** 2
    model = make_pipeline(StandardScaler(), small(max_iter=30, learning_rate_init=0.05))
    search = GridSearchCV(model, {"initmlpregressor__init": ["he", "zeros", "auto"]}, cv=3)
    assert search.fit(X, y).best_params_["initmlpregressor__init"] != "zeros"
    assert len(cross_val_score(model, X, y, cv=3)) == 3


def test_it_learns(make_problem):
    X, y = make_problem("numbers", n=300)
    estimator = InitMLPRegressor(max_iter=100, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert estimator.score(X, y) > 0.9
