"""The column of targets: which one it is, whether it holds classes or numbers, and which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skinit._wording import is_missing, list_names, suggest, write_name
from skinit.datasets.columns import Column, trimmed
from skinit.datasets.fetching import fetch_features, fetch_words
from skinit.datasets.header import USUAL_TARGETS
from skinit.datasets.numerals import CONVENTIONS, is_ambiguous, read_number

TASKS = ("classification", "regression")
MOST_CLASSES = 30  # whole numbers with more of them look like measurements
SEVERAL_CLASSES = 10  # whole numbers with more of them may be measurements


@dataclass(frozen=True)
class Labels:
    """Labels, and what to say of them."""

    y: np.ndarray
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def find_target(
    name: str, columns: Sequence[str], target: str | int | None, examples: Sequence | None = None
) -> tuple[str, str, tuple[str, ...]]:
    """Return the column of labels, why it is that one, and what may be wrong with that.

    Raises
    ------
    ValueError
        If it has to be asked for.
    """
    if target in columns:
        return str(target), "as you said", ()
    if target is not None:
        place = _place(target, len(columns), examples is None)
        if place is not None:
            return columns[place], "as you said", ()
        known = f"Its columns are: {list_names(columns, 30)}."
        hint = suggest(target, columns)
        raise ValueError(f"There is no column {str(target)!r} in {name!r}.{hint} {known}")
    usual = [column for word in USUAL_TARGETS for column in columns if column.lower() == word]
    if not usual:
        hint = "" if examples is None else " The file has no line of names."
        if examples is not None:
            columns = [f"{c} ({value})" for c, value in zip(columns, examples, strict=True)]
        raise ValueError(
            f"Which column holds the labels in {name!r}? Say it with --target (in Python target=)."
            f"{hint} Its columns are: {list_names(columns, 30)}."
        )
    doubt = (
        f"{list_names(usual)} may all be the labels: {write_name(usual[0])} was taken. Name the "
        "right one with --target; if the others say the same, leave them out with --drop."
    )
    return usual[0], "by its name", (doubt,) * (len(usual) > 1)


def _place(target: str | int, n: int, header: bool) -> int | None:
    """Return the place of a column that is called by number: -1 is the last, 1 the first."""
    if not re.fullmatch(r"-?\d+", str(target)) or (header and int(target) > 0):
        return None
    number = int(target)
    place = n + number if number < 0 else number - 1
    return place if 0 <= place < n else None


def guess_task(connection, column: Column, name: str) -> str:
    """Return "classification" or "regression", whatever the values of a column call for.

    Words are classes, and numbers with fractions are measurements. Whole numbers are classes if
    they are few.

    Raises
    ------
    ValueError
        If it has to be asked for.
    """
    values = [value for value, _ in _count_values(connection, column) if not is_missing(value)]
    if column.type == "TIMESTAMP" or not values:
        return "classification"
    numbers = _as_numbers(values)
    if numbers is None:
        # Numbers may be written in ways that only the whole file explains: 1.234, or $ 5.
        with_digits = sum(any(map(str.isdigit, value)) for value in values)
        is_many = len(values) > MOST_CLASSES and with_digits > 0.9 * len(values)
        return "regression" if is_many else "classification"
    if any(number != round(number) for number in numbers):
        return "regression"
    n = len(set(numbers))
    if n > MOST_CLASSES:
        raise ValueError(
            f"Column {column.name!r} of {name!r} has {n:,} distinct whole numbers: if they are "
            "measurements, say --task regression (in Python task=); if they are classes, "
            "--task classification."
        )
    return "classification"


def read_numbers(connection, column: Column, name: str, n_rows: int) -> Labels:
    """Return the numbers of all rows, from a column whose kind is known.

    Raises
    ------
    ValueError
        If it holds anything else, or nothing in some rows.
    """
    where = f"Column {column.name!r} of {name!r}"
    if column.kind != "number":
        holds = "dates" if column.kind == "date" else "words"
        raise ValueError(
            f"{where} holds {holds}, not numbers: leave out --task regression (in Python task=), "
            "or name another column."
        )
    y = fetch_features(connection, [column], n_rows, name)[column.name].to_numpy()
    missing = int(np.isnan(y).sum())
    if missing:
        raise ValueError(
            f"{where} has no number in {missing:,} of {n_rows:,} rows: fill them in, or remove "
            "these rows."
        )
    return Labels(y)


def _count_values(connection, column: Column) -> list[tuple]:
    """Return each value of a column, without blanks around it, and in how many rows it is."""
    field = trimmed(column.field) if column.type == "VARCHAR" else column.field
    return connection.execute(
        f"SELECT {field} AS v, count(*) FROM t GROUP BY v ORDER BY v NULLS FIRST"
    ).fetchall()


def read_labels(connection, column: Column, name: str) -> Labels:
    """Return the class labels of all rows; only an empty one is missing.

    Raises
    ------
    ValueError
        If labels are missing, or are dates.
    """
    field = trimmed(column.field) if column.type == "VARCHAR" else column.field
    kinds = _count_values(connection, column)
    n_rows = sum(count for _, count in kinds)
    missing = sum(count for value, count in kinds if is_missing(value))
    where = f"Column {column.name!r} of {name!r}"
    if missing:
        raise ValueError(
            f"{where} has no label in {missing:,} of {n_rows:,} rows: fill them in, or remove "
            "these rows."
        )
    values = [value for value, _ in kinds]
    if column.type == "TIMESTAMP":
        raise ValueError(
            f"{where} holds dates, not class labels: name another column with --target (in Python "
            "target=)."
        )
    numbers = _as_numbers(values)
    if numbers is None or any(number != round(number) for number in numbers):
        words = fetch_words(connection, f"CAST({field} AS VARCHAR)")
        return Labels(np.asarray(words.astype(str), dtype=str))
    return _read_whole(connection, field, values, numbers, column.name)


def _as_numbers(values: Sequence) -> list[float] | None:
    """Return all labels as numbers, or None where any of them is a word."""
    if not all(isinstance(value, str) for value in values):
        return [float(value) for value in values]
    for mark in CONVENTIONS:
        plain = re.compile(rf"[-+]?(\d+\{mark}?\d*|\{mark}\d+)([eE][-+]?\d+)?")
        if all(plain.fullmatch(value) and not is_ambiguous(value) for value in values):
            return [number for v in values if (number := read_number(v, mark)) is not None]
    return None


def _read_whole(connection, field: str, values, numbers, name: str) -> Labels:
    places = {value: int(number) for value, number in zip(values, numbers, strict=True)}
    table = connection.execute(f"SELECT {field} AS v FROM t").fetchnumpy()["v"]
    table = np.asarray(table)
    if table.dtype.kind in "iuf":
        y = table.astype(np.int64)
    else:
        distinct, codes = np.unique(table.astype(str), return_inverse=True)
        y = np.array([places[str(value)] for value in distinct])[codes]
    n_classes = len(set(places.values()))
    notes = (
        f"labels are whole numbers: spellings such as {list_names(values[:2])} are one class",
    ) * (n_classes < len(values))
    doubts = (
        f"{write_name(name)} has {n_classes:,} distinct whole numbers, which were taken for "
        "classes: if they are measurements, say --task regression.",
    ) * (SEVERAL_CLASSES < n_classes <= MOST_CLASSES)
    return Labels(y, notes, doubts)
