"""Comparisons of regressors: scores, curves and choices are those of fits by hand."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LinearRegression
from sklearn.metrics import (
    mean_poisson_deviance,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler

from skinit import (
    InitComparison,
    InitMLPClassifier,
    InitMLPRegressor,
    compare_initializers,
    rank_initializers,
)
from skinit.comparison.calls import write_call
from skinit.comparison.metrics import r2
from skinit.comparison.tuning import make_inner_split
from skinit.estimators.pipelines import network_prefix

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]

X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = X[:120], y[:120]
COUNTS = np.round(y / 50)
BOTH = np.column_stack([y, 5 - y / 10])
CV = list(KFold(3, shuffle=True, random_state=0).split(X))
NETWORK = InitMLPRegressor(
    hidden_layer_sizes=(6,), activation="tanh", max_iter=12, learning_rate_init=0.01
)
POISSON = clone(NETWORK).set_params(loss="poisson")
SCALED = make_pipeline(StandardScaler(), NETWORK)


def scaled_target(regressor, transformer=None):
    return TransformedTargetRegressor(regressor, transformer=transformer or StandardScaler())


ESTIMATORS = {
    "network": (NETWORK, y),
    "pipeline": (SCALED, y),
    "target": (scaled_target(NETWORK), y),
    "target around a pipeline": (scaled_target(SCALED), y),
    "target in a pipeline": (make_pipeline(StandardScaler(), scaled_target(NETWORK)), y),
    "pipeline, target, pipeline": (
        make_pipeline(
            StandardScaler(),
            scaled_target(make_pipeline(SelectKBest(f_regression, k=4), StandardScaler(), NETWORK)),
        ),
        y,
    ),
    "two targets": (scaled_target(scaled_target(SCALED, PowerTransformer())), y),
    "logarithm": (
        TransformedTargetRegressor(SCALED, func=np.log, inverse_func=np.exp, check_inverse=False),
        y,
    ),
    "poisson": (make_pipeline(StandardScaler(), POISSON), COUNTS),
    "several outputs": (SCALED, BOTH),
    "several scaled outputs": (scaled_target(SCALED), BOTH),
}  # fmt: skip


DEFAULT = ESTIMATORS["target around a pipeline"][0]


def compare(estimator=DEFAULT, X=X, y=y, **kwargs):
    arguments = {"init": ["zeros", "he", "xavier"], "cv": CV, "random_state": 0} | kwargs
    return compare_initializers(estimator, X, y, **arguments)


def fit_alone(estimator, train, y, **params):
    prefix = network_prefix(estimator)
    alone = clone(estimator).set_params(**{f"{prefix}{k}": v for k, v in params.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return alone.fit(X[train], y[train])


@pytest.fixture(scope="module")
def comparison():
    return compare(cv=KFold(5, shuffle=True, random_state=1), n_seeds=2)


# --- Runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ESTIMATORS)
def test_by_hand_it_is_the_same(name):
    estimator, target = ESTIMATORS[name]
    found = compare(estimator, y=target, init=["he", "xavier"])
    assert found.settings.task == "regression"
    for _, run in found.to_frame().iterrows():
        train, test = CV[run["split"]]
        alone = fit_alone(estimator, train, target, init=run["init"], random_state=run["seed"])
        for side, rows in (("test", test), ("train", train)):
            prediction = alone.predict(X[rows])
            for metric, score in (
                ("r2", r2_score(target[rows], prediction)),
                ("root_mean_squared_error", root_mean_squared_error(target[rows], prediction)),
            ):
                assert run[f"{side}_{metric}"] == pytest.approx(score, rel=1e-9)


def test_cross_validate_of_scikit_learn_says_the_same():
    estimator = ESTIMATORS["target in a pipeline"][0]
    found = compare(estimator, init=["he"], scoring=["neg_mean_absolute_error", "r2"])
    for _, run in found.to_frame().iterrows():
        alone = clone(estimator).set_params(
            **{f"{network_prefix(estimator)}{k}": run[column]
               for k, column in (("init", "init"), ("random_state", "seed"))}
        )  # fmt: skip
        scores = cross_validate(
            alone, X, y, cv=[CV[run["split"]]], scoring=["neg_mean_absolute_error", "r2"]
        )
        assert run["test_r2"] == pytest.approx(scores["test_r2"][0], rel=1e-9)
        error = -scores["test_neg_mean_absolute_error"][0]
        assert run["test_mean_absolute_error"] == pytest.approx(error, rel=1e-9)


def test_the_table_does_not_depend_on_jobs():
    tables = [
        compare(n_jobs=n, tune={"learning_rate_init": [0.01, 0.1]}).to_frame() for n in (1, 2)
    ]
    times = ["fit_time", "init_time"]
    pd.testing.assert_frame_equal(*(t.drop(columns=times) for t in tables), check_exact=True)


def test_the_baseline_is_the_training_mean(comparison):
    assert comparison.summary().index[-1] == "training mean"
    splits = KFold(5, shuffle=True, random_state=1).split(X)
    for (train, test), (_, row) in zip(splits, comparison.baseline.iterrows(), strict=True):
        dummy = DummyRegressor().fit(X[train], y[train])
        assert row["test_r2"] == pytest.approx(dummy.score(X[test], y[test]))
        error = root_mean_squared_error(y[test], dummy.predict(X[test]))
        assert row["test_root_mean_squared_error"] == pytest.approx(error)


def test_sample_weights_are_split_with_the_rows():
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    found = compare(SCALED, init=["he"], params={"sample_weight": weight})
    run = found.to_frame().iloc[0]
    train, test = CV[0]
    alone = clone(SCALED).set_params(
        initmlpregressor__init="he", initmlpregressor__random_state=run["seed"]
    )
    alone.fit(X[train], y[train], initmlpregressor__sample_weight=weight[train])
    assert run["test_r2"] == pytest.approx(alone.score(X[test], y[test]), rel=1e-9)


def test_divergence_is_scored_as_the_baseline():
    network = InitMLPRegressor(
        hidden_layer_sizes=(8, 8), activation="identity", solver="sgd", max_iter=60, tol=0
    )
    found = compare(network, X * 100, y, init=["zeros", "random"])
    runs = found.to_frame().query("label == 'random'")
    assert runs["diverged"].all()
    np.testing.assert_array_equal(runs["test_r2"], found.baseline["test_r2"])
    assert "those runs are scored as the training mean" in found.sentence()
    assert "those runs are scored as the training mean" in found.failures["random"]


# --- Curves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "loss", "function"),
    [
        ("network", "squared_error", mean_squared_error),
        ("target around a pipeline", "squared_error", mean_squared_error),
        ("several outputs", "squared_error", mean_squared_error),
        ("poisson", "poisson_deviance", mean_poisson_deviance),
    ],
)
def test_curves_are_in_the_unit_of_the_target(name, loss, function):
    estimator, target = ESTIMATORS[name]
    found = compare(estimator, y=target, init=["he"])
    assert found.settings.curve_loss == loss
    for (split, seed), curve in found.curves().groupby(["split", "seed"]):
        train, test = CV[split]
        alone = fit_alone(estimator, train, target, init="he", random_state=seed)
        last = curve.sort_values("epoch").iloc[-1]
        expected = function(target[test], alone.predict(X[test]))
        assert last["test_loss"] == pytest.approx(expected, rel=1e-9)
    ax = found.plot_curves().ax_
    assert ax.get_ylabel().startswith(
        {"squared_error": "squared error (unit of the target, squared)"}.get(loss, "Poisson")
    )
    is_known = loss == "squared_error"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert ("training mean" in labels) == is_known


@pytest.mark.parametrize("name", ["two targets", "logarithm", "several scaled outputs"])
def test_where_the_unit_is_lost_the_axis_says_so(name):
    estimator, target = ESTIMATORS[name]
    found = compare(estimator, y=target, init=["he"])
    assert found.settings.curve_loss == "transformed_squared_error"
    assert found.plot_curves().ax_.get_ylabel() == "squared error of the transformed target"


def test_epochs_to_target_are_counted_in_the_unit_of_the_curves():
    found = compare(init=["he"], target=float(np.var(y)), cv=CV)
    curves, runs = found.curves(), found.to_frame().set_index("split")
    for split, curve in curves.groupby("split"):
        reached = curve[(curve["train_loss"] <= np.var(y)) & (curve["epoch"] > 0)]["epoch"]
        expected = reached.min() if len(reached) else np.nan
        assert runs.loc[split, "epochs_to_target"] == pytest.approx(expected, nan_ok=True)


# --- Tuning -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "loss", "function"),
    [
        ("target around a pipeline", "squared_error", mean_squared_error),
        ("several outputs", "squared_error", mean_squared_error),
        ("poisson", "poisson_deviance", mean_poisson_deviance),
    ],
)
def test_tuning_by_hand_is_the_same(name, loss, function):
    estimator, target = ESTIMATORS[name]
    rates = [0.001, 0.03, 0.3]
    found = compare(estimator, y=target, init=["he"], tune={"learning_rate_init": rates})
    trials = found.tuning().set_index(["split", "learning_rate_init"])[f"inner_{loss}"]
    for _, run in found.to_frame().iterrows():
        j, seed = run["split"], run["seed"]
        inner = make_inner_split(CV[j][0], target, None, seed, 0.2, j, stratify=False)
        losses = []
        for rate in rates:
            given = {"init": "he", "random_state": seed, "learning_rate_init": rate}
            alone = fit_alone(estimator, inner.train, target, **given)
            losses.append(function(target[inner.test], alone.predict(X[inner.test])))
            assert trials[j, rate] == pytest.approx(losses[-1], rel=1e-9)
        best = rates[int(np.argmin(losses))]
        assert run["learning_rate_init"] == best
        given = {"init": "he", "random_state": seed, "learning_rate_init": best}
        alone = fit_alone(estimator, CV[j][0], target, **given)
        score = r2_score(target[CV[j][1]], alone.predict(X[CV[j][1]]))
        assert run["test_r2"] == pytest.approx(score, rel=1e-9)


def test_what_was_tuned_is_told_in_squared_errors():
    found = compare(tune={"learning_rate_init": [0.001, 0.01, 0.1]}, racing=False)
    page = found.to_html()
    assert "had the best squared error on 20%" in page
    assert "log loss" not in page.lower().replace("verdicts explained", "")
    assert found.plot_tuning().ax_.get_ylabel().startswith("inner squared error (unit of the")
    table = found.compare_at_each_rate()
    assert table.groupby("learning_rate_init")["rank"].min().eq(1).all()
    raced = compare(tune={"learning_rate_init": [0.001, 0.01, 0.1]}, racing=True)
    assert raced.tuning()["eliminated"].any()


# --- Metrics ----------------------------------------------------------------------------------


def test_errors_are_recorded_as_they_are_and_lower_is_better(comparison):
    found = compare(
        scoring={"mae": "neg_mean_absolute_error", "neg_mean_squared_error":
                 "neg_mean_squared_error", "score": "r2"},
        cv=KFold(5, shuffle=True, random_state=1), n_seeds=2,
    )  # fmt: skip
    assert found.metrics == ["mae", "mean_squared_error", "score", "root_mean_squared_error"]
    for name in ("mae", "mean_squared_error", "root_mean_squared_error"):
        assert (found.to_frame()[f"test_{name}"] > 0).all()
        assert not found.settings.metrics[name].greater_is_better
        assert found.candidates(name)["mean"].is_monotonic_increasing
        assert (found.candidates(name)["ci_low"] >= 0).all()
    assert found.candidates()["difference"].iloc[-1] < 0
    assert "has the lowest mae" in found.sentence()
    table = found.to_markdown("mean_squared_error")
    assert "Held-out mean squared error, lower is better (95% interval)" in table
    assert ", positive is better (95% interval)" in table
    assert "highest mean" not in table
    scores = comparison.to_frame()["test_r2"]
    np.testing.assert_array_equal(found.to_frame()["test_score"], scores)


@pytest.mark.parametrize("target", [y, BOTH, np.column_stack([y, np.full(len(y), 3.0)])])
def test_r2_is_that_of_scikit_learn_to_the_last_bit(target):
    for model in (LinearRegression(), DummyRegressor()):
        model.fit(X[:80], target[:80])
        for rows in (slice(0, 80), slice(80, 120), slice(80, 82)):
            assert r2(model, X[rows], target[rows]) == model.score(X[rows], target[rows])
    assert np.isnan(r2(model, X[:1], target[:1]))


def test_one_error_alone_is_enough():
    found = compare(scoring="neg_root_mean_squared_error")
    assert found.metrics == ["root_mean_squared_error"]
    assert list(found.to_frame().columns).count("test_root_mean_squared_error") == 1
    assert found.honest_best > 0
    assert found.summary().index[-1] == "training mean"
    assert "lowest root mean squared error" in found.sentence()


def test_intervals_of_r2_end_at_1_and_nowhere_else():
    found = compare(init=["random", "he"], cv=ShuffleSplit(6, test_size=0.3, random_state=0))
    low, high = found.candidates().loc["random", ["ci_low", "ci_high"]]
    assert low < -1 and high <= 1
    assert found.candidates().loc["he", "ci_low"] < found.candidates().loc["he", "mean"]


def test_ropes_have_the_unit_of_their_metric():
    found = compare(scoring=["r2", "neg_mean_absolute_error"])
    error = found.baseline["test_mean_absolute_error"].mean()
    assert found.rope is None
    assert found._rope_of("r2") == 0.01
    assert found._rope_of("mean_absolute_error") == pytest.approx(0.01 * error, rel=0.05)
    found.rope = 0.05
    assert found._rope_of("r2") == 0.05
    assert found._rope_of("mean_absolute_error") == pytest.approx(0.01 * error, rel=0.05)
    found.rope = {"mean_absolute_error": 3.0}
    assert (found._rope_of("mean_absolute_error"), found._rope_of("r2")) == (3.0, 0.01)
    by_error = compare(scoring=["neg_mean_absolute_error", "r2"], rope=2.0)
    assert by_error._rope_of("mean_absolute_error") == 2.0
    assert by_error._rope_of("r2") == 0.01


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e9])
def test_outcomes_do_not_depend_on_the_unit_of_the_target(unit):
    """Metres or nanometres: the same words, and errors in the other unit."""
    kwargs = {
        "cv": KFold(5, shuffle=True, random_state=1),
        "init": {"zeros": "zeros", "he": "he", "again": "he", "xavier": "xavier"},
        "scoring": ["r2", "neg_mean_squared_error"],
    }
    plain, other = compare(**kwargs), compare(y=unit * y, **kwargs)
    for metric, factor in (
        ("r2", 1), ("mean_squared_error", unit**2), ("root_mean_squared_error", unit)
    ):  # fmt: skip
        one, two = plain.candidates(metric), other.candidates(metric)
        assert list(one["outcome"]) == list(two["outcome"])
        assert list(one["beats_prior"]) == list(two["beats_prior"])
        for name in ("mean", "ci_low", "difference", "sd_splits"):
            np.testing.assert_allclose(two[name] / factor, one[name], rtol=0.01, atol=1e-3)
        np.testing.assert_allclose(two["p_holm"], one["p_holm"], rtol=0.05)
        found, expected = other.resolution(metric) / factor, plain.resolution(metric)
        np.testing.assert_allclose(found, expected, rtol=0.01, atol=1e-3)
    tune = {"learning_rate_init": [0.001, 0.03]}
    tables = [
        compare(y=factor * y, init=["he", "xavier"], tune=tune).compare_at_each_rate()
        for factor in (1, unit)
    ]
    assert list(tables[0]["outcome"]) == list(tables[1]["outcome"])
    np.testing.assert_allclose(tables[0]["p_holm"], tables[1]["p_holm"], rtol=0.05)


def test_what_is_no_better_than_the_mean_is_called_so(comparison):
    assert comparison.summary().loc["zeros", "beats_prior"] == "predicts like"
    assert "zeros predicts like the training mean." in comparison.sentence()
    assert "| Training mean |" in comparison.to_markdown()
    assert "training mean" in comparison.to_latex()


def test_equal_candidates_tie():
    found = compare(init={"he": "he", "again": "he"})
    assert "each tie with it" in found.sentence() or "the same mean" in found.sentence()
    assert found.pairwise()["difference"].eq(0).all()


def test_differences_are_drawn_the_right_way_round():
    found = compare(scoring="neg_root_mean_squared_error")
    display = found.plot_differences()
    assert display.ax_ is not None
    assert found.plot_scores().ax_.get_xlabel().startswith("root mean squared error (unit of")


# --- Splits -----------------------------------------------------------------------------------


def test_folds_are_shuffled_repeated_and_not_stratified():
    found = compare(cv=None, init=["he"], curves=False)
    assert found.settings.splits.cv == "5 folds, repeated twice"
    assert found.settings.splits.repeats == (0,) * 5 + (1,) * 5
    few = compare(cv=4, init=["he"], curves=False)
    assert few.settings.splits.n == 4


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize("cv", [None, 3, GroupKFold(3)])
def test_groups_stay_together(cv):
    groups = np.arange(len(y)) // 6
    found = compare(cv=cv, init=["he"], groups=groups, curves=False,
                    tune={"alpha": [0.1, 1.0]})  # fmt: skip
    assert found.settings.splits.n == (10 if cv is None else 3)
    assert np.isfinite(found.honest_best) or cv is not None
    with pytest.raises(ValueError, match="is in both parts of split"):
        compare(cv=KFold(3, shuffle=True, random_state=0), init=["he"], groups=groups)


# --- Files and calls --------------------------------------------------------------------------


def test_it_is_saved_and_continued(tmp_path):
    whole = compare(checkpoint=tmp_path / "c")
    lines = (tmp_path / "c").read_text().splitlines(keepends=True)
    (tmp_path / "c").write_text("".join(lines[:-1]))
    again = compare(checkpoint=tmp_path / "c")
    again.save(tmp_path / "c.json")
    loaded = InitComparison.load(tmp_path / "c.json")
    for other in (again, loaded):
        assert other.sentence() == whole.sentence()
        pd.testing.assert_frame_equal(other.summary(), whole.summary())
    assert loaded.rope is None
    assert loaded.settings.kind.baseline == "training mean"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_call_repeats_the_comparison(name):
    if name == "logarithm":
        pytest.skip("a function is known by its name alone")
    estimator, target = ESTIMATORS[name]
    first = compare(
        estimator, y=target, init=["he"], cv=3, scoring=["r2", "neg_mean_absolute_error"]
    )
    names = {
        "X": X, "y": target, "make_pipeline": make_pipeline, "StandardScaler": StandardScaler,
        "PowerTransformer": PowerTransformer, "InitMLPRegressor": InitMLPRegressor,
        "TransformedTargetRegressor": TransformedTargetRegressor, "f_regression": f_regression,
        "SelectKBest": SelectKBest, "compare_initializers": compare_initializers,
    }  # fmt: skip
    again = eval(write_call(first.settings, None, first.rope), names)
    times = ["fit_time", "init_time"]
    pd.testing.assert_frame_equal(
        again.to_frame().drop(columns=times), first.to_frame().drop(columns=times)
    )


def test_the_report_speaks_of_numbers(comparison):
    page = comparison.to_html()
    assert "Held-out R² (95% interval)" in page
    assert re.search(r"mean 14\d\.\d+, standard deviation", page)
    assert "Rows per class" not in page
    assert "target was transformed by StandardScaler()." in comparison.methods().paragraph
    assert "a target from " in comparison.methods().paragraph


def test_starts_are_diagnosed(comparison):
    assert comparison.summary().loc["zeros", "diagnosis"] == "INIT01"


# --- Ranking ----------------------------------------------------------------------------------


def test_ranks_of_errors_are_of_the_lowest():
    parts = {
        name: compare(X=X[rows], y=y[rows], cv=3, scoring="neg_root_mean_squared_error", rope=1.0)
        for name, rows in (("first", slice(0, 60)), ("second", slice(60, 120)))
    }
    ranking = rank_initializers(parts, independent=True)
    assert ranking.mean_ranks.index[-1] == "zeros"
    assert (ranking.scores > 0).all(axis=None)


def test_classes_and_numbers_are_not_ranked_together():
    network = InitMLPClassifier((4,), max_iter=5)
    classes = compare(network, y=(y > 150).astype(int), cv=3)
    with pytest.raises(ValueError, match=r"use one scorer"):
        rank_initializers({"a": compare(), "b": classes})


# --- Arguments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"y": np.array(["a", "b"] * 60)}, "must hold numbers.*'a'; InitMLPClassifier predicts"),
        ({"y": np.array([1.5, "b"] * 60, dtype=object)}, "must hold numbers.*'b'"),
        ({"y": np.full(120, 3.0)}, "one value only, 3.0: there is nothing to learn"),
        ({"y": np.where(np.arange(120) == 7, np.nan, y)}, "not finite"),
        ({"y": np.zeros((120, 2, 2))}, "one or several per row"),
        ({"y": None}, "needs the target of every row"),
        ({"cv": 200}, "200 folds need 200 rows, but there are 120: use fewer folds"),
        ({"scoring": "accuracy"}, "No candidate can be scored on split 0"),
        ({"cv": 120}, "scored on split 0: 'r2' is NaN. R² needs two test rows or more"),
        ({"scoring": "RMSE"}, "Unknown scorer 'RMSE'. Did you mean 'neg_root_mean_squared_error'"),
        ({"scoring": []}, "scoring is empty"),
        ({"scoring": ["max_error", {"a": "r2"}]}, "mapping of name to scorer"),
        ({"rope": {"rmse": 1.0}}, "there is no metric 'rmse'"),
        ({"init": {"training mean": "he"}}, "cannot be called 'training mean'"),
        ({"estimator": LinearRegression()}, "around one, got LinearRegression"),
        ({"estimator": TransformedTargetRegressor()}, "around one, got NoneType"),
        ({"estimator": InitMLPRegressor}, r"got the class InitMLPRegressor \(write InitMLPRegr"),
        (
            {"estimator": Pipeline([("a", scaled_target(NETWORK)), ("b", NETWORK)])},
            "'a'|has no transform|intermediate",
        ),
    ],
)
def test_bad_input_gets_one_sentence(kwargs, message):
    with pytest.raises((ValueError, TypeError), match=message):
        compare(**kwargs)
