"""Bad arguments of compare_initializers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    KFold,
)

from skinit.comparison.kinds import KINDS
from skinit.comparison.targets import check_classes
from tests.comparison.comparison_tools import X, compare, y

BASELINE = KINDS["classification"].baseline


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"init": ["hee"]}, "Unknown init 'hee'. Did you mean 'he'"),
        ({"init": []}, "init is empty"),
        ({"init": "he"}, "must be a sequence or a mapping"),
        ({"init": None}, "must be a sequence or a mapping of initializers, got None"),
        ({"init": 5}, "must be a sequence or a mapping of initializers, got 5"),
        ({"activation": ["tahn"]}, "Unknown activation 'tahn'"),
        ({"y": np.zeros(150)}, "one class only"),
        ({"X": X[:0], "y": y[:0]}, "empty"),
        ({"y": None}, "y is None: a comparison needs the class of every row"),
        (
            {"y": np.array(["a", None, "b"] * 50, dtype=object)},
            "y has no class in 50 rows .*leave these rows out",
        ),
        ({"y": np.array([0, 1, np.nan] * 50)}, "y has no class in 50 rows"),
        ({"groups": [None, *["a", "b"] * 74, "c"]}, "groups has no group in 1 row"),
        ({"groups": np.r_[np.nan, np.arange(149) % 7]}, "groups has no group in 1 row"),
        ({"cv": 60}, "60 folds need 60 rows of every class"),
        ({"scoring": "acuracy"}, "Unknown scorer 'acuracy'. Did you mean 'accuracy'"),
        ({"control": "her"}, "control='her' is not a candidate"),
        ({"estimator": DummyClassifier()}, "must be an InitMLPClassifier, an InitMLPR"),
        ({"y": X}, "continuous-multioutput"),
        ({"n_seeds": 0}, "n_seeds must be a whole number, 1 or more"),
        ({"n_seeds": True}, "n_seeds must be a whole number, 1 or more, got True"),
        ({"random_state": -1}, "random_state must be 0 or more, got -1"),
        ({"n_seeds": 1.5}, "n_seeds must be a whole number, 1 or more"),
        ({"cv": KFold(3)}, "has no row of class"),
        ({"y": y[:-1]}, "inconsistent numbers of samples"),
        ({"X": X[:, 0]}, "X must have two axes"),
        ({"X": X[:, :0]}, "X has no features"),
        ({"activation": "tanh"}, "activation must be a sequence"),
        ({"activation": []}, "activation is empty"),
        (
            {"activation": ["tanh", "relu", "tanh"]},
            "activation has 'tanh' twice: give",
        ),
        ({"init": {"": "he"}}, "cannot be called ''"),
        ({"init": {BASELINE: "he"}}, "cannot be called 'class prior'"),
        ({"cv": []}, r"cv=\[\] gives no splits: give"),
        ({"init": {"1": "he", 1: "xavier"}}, "Two candidates are called '1': .* different labels"),
        ({"cv": [(np.arange(150), [])]}, "test part of split 0 is empty: give"),
        ({"cv": [(np.arange(150), [3])]}, "split 0 share rows, the first is row 3: give"),
        ({"scoring": [get_scorer("accuracy")]}, "a mapping of name to scorer"),
        ({"scoring": 3}, "a mapping of name to scorer, got 3"),
        ({"scoring": {"accuracy": None}}, "'accuracy' must be the name of a scorer or a callable"),
        ({"scoring": {"": "accuracy"}}, "a scorer has an empty name"),
        ({"cv": [np.arange(5)] * 3}, r"Split 0 of cv must be a pair .*, got 5 parts"),
        ({"cv": [(y[:9], y[:9]), (y[:9], y[:9], 1)]}, "Split 1 of cv must be a pair"),
        ({"groups": np.zeros((150, 2))}, "y should be a 1d array"),
        ({"target": "low"}, "target must be a loss above 0"),
        ({"progress": "yes"}, "progress must be True, False or 'auto'"),
        ({"target": True}, "target must be a loss above 0, or None, got True"),
        ({"target": 10**400}, "target must be a loss above 0"),
        ({"curves": "no"}, "curves must be True or False, got 'no'"),
        ({"rope": -1}, "rope must be a difference of 0 or more"),
        ({"rope": True}, "rope must be a difference of 0 or more, got True"),
        ({"rope": {"accuracy": 10**400}}, "rope must be a difference of 0 or more"),
        ({"rope": {"acuracy": 0.5}}, "no metric 'acuracy'; choose from .*'accuracy', 'log_loss'"),
        ({"scoring": {"log_loss": "neg_log_loss"}}, "'log_loss' is recorded in any case"),
        ({"params": {"X_val": X}}, "nothing takes 'X_val'; use sample_weight or standardscaler__"),
        ({"params": {"initmlpclassifier__sample_weight": y}}, "use sample_weight"),
        ({"params": [1]}, r"params must be a mapping of names to what they hold, got \[1\]"),
        ({"params": {"partial": True}}, "nothing takes 'partial'"),
    ],
)
def test_bad_input_gets_one_clear_error(kwargs, message):
    with pytest.raises(ValueError, match=message):
        compare(**kwargs)


@pytest.mark.parametrize(
    ("labels", "n_classes"),
    [
        (18 + np.arange(150) % 41, 41),  # ages
        (np.arange(150) // 6, 25),  # codes, but with six rows each
        (100.0 * (np.arange(150) % 30), 30),
    ],
)
def test_whole_numbers_that_look_like_measurements_are_named(labels, n_classes):
    with (
        pytest.warns(
            UserWarning, match=f"measurements: {n_classes} different .*pandas.qcut"
        ) as found,
        pytest.raises(ValueError, match="rows of every class"),
    ):
        compare(y=labels, cv=50)
    assert found[0].filename.endswith("comparison_tools.py")  # the line of the call


@pytest.mark.parametrize("labels", [np.arange(150) % 20, np.arange(300) % 21, y.astype(str)])
def test_codes_of_classes_are_no_measurements(labels, recwarn):
    check_classes(np.tile(labels, 2))
    assert len(recwarn) == 0


def test_groups_in_a_column_are_groups():
    groups = np.arange(150) % 10
    expected = compare(groups=groups).to_frame()["test_accuracy"]
    for column in (groups[:, None], pd.DataFrame({"site": groups})):
        assert compare(groups=column).to_frame()["test_accuracy"].equals(expected)
