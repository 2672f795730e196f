"""The report of the experiment: one page with the conclusion, the figure and all costs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._version import __version__
from skinit._wording import MISSING, write_count, write_share
from skinit.report import render_page
from skinit.report.blocks import (
    Block,
    Code,
    Disclosure,
    Facts,
    Plot,
    References,
    Section,
    Table,
    Text,
)
from skinit.tutorial.conclusions import conclude, explain
from skinit.tutorial.drawing import draw
from skinit.tutorial.pictures import Pictures
from skinit.tutorial.published import HIDDEN, LEARNING_RATE, SOURCE, TITLE, URL
from skinit.tutorial.runs import Run

if TYPE_CHECKING:
    import pandas as pd


def write_page(
    pictures: Pictures,
    runs: Sequence[Run],
    path: str | os.PathLike | None = None,
    *,
    seed: int = 0,
    repeat: str = "",
) -> str:
    """Write the report of the experiment, and return the page.

    Parameters
    ----------
    pictures : Pictures
        What was learned.
    runs : sequence of Run
        One for each start.
    path : path-like, default=None
        Where; None only returns the page.
    seed : int, default=0
        Of drawn pictures and of the folds.
    repeat : str, default=""
        The command that reproduces it.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    reproduced, *reasons = explain(pictures, runs)
    caption = (
        "Mean log loss on the training pictures before each step of gradient descent, from each "
        "start, and a picture of each class."
    )
    return render_page(
        path,
        title="Cats and dogs from four starts",
        subtitle=f"The experiment of {SOURCE}; {len(pictures.y)} pictures: {pictures.source}",
        sentences=conclude(pictures, runs),
        sections=[
            Section("Accuracy", [_accuracies(pictures, runs), Text(reproduced, is_note=True)]),
            Section(
                "Cost",
                [Plot("Cost", caption, draw(pictures, runs), draw(pictures, runs, narrow=True))],
            ),
            Section("What can be reproduced", [*map(Text, reasons), *_costs(pictures, runs)]),
            Section("Data", _data(pictures)),
            Section("Methods", _methods(pictures, runs, seed, repeat)),
        ],
    )


def _accuracies(pictures: Pictures, runs: Sequence[Run]) -> Table:
    import pandas as pd

    rows = [
        (
            run.start.name,
            run.start.formula,
            *map(write_share, (run.start.published.accuracy, run.accuracy)),
            write_share(float(np.mean(run.fold_accuracies))),
        )
        for run in runs
    ]
    guess = write_share(pictures.majority)
    published = "Published" if pictures.are_published else "Published*"
    headings = ["Start", "Weights", published, "Training", "Held-out"]
    frame = pd.DataFrame([*rows, ("always one class", "", MISSING, guess, guess)], columns=headings)
    n_folds = write_count(len(runs[0].fold_accuracies), "fold")
    return Table(
        "Accuracy", frame, f"Accuracy on training pictures, and on held-out pictures ({n_folds})."
    )


def _costs(pictures: Pictures, runs: Sequence[Run]) -> list[Block]:
    tables: list[Block] = []
    for run in runs:  # a caption below would be read as the heading of the next table
        tables.append(Text(f"{run.start.name}: {run.start.formula}"))
        tables.append(Table(run.start.name, _cost_frame(run)))
    heading = "All costs, digit by digit" + ("" if pictures.are_published else "*")
    return [Disclosure(heading, tables, is_printed=False)]


def _cost_frame(run: Run) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (str(steps), *(f"{cost:.16f}" for cost in costs)) for steps, costs in run.at_prints.items()
    ]
    return pd.DataFrame(rows, columns=["Steps", "Published", "Here"])


def _data(pictures: Pictures) -> list[Block]:
    return [] if pictures.account is None else [Facts(pictures.account.entries())]


def _methods(pictures: Pictures, runs: Sequence[Run], seed: int, repeat: str) -> list[Block]:
    sizes = "-".join(map(str, (pictures.X.shape[1], *HIDDEN, 1)))
    facts = [
        ("Network", f"layers {sizes}, tanh"),
        ("Training", f"{len(runs[0].costs)} full-batch steps, learning rate {LEARNING_RATE}"),
        ("Held-out accuracy", f"{len(runs[0].fold_accuracies)}-fold cross-validation, seed {seed}"),
        ("Version", f"skinit {__version__}"),
    ]
    code: list[Block] = [Disclosure("To reproduce", [Code(repeat)])] if repeat else []
    return [Facts(facts), *code, References([f"Imad Dabbura (20 April 2018). {TITLE}. {URL}"])]
