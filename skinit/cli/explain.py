"""`skinit explain`: what a verdict means, and what to do about it."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.text import Text

from skinit.cli.app import app
from skinit.cli.tables import Row, print_table
from skinit.cli.terminal import Terminal


def _complete(incomplete: str) -> list[str]:
    from skinit.propagation.pages import list_pages

    return [code for code in list_pages() if code.lower().startswith(incomplete.lower())]


@app.command()
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="INIT01 to INIT13, or calibration: how often the verdicts are right. Without it, "
            "all codes are listed.",
            show_default=False,
            autocompletion=_complete,
        ),
    ] = None,
) -> None:
    """Explain a verdict: how it is measured, why it happens, what to do.

    \b
    Examples:
      skinit explain
      skinit explain INIT03
    """
    from skinit.propagation.pages import list_pages

    console = Terminal()
    if code is None:
        rows: list[Row] = [[Text(name, "bold"), title] for name, title in list_pages().items()]
        print_table(console, "Verdicts", ["code", "title"], rows, left=2)
    else:
        console.print(show_page(code))


def show_page(code: str) -> Markdown:
    """Return the page of a verdict as a terminal shows it."""
    from skinit.propagation.pages import read_page

    return Markdown(_without_links(read_page(code)), hyperlinks=False)


def _without_links(page: str) -> str:
    """Keep the words of links to other pages, which a terminal cannot follow.

    Examples
    --------
    >>> _without_links("See [INIT10](init10.md) and [Adam](https://arxiv.org/abs/1412.6980).")
    'See INIT10 and [Adam](https://arxiv.org/abs/1412.6980).'
    """
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", page)
