"""`skinit reproduce`: the experiment of Dabbura's blog post (2018), repeated."""

from __future__ import annotations

import json
import shlex
import sys
import time
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.columns import Columns
from rich.table import Table
from rich.text import Text

from skinit._wording import write_share
from skinit.cli.app import app
from skinit.cli.delivery import delivery
from skinit.cli.files import FIGURES, check_outputs
from skinit.cli.machine import STDOUT, deliver_json
from skinit.cli.options import OUTPUT, Folds, Json, Seed, Size
from skinit.cli.reading import print_account
from skinit.cli.signals import interruption_explained
from skinit.cli.tables import new_table, print_table
from skinit.cli.terminal import Terminal, say

if TYPE_CHECKING:
    from skinit.tutorial import Pictures, Run

BOTH = [Path("skinit-reproduce.html"), Path("skinit-reproduce.png")]


@app.command()
def reproduce(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder with pictures named like cat.1.jpg and dog.1.jpg, or with two folders "
            "cat and dog. Without it, pictures are drawn.",
            show_default=False,
        ),
    ] = None,
    folds: Folds = 5,
    seed: Seed = 0,
    size: Size = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the page, .html, or for the figure alone, .png, .pdf or .svg; by "
            "default both: skinit-reproduce.html and .png.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json_path: Json = Path("skinit-reproduce.json"),
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Print all costs, digit by digit, and why some cannot be reproduced.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
) -> None:
    """Repeat the experiment of Dabbura's blog post (2018): cats and dogs, from four starts.

    Prints the accuracy on training and on held-out pictures, and writes a page and its figure.

    All numbers go to skinit-reproduce.json.

    \b
    Examples:
      skinit reproduce
      skinit reproduce pictures/ --out figure.pdf --verbose
    """
    from skinit.tutorial import load_pictures, to_json, write_page

    is_piped = json_path == STDOUT
    files = BOTH if out is None else [out]
    for file in files:
        outputs = {"--out": file, "--json": None if is_piped else json_path}
        check_outputs(outputs, {"--out": (".html", *FIGURES)})
    began = time.perf_counter()
    with interruption_explained():
        pictures = load_pictures(folder, size, seed)
        runs = _train(pictures, folds, seed)
    with interruption_explained(), delivery() as attempt:
        with attempt():
            _print_reproduction(Terminal(stderr=is_piped), pictures, runs, verbose)
        for file in files:
            with attempt():
                if file.suffix.lower() == ".html":
                    repeat = shlex.join(["skinit", *sys.argv[1:]])
                    write_page(pictures, runs, file, seed=seed, repeat=repeat)
                    say(f"Report: {file}", err=is_piped)
                else:
                    _save_figure(pictures, runs, file)
                    say(f"Figure: {file}", err=is_piped)
        with attempt():
            deliver_json(json.dumps(to_json(pictures, runs, seed=seed), indent=1), json_path)
        with attempt():
            say(f"Time: {time.perf_counter() - began:.1f} s", err=is_piped)


def _train(pictures: Pictures, folds: int, seed: int) -> list[Run]:
    """Train all starts, and show how far that is."""
    from skinit import tutorial
    from skinit._progress import progress_bar

    starts = tutorial.STARTS
    total = len(starts) * tutorial.count_trainings(folds)
    runs = []
    with progress_bar("Training", total, unit="trainings") as advance:
        for start in starts:
            advance(f"Training {start.name}", n=0)
            run = tutorial.run(start, pictures, folds=folds, seed=seed, on_training=advance)
            runs.append(run)
    return runs


def _save_figure(pictures: Pictures, runs: list[Run], out: Path) -> None:
    from skinit._files import write_atomically
    from skinit.tutorial import draw

    figure = BytesIO()
    draw(pictures, runs).savefig(figure, format=out.suffix[1:].lower(), dpi=200)
    write_atomically(out, figure.getvalue())


def _print_reproduction(
    console: Terminal, pictures: Pictures, runs: list[Run], is_verbose: bool
) -> None:
    """Print the conclusion and the table behind it, then what it is about."""
    from skinit.tutorial import HIDDEN, LEARNING_RATE, conclude, explain

    for line in conclude(pictures, runs):
        console.print(Text(line, "bold"))
    console.print()
    _print_accuracies(console, pictures, runs)
    sizes = "-".join(map(str, (pictures.X.shape[1], *HIDDEN, 1)))
    source = f"{len(pictures.y)} pictures, {pictures.y.sum()} of them cats: {pictures.source}"
    # The path of a folder stays in one piece, so that it can be copied.
    console.print(Text(source), soft_wrap=pictures.account is not None)
    print_account(console, pictures.account)
    console.print(
        Text(
            f"Layers {sizes}, tanh, {len(runs[0].costs)} full-batch steps, learning rate "
            f"{LEARNING_RATE}\n"
        )
    )
    reproduced, *reasons = explain(pictures, runs)
    if is_verbose:
        tables = [_cost_table(run, pictures.are_published) for run in runs]
        console.print(Columns(tables, padding=(0, 4)))
    for paragraph in [reproduced, *(reasons if is_verbose else ())]:
        console.print(Text(f"{paragraph}\n"))


def _print_accuracies(console: Terminal, pictures: Pictures, runs: list[Run]) -> None:
    """Put training accuracy beside held-out accuracy."""
    import numpy as np

    n_folds = len(runs[0].fold_accuracies)
    published = "published" if pictures.are_published else "published*"
    rows: list[list[str] | None] = []
    for run in runs:
        shares = (run.start.published.accuracy, run.accuracy, np.mean(run.fold_accuracies))
        folds = " ".join(f"{100 * accuracy:.0f}" for accuracy in run.fold_accuracies)
        rows.append([run.start.name, *map(write_share, shares), folds])
    rows += [None, ["always one class", "", *[write_share(pictures.majority)] * 2, ""]]
    title = f"Accuracy on training pictures and on held-out pictures ({n_folds} folds)"
    headings = ["start", published, "training", "held-out", "each fold, in %"]
    print_table(console, title, headings, rows)


def _cost_table(run: Run, are_published: bool) -> Table:
    """Put published and reproduced costs side by side."""
    table = new_table(f"{run.start.name}: {run.start.formula}")
    table.add_column("steps", justify="right")
    if not are_published:
        table.add_column("published*", style="dim")
        table.add_column("here")
        for steps, costs in run.at_prints.items():
            table.add_row(str(steps), *(f"{cost:.16f}" for cost in costs))
        return table
    for header in ("published", "reproduced", "difference"):
        table.add_column(header, justify="right")
    for steps, (theirs, ours) in run.at_prints.items():
        published, reproduced = f"{theirs:.16f}", f"{ours:.16f}"
        difference = f"{ours - theirs:.0e}" if ours != theirs else "0"
        table.add_row(str(steps), published, _mark_common(published, reproduced), difference)
    return table


def _mark_common(published: str, reproduced: str) -> Text:
    """Colour the leading digits that two numbers share."""
    pairs = zip(published, reproduced, strict=False)
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return Text.assemble((reproduced[:same], "bold green"), reproduced[same:])
