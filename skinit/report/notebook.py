"""What a notebook shows: sentences, a table, and a figure on demand."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from skinit.report.page import embed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def render_fragment(
    sentences: Sequence[str], table: pd.DataFrame, name: str, figure: Figure | None
) -> str:
    """Return sentences, table and figure as HTML that has no colours outside the figure.

    So it looks right on light and on dark pages. Labels are escaped.

    Parameters
    ----------
    sentences : sequence of str
        The conclusion.
    table : DataFrame of str
        Its index is not shown.
    name : str
        What the figure is called: a click on it shows the figure.
    figure : Figure or None
        A figure that pyplot does not know.
    """
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    rows = table.to_html(index=False, border=0, justify="left")
    return f"<div>{paragraphs}{rows}{'' if figure is None else _disclose(name, figure)}</div>"


def _disclose(name: str, figure: Figure) -> str:
    # A figure has its ground with it, because its letters are black.
    image = embed(figure, transparent=False)
    size = f'width="{image["width"]}" height="{image["height"]}"'
    drawn = f'<img src="{image["src"]}" {size} alt="{escape(name)}">'
    return f"<details><summary>{escape(name)}</summary>{drawn}</details>"
