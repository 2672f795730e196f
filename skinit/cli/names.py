"""`skinit list`: names and formulas."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from skinit.cli.app import app, new_table


@app.command("list")
def list_names() -> None:
    """List the initializers and the activations, with their formulas."""
    from skinit.activations import ACTIVATIONS
    from skinit.initializers import list_initializers

    table = new_table("Initializers (biases start at 0 where nothing else is said)")
    for header in ("name, aliases", "weights", "source"):
        table.add_column(header, overflow="fold")
    for row in list_initializers().itertuples():
        names = [row.name, *filter(None, row.aliases.split(", "))]
        law = row.formula if row.bias == "0" else f"{row.formula}\nbias: {row.bias}"
        table.add_row(_name_cell(names), Text(law), Text(row.source))
    console = Console()
    console.print(table)

    table = new_table("Activations")
    for header in ("name, aliases", "f(z)", "gain", 'init="auto"'):
        table.add_column(header, overflow="fold")
    for name, activation in ACTIVATIONS.items():
        table.add_row(
            _name_cell([name, *ACTIVATIONS.aliases(name)]),
            Text(activation.formula),
            f"{activation.gain:.5f}",
            activation.default_init,
        )
    console.print(table)


def _name_cell(names: list[str]) -> Text:
    """Put a name, and below it its aliases, into one cell."""
    return Text.assemble((names[0], "bold"), *(f"\n{alias}" for alias in names[1:]))
