"""`skinit reproduce`: the tutorial's experiment again."""

from __future__ import annotations

import json
import time
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skinit.cli.app import app, new_progress, new_table

if TYPE_CHECKING:
    from skinit.tutorial import Pictures, Run

FIGURES = (".png", ".pdf", ".svg")


@app.command()
def reproduce(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Pictures named like cat.1.jpg and dog.1.jpg, or two folders cat and dog. "
            "Without it, pictures are drawn.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to save the figure: .png, .pdf or .svg.")] = Path(
        "skinit-reproduce.png"
    ),
    json_path: Annotated[Path, typer.Option("--json", help="Where to save the numbers.")] = Path(
        "skinit-reproduce.json"
    ),
    folds: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 5,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of drawn pictures and of the folds.")
    ] = 0,
    size: Annotated[
        int | None,
        typer.Option(
            min=8,
            help="Height and width of the pictures in pixels; by default as they are, or 150.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Repeat the tutorial's experiment: cats and dogs, one network, four starts.

    Prints published and reproduced costs side by side, and cross-validated accuracy.
    """
    from skinit import tutorial

    _check_outputs(out, json_path)
    began = time.perf_counter()
    with new_progress() as progress:
        task = progress.add_task("Opening the pictures", total=1 + len(tutorial.STARTS))
        pictures = tutorial.load_pictures(folder, size, seed)
        runs = []
        for start in tutorial.STARTS:
            progress.update(task, advance=1, description=f"Training {start.name}", refresh=True)
            runs.append(tutorial.run(start, pictures, folds=folds, seed=seed))
    _save_reproduction(pictures, runs, seed, out, json_path)
    _print_reproduction(pictures, runs)
    typer.echo(f"Figure: {out}\nNumbers: {json_path}\nTime: {time.perf_counter() - began:.1f} s")


def _check_outputs(figure: Path, numbers: Path) -> None:
    """Find out before the training whether both files can be written after it."""
    from skinit._files import check_writable

    if figure.suffix.lower() not in FIGURES:
        raise ValueError(f"--out must end in {', '.join(FIGURES)}, got {str(figure)!r}.")
    if figure.resolve() == numbers.resolve():
        raise ValueError(f"--out and --json both name {str(figure)!r}; choose two files.")
    check_writable(figure)
    check_writable(numbers)


def _save_reproduction(
    pictures: Pictures, runs: list[Run], seed: int, out: Path, json_path: Path
) -> None:
    from skinit import tutorial
    from skinit._files import write_atomically

    figure = BytesIO()
    tutorial.draw(pictures, runs).savefig(figure, format=out.suffix[1:].lower(), dpi=200)
    numbers = json.dumps(tutorial.to_json(pictures, runs, seed=seed), indent=1) + "\n"
    write_atomically(out, figure.getvalue())
    write_atomically(json_path, numbers)


def _print_reproduction(pictures: Pictures, runs: list[Run]) -> None:
    from skinit.tutorial import HIDDEN, LEARNING_RATE, explain

    console = Console()
    sizes = "-".join(map(str, (pictures.X.shape[1], *HIDDEN, 1)))
    typer.echo(
        f"{len(pictures.y)} pictures, {pictures.y.sum()} of them cats: {pictures.source}\n"
        f"Layers {sizes}, tanh, {len(runs[0].costs)} full-batch steps, "
        f"learning rate {LEARNING_RATE}\n"
    )
    console.print(Columns([_cost_table(run, pictures.own) for run in runs], padding=(0, 4)))
    console.print(_accuracy_table(pictures, runs))
    for paragraph in explain(pictures, runs):
        console.print(Text(f"{paragraph}\n"))


def _cost_table(run: Run, own: bool) -> Table:
    """Put published and reproduced costs side by side."""
    table = new_table(f"{run.start.name}: {run.start.formula}")
    table.add_column("steps", justify="right")
    if not own:
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


def _accuracy_table(pictures: Pictures, runs: list[Run]) -> Table:
    """Put the accuracy on the training pictures beside that on pictures left out of training."""
    import numpy as np

    n_folds = len(runs[0].fold_accuracies)
    table = new_table(
        f"Accuracy on training pictures, and on those left out of {n_folds} trainings"
    )
    table.add_column("start")
    for header in ("published" if pictures.own else "published*", "training", "left out"):
        table.add_column(header, justify="right")
    table.add_column("each fold, in %")
    for run in runs:
        shares = (run.start.accuracy, run.accuracy, np.mean(run.fold_accuracies))
        folds = " ".join(f"{100 * accuracy:.0f}" for accuracy in run.fold_accuracies)
        table.add_row(run.start.name, *(f"{share:.0%}" for share in shares), folds)
    table.add_section()
    table.add_row("always one class", "", *[f"{pictures.majority:.0%}"] * 2, "")
    return table
