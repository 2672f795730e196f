"""Options that several commands share: their texts, their completion, and lists of values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

# Groups of options in the help.
READING = "Reading a table or a folder"
NETWORK, EVALUATION, OUTPUT = "Network", "Evaluation", "Output"

Seed = Annotated[
    int,
    typer.Option(
        min=0, max=2**32 - 1, metavar="N", help="Random seed.", rich_help_panel=EVALUATION
    ),
]
Folds = Annotated[
    int,
    typer.Option(
        min=2, metavar="N", help="Folds of the cross-validation.", rich_help_panel=EVALUATION
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Height and width of pictures in pixels; by default those of the files.",
        metavar="PIXELS",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        "--json",
        help="File for all numbers, .json; - prints them, and all text to stderr.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]


def complete_list(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return a completion for the last of several names that are separated by commas."""

    def complete(incomplete: str) -> list[str]:
        *before, last = incomplete.split(",")
        start = "".join(f"{name}," for name in before)
        return [start + name for name in names() if name.startswith(last) and name not in before]

    return complete


def complete_name(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return a completion for one name."""
    return lambda incomplete: [name for name in names() if name.startswith(incomplete)]


def split_rates(text: str) -> list[float]:
    """Return the numbers of a comma-separated list of learning rates."""
    try:
        rates = [float(part) for part in split_list(text)]
    except ValueError:
        rates = []
    if not rates or not all(0 < rate < math.inf for rate in rates):
        raise ValueError(
            "--learning-rate-init takes numbers above 0 such as 0.001 or 0.0001,0.001,0.01, got "
            f"{text!r}."
        )
    return rates


def split_list(text: str) -> list[str]:
    """Return the parts of a comma-separated list, at least one."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError(f"Expected names separated by commas, got {text!r}.")
    return parts
