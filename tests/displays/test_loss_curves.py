"""Loss over epochs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skinit.displays import (
    LossCurvesDisplay,
)
from tests.displays.display_tools import (
    make_curves,
)


def lines_by_label(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_curves_are_the_medians_and_quartiles_of_the_frame():
    curves = make_curves()
    display = LossCurvesDisplay.from_frame(curves).plot()
    own = curves[curves["label"] == "he"].groupby("epoch")
    lines = lines_by_label(display.ax_)
    for curve, column in [("training", "train_loss"), ("held-out", "test_loss")]:
        line = lines[f"he, {curve}"]
        np.testing.assert_array_equal(line.get_xdata(), range(1, 13))
        np.testing.assert_allclose(line.get_ydata(), own[column].median())
        band = display.bands.loc[("he", curve)]
        np.testing.assert_allclose(band["low"], own[column].quantile(0.25))
        np.testing.assert_allclose(band["high"], own[column].quantile(0.75))
    assert lines["he, training"].get_linestyle() == "-"
    assert lines["he, held-out"].get_linestyle() == "--"


def test_each_candidate_has_its_own_colour_and_marker():
    labels = [f"i{k}" for k in range(LossCurvesDisplay.TOGETHER)]
    lines = lines_by_label(LossCurvesDisplay.from_frame(make_curves(labels)).plot().ax_)
    own = [lines[f"{label}, training"] for label in labels]
    assert len({line.get_color() for line in own}) == len(labels)
    assert len({line.get_marker() for line in own}) == len(labels)


def curves_of(*losses):
    """Return a frame with one run of "he" for each list of losses, training and held-out alike."""
    return pd.DataFrame(
        [
            ("he", "tanh", split, 1, epoch, loss, loss)
            for split, run in enumerate(losses)
            for epoch, loss in enumerate(run, 1)
        ],
        columns=["label", "activation", "split", "seed", "epoch", "train_loss", "test_loss"],
    )


def test_a_run_that_stopped_early_keeps_its_last_loss():
    display = LossCurvesDisplay.from_frame(curves_of([0.5, 0.1], [0.5, 0.4, 0.3], [0.5, 0.5, 0.5]))
    np.testing.assert_allclose(display.bands.loc[("he", "training"), "median"], [0.5, 0.4, 0.3])
    assert display.counts.loc["he"].tolist() == [3, 0]
    assert display.ends.empty


@pytest.mark.parametrize("end", [np.nan, np.inf])
def test_a_diverged_run_counts_as_infinite_and_ends_in_a_cross(end):
    runs = [[0.5, 0.9, end], [0.5, 0.4, 0.3], [0.5, 0.5, 0.5], [0.5, 0.6, 0.6]]
    display = LossCurvesDisplay.from_frame(curves_of(*runs)).plot()
    band = display.bands.loc[("he", "training")]
    np.testing.assert_allclose(band["median"], [0.5, 0.55, 0.55])  # of .3, .5, .6 and infinity
    assert np.isnan(band.loc[3, "high"])
    assert display.counts.loc["he"].tolist() == [4, 1]
    (cross,) = (line for line in display.ax_.get_lines() if line.get_marker() == "x")
    np.testing.assert_allclose(cross.get_xydata(), [[2, 0.9]])
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["he\n1 of 4 runs diverged", "training", "held-out", "run diverged"]


def test_curves_end_where_most_runs_have_diverged():
    nan = np.nan
    display = LossCurvesDisplay.from_frame(curves_of([0.5, 1, nan], [0.5, 1, nan], [0.5, 0.4, 0.3]))
    median = display.bands.loc[("he", "training"), "median"]
    np.testing.assert_array_equal(median, [0.5, 1, nan])
    display.to_figure().draw_without_rendering()


def test_a_run_that_diverged_at_once_leaves_no_cross_but_is_counted():
    display = LossCurvesDisplay.from_frame(curves_of([np.nan], [0.5, 0.4]))
    assert display.ends.empty
    assert display.counts.loc["he"].tolist() == [2, 1]
    display.to_figure().draw_without_rendering()


@pytest.mark.parametrize(("last", "scale"), [(0.3, "linear"), (0.001, "log")])
def test_losses_that_span_decades_get_a_logarithmic_axis(last, scale):
    display = LossCurvesDisplay.from_frame(curves_of([0.7, 0.5, last])).plot()
    assert display.ax_.get_yscale() == scale


def test_a_network_that_memorizes_does_not_stretch_the_axis():
    display = LossCurvesDisplay.from_frame(curves_of([0.7, 0.01, 1e-11], [0.7, 0.01, 1e-11])).plot()
    low, _ = display.ax_.get_ylim()
    assert 1e-5 < low < 1e-4
    ends = [line.get_ydata()[-1] for line in display.ax_.get_lines() if len(line.get_ydata())]
    assert min(ends) == 1e-4
    assert display.bands["median"].min() == 1e-11  # the data are as they were
    assert "at 0.0001: 0.0001 or less" in texts_of(display.ax_)
    shown = LossCurvesDisplay.from_frame(curves_of([0.7, 0.01, 1e-3])).plot()
    assert not any("or less" in text for text in texts_of(shown.ax_))


def texts_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("labels", [["he"], [f"c{i}" for i in range(8)]])
def test_epochs_are_whole_numbers(labels):
    display = LossCurvesDisplay.from_frame(make_curves(labels, n_epochs=3))
    for figsize in ("column", "page"):
        display.plot(figsize=figsize).figure_.draw_without_rendering()
        ax = display.ax_ if len(labels) == 1 else display.ax_[0, 0]
        assert all(float(tick).is_integer() for tick in ax.get_xticks())


def test_a_run_that_stops_at_once_is_seen():
    display = LossCurvesDisplay.from_frame(make_curves([f"c{i}" for i in range(8)], n_epochs=1))
    panel = display.plot().ax_[0, 0]
    assert all(line.get_marker() != "None" for line in panel.get_lines() if line.get_zorder() == 2)


def test_a_loss_on_its_way_to_infinity_does_not_flatten_the_others():
    explodes = [0.7 * 10.0**epoch for epoch in range(30)]
    display = LossCurvesDisplay.from_frame(curves_of([*explodes, np.nan], [0.7, 0.5], [0.7, 0.4]))
    display.plot()
    assert display.ax_.get_ylim()[1] < 100
    (cross,) = (line for line in display.ax_.get_lines() if line.get_marker() == "x")
    assert cross.get_ydata()[0] < display.ax_.get_ylim()[1]


def test_the_class_prior_is_a_dotted_line():
    display = LossCurvesDisplay.from_frame(make_curves(), prior_loss=0.6931).plot()
    (line,) = (line for line in display.ax_.get_lines() if line.get_linestyle() == ":")
    np.testing.assert_allclose(line.get_ydata(), 0.6931)


def test_many_candidates_get_a_panel_each():
    labels = [f"init {k}" for k in range(8)]
    display = LossCurvesDisplay.from_frame(make_curves(labels), prior_loss=0.69).plot()
    panels = [ax for ax in display.ax_.flat if ax is not None]
    assert display.ax_.shape == (3, 3)
    assert [ax.get_title(loc="left") for ax in panels] == labels
    assert {ax.get_ylim() for ax in panels} == {panels[0].get_ylim()}
    for label, ax in zip(labels, panels, strict=True):
        median = display.bands.loc[(label, "held-out"), "median"]
        np.testing.assert_allclose(lines_by_label(ax)[f"{label}, held-out"].get_ydata(), median)
    assert [ax.get_xlabel() for ax in panels] == [""] * 5 + ["epoch"] * 3
    assert panels[3].get_ylabel() == "log loss (nats)"


def test_panels_need_axes_of_a_grid():
    display = LossCurvesDisplay.from_frame(make_curves([f"init {k}" for k in range(8)]))
    ax = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ValueError, match=r"8 candidates need panels.*plt\.subplots"):
        display.plot(ax)


def test_activations_make_candidates_of_their_own():
    curves = pd.concat([make_curves(["he"]), make_curves(["he"], activation="relu")])
    display = LossCurvesDisplay.from_frame(curves)
    assert list(display.counts.index) == ["he (tanh)", "he (relu)"]


def curves_of_activations(labels, activations=("tanh", "relu", "logistic")):
    return pd.concat([make_curves(labels, activation=activation) for activation in activations])


@pytest.mark.parametrize("n", [2, 12])
def test_a_panel_is_an_activation_and_a_colour_an_initializer(n):
    labels = [f"init {k}" for k in range(n)]
    display = LossCurvesDisplay.from_frame(curves_of_activations(labels), prior_loss=0.7).plot()
    panels = [ax for ax in display.ax_.flat if ax is not None]
    assert [ax.get_title(loc="left") for ax in panels] == ["tanh", "relu", "logistic"]
    looks = []
    for ax, activation in zip(panels, ["tanh", "relu", "logistic"], strict=True):
        lines = lines_by_label(ax)
        drawn = [lines[f"{label} ({activation}), held-out"] for label in labels]
        looks.append([(line.get_color(), str(line.get_linestyle())) for line in drawn])
        assert (f"{labels[0]} ({activation}), training" in lines) == (n == 2)
    assert looks[0] == looks[1] == looks[2]
    assert len(set(looks[0])) == n
    assert display.shows_training == (n == 2)
    (legend,) = (ax.get_legend() for ax in display.figure_.axes if ax.get_legend())
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[:n] == labels
    assert ("training" in texts) == (n == 2)


def test_a_candidate_of_which_runs_failed_says_how_many_are_drawn():
    curves = make_curves(["he", "flaky"])
    curves = curves[(curves["label"] == "he") | (curves["split"] == 0)]
    display = LossCurvesDisplay.from_frame(curves).plot()
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[:2] == ["he", "flaky\nn = 1"]
