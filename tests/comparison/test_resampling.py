"""Comparisons of pipelines that resample, as those of imbalanced-learn do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, diagnose
from tests.comparison.comparison_tools import compare

pytest.importorskip("imblearn")

from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler

X, y = make_classification(240, 6, weights=[0.8], class_sep=1.5, random_state=0)
NETWORK = InitMLPClassifier((6,), "tanh", max_iter=40, learning_rate_init=0.02)
REORDERED = FunctionSampler(func=lambda X, y: (X[::-1], y[::-1]))


@pytest.mark.parametrize(
    "steps",
    [
        (StandardScaler(), RandomUnderSampler(random_state=0)),
        (SMOTE(random_state=0), StandardScaler()),
        (StandardScaler(), SMOTE(random_state=0), StandardScaler()),
        (REORDERED,),
    ],
    ids=["last", "first", "middle", "reordered"],
)
@pytest.mark.parametrize("curves", [True, False])
def test_every_run_is_that_of_the_pipeline_alone(steps, curves):
    pipeline = make_pipeline(*steps, NETWORK)
    cv = list(StratifiedKFold(2).split(X, y))
    comparison = compare(
        pipeline, X, y, init=["he", "xavier"], cv=cv, scoring="balanced_accuracy", curves=curves
    )
    assert comparison.rho == 1, "rows count as they were split, before they are resampled"
    for row in comparison.to_frame().itertuples():
        alone = clone(pipeline).set_params(
            initmlpclassifier__init=row.label, initmlpclassifier__random_state=row.seed
        )
        train, test = cv[row.split]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alone.fit(X[train], y[train])
        for rows, loss, score in (
            (test, row.test_log_loss, row.test_balanced_accuracy),
            (train, row.train_log_loss, row.train_balanced_accuracy),
        ):
            assert log_loss(y[rows], alone.predict_proba(X[rows])) == pytest.approx(loss, rel=1e-9)
            assert balanced_accuracy_score(y[rows], alone.predict(X[rows])) == score


def test_the_start_is_diagnosed_on_the_rows_that_are_trained_on():
    comparison = compare(make_pipeline(SMOTE(random_state=0), NETWORK), X, y, init=["zeros"], cv=2)
    assert comparison.summary().loc["zeros", "diagnosis"] == "INIT01"
    network = clone(NETWORK).set_params(init="zeros")
    diagnosis = diagnose(make_pipeline(REORDERED, network), X, y)
    assert diagnosis.verdicts[0].code == "INIT01"
    fitted = make_pipeline(SMOTE(random_state=0), clone(NETWORK))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted.fit(X, y)
    assert diagnose(fitted, X, y).to_frame().shape[0] == 2


def test_what_cannot_be_is_refused_by_the_name_of_the_step():
    with pytest.raises(ValueError, match="Step 'smote' resamples rows, which scikit-learn's"):
        compare(Pipeline([("smote", SMOTE()), ("network", NETWORK)]), X, y, init=["he"])
    with pytest.raises(ValueError, match=r"sample_weight belongs to the rows.*step 'smote'"):
        compare(
            make_pipeline(SMOTE(), NETWORK), X, y, init=["he"],
            params={"sample_weight": np.ones(len(y))},
        )  # fmt: skip
    with pytest.raises(ValueError, match="must be an InitMLPClassifier, an InitMLPRegressor, or"):
        compare(make_pipeline(NETWORK, SMOTE()), X, y, init=["he"])
