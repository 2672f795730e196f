"""Initializers by activations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinit.displays import (
    HeatmapDisplay,
)
from tests.displays.display_tools import (
    make_runs,
)


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_the_heatmap_shows_the_means_and_frames_the_best(greater_is_better):
    runs = make_runs(activations=("tanh", "relu", "elu"))
    display = HeatmapDisplay.from_frame(runs, greater_is_better=greater_is_better).plot()
    expected = runs.groupby(["label", "activation"])["test_accuracy"].mean()
    assert list(display.means.columns) == ["tanh", "relu", "elu"]
    np.testing.assert_allclose(display.ax_.images[0].get_array(), display.means)
    for (label, activation), value in expected.items():
        assert display.means.loc[label, activation] == pytest.approx(value)
    (frame,) = display.ax_.patches
    best = display.means.iloc[round(frame.get_center()[1]), round(frame.get_center()[0])]
    assert best == pytest.approx(expected.max() if greater_is_better else expected.min())
    numbers = [text.get_text() for text in display.ax_.texts]
    assert numbers == [f"{value:.3f}" for value in display.means.to_numpy().ravel()]


def test_equal_rows_keep_their_order():
    runs = make_runs(["xavier", "he"], activations=("tanh", "relu"))
    runs["test_accuracy"] = 0.5
    assert list(HeatmapDisplay.from_frame(runs).means.index) == ["xavier", "he"]


def test_a_missing_score_is_a_dash_and_is_never_framed():
    runs = make_runs(["he", "xavier"], activations=("tanh", "relu"))
    gap = (runs["label"] == "he") & (runs["activation"] == "relu") & (runs["split"] == 0)
    runs.loc[gap, "test_accuracy"] = np.nan
    display = HeatmapDisplay.from_frame(runs, greater_is_better=False).plot()
    assert [text.get_text() for text in display.ax_.texts].count("–") == 1
    (frame,) = display.ax_.patches
    best = display.means.iloc[round(frame.get_center()[1]), round(frame.get_center()[0])]
    assert best == np.nanmin(display.means)
    empty = HeatmapDisplay(display.means * np.nan).plot()
    assert len(empty.ax_.patches) == 0


@pytest.mark.parametrize(
    ("first", "is_dashed"), [("best", False), ("tied", False), ("undecided", True)]
)
def test_the_frame_is_dashed_where_the_best_mean_is_not_separated(first, is_dashed):
    runs = make_runs(["he", "xavier"], activations=("tanh", "relu"))
    summary = pd.DataFrame({"outcome": [first, *["worse"] * 3]}, index=list("abcd"))
    display = HeatmapDisplay.from_frame(runs, summary=summary).plot()
    (frame,) = display.ax_.patches
    assert (frame.get_linestyle() not in ("-", "solid")) == is_dashed
    assert ("not separated" in display.ax_.get_title(loc="left")) == is_dashed


def test_equal_best_means_are_all_framed():
    runs = make_runs(["xavier", "he"], activations=("tanh", "relu"))
    runs["test_accuracy"] = 0.5
    display = HeatmapDisplay.from_frame(runs).plot()
    assert len(display.ax_.patches) == 4
    assert "which are equal" in display.ax_.get_title(loc="left")
