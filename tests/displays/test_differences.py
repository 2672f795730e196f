"""Differences to the reference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinit._wording import write_percent
from skinit.displays import DifferencesDisplay
from tests.displays.display_tools import (
    ROPE,
    annotations_of,
    make_differences,
    make_runs,
    summarize,
)


def hill_areas(ax, row):
    """Return the shares of the hill in a row that are left of, inside and right of the rope."""
    areas = np.zeros(3)
    for part in ax.collections:
        vertices = part.get_paths()[0].vertices
        middle = vertices[:, 0].mean()
        if row - 0.5 < vertices[:, 1].mean() < row + 0.5:
            x, y = vertices.T
            area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
            areas[int(middle > -ROPE) + int(middle > ROPE)] += area
    return areas / areas.sum()


def test_the_areas_of_a_hill_are_the_probabilities():
    display = make_differences().plot()
    row = list(display.differences.index).index("random")
    values = display.differences.loc["random"]
    expected = values[["p_worse", "p_equivalent", "p_better"]].astype(float)
    assert expected.between(0.02, 0.98).sum() >= 2  # otherwise there is nothing to see
    np.testing.assert_allclose(hill_areas(display.ax_, row), expected, atol=0.005)


def test_bars_are_the_intervals_and_texts_the_probabilities():
    display = make_differences().plot()
    row = list(display.differences.index).index("he")
    values = display.differences.loc["he"]
    bars = [
        line.get_xdata() for line in display.ax_.get_lines() if line.get_ydata()[0] == row + 0.22
    ]
    np.testing.assert_allclose(bars[0], values[["difference_low", "difference_high"]].astype(float))
    np.testing.assert_allclose(bars[1], values["difference"])
    texts = {text.get_text() for text in annotations_of(display.ax_) if text.xy[1] == row}
    shown = [write_percent(values[c]) for c in ("p_worse", "p_equivalent", "p_better")]
    assert texts == {*shown, values["outcome"]}


def test_the_reference_and_the_class_prior_are_no_rows():
    assert sorted(make_differences().differences.index) == ["he", "random", "zeros"]
    controlled = make_differences(reference="random")
    assert sorted(controlled.differences.index) == ["he", "xavier", "zeros"]
    assert controlled.plot().ax_.get_xlabel() == "difference in accuracy from random"


def test_a_far_loser_is_an_arrow_with_its_numbers():
    ax = make_differences().plot().ax_
    left, right = ax.get_xlim()
    assert -0.2 < left < -ROPE < ROPE < right < 0.2
    (arrow,) = (line for line in ax.get_lines() if line.get_marker() == "<")
    assert arrow.get_ydata() == [2]
    (text,) = (text.get_text() for text in ax.texts if " to " in text.get_text())
    assert text.startswith("−0.3")


@pytest.mark.parametrize("n_splits", [1, 2])
def test_differences_without_a_posterior_can_be_drawn(n_splits):
    runs = make_runs(n_splits=n_splits, n_seeds=1)
    twin = runs[runs["label"] == "he"].assign(label="he again")
    display = make_differences(pd.concat([runs, twin], ignore_index=True), reference="he").plot()
    display.figure_.draw_without_rendering()
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts.count("–") == 3 * 4
    assert "tied" not in texts


def test_candidates_that_are_the_same_have_no_hill():
    runs = make_runs()
    twin = runs[runs["label"] == "he"].assign(label="he again")
    runs = pd.concat([runs, twin], ignore_index=True)
    table = summarize(runs, "he", identical=[frozenset(["he", "he again"])])
    display = DifferencesDisplay.from_frame(table, rope=ROPE, n_splits=10, reference="he").plot()
    row = list(display.differences.index).index("he again")
    texts = [text.get_text() for text in annotations_of(display.ax_) if text.xy[1] == row]
    assert texts == ["< 1%", "> 99%", "< 1%", "tied"]
    heights = [part.get_paths()[0].vertices[:, 1].mean() for part in display.ax_.collections]
    assert not any(abs(height - row) < 0.5 for height in heights)


def test_a_candidate_without_scores_has_an_empty_row():
    runs = make_runs()
    runs.loc[(runs["label"] == "he") & (runs["split"] == 3), "test_accuracy"] = np.nan
    display = make_differences(runs).plot()
    display.figure_.draw_without_rendering()
    assert [text.get_text() for text in display.ax_.texts].count("–") == 3


def test_a_single_candidate_has_no_difference():
    display = make_differences(make_runs(["he"])).plot()
    assert display.differences.empty


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0, "< 1%"), (0.004, "< 1%"), (0.01, "1%"), (0.5, "50%"), (0.99, "99%"), (0.996, "> 99%"),
     (1, "> 99%"), (np.nan, "–")],
)  # fmt: skip
def test_probabilities_never_read_as_certain(probability, text):
    assert write_percent(probability) == text
