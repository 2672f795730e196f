"""The calibration of the verdicts on a few starts, and the records that are published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from benchmarks.verdicts import cost, records, starts, tables
from benchmarks.verdicts.__main__ import RECORDS, draw_records

pytestmark = [
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
    pytest.mark.filterwarnings(
        f"ignore::{ConvergenceWarning.__module__}.{ConvergenceWarning.__name__}"
    ),
]


def test_a_few_starts_are_recorded_the_same_way_twice():
    first, second = (draw_records(12, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert set(first["outcome"]) <= set(tables.OUTCOMES)


def test_every_initializer_can_be_drawn_and_fitted():
    for init in starts.INITS:
        spec = starts.Spec("digits", "tanh", init, 2, 8, "adam", 0.0, 0.001, "64", 0)
        X, y = starts.load_data(100)["digits"]
        estimator = spec.make_estimator().set_params(max_iter=1)
        assert estimator.fit(X, y).coefs_[0].shape == (64, 8)


@pytest.mark.parametrize(
    ("loss", "outcome"),
    [(0.1, "trains"), (0.5, "lags"), (0.95, "fails"), (np.inf, "fails"), (np.nan, "fails")],
)
def test_outcomes_are_told_by_the_loss_at_the_end(loss, outcome):
    assert records.outcome_of(loss, 1.0) == outcome


def make_records():
    rows = [
        ("INIT01", "fails"), ("INIT01", "trains"), ("INIT04~", "lags"), ("INIT04~", "trains"),
        ("", "fails"), ("", "trains"), ("INIT12 INIT04~", "fails"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["codes", "outcome"])


def test_precision_and_recall_are_counted_by_severity():
    counts = tables.count_outcomes(make_records()).set_index("first verdict")
    assert counts.loc["INIT01", "precision"] == "0.50"
    assert counts.loc["INIT04, mild", "precision"] == "0.50"
    assert counts.loc["none", ["fails", "lags", "trains"]].tolist() == [1, 0, 1]
    summary = tables.summarize(make_records())
    assert summary["with a verdict"] == summary["with a fatal one"] == "0.67"
    assert summary["fatal: fails"] == "0.67"
    assert summary["trains: any"] == "0.667"


def test_the_published_records_give_the_published_tables():
    published = records.read_records(RECORDS)
    page = (RECORDS.parents[2] / "docs" / "verdicts" / "calibration.md").read_text()
    for solver in ("adam", "sgd"):
        part = published[published["solver"] == solver]
        assert tables.to_markdown(tables.count_outcomes(part)) in page
    assert tables.to_markdown(tables.summarize_all(published)) in page


def test_costs_are_durations():
    assert cost.best_time(lambda: None, 2) >= 0
