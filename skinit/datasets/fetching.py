"""From the columns of a database to a frame, and to codes of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._wording import write_name
from skinit.datasets.columns import Column, trimmed

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 2**22  # values that are fetched at once: 32 MiB
MOST_FIELDS = 100  # of one query, whose planning takes more than linear time


def fetch_features(connection, columns: Sequence[Column], n_rows: int, source: str) -> pd.DataFrame:
    """Return all columns; numbers and empty ones lie in one block of memory.

    Raises
    ------
    ValueError
        If a number is too large for 64 bits.
    """
    import pandas as pd

    numbers = [column for column in columns if column.kind in ("number", "empty")]
    X = pd.DataFrame(
        _fetch_numbers(connection, numbers, n_rows, source).T,
        columns=[column.name for column in numbers],
        copy=False,
    )
    others = {c.name: _fetch_one(connection, c) for c in columns if c.kind in ("date", "words")}
    if not others:
        return X
    X = pd.concat([X, pd.DataFrame(others)], axis=1)
    return X[[column.name for column in columns]]


def _fetch_numbers(connection, columns: Sequence[Column], n_rows: int, source: str) -> np.ndarray:
    """Return the numbers of some columns, (n_columns, n_rows); missing ones are NaN."""
    block = np.full((len(columns), n_rows), np.nan)
    asked = [(place, column) for place, column in enumerate(columns) if column.kind == "number"]
    step = min(MOST_FIELDS, max(1, AT_ONCE // n_rows))
    for start in range(0, len(asked), step):
        part = asked[start : start + step]
        fields = ", ".join(f"{column.sql} AS {column.field}" for _, column in part)
        arrays = connection.execute(f"SELECT {fields} FROM t").fetchnumpy()
        for place, column in part:
            block[place] = np.ma.filled(arrays[column.field], np.nan)
    infinite = np.isinf(block)
    for place, column in asked:
        if column.type == "VARCHAR" and infinite[place].any():
            _refuse_too_large(connection, column, np.flatnonzero(infinite[place]), source)
    np.copyto(block, np.nan, where=infinite)
    return block


def _refuse_too_large(connection, column: Column, rows: np.ndarray, source: str) -> None:
    """Raise an error if one of these rows has a number beyond 64 bits, and not the word inf."""
    texts = connection.execute(f"SELECT {column.field} AS v FROM t").fetchnumpy()["v"][rows]
    for row, text in zip(rows, texts, strict=True):
        if any(sign.isdigit() for sign in text):
            raise ValueError(
                f"Column {column.name!r} of {source!r} holds {write_name(text.strip())} (row "
                f"{row + 1:,}), which is beyond the largest number, 1.8e308: mend it, or name it "
                "with --na (in Python na=) if it means missing."
            )


def _fetch_one(connection, column: Column) -> pd.Series:
    if column.kind == "date":
        query = f"SELECT CAST({column.sql} AS TIMESTAMP) AS v FROM t"
        return connection.execute(query).df()["v"].astype("datetime64[us]")
    return fetch_words(connection, column.sql)


def fetch_words(connection, sql: str) -> pd.Series:
    """Return a column of text as categories, sorted; each word is kept once."""
    connection.execute(
        f"CREATE OR REPLACE TYPE words AS ENUM (SELECT DISTINCT {sql} AS v FROM t "
        "WHERE v IS NOT NULL ORDER BY v)"
    )
    return connection.execute(f"SELECT CAST({sql} AS words) AS v FROM t").df()["v"]


def fetch_groups(connection, column: Column, source: str) -> np.ndarray:
    """Return a number for the group of each row.

    Raises
    ------
    ValueError
        If rows have no group.
    """
    field = trimmed(column.field) if column.type == "VARCHAR" else column.field
    values = fetch_words(connection, f"CAST({field} AS VARCHAR)")
    n_missing = int(values.isna().sum())
    if n_missing:
        raise ValueError(
            f"Column {column.name!r} of {source!r} has no group in {n_missing:,} rows: fill them "
            "in, or remove these rows."
        )
    return values.cat.codes.to_numpy().astype(np.int64)


def count_missing(connection, columns: Sequence[Column], na: Sequence[str]) -> dict[str, int]:
    """Count the words that were read as missing values, and the numbers that are infinite."""
    counts: dict[str, int] = {}
    numbers = [column.field for column in columns if column.type == "DOUBLE"]
    for start in range(0, len(numbers), MOST_FIELDS):
        fields = numbers[start : start + MOST_FIELDS]
        total = " + ".join(f"count_if(isinf(CAST({field} AS DOUBLE)))" for field in fields)
        (count,) = connection.execute(f"SELECT {total} FROM t").fetchone()
        if count:
            counts["inf"] = counts.get("inf", 0) + count
    texts = [column for column in columns if column.type == "VARCHAR" and not column.clean]
    words = [word for word in na if word]
    if not words:
        return counts
    for start in range(0, len(texts), 50):
        values = ", ".join(trimmed(column.field) for column in texts[start : start + 50])
        rows = connection.execute(
            f"SELECT v, count(*) FROM (SELECT unnest([{values}]) AS v FROM t) "
            "WHERE v IN (SELECT unnest($words)) GROUP BY v ORDER BY 2 DESC, 1",
            {"words": words},
        ).fetchall()
        for word, count in rows:
            counts[word] = counts.get(word, 0) + count
    return counts
