"""`skinit list`: initializers and activations with their formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from skinit.cli.app import app
from skinit.cli.delivery import delivery
from skinit.cli.files import check_outputs
from skinit.cli.machine import STDOUT, deliver_json, write_names
from skinit.cli.options import Json
from skinit.cli.tables import Row, print_table
from skinit.cli.terminal import Terminal

if TYPE_CHECKING:
    import pandas as pd


@app.command("list")
def list_names(json_path: Json = None) -> None:
    """List initializers and activations with their formulas.

    \b
    Examples:
      skinit list
      skinit list --json names.json
    """
    from skinit.initializers import list_initializers

    is_piped = json_path == STDOUT
    check_outputs({"--json": None if is_piped else json_path}, {"--json": (".json",)})
    initializers = list_initializers()
    console = Terminal(stderr=is_piped)
    with delivery() as attempt:
        with attempt():
            _print_initializers(console, initializers)
            _print_activations(console)
        with attempt():
            deliver_json(write_names(initializers), json_path)


def _print_initializers(console: Terminal, initializers: pd.DataFrame) -> None:
    rows: list[Row] = []
    for row in initializers.itertuples():
        names = [row.name, *filter(None, row.aliases.split(", "))]
        weights = row.formula if row.bias == "0" else f"{row.formula}\nbias: {row.bias}"
        rows.append([_name_cell(names), weights, row.source])
    title = "Initializers (biases start at 0 unless stated otherwise)"
    print_table(console, title, ["name, aliases", "weights", "source"], rows, left=3, folds=True)


def _print_activations(console: Terminal) -> None:
    from skinit.activations import ACTIVATIONS

    rows: list[Row] = [
        [
            _name_cell([name, *ACTIVATIONS.aliases(name)]),
            activation.formula,
            f"{activation.gain:.5f}",
            activation.default_init,
        ]
        for name, activation in ACTIVATIONS.items()
    ]
    headings = ["name, aliases", "f(z)", "gain", 'init="auto"']
    print_table(console, "Activations", headings, rows, left=4, folds=True)


def _name_cell(names: list[str]) -> Text:
    """Put a name, and below it its aliases, into one cell."""
    return Text.assemble((names[0], "bold"), *(f"\n{alias}" for alias in names[1:]))
