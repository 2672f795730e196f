"""The estimators inside what others wrote."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV, cross_val_score, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, InitMLPRegressor, InitMLPSearchCV, compare_initializers
from skinit.initializers import VarianceScaling

X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
NUMBERS = X[:, 3] * 2 + 1

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network(**params):
    return InitMLPClassifier((6,), "tanh", solver="lbfgs", max_iter=50, random_state=0, **params)


def regressor(**params):
    return InitMLPRegressor(
        hidden_layer_sizes=(6,), solver="lbfgs", max_iter=50, random_state=0, **params
    )


AROUND = {
    "calibration": CalibratedClassifierCV(network(), cv=3),
    "stacking": StackingClassifier(
        [("he", network(init="he")), ("lsuv", network(init="lsuv"))], LogisticRegression(), cv=3
    ),
    "voting": VotingClassifier([("he", network(init="he"))], voting="soft"),
    "one against the rest": OneVsRestClassifier(network()),
}


@pytest.mark.parametrize("classifier", AROUND.values(), ids=AROUND)
def test_classifiers_around_ours(classifier):
    assert cross_val_score(classifier, X, y, cv=3).mean() > 0.9


def test_a_chain_of_labels():
    Y = np.c_[y > 0, y > 1].astype(int)
    assert ClassifierChain(network()).fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize(
    "around",
    [
        TransformedTargetRegressor(regressor(), transformer=StandardScaler()),
        BaggingRegressor(regressor(), n_estimators=2, random_state=0),
    ],
)
def test_regressors_around_ours(around):
    assert around.fit(X, NUMBERS).score(X, NUMBERS) > 0.9


def test_an_output_each():
    Y = np.c_[NUMBERS, -NUMBERS]
    assert MultiOutputRegressor(regressor()).fit(X, Y).score(X, Y) > 0.9


def test_permutation_importance_finds_the_column():
    importance = permutation_importance(regressor().fit(X, NUMBERS), X, NUMBERS, random_state=0)
    assert importance.importances_mean.argmax() == 3


@pytest.mark.filterwarnings("ignore:INIT01")
def test_halving_reaches_into_the_initializer():
    search = HalvingGridSearchCV(
        network(init=VarianceScaling()), {"init__scale": [0.0, 1.0]}, cv=3, random_state=0
    )
    assert search.fit(X, y).best_params_ == {"init__scale": 1.0}


def test_data_frames_of_polars_in():
    polars = pytest.importorskip("polars", reason="another library of data frames")
    frame = polars.DataFrame(X, schema=["a", "b", "c", "d"])
    labels = polars.Series(np.array(["x", "y", "z"])[y])
    fitted = network().fit(frame, labels)
    assert list(fitted.feature_names_in_) == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(
        fitted.predict_proba(frame), network().fit(X, labels.to_numpy()).predict_proba(X)
    )


def test_data_frames_of_pandas_in():
    names = ["a", "b", "c", "d"]
    frame = pd.DataFrame(X, columns=names)
    labels = pd.Series(np.array(["x", "y", "z"])[y], dtype="category")
    fitted = network().fit(frame, labels)
    assert list(fitted.feature_names_in_) == names
    np.testing.assert_array_equal(fitted.classes_, ["x", "y", "z"])
    np.testing.assert_array_equal(
        fitted.predict_proba(frame), network().fit(X, labels.to_numpy()).predict_proba(X)
    )
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[names[::-1]])
    numbers = regressor().fit(frame, pd.Series(NUMBERS, name="width"))
    assert numbers.predict(frame).shape == (len(X),)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_into_a_comparison_and_a_search(library):
    frames = pytest.importorskip(library, reason="a library of data frames")
    frame = frames.DataFrame(dict(zip("abcd", X.T, strict=True)))
    labels = frames.Series(np.array(["x", "y", "z"])[y])
    plan = {"init": ["he", "xavier"], "cv": 3, "random_state": 0, "progress": False}
    model = make_pipeline(StandardScaler(), network())
    found, expected = (
        compare_initializers(model, *data, **plan).to_frame()["test_log_loss"]
        for data in ((frame, labels), (X, labels.to_numpy()))
    )
    # Columns are laid out in another way, so that means are summed in another order.
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    search = InitMLPSearchCV(model, {"initmlpclassifier__init": ["he"]}, cv=3).fit(frame, labels)
    assert search.score(frame, labels) > 0.9


MODELS = {
    "classifier": (network(), y),
    "classifier in a pipeline": (make_pipeline(StandardScaler(), network()), y),
    "two classes": (make_pipeline(StandardScaler(), network()), y == 1),
    "search": (InitMLPSearchCV(network(), {"init": ["he", "xavier"]}, cv=2), y),
    "regressor": (regressor(), NUMBERS),
    "regressor in a pipeline": (make_pipeline(StandardScaler(), regressor()), NUMBERS),
    "targets transformed": (
        TransformedTargetRegressor(regressor(), transformer=StandardScaler()), NUMBERS,
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # those of skore and what it loads
@pytest.mark.parametrize(("model", "target"), MODELS.values(), ids=MODELS)
def test_reports_of_skore(model, target):
    skore = pytest.importorskip("skore", reason="another library of reports")
    train, test = train_test_split(np.arange(len(X)), random_state=0)
    data = {
        "X_train": X[train], "y_train": target[train], "X_test": X[test], "y_test": target[test]
    }  # fmt: skip
    report = skore.EstimatorReport(model, **data)
    score = clone(model).fit(X[train], target[train]).score(X[test], target[test])
    name = "r2" if is_regressor(model) else "accuracy"
    assert getattr(report.metrics, name)() == pytest.approx(score)
    assert name in report.metrics.summarize().frame().to_string()
    drawn = report.metrics.prediction_error if is_regressor(model) else report.metrics.roc
    drawn().plot()
    assert len(report.inspection.permutation_importance().frame()) == X.shape[1]
    folds = skore.CrossValidationReport(model, X, target, splitter=3)
    assert name in folds.metrics.summarize().frame().to_string()
    both = skore.ComparisonReport({"one": report, "other": skore.EstimatorReport(model, **data)})
    table = both.metrics.summarize().frame()
    np.testing.assert_array_equal(table["one"][:2], table["other"][:2])


def test_a_study_of_optuna():
    optuna = pytest.importorskip("optuna", reason="another search")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial):
        init = trial.suggest_categorical("init", ["zeros", "he"])
        return cross_val_score(network(init=init), X, y, cv=3).mean()

    sampler = optuna.samplers.GridSampler({"init": ["zeros", "he"]}, seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    with pytest.warns(UserWarning, match="INIT01"):
        study.optimize(objective)
    assert study.best_params == {"init": "he"}
