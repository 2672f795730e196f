"""`skinit diagnose`: what is wrong with a start, before any training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from skinit.cli.app import app, new_table
from skinit.cli.compare import Data, Hidden, Solver, Target, make_network, split_list

if TYPE_CHECKING:
    from skinit.diagnosis import Diagnosis

# What fits a terminal: column of the frame, heading, format.
COLUMNS = [
    ("units", "units", "{:.0f}"),
    ("q", "signal²", "{:.2g}"),
    ("gradient_rms", "gradient", "{:.1e}"),
    ("saturated", "saturated", "{:.0%}"),
    ("dead", "dead", "{:.0%}"),
    ("distinct", "distinct", "{:.0f}"),
    ("rank", "rank", "{:.0f}"),
]


@app.command()
def diagnose(
    data: Data = "digits",
    target: Target = None,
    init: Annotated[str, typer.Option(help="Initializers, separated by commas.")] = (
        "zeros,random,he,xavier"
    ),
    activation: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "relu",
    hidden: Hidden = "100",
    solver: Solver = "auto",
    learning_rate_init: Annotated[
        float, typer.Option(min=0, help="First learning rate of adam and sgd.")
    ] = 0.001,
    scale: Annotated[bool, typer.Option(help="Standardize the inputs, as compare does.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Where the weights come from.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where to draw signal and gradient, .png, .pdf or .svg; with several "
            "initializers the name is added.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say why an initialization fails, before a single epoch is trained."""
    from sklearn.preprocessing import FunctionTransformer

    from skinit._files import check_writable
    from skinit.datasets.named import load_dataset
    from skinit.diagnosis import diagnose as judge

    dataset = load_dataset(data, target)
    if not scale:
        if hasattr(dataset.X, "columns"):
            raise ValueError("--no-scale is for pictures and numbers; words have to be encoded.")
        dataset = dataset._replace(preprocessing=FunctionTransformer())
    names = split_list(init)
    files = [_name_file(out, name, len(names) > 1) for name in names]
    for path in filter(None, files):
        check_writable(path)
    pipeline = make_network(dataset, hidden, solver, learning_rate_init, 200, activation)
    for name, file in zip(names, files, strict=True):
        pipeline.set_params(initmlpclassifier__init=name, initmlpclassifier__random_state=seed)
        diagnosis = judge(pipeline, dataset.X, dataset.y, random_state=seed)
        _print_diagnosis(name, diagnosis)
        if file is not None:
            _save(diagnosis, file)
            typer.echo(f"Figure: {file}\n")


def _name_file(out: Path | None, name: str, several: bool) -> Path | None:
    if out is not None and out.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise ValueError(f"--out must end in .png, .pdf or .svg, got {str(out)!r}.")
    return out.with_stem(f"{out.stem}-{name}") if out is not None and several else out


def _save(diagnosis: Diagnosis, file: Path) -> None:
    from io import BytesIO

    from skinit._files import write_atomically
    from skinit.diagnosis import PropagationDisplay

    drawing = BytesIO()
    figure = PropagationDisplay(diagnosis.to_frame()).to_figure()
    figure.savefig(drawing, format=file.suffix[1:].lower(), dpi=200)
    write_atomically(file, drawing.getvalue())


def _print_diagnosis(name: str, diagnosis: Diagnosis) -> None:
    console = Console()
    frame = diagnosis.to_frame()
    table = new_table(name)
    for heading in ("layer", *(heading for _, heading, _ in COLUMNS)):
        table.add_column(heading, justify="right")
    for layer, row in frame.iterrows():
        cells = (text.format(row[column]) for column, _, text in COLUMNS)
        table.add_row(str(layer), *("" if cell.startswith("nan") else cell for cell in cells))
    console.print(table)
    verdicts = diagnosis.verdicts
    for verdict in verdicts:
        console.print(Text.assemble((f"{verdict.code}, {verdict.title}: ", "bold red"),
                                    f"{verdict.evidence} {verdict.cure}"))  # fmt: skip
    if not verdicts:
        console.print(Text(str(diagnosis), "green"))
    console.print()
