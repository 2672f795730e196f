from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from skinit import tutorial
from skinit.tutorial import STARTS


def test_the_figure_shows_four_curves_and_two_pictures(pictures, runs):
    costs, cat, other = tutorial.draw(pictures, runs).axes
    for line, run in zip(costs.lines, runs, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), run.costs)
        assert run.start.name in line.get_label()
    assert len({line.get_color() for line in costs.lines}) == len(STARTS)
    assert (costs.get_xlabel(), costs.get_ylabel()) == (
        "steps of gradient descent",
        "cost: mean log loss (nats)",
    )
    assert (cat.get_title(), other.get_title()) == ("cat: label 1", "dog: label 0")
    for ax, row in ((cat, 0), (other, 3)):
        np.testing.assert_array_equal(ax.images[0].get_array().ravel(), pictures.X[row])


def test_published_costs_are_drawn_on_the_pictures_of_the_blog_post_only(pictures, runs):
    costs = tutorial.draw(dataclasses.replace(pictures, are_published=True), runs).axes[0]
    points = [line for line in costs.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [tuple(line.get_ydata()) for line in points] == [
        run.start.published.costs[:2] for run in runs
    ]
    assert [list(line.get_xdata()) for line in points] == [[100, 200]] * len(runs)


@pytest.mark.parametrize("narrow", [False, True])
def test_the_legend_hides_no_curve(pictures, runs, narrow):
    figure = tutorial.draw(dataclasses.replace(pictures, are_published=True), runs, narrow=narrow)
    figure.draw_without_rendering()
    costs = figure.axes[0]
    legend = costs.get_legend().get_window_extent()
    assert legend.y0 >= costs.get_window_extent().y1
    assert legend.x1 <= figure.bbox.x1
