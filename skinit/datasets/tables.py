"""Tables of numbers, dates and categories, read from a file with their labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skinit.datasets.account import TableAccount
from skinit.datasets.classes import settle_target
from skinit.datasets.database import load_parquet, load_text, require
from skinit.datasets.dialect import Dialect, read_dialect
from skinit.datasets.labels import TASKS
from skinit.datasets.numerals import NA_WORDS
from skinit.datasets.reader import read_contents
from skinit.datasets.roles import Wishes
from skinit.datasets.sources import Source, open_source

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    r"""A table with its labels; ``X, y = table`` unpacks it.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Numbers as float64, dates as datetime64, words as categories; missing values are missing.
    y : ndarray of shape (n_samples,)
        The targets: class labels, or float64 numbers of a regression.
    account : TableAccount
        What was understood of the file.
    groups : ndarray of shape (n_samples,) or None
        Which rows belong together.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skinit.datasets import load_table
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = path.write_text("weight,label\n4.1,cat\n9.5,dog\n")
    >>> X, y = load_table(path)
    >>> X.shape, y.tolist()
    ((2, 1), ['cat', 'dog'])
    """

    X: pd.DataFrame
    y: np.ndarray
    account: TableAccount
    groups: np.ndarray | None = None

    def __iter__(self) -> Iterator[Any]:
        """Yield X and y."""
        return iter((self.X, self.y))


def load_table(
    path: str | os.PathLike,
    target: str | int | None = None,
    *,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    groups: str | None = None,
    header: bool | None = None,
    sep: str | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str | None = None,
    na: Sequence[str] | None = None,
    pos_label: str | int | None = None,
    rare: Literal["drop", "merge"] | None = None,
    folds: int = 5,
    task: Literal["classification", "regression"] | None = None,
) -> Table:
    r"""Read a table and split off the column of targets: class labels, or numbers to predict.

    Parameters
    ----------
    path : path-like
        A local file: text with columns separated by commas, semicolons, tabs, bars or white space,
        perhaps packed with gzip, bzip2, xz or zip; or Parquet.
    target : str or int, default=None
        Column of the targets; None looks for one called target, class, label or y. A number
        counts columns that have no names: 1 is the first, -1 the last (of any file).
    drop : sequence of str, default=()
        Columns to leave out.
    keep : sequence of str, default=()
        Columns to keep that are left out otherwise: row numbers and row names without a name.
    groups : str, default=None
        Column that says which rows belong together. It is no feature.
    header : bool, default=None
        Whether the first line holds names; None finds out, or asks.
    sep : str, default=None
        The separator, one character; " " is any white space. None finds out.
    decimal : {".", ","}, default=None
        The decimal mark; None finds out, or asks.
    encoding : str, default=None
        Name of the encoding; None takes the byte order mark, else UTF-8, else cp1252.
    na : sequence of str, default=None
        Words for missing values, besides the usual ones such as NA and "?"; none of them if it is
        empty. An empty field is always missing. Labels are never missing because of a word.
    pos_label : str or int, default=None
        The class that becomes 1; the other becomes 0.
    rare : {"drop", "merge"}, default=None
        What to do with classes of fewer than `folds` rows: leave out their rows, or make one class
        of them, called "other".
    folds : int, default=5
        Folds of the cross-validation to come.
    task : {"classification", "regression"}, default=None
        Whether the targets are classes or numbers. None decides by the column: words are classes,
        numbers with fractions are numbers, and whole numbers are classes if there are up to 30 of
        them; of more it asks.

    Returns
    -------
    Table
        ``X``, ``y``, ``groups`` and ``account``, what was understood; it unpacks into X and y.

    Raises
    ------
    ValueError
        If the file cannot be read or has no such column, if targets are missing, or if something
        has to be asked: the message names the option that answers.
    ImportError
        If duckdb is not installed.

    Notes
    -----
    A column is numeric if all of its values are, under one decimal mark for the whole file;
    thousands, currencies and percent signs are understood (12% is 0.12). What a value means never
    depends on its row.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skinit.datasets import load_table
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = path.write_text("weight;sound;label\n4,1;meow;cat\n;woof;dog\n")
    >>> table = load_table(path)
    >>> X, y = table
    >>> X["weight"].tolist(), y.tolist()
    ([4.1, nan], ['cat', 'dog'])
    >>> table.account.numbers, table.account.categories
    (('weight',), ('sound',))
    """
    require("duckdb")
    _check_options(sep, decimal, rare, task)
    name = target if isinstance(target, str) else None
    with open_source(path, encoding) as source:
        dialect, database = _open(source, sep, header, name, drop)
        with database as (connection, columns):
            words = () if na is not None and not na else (*NA_WORDS, *(na or ()))
            wishes = Wishes(target, drop, keep, groups, task)
            contents = read_contents(source, dialect, connection, columns, wishes, words, decimal)
    return Table(*settle_target(contents, pos_label, rare, folds))


def _check_options(sep, decimal, rare, task) -> None:
    if task not in (None, *TASKS):
        raise ValueError(f"task must be 'classification' or 'regression', got {task!r}.")
    if sep is not None and len(sep) != 1:
        raise ValueError(f"sep must be one character, got {sep!r}.")
    if decimal not in (None, ".", ","):
        raise ValueError(f"decimal must be '.' or ',', got {decimal!r}.")
    if rare not in (None, "drop", "merge"):
        raise ValueError(f"rare must be 'drop' or 'merge', got {rare!r}.")


def _open(
    source: Source, sep, header, target, drop
) -> tuple[Dialect | None, AbstractContextManager]:
    """Return how a file is written (None for Parquet), and the database to be opened."""
    if source.container == "Parquet":
        return None, load_parquet(source, drop)
    dialect = read_dialect(source, sep, header, target)
    return dialect, load_text(source, dialect)
