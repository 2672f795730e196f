"""Signal and gradient of several starts, in one figure."""

from __future__ import annotations

import numpy as np
import pytest

from skinit.diagnosis import PropagationDisplay, StartsDisplay
from tests.displays.display_tools import make_layers


def panels_of(display):
    return {ax.get_title(loc="left"): ax for ax in display.ax_.flat if ax is not None}


def test_all_starts_are_overlaid_in_the_same_colours():
    display = StartsDisplay({"he": make_layers(), "zeros": make_layers()}).plot()
    panels = panels_of(display)
    assert "dead units (%)" not in panels  # tanh has none
    assert set(panels) >= {"signal (RMS of activations)", "RMS of dL/dW", "saturated outputs (%)"}
    colors = [
        [line.get_color() for line in ax.get_lines() if line.get_label() in ("he", "zeros")]
        for ax in panels.values()
    ]
    assert all(found == colors[0] for found in colors)
    assert len(set(colors[0])) == 2


def test_layers_are_whole_numbers():
    for n_layers in (1, 2, 4, 31):
        display = StartsDisplay({"he": make_layers(n_layers)}).plot()
        for ax in panels_of(display).values():
            ticks = ax.get_xticks()
            assert list(ticks) == [int(tick) for tick in ticks]
            assert ticks[0] == 1 and len(ticks) <= 11


@pytest.mark.parametrize("last", [0.2, 1e-6])
@pytest.mark.parametrize("figsize", ["column", "page"])
def test_numbers_of_a_logarithmic_axis_are_plain_and_do_not_crowd(last, figsize):
    layers = make_layers(8)
    layers["q"] = np.geomspace(0.4, last, 8)
    for display in (StartsDisplay({"he": layers}), PropagationDisplay(layers)):
        display.plot(figsize=figsize).figure_.draw_without_rendering()
        for ax in display.ax_.flat:
            if ax is not None and ax.get_yscale() == "log":
                check_numbers(ax)


def check_numbers(ax):
    low, high = ax.get_ylim()
    labels = [label for label in ax.get_yticklabels(which="both") if label.get_text()]
    seen = [label for label in labels if low <= label.get_position()[1] <= high]
    assert seen and not any("times" in label.get_text() for label in seen)
    heights = sorted(label.get_window_extent().y0 for label in seen)
    assert (np.diff(heights) > 8).all()


def test_a_value_of_exactly_zero_is_seen_on_a_logarithmic_axis():
    display = StartsDisplay({"he": make_layers()}).plot()
    ax = panels_of(display)["RMS of dL/dW"]
    (marks,) = (line for line in ax.get_lines() if line.get_marker() == "v")
    assert list(marks.get_xdata()) == [1]
    (line,) = (line for line in ax.get_lines() if line.get_label() == "he")
    assert np.isnan(line.get_ydata()[0])


@pytest.mark.filterwarnings("error")  # matplotlib warns where there is no room for axes
def test_panels_do_not_overlap():
    display = StartsDisplay({"he": make_layers(), "zeros": make_layers()})
    figure = display.to_figure()
    figure.draw_without_rendering()
    boxes = [ax.get_tightbbox() for ax in panels_of(display).values()]
    overlaps = [a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert not any(overlaps)
