"""`skinit compare`: which initializers differ on these data."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from skinit._files import find_free
from skinit._wording import write_count
from skinit.cli.app import app
from skinit.cli.delivery import delivery
from skinit.cli.evaluation import EvaluationOptions
from skinit.cli.files import check_outputs
from skinit.cli.groups import spread_groups
from skinit.cli.machine import STDOUT, write_comparison
from skinit.cli.memory import is_large_file, return_freed_memory
from skinit.cli.network import SeveralNetworks
from skinit.cli.options import OUTPUT, Json
from skinit.cli.reading import DataOptions, print_account
from skinit.cli.signals import interruption_explained
from skinit.cli.tables import print_table
from skinit.cli.terminal import Terminal, say

if TYPE_CHECKING:
    from skinit.comparison import InitComparison
    from skinit.comparison.checkpoint import TemporaryCheckpoint
    from skinit.comparison.printing import Grid

OUTCOME_STYLES = {"best": "green", "tied": "cyan", "worse": "red", "failed": "red"}


@app.command()
@spread_groups
def compare(
    *,
    networks: SeveralNetworks,
    evaluation: EvaluationOptions,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the report, .html; by default a new one named after the data, such as "
            "skinit-digits.html.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="File for finished splits, kept when all are done; by default one beside the "
            "report, removed then. The same command continues from either.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json_path: Json = None,
    reading: DataOptions,
) -> None:
    """Compare initializers on your data by cross-validation, and write a report.

    Prints which candidate is best, which tie with it, which are worse, and which are undecided.

    \b
    Examples:
      skinit compare my.csv --target label
      skinit compare digits --init he,xavier,orthogonal --activation tanh,relu
      skinit compare digits --tune --racing
      skinit compare my.csv --target label --repeats 5 --checkpoint my.jsonl
    """
    from skinit.comparison import compare_initializers
    from skinit.comparison.checkpoint import TemporaryCheckpoint
    from skinit.datasets.folds import check_folds

    out = out or find_free(f"skinit-{reading.file_name}.html")
    is_piped = json_path == STDOUT
    check_outputs(
        {"--out": out, "--json": None if is_piped else json_path, "--checkpoint": checkpoint},
        {"--out": (".html",), "--json": (".json",)},
        reading.data,
    )
    if is_large_file(reading.data):
        return_freed_memory()
    dataset = reading.load(folds=evaluation.cv)
    console = Terminal(stderr=is_piped)
    print_account(console, dataset.account)
    dataset.preprocessing.set_params(copy=False)  # each split takes rows of its own
    pipeline = networks.make_pipeline(dataset, is_tuned=bool(evaluation.tuned(networks)))
    if dataset.task == "classification":
        check_folds(dataset.y, evaluation.cv, option="--cv")
    # The folder of the report, because that one can be written in.
    with TemporaryCheckpoint(out.parent, f"skinit-{reading.file_name}") as temporary:
        with interruption_explained(partial(_tell_saved, checkpoint, temporary)):
            comparison = compare_initializers(
                pipeline,
                dataset.X,
                dataset.y,
                **evaluation.arguments(networks, dataset),
                checkpoint=checkpoint or temporary,
            )
        comparison.data_name = reading.data_name
        comparison.about_data = () if dataset.account is None else tuple(dataset.account.entries())
        _deliver(console, comparison, out, json_path, temporary)


def _deliver(
    console: Terminal,
    comparison: InitComparison,
    out: Path,
    json_path: Path | None,
    temporary: TemporaryCheckpoint,
) -> None:
    """Print a comparison, save its numbers and write its report, each even if another one fails."""
    is_piped = json_path == STDOUT
    unwritten = {path for path in (out, json_path) if path not in (None, STDOUT)}
    try:
        with interruption_explained(), delivery() as attempt:
            with attempt():
                _print_comparison(console, comparison)
            with attempt():
                if is_piped:
                    say(write_comparison(comparison))
                elif json_path is not None:
                    comparison.save(json_path)
                    unwritten.remove(json_path)
                    say(f"Numbers: {json_path}")
            with attempt():
                comparison.to_html(out, repeat=shlex.join(["skinit", *sys.argv[1:]]))
                unwritten.remove(out)
                say(f"Report: {out}", err=is_piped)
    finally:
        if not unwritten:
            temporary.remove()
        elif temporary.is_kept():
            say("Repeat the command to write what is missing; nothing trains again.", err=True)


def _tell_saved(checkpoint: Path | None, temporary: TemporaryCheckpoint) -> str:
    """Say what an interrupted comparison has saved, and how to continue."""
    from skinit.comparison.checkpoint import Checkpoint

    path = checkpoint or temporary.path
    counted = write_count(0, "split")
    if path is not None and Checkpoint.is_begun(path):
        header, records = Checkpoint.read(path)
        counted = f"{len(records)} of {write_count(header.settings.splits.n, 'split')}"
    return f"{counted} saved; repeat the command to go on."


def _print_comparison(console: Terminal, comparison: InitComparison) -> None:
    """Print the conclusion, then the tables behind it, then what went wrong."""
    from skinit.comparison.printing import lay_out

    screen = lay_out(comparison)
    first, *others = screen.sentences
    console.print(Text(f"\n{first}", "bold"))
    for sentence in others:
        console.print(Text(sentence))
    console.print()
    _print_grid(console, screen.summary)
    for note in screen.notes:
        console.print(Text(note))
    for grid in screen.tables:
        console.print()
        _print_grid(console, grid)
    for name, problem in screen.problems:
        console.print(Text.assemble((f"{name}: ", "bold"), f"{problem}\n"))


def _print_grid(console: Terminal, grid: Grid) -> None:
    rows = [None if row is None else [*map(_style, row)] for row in grid.rows]
    print_table(console, grid.title, grid.headings, rows, left=grid.left)


def _style(cell: str) -> Text:
    """Colour the outcomes; everything else is plain."""
    return Text(cell, OUTCOME_STYLES.get(cell, ""))
