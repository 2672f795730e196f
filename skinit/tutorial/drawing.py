"""The figure: cost curves of all starts, and a picture of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skinit._drawing.base import COLUMN
from skinit._wording import write_share
from skinit.displays.base import BLACK, BLUE, GREY, ORANGE, VERMILLION
from skinit.tutorial.pictures import Pictures
from skinit.tutorial.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour and dashes of each start.
STYLES = {
    "zeros": (BLACK, "--"),
    "random": (ORANGE, "-"),
    "he": (BLUE, "-"),
    "xavier": (VERMILLION, "-"),
}


def draw(pictures: Pictures, runs: Sequence[Run], *, narrow: bool = False) -> Figure:
    """Draw the four cost curves, and a picture of each class: beside them, or below for phones."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN, 5.8) if narrow else (9, 4.5), layout="constrained")
    places: list[list[Any]]
    ratios: dict[str, Any]
    if narrow:
        places, ratios = [["costs", "costs"], ["cat", "other"]], {"height_ratios": [2, 1]}
    else:
        places, ratios = [["costs", "cat"], ["costs", "other"]], {"width_ratios": [3.2, 1]}
    axes = figure.subplot_mosaic(places, **ratios)
    _draw_costs(axes["costs"], pictures, runs, narrow)
    _draw_picture(axes["cat"], pictures, 1)
    _draw_picture(axes["other"], pictures, 0)
    return figure


def _draw_costs(ax: Axes, pictures: Pictures, runs: Sequence[Run], narrow: bool) -> None:
    for run in runs:
        (color, dashes), steps = STYLES[run.start.name], range(1, len(run.costs) + 1)
        accuracies = map(write_share, (run.accuracy, np.mean(run.fold_accuracies)))
        label = f"{run.start.name}: {', '.join(accuracies)}"
        ax.plot(steps, run.costs, dashes, color=color, linewidth=0.8, label=label)
        if pictures.are_published:
            published = [theirs for theirs, _ in run.at_prints.values()]
            # White inside, so that they show on the curves that jump.
            ax.plot(list(run.at_prints), published, "o", color=color, mfc="white", ms=5, zorder=3)
    if pictures.are_published:
        ax.plot([], [], "o", color=GREY, mfc="white", ms=5, label="published costs")
    ax.set(xlabel="steps of gradient descent", ylabel="cost: mean log loss (nats)")
    ax.set_ylim(0, 1.05 * ax.get_ylim()[1])
    ax.spines[["top", "right"]].set_visible(False)
    title = "accuracy on training pictures,\non held-out pictures"
    ax.legend(  # above the axes: no place inside is free of curves on all pictures
        title=title, title_fontsize=9, alignment="left", loc="lower left", bbox_to_anchor=(0, 1),
        ncols=1 if narrow else 3, frameon=False, fontsize=9,
    )  # fmt: skip


def _draw_picture(ax: Axes, pictures: Pictures, label: int) -> None:
    first = int(np.argmax(pictures.y == label))
    ax.imshow(pictures.X[first].reshape(pictures.image_shape))
    ax.set_title(f"{pictures.names[label]}: label {label}".replace("$", r"\$"), fontsize=10)
    ax.set_axis_off()
