"""Render the report: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skinit._files import write_atomically
from skinit.report.tables import format_pairwise, format_summary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# A drawing larger than this (in bytes) is embedded as pixels.
LARGEST_SVG = 400_000


def render_report(
    path: str | os.PathLike | None,
    *,
    title: str,
    sentence: str | Sequence[str],
    summary: pd.DataFrame,
    figures: Iterable[tuple[str, str, Figure]] = (),
    failures: Iterable[tuple[str, str]] = (),
    method: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
    repeat: str = "",
    notes: Iterable[str] = (),
    pairwise: pd.DataFrame | None = None,
    metric: str = "score",
    reference: Hashable | None = None,
) -> str:
    """Render a comparison as one HTML page that loads nothing and runs no script.

    Parameters
    ----------
    path : path-like or None
        Where to write the page; None only returns it.
    title : str
        Title and first heading.
    sentence : str or sequence of str
        What the data allow to say; of several, the first is printed large.
    summary : DataFrame
        As for `format_summary`.
    figures : iterable of (heading, caption, Figure), default=()
        Drawings, each in a section of its own. The caption is the alternative text too.
    failures : iterable of (label, text), default=()
        What went wrong, for each failing candidate.
    method : mapping, or iterable of (name, value), default=()
        How it was done: data, splits, seeds, versions.
    repeat : str, default=""
        The call or command that repeats it.
    notes : iterable of str, default=()
        Printed under the summary.
    pairwise : DataFrame, default=None
        As for `format_pairwise`; folded away.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        What the differences are differences to; None is the first row of the summary.

    Returns
    -------
    str
        The page.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("skinit", "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        title=title,
        sentences=[sentence] if isinstance(sentence, str) else list(sentence),
        summary=format_summary(summary, metric=metric, reference=reference),
        figures=[(heading, caption, _embed(figure)) for heading, caption, figure in figures],
        failures=list(failures),
        method=list(method.items() if isinstance(method, Mapping) else method),
        repeat=repeat,
        notes=list(notes),
        pairwise=None if pairwise is None else format_pairwise(pairwise),
    )
    if path is not None:
        write_atomically(path, page)
    return page


def _embed(figure: Figure) -> dict[str, Any]:
    """Return a drawing as the attributes of an image: source, and size in CSS pixels."""
    kind, data = "svg+xml", _draw(figure, "svg")
    if len(data) > LARGEST_SVG:
        kind, data = "png", _draw(figure, "png")
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return {"src": source, "width": width, "height": height}


def _draw(figure: Figure, kind: str) -> bytes:
    import matplotlib

    file = io.BytesIO()
    # No date and no random ids: the same comparison gives the same page.
    metadata = {"Date": None} if kind == "svg" else None
    with matplotlib.rc_context({"svg.hashsalt": "skinit", "svg.fonttype": "path"}):
        figure.savefig(file, format=kind, dpi=200, transparent=True, metadata=metadata)
    return file.getvalue()
