"""What every plot shares: colours, axes, and labels that are never read as mathematics."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skinit._files import write_atomically
from skinit._wording import name_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK, GREY, PALE, LIGHT = "#000000", "#6b6b6b", "#b4b4b4", "#d5d5d5"
ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILLION, PURPLE = "#D55E00", "#CC79A7"
SMALL = 8  # points, for annotations
COLUMN = 3.5  # inches, one of two columns of a printed page
NARROW = 4.2  # inches of axes, below which there is no room beside them

Size = tuple[float, float] | str | None


def wrap_label(label: Hashable, width: int = 30) -> str:
    """Return a label for matplotlib: in three lines at most, and never read as mathematics."""
    # Long labels are often calls, which may be broken after a bracket or a comma too.
    piece = rf".{{1,{width}}}?(?:[\s(,/]+|$)|.{{{width}}}"
    lines = [""]
    for word in re.findall(piece, " ".join(name_label(label).split())):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    kept = [line.rstrip() for line in lines[:3]]
    text = "\n".join(kept).replace("$", r"\$") + (" …" if len(lines) > 3 else "")
    # matplotlib leaves labels out of a legend that begin with an underscore.
    return f" {text}" if text.startswith("_") else text


def is_narrow(ax: Axes) -> bool:
    """Whether there is no room beside axes, as in a column of a paper."""
    return ax.get_window_extent().width / ax.figure.dpi < NARROW


def _wrap_axis_labels(ax: Axes) -> None:
    """Break the names of both axes where they would reach beyond a narrow figure."""
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_text(textwrap.fill(label.get_text(), 30))


class Display:
    """Shared by all displays: new axes of the right size, a figure of its own, the repr."""

    ax_: Any
    figure_: Any

    def plot(self, ax: Axes | None = None, *, title: str | None = None, figsize: Size = None):
        """Draw on the given axes, or on a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw.
        title : str, default=None
            Title of the figure; papers have a caption instead.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure. "page", the default, is as wide as a printed page (7.2 inches),
            "column" as one of two columns (3.5 inches), both as high as the plot needs.

        Returns
        -------
        self
            With the attributes ``ax_`` and ``figure_``.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=self._figsize(figsize), layout="constrained")
        elif figsize is not None:
            raise ValueError("figsize is for a new figure, and the given ax has one: leave it out.")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax)
        if is_narrow(ax):
            _wrap_axis_labels(ax)
        if title is not None:
            self.figure_.suptitle(title.replace("$", r"\$"), fontsize="medium")
        return self

    def to_figure(self, *, title: str | None = None, figsize: Size = None) -> Figure:
        """Return the plot as a figure that pyplot does not know, for files and reports.

        Parameters
        ----------
        title, figsize
            As of `plot`.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=self._figsize(figsize), layout="constrained")
        self.plot(figure.subplots(), title=title)
        return figure

    def save(self, path, *, title: str | None = None, figsize: Size = None) -> None:
        """Write the plot to a file, whole or not at all.

        Parameters
        ----------
        path : path-like
            Where: .pdf and .svg for papers, .png for slides. Letters stay letters in a .pdf, in
            fonts that publishers accept (TrueType).
        title, figsize
            As of `plot`.
        """
        import matplotlib

        kind = Path(path).suffix.removeprefix(".").lower()
        file = io.BytesIO()
        figure = self.to_figure(title=title, figsize=figsize)
        with matplotlib.rc_context({"pdf.fonttype": 42, "ps.fonttype": 42}):
            figure.savefig(file, format=kind or "png", dpi=300)
        write_atomically(path, file.getvalue())

    def _figsize(self, figsize: Size) -> tuple[float, float]:
        if figsize is None or figsize == "page":
            return self._size()
        if figsize == "column":
            return COLUMN, self._column_height()
        if isinstance(figsize, str):
            raise ValueError(
                f'figsize must be (width, height) in inches, "page" or "column", got {figsize!r}.'
            )
        width, height = figsize
        return width, height

    def _column_height(self) -> float:
        """Return inches; a legend that finds no room beside a plot goes below it."""
        return self._size()[1]

    def __repr__(self):
        return f"<{type(self).__name__}: {self._subject()}. Draw it with .plot().>"

    def _size(self) -> tuple[float, float]:
        """Return width and height in inches; seven are the width of a printed page."""
        raise NotImplementedError

    def _draw(self, ax: Axes) -> None:
        raise NotImplementedError

    def _subject(self) -> str:
        raise NotImplementedError
