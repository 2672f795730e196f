"""Settings as Python writes them, and the call that repeats a comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skinit import InitMLPClassifier, compare_initializers
from skinit.comparison.calls import write_call
from skinit.comparison.descriptions import describe
from skinit.initializers import VarianceScaling
from tests.comparison.comparison_tools import TIMES, X, y


def test_settings_are_described_as_python_writes_them():
    class Own:
        pass

    for value, expected in (
        ((8,), "(8,)"),
        ([1, "a", None], "[1, 'a', None]"),
        ({0: 2.0, "a": np.inf}, "{0: 2.0, 'a': float('inf')}"),
        (np.float32(0.5), "0.5"),
        (VarianceScaling(scale=3.0, mode="fan_out"), "VarianceScaling(mode='fan_out', scale=3.0)"),
        (OneHotEncoder(dtype=np.float32), "OneHotEncoder(dtype=float32)"),
        (np.ones, "ones"),
    ):
        assert describe(value) == expected
    assert describe(Own()) == describe(Own())
    one, same, other = pd.Series([1, 2]), pd.Series([1, 2]), pd.Series([1, 3])
    assert describe(one) == describe(same) != describe(other)


def test_the_call_in_the_report_repeats_the_comparison():
    network = InitMLPClassifier(
        (8,), "tanh", max_iter=4, n_iter_no_change=np.inf, class_weight={0: 2.0, 1: 1.0, 2: 1.0}
    )
    names = {
        "compare_initializers": compare_initializers,
        "make_pipeline": make_pipeline,
        "StandardScaler": StandardScaler,
        "InitMLPClassifier": InitMLPClassifier,
        "VarianceScaling": VarianceScaling,
        "StratifiedKFold": StratifiedKFold,
    }
    for kwargs in (
        {"init": ["he", "zeros"]},
        {
            "init": {"mine": VarianceScaling(scale=3.0, mode="fan_out"), "two": ["he", "zeros"]},
            "cv": StratifiedKFold(n_splits=3),
            "n_seeds": 2,
            "scoring": ["f1_macro", "accuracy"],
            "rope": {"f1_macro": 0.02},
            "control": "two",
            "target": 0.5,
            "curves": False,
        },
    ):
        comparison = compare_initializers(
            make_pipeline(StandardScaler(), network), X, y, random_state=7, **kwargs
        )
        again = eval(
            write_call(comparison.settings, comparison.control, comparison.rope),
            names | {"X": X, "y": y},
        )
        pd.testing.assert_frame_equal(
            again.to_frame().drop(columns=TIMES), comparison.to_frame().drop(columns=TIMES)
        )
        assert again.settings.curves == comparison.settings.curves
        assert again.sentence() == comparison.sentence()
