"""Metrics and scorers of a comparison."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    get_scorer,
    get_scorer_names,
    make_scorer,
    mean_poisson_deviance,
)

from skinit.comparison import metrics
from skinit.comparison.metrics import (
    FAST_SCORERS,
    balanced_accuracy,
    make_class_scorers,
    suggest_scorer,
)
from tests.comparison.comparison_tools import NETWORK, X, compare, y


@pytest.mark.parametrize("name", FAST_SCORERS)
@pytest.mark.parametrize("classes", [[0, 1], ["a", "b", "c"]], ids=["numbers", "words"])
def test_own_scorers_equal_scikit_learns_to_the_last_bit(name, classes):
    rng = np.random.default_rng(0)
    for n in (3, 10, 101):
        y, predicted = rng.choice(classes, size=(2, n))
        y[: len(classes)] = classes
        dummy = SimpleNamespace(predict=lambda X, predicted=predicted: predicted)
        expected = get_scorer(name)._score_func(y, predicted)
        assert FAST_SCORERS[name](dummy, None, y) == expected


def test_a_class_without_test_rows_has_no_share_in_balanced_accuracy():
    y, predicted = np.array([0, 0, 1]), np.array([0, 2, 1])
    dummy = SimpleNamespace(predict=lambda X: predicted)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = balanced_accuracy_score(y, predicted)
    assert balanced_accuracy(dummy, None, y) == expected


def test_only_scores_of_scikit_learn_have_known_ranges():
    def accuracy_percent(estimator, X, y):
        return 100 * estimator.score(X, y)

    row = compare(init=["he"], cv=3, scoring=accuracy_percent).summary().loc["he"]
    assert 1 < row["ci_low"] < row["mean"] < row["ci_high"]
    row = compare(init=["he"], cv=3).summary().loc["he"]
    assert 0 <= row["ci_low"] < row["mean"] < row["ci_high"] <= 1


@pytest.mark.parametrize(
    ("scoring", "classes", "message"),
    [
        (
            "f1",
            ["no", "yes"],
            r"classes are 'no' and 'yes': use 'f1_macro', or name the class with",
        ),
        ("recall", [3, 7], r"classes are 3 and 7: use 'recall_macro', or .*pos_label=7\)"),
        ("f1", [0, 1, 2], "f1 is for two classes, and here are 3: use 'f1_macro'"),
        ("roc_auc", ["a", "b", "c"], "use 'roc_auc_ovr'"),
        (
            {"odd": lambda estimator, X, y: np.nan},
            [0, 1],
            "scorer, such as 'accuracy', ",
        ),
    ],
)
def test_a_scorer_that_does_not_fit_is_answered_with_one_that_does(scoring, classes, message):
    labels = np.array(classes)[np.arange(60) % len(classes)]
    kwargs = {"init": ["he"], "cv": 2, "curves": False}
    with pytest.raises(ValueError, match=message):
        compare(NETWORK, X[:60], labels, scoring=scoring, **kwargs)
    if isinstance(scoring, str):
        suggested = suggest_scorer(scoring, classes).split("use '")[1].split("'")[0]
        found = compare(NETWORK, X[:60], labels, scoring=suggested, **kwargs)
        assert found.candidates()["mean"].notna().all()


def test_a_scorer_of_a_class_that_is_not_there_is_refused_before_training(monkeypatch):
    monkeypatch.setattr("skinit.comparison.compare.run_all", pytest.fail)
    with pytest.raises(ValueError, match="use 'f1_macro'"):
        compare(NETWORK, X[:60], np.array(["no", "yes"])[np.arange(60) % 2], scoring="f1")


@pytest.mark.parametrize("name", ["average_precision", "neg_brier_score"])
def test_a_scorer_of_class_one_needs_it(name):
    with pytest.raises(ValueError, match=r"compare on y == 'yes' .*--pos-label yes"):
        compare(NETWORK, X[:60], np.array(["no", "yes"])[np.arange(60) % 2], scoring=name)


def test_the_class_that_a_scorer_counts_can_be_named():
    labels = np.array(["no", "yes"])[np.arange(60) % 2]
    scorer = make_scorer(f1_score, pos_label="yes", zero_division=0.0)
    comparison = compare(NETWORK, X[:60], labels, init=["he"], cv=2, scoring={"f1 of yes": scorer})
    assert comparison.candidates()["mean"].notna().all()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("acc", "accuracy"),
        ("AUC", "roc_auc"),
        ("log_loss", "neg_log_loss"),
        ("cross-entropy", "neg_log_loss"),
        ("mcc", "matthews_corrcoef"),
    ],
)
def test_names_that_others_use_are_understood(name, known):
    with pytest.raises(ValueError, match=f"Unknown scorer '{name}'. Did you mean '{known}'"):
        make_class_scorers(name, y)


def test_every_other_name_stands_for_a_scorer():
    assert set(metrics._OTHER_NAMES.values()) <= set(get_scorer_names())


@pytest.mark.parametrize(
    ("target", "expected", "deviance"),
    [
        ([1.0, 2.0], [1.5, 1.5], None),
        ([0.0, 2.0], [1e-300, 2.0], None),
        ([0.0, 2.0], [0.0, 2.0], 0.0),
        ([1.0, 2.0], [0.0, 2.0], np.inf),
        ([0.0, 2.0], [np.inf, 2.0], np.inf),
        ([1.0, 2.0], [np.inf, 2.0], np.inf),
    ],
)
def test_the_deviance_is_defined_where_scikit_learns_is_not(target, expected, deviance):
    """None where it is as in scikit-learn; 0 and infinity are what overflows leaves."""
    network = SimpleNamespace(predict=lambda X: np.array(expected))
    if deviance is None:
        deviance = mean_poisson_deviance(target, expected)
    with np.errstate(all="ignore"):
        assert metrics.poisson_deviance(network, None, np.array(target)) == deviance
