"""What data a command reads, and how: options that are the same for all commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from skinit.cli.options import READING, Size, complete_name
from skinit.cli.terminal import Terminal

if TYPE_CHECKING:
    from skinit.datasets.account import Account
    from skinit.datasets.named import Dataset


def _data_sets() -> Iterable[str]:
    from skinit.datasets.named import NAMES

    return NAMES


Data = Annotated[
    str,
    typer.Argument(
        help="digits, iris, wine, breast_cancer or pets (drawn); diabetes or california_housing "
        "(numbers to predict); a CSV or Parquet file; or a folder of pictures.",
        autocompletion=complete_name(_data_sets),
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        help="Column of the class labels, or of the numbers to predict, in a file.",
        metavar="COLUMN",
        show_default=False,
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        help="Whether that column holds classes or numbers, where its values leave a doubt.",
        metavar="classification|regression",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Drop = Annotated[
    str | None,
    typer.Option(
        help="Columns to leave out, separated by commas.",
        metavar="COLUMNS",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Keep = Annotated[
    str | None,
    typer.Option(
        help="Columns of row numbers or row names to keep, which are left out otherwise.",
        metavar="COLUMNS",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        help="Column that says which rows belong together: they stay on one side of every split.",
        metavar="COLUMN",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line names the columns.",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Sep = Annotated[
    str | None,
    typer.Option(
        help="The separator of columns; tab, or space for any white space.",
        metavar="SIGN",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(
        help="The decimal mark, . or a comma.",
        metavar="SIGN",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        help="The encoding, such as cp1251 or shift_jis.",
        metavar="NAME",
        show_default=False,
        rich_help_panel=READING,
    ),
]
NaWords = Annotated[
    str | None,
    typer.Option(
        "--na",
        help="Words for missing values, besides the usual ones such as NA and ?; '' for none.",
        metavar="WORDS",
        show_default=False,
        rich_help_panel=READING,
    ),
]
PosLabel = Annotated[
    str | None,
    typer.Option(
        help="The positive class of two, for scorers such as f1.",
        metavar="CLASS",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Rare = Annotated[
    str | None,
    typer.Option(
        help="What to do with classes of fewer rows than folds: drop, or merge into one class.",
        metavar="drop|merge",
        show_default=False,
        rich_help_panel=READING,
    ),
]
SIGNS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "bar": "|"}


@dataclass(frozen=True)
class DataOptions:
    """What to read, and how."""

    data: Data = "digits"
    target: Target = None
    task: Task = None
    drop: Drop = None
    keep: Keep = None
    groups: Groups = None
    header: Header = None
    sep: Sep = None
    decimal: Decimal = None
    encoding: Encoding = None
    na: NaWords = None
    pos_label: PosLabel = None
    rare: Rare = None
    size: Size = None

    @property
    def data_name(self) -> str:
        """What the data are called: the name of a file or a folder without its place."""
        path = Path(self.data)
        return path.stem if path.suffix else path.name or self.data

    @property
    def file_name(self) -> str:
        """The name of the data as a part of the name of a file."""
        return re.sub(r"[^\w.-]+", "-", self.data_name).strip("-.") or "data"

    def load(self, folds: int = 5) -> Dataset:
        """Return the data.

        Parameters
        ----------
        folds : int, default=5
            A class of fewer rows is rare, see --rare.

        Raises
        ------
        ValueError
            If an option has no such value, or the data cannot be read.
        """
        from skinit.datasets.named import load_dataset

        return load_dataset(**self._arguments(), folds=folds)

    def _arguments(self) -> dict[str, Any]:
        """Return the options as `load_dataset` takes them."""
        decimal, sep = (sign and SIGNS.get(sign, sign) for sign in (self.decimal, self.sep))
        if decimal not in (None, ".", ","):
            raise ValueError(f"--decimal takes . or a comma, got {self.decimal!r}.")
        if sep is not None and len(sep) != 1:
            raise ValueError(f"--sep takes one character, tab or space, got {self.sep!r}.")
        if self.task not in (None, "classification", "regression"):
            raise ValueError(f"--task takes classification or regression, got {self.task!r}.")
        if self.rare not in (None, "drop", "merge"):
            raise ValueError(f"--rare takes drop or merge, got {self.rare!r}.")
        arguments = {**asdict(self), "decimal": decimal, "sep": sep}
        arguments["source"] = arguments.pop("data")
        arguments |= {"drop": _split(self.drop), "keep": _split(self.keep)}
        arguments["na"] = None if self.na is None else _split(self.na)
        return arguments


def _split(names: str | None) -> list[str]:
    """Return names that are separated by commas; one that contains a comma is quoted."""
    import csv

    if not names:
        return []
    return [name.strip() for name in next(csv.reader([names], skipinitialspace=True))]


def print_account(console: Terminal, account: Account | None) -> None:
    """Print what was understood of the data, and what may be wrong with them."""
    if account is None:
        return
    for heading, text in account.facts():
        console.print(Text.assemble((f"{heading}: ", "bold"), text))
    for doubt in account.doubts:
        console.print(Text.assemble(("Warning: ", "bold yellow"), doubt))
