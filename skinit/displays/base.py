"""What the displays of a comparison share: colours, rows, and how metrics are written."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

from skinit._drawing.base import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    Display,
    is_narrow,
    wrap_label,
)
from skinit._wording import list_names, name_label, suggest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BLACK",
    "BLUE",
    "COLORS",
    "GREEN",
    "GREY",
    "LIGHT",
    "MARKERS",
    "ORANGE",
    "OUTCOME_COLORS",
    "PALE",
    "SMALL",
    "TEXT_COLORS",
    "VERMILLION",
    "Display",
    "arrange",
    "cycle_looks",
    "draw_arrow",
    "grid_place",
    "index_by_name",
    "is_narrow",
    "label_rows",
    "name_candidates",
    "name_metric",
    "narrow_columns",
    "place_legend",
    "row_height",
    "scale_log",
    "word_metric",
    "wrap_label",
]

# Of text, on white and on the grey of a dark page: 4.5 to 1 and more.
TEXT_COLORS = {GREEN: "#00664b", BLUE: "#00558a", VERMILLION: "#9a3c00", GREY: "#5c5c61"}
# One candidate each. The yellow of the eight is left out: on white it is hard to see.
COLORS = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY]
MANY = 14  # rows, from which on they are lower
NAME_WIDTHS = {False: 30, True: 20}  # letters in a line of a name, by whether there is little room
MARKERS = ["o", "s", "^", "D", "v", "P"]
OUTCOME_COLORS = {
    "best": GREEN,
    "tied": BLUE,
    "worse": VERMILLION,
    "undecided": GREY,
    "failed": VERMILLION,
}

UNITS = {
    "log_loss": "log loss (nats)",
    "neg_log_loss": "negative log loss (nats)",
    "r2": "R²",
    "squared_error": "squared error (unit of the target, squared)",
    "root_mean_squared_error": "root mean squared error (unit of the target)",
    "mean_squared_error": "mean squared error (unit of the target, squared)",
    "mean_absolute_error": "mean absolute error (unit of the target)",
    "median_absolute_error": "median absolute error (unit of the target)",
    "max_error": "largest error (unit of the target)",
    "poisson_deviance": "Poisson deviance",
    "mean_poisson_deviance": "mean Poisson deviance",
    "transformed_squared_error": "squared error of the transformed target",
    "transformed_poisson_deviance": "Poisson deviance of the transformed target",
}


def name_metric(metric: str) -> str:
    """Return a metric's name as an axis shows it, with its unit where it has one."""
    return UNITS.get(metric, metric.replace("_", " "))


def word_metric(metric: str) -> str:
    """Return a metric's name as a sentence has it, without a unit.

    Examples
    --------
    >>> word_metric("squared_error"), word_metric("r2"), word_metric("balanced_accuracy")
    ('squared error', 'R²', 'balanced accuracy')
    """
    return name_metric(metric).partition(" (")[0]


def name_candidates(frame: pd.DataFrame) -> pd.Series:
    """Return the name of each row's candidate, with its activation where there are several."""
    if frame["activation"].nunique() < 2:
        return frame["label"].astype(str)
    return frame["label"].astype(str) + " (" + frame["activation"].astype(str) + ")"


def index_by_name(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary indexed by names as `name_candidates` writes them."""
    return summary.set_axis([name_label(label) for label in summary.index])


def arrange(names: Sequence[str], order: Sequence[Hashable] | None) -> list[str]:
    """Return the names of the candidates to draw, in the order asked for.

    Parameters
    ----------
    names : sequence of str
        All that there are, as `name_label` writes them.
    order : sequence of labels, default=None
        Which of them, and in which order; None is all as they are.

    Raises
    ------
    ValueError
        For a candidate that is not there.

    Examples
    --------
    >>> arrange(["he (tanh)", "he (relu)"], [("he", "relu")])
    ['he (relu)']
    """
    if order is None:
        return list(names)
    wanted = [name_label(label) for label in order]
    for name in wanted:
        if name not in names:
            raise ValueError(
                f"order: {name!r} is not a candidate.{suggest(name, names)} Choose from "
                f"{list_names(names)}."
            )
    return wanted


def cycle_looks() -> Iterator[tuple[str, str, Any]]:
    """Yield colour, marker and line style of one candidate after the other, all different."""
    styles: list[Any] = ["-", (0, (5, 1.5)), (0, (1, 1.2))]
    return cycle(
        (color, marker, style)
        for style, (color, marker) in product(styles, zip(COLORS, MARKERS, strict=True))
    )


def narrow_columns(labels: Sequence[str]) -> int:
    """Return how many columns a legend has in a column of a paper."""
    return 2 if max(len(line) for label in labels for line in label.split("\n")) <= 24 else 1


def place_legend(ax, lines, labels, below: float = 0.5) -> None:
    """Put a legend beside axes, or below where there is no room: so many inches."""
    from matplotlib.transforms import ScaledTranslation

    where: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
    if is_narrow(ax):
        down = ScaledTranslation(0, -below, ax.figure.dpi_scale_trans)
        where = {"loc": "upper center", "bbox_to_anchor": (0.45, 0)}
        where |= {"bbox_transform": ax.transAxes + down, "ncols": narrow_columns(labels)}
    ax.legend(lines, labels, frameon=False, fontsize=SMALL, handlelength=3, **where)


def grid_place(ax, what: str):
    """Return the place of axes in a grid, which panels can fill.

    Parameters
    ----------
    ax : matplotlib Axes
        Made by ``plt.subplots()``, or otherwise in a grid.
    what : str
        What needs panels, for the message.

    Raises
    ------
    ValueError
        For axes that stand alone.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"{what} need panels, which fit only into axes of a grid: make these with "
            "plt.subplots(), or call plot() without ax."
        )
    return place


def label_rows(ax, names) -> None:
    """Make one row per candidate, the first on top, named on the left."""
    narrow = is_narrow(ax)
    size = SMALL if narrow or len(names) > MANY else None
    labels = [wrap_label(name, NAME_WIDTHS[narrow]) for name in names]
    ax.set_yticks(range(len(names)), labels, fontsize=size)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def draw_arrow(ax, row: int, text: str, *, is_left: bool) -> None:
    """Tell of a row that is too far off to be drawn: an arrow at the edge, and a text."""
    edge, marker, align = (0.02, "<", "left") if is_left else (0.98, ">", "right")
    place = ax.get_yaxis_transform()
    ax.plot(edge, row, marker, color=VERMILLION, markersize=6, transform=place)
    ax.annotate(
        text, (edge, row), xycoords=place, xytext=(8 if is_left else -8, 0),
        textcoords="offset points", ha=align, va="center", fontsize=SMALL,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},  # a line may cross it
    )  # fmt: skip


def scale_log(ax) -> None:
    """Make the y axis logarithmic, its numbers plain and few."""
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    if high < 100 * low:  # powers of ten alone would leave one number or none
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())


def row_height(names, *, narrow: bool = False) -> float:
    """Return inches for one row, more where a name takes several lines."""
    labels = [wrap_label(name, NAME_WIDTHS[narrow]) for name in names]
    lines = max((label.count("\n") + 1 for label in labels), default=1)
    return max(0.3, 0.15 * lines) if len(names) > MANY else max(0.46, 0.19 * lines)
