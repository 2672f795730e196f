"""Scores by split."""

from __future__ import annotations

import re

import numpy as np

from skinit.displays import (
    ScoresDisplay,
)
from tests.displays.display_tools import (
    LABELS,
    make_runs,
    summarize,
)


def test_scores_are_those_of_the_runs_with_seeds_averaged():
    runs = make_runs()
    display = ScoresDisplay.from_frame(runs, summarize(runs)).plot()
    expected = runs.groupby(["label", "split"])[["test_accuracy", "train_accuracy"]].mean()
    dots = display.ax_.collections[: 2 * len(LABELS)]
    for row, label in enumerate(display.means.index):
        train, test = (np.asarray(d.get_offsets()) for d in dots[2 * row : 2 * row + 2])
        np.testing.assert_allclose(test[:, 0], expected.loc[label, "test_accuracy"])
        np.testing.assert_allclose(train[:, 0], expected.loc[label, "train_accuracy"])
        assert (test[:, 1] < row).all()
        assert (train[:, 1] > row).all()


def test_means_intervals_order_and_baseline_are_those_of_the_summary():
    runs = make_runs()
    summary = summarize(runs)
    display = ScoresDisplay.from_frame(runs, summary).plot()
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == list(summary.index[:-1])
    assert display.ax_.yaxis_inverted()
    marks, _, (bars,) = display.ax_.containers[0]
    np.testing.assert_allclose(marks.get_xdata().astype(float), summary["mean"].iloc[:-1])
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, summary[["ci_low", "ci_high"]].iloc[:-1].astype(float))
    (prior,) = (line for line in display.ax_.get_lines() if line.get_linestyle() == ":")
    np.testing.assert_allclose(prior.get_xdata(), 0.5)


def test_scores_of_several_activations():
    runs = make_runs(activations=("tanh", "relu"), n_splits=4)
    display = ScoresDisplay.from_frame(runs, summarize(runs))
    assert set(display.means.index) == {f"{i} ({a})" for i in LABELS for a in ("tanh", "relu")}
    assert display.baseline == 0.5


def test_one_split_and_missing_scores_can_be_drawn():
    runs = make_runs(n_splits=1, n_seeds=1)
    runs.loc[runs["label"] == "he", "test_accuracy"] = np.nan
    display = ScoresDisplay.from_frame(runs, summarize(runs)).plot()
    display.figure_.draw_without_rendering()
    assert np.isnan(display.means.loc["he", "mean"])


def test_a_score_without_limits_does_not_squeeze_the_others():
    runs = make_runs()
    whole = ScoresDisplay.from_frame(runs, summarize(runs)).plot().ax_
    assert [*whole.texts] == [] and whole.get_xlim()[0] < 0.5  # zeros is far off, and is drawn
    is_far = runs["label"] == "random"
    runs.loc[is_far, ["test_accuracy", "train_accuracy"]] *= -10_000
    ax = ScoresDisplay.from_frame(runs, summarize(runs)).plot().ax_
    low, high = ax.get_xlim()
    assert high - low < 1
    (note,) = ax.texts
    assert re.fullmatch(r"−8\.\d+e\+03 \(−8\.\d+e\+03 to −8\.\d+e\+03\)", note.get_text())
    assert note.xy[1] == list(summarize(runs).index).index("random")
