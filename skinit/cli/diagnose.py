"""`skinit diagnose`: what is wrong with a start, before any training."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from skinit._files import find_free
from skinit.cli.app import app
from skinit.cli.delivery import delivery
from skinit.cli.files import FIGURES, check_outputs
from skinit.cli.groups import spread_groups
from skinit.cli.machine import STDOUT, deliver_json, write_diagnoses
from skinit.cli.network import OneNetwork
from skinit.cli.options import NETWORK, OUTPUT, Json, Seed
from skinit.cli.reading import DataOptions, print_account
from skinit.cli.signals import interruption_explained
from skinit.cli.tables import print_table
from skinit.cli.terminal import Terminal, say

if TYPE_CHECKING:
    from skinit.diagnosis import Diagnosis

TOO_MANY = ("z_std", "delta_rms")  # columns that do not fit a terminal


@app.command()
@spread_groups
def diagnose(
    *,
    network: OneNetwork,
    scale: Annotated[
        bool,
        typer.Option(help="Standardize the inputs, as compare does.", rich_help_panel=NETWORK),
    ] = True,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the page, .html, by default a new one named after the data; or for the "
            "figure alone, .png, .pdf or .svg.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json_path: Json = None,
    reading: DataOptions,
) -> None:
    """Say why a network will not learn, before a single epoch is trained.

    \b
    Examples:
      skinit diagnose digits --init zeros,he --activation tanh
      skinit diagnose my.csv --target label --hidden 50,50,50 --out signal.pdf
    """
    from sklearn.preprocessing import FunctionTransformer

    from skinit.diagnosis import diagnose as diagnose_start
    from skinit.estimators.pipelines import network_prefix

    out = out or find_free(f"skinit-diagnosis-{reading.file_name}.html")
    is_piped = json_path == STDOUT
    check_outputs(
        {"--out": out, "--json": None if is_piped else json_path},
        {"--out": (".html", *FIGURES), "--json": (".json",)},
        reading.data,
    )
    console, diagnoses = Terminal(stderr=is_piped), {}
    dataset = reading.load()
    print_account(console, dataset.account)
    if not scale:
        if hasattr(dataset.X, "columns"):
            raise ValueError("--no-scale is for pictures and numbers: tables have to be encoded.")
        dataset = dataset._replace(preprocessing=FunctionTransformer())
    pipeline = network.make_pipeline(dataset)
    prefix = network_prefix(pipeline)
    with interruption_explained(), delivery() as attempt:
        for name in network.inits:
            pipeline.set_params(**{f"{prefix}init": name, f"{prefix}random_state": seed})
            diagnosis = diagnose_start(pipeline, dataset.X, dataset.y, random_state=seed)
            diagnoses[name] = diagnosis
            with attempt():
                _print_diagnosis(console, name, diagnosis)
        with attempt():
            _save(diagnoses, out, reading, dataset)
            say(f"{'Page' if out.suffix.lower() == '.html' else 'Figure'}: {out}", err=is_piped)
        with attempt():
            deliver_json(write_diagnoses(diagnoses, dataset.account), json_path)


def _save(diagnoses: dict[str, Diagnosis], out: Path, reading, dataset) -> None:
    """Write the page, or the figure alone."""
    from skinit.diagnosis import StartsDisplay
    from skinit.diagnosis.page import write_page

    if out.suffix.lower() in FIGURES:
        frames = {name: found.to_frame() for name, found in diagnoses.items()}
        StartsDisplay(frames).save(out)
        return
    write_page(
        diagnoses,
        out,
        data_name=reading.data_name,
        about_data=() if dataset.account is None else dataset.account.entries(),
        repeat=shlex.join(["skinit", *sys.argv[1:]]),
    )


def _print_diagnosis(console: Terminal, name: str, diagnosis: Diagnosis) -> None:
    """Print the verdicts, then the table of layers behind them."""
    from skinit.diagnosis.layers import format_layers

    console.print(Text(name, "bold"))
    for verdict in diagnosis.verdicts:
        title = (f"{verdict.code}, {verdict.title}: ", "bold red")
        console.print(Text.assemble(title, f"{verdict.evidence} {verdict.cure} {verdict.hint}"))
    if not diagnosis.verdicts:
        console.print(Text(str(diagnosis), "green"))
    table = format_layers(diagnosis.to_frame(), without=TOO_MANY)
    print_table(console, "", list(table.columns), table.to_numpy().tolist(), left=0)
