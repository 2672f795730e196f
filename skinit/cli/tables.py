"""Tables on a terminal: columns where there is room, one block of lines per row where not."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from skinit.cli.terminal import Terminal

NARROW = 70  # columns of a terminal below which rows are stacked
BETWEEN = 3  # spaces from column to column

Row = Sequence[Text | str]


def print_table(
    console: Terminal,
    title: str,
    headings: Sequence[str],
    rows: Sequence[Row | None],
    left: int = 1,
    *,
    folds: bool = False,
) -> None:
    """Print rows as a table, or stacked where they do not fit.

    Parameters
    ----------
    console : Terminal
        Where to print.
    title : str
        Printed above.
    headings : sequence of str
        Names of the columns.
    rows : sequence of rows
        One cell per column; the first names the row. None separates the rows before and after it.
    left : int, default=1
        So many columns are aligned to the left, the others to the right.
    folds : bool, default=False
        Whether long cells may take several lines.
    """
    title = console.clean(title)
    headings = [console.clean(heading) for heading in headings]
    rows = [row if row is None else [console.clean_cell(cell) for cell in row] for row in rows]
    wrapped = headings if folds else _wrap_headings(headings, rows, console.width)
    if console.width < NARROW or wrapped is None:
        _print_stacked(console, title, headings, rows, left)
        return
    table = new_table(title)
    for place, heading in enumerate(wrapped):
        table.add_column(
            heading,
            justify="left" if place < left else "right",
            overflow="fold",
            no_wrap=place > 0 and not folds,
        )
    for row in rows:
        if row is None:
            table.add_section()
        else:
            table.add_row(*row)
    console.print(table)


def _wrap_headings(
    headings: Sequence[str], rows: Sequence[Row | None], width: int
) -> Sequence[str] | None:
    """Return headings that fit, over several lines where they must; None where cells do not.

    Names of rows may take several lines too.
    """
    columns = [*zip(*(map(str, row) for row in rows if row is not None), strict=True)]
    room = width - BETWEEN * len(headings) + 1
    widths = [max(map(cell_len, column)) for column in columns]
    if sum(map(max, widths, map(cell_len, headings))) <= room:
        return headings
    widths[0] = _longest_word(" ".join(columns[0]))
    narrow = [*map(max, widths, map(_longest_word, headings))]
    if sum(narrow) > room:
        return None
    return ["\n".join(textwrap.wrap(h, w)) for h, w in zip(headings, narrow, strict=True)]


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def new_table(title: str) -> Table:
    """Return an empty table in the style that all tables share."""
    return Table(
        title=Text(title) if title else None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )


def _print_stacked(console, title, headings, rows, left) -> None:
    if title:
        console.print(Text(title, "bold"))
    for row in rows:
        if row is None:
            continue
        # A number says nothing without the heading of its column.
        console.print(Text.assemble("\n", f"{headings[0]} " if left == 0 else "", row[0]))
        block = Table.grid(padding=(0, 2))
        for heading, cell in zip(headings[1:], row[1:], strict=True):
            if str(cell):
                block.add_row(Text(heading, "dim"), cell)
        console.print(Padding(block, (0, 0, 0, 2), expand=False))
    console.print()
