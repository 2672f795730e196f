"""From a loaded file to features, labels and the account of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skinit._wording import write_count
from skinit.datasets.account import TableAccount
from skinit.datasets.columns import Column, understand_columns
from skinit.datasets.database import drop_empty_rows
from skinit.datasets.dialect import Dialect
from skinit.datasets.fetching import count_missing, fetch_features, fetch_groups
from skinit.datasets.labels import Labels, guess_task, read_labels, read_numbers
from skinit.datasets.roles import Loaded, Roles, Wishes, assign_roles
from skinit.datasets.separators import SEPARATORS
from skinit.datasets.sources import Source

if TYPE_CHECKING:
    import pandas as pd


class Contents(NamedTuple):
    """Features, labels, what was understood, and which rows belong together."""

    X: pd.DataFrame
    y: np.ndarray
    account: TableAccount
    groups: np.ndarray | None


def read_contents(
    source: Source,
    dialect: Dialect | None,
    connection,
    columns: Sequence[Column],
    wishes: Wishes,
    na: Sequence[str],
    decimal: str | None,
) -> Contents:
    """Read what is asked for, and say what was understood.

    Parameters
    ----------
    source : Source
        The file.
    dialect : Dialect or None
        How it is written; None for Parquet.
    connection : DuckDBPyConnection
        With its table as ``t``.
    columns : sequence of Column
        Of unknown kind.
    wishes : Wishes
        What the caller said of them.
    na : sequence of str
        Words for missing values.
    decimal : {".", ","} or None
        The decimal mark; None finds it out.
    """
    n_empty = drop_empty_rows(connection, columns)
    if n_empty and dialect is not None:
        note = f"{write_count(n_empty, 'empty row')} left out"
        dialect = replace(dialect, notes=(*dialect.notes, note))
    (n_rows,) = connection.execute("SELECT count(*) FROM t").fetchone()
    roles = assign_roles(Loaded(source.name, dialect, connection, [*columns], n_rows), wishes)
    separator = dialect.separator if dialect else ","
    task = wishes.task or guess_task(connection, roles.target, source.name)
    targets = [roles.target] if task == "regression" else []
    kinds, mark = understand_columns(
        connection, [*roles.features, *targets], na, decimal, separator
    )
    if targets and kinds[-1].kind != "number" and wishes.task is None:
        task = "classification"  # words with digits in them
    if task == "regression":
        labels = read_numbers(connection, kinds[-1], source.name, n_rows)
    else:
        labels = read_labels(connection, roles.target, source.name)
    kinds = kinds[: len(roles.features)]
    X = fetch_features(connection, kinds, n_rows, source.name)
    missing = count_missing(connection, kinds, na)
    account = _make_account(source, dialect, mark, n_rows, roles, labels, kinds, missing, task)
    groups = None
    if roles.groups is not None:
        groups = fetch_groups(connection, roles.groups, source.name)
    return Contents(X, labels.y, account, groups)


def _make_account(
    source: Source,
    dialect: Dialect | None,
    mark: str,
    n_rows: int,
    roles: Roles,
    labels: Labels,
    kinds: Sequence[Column],
    missing: dict[str, int],
    task: str,
) -> TableAccount:
    doubts = [*_doubt_encoding(source), *(dialect.doubts if dialect else ())]
    doubts += [*roles.doubts, *labels.doubts]
    return TableAccount(
        file=source.name,
        dialect=_describe(source, dialect, mark),
        rows=n_rows,
        header=dialect is None or dialect.header,
        target=roles.target.name,
        reason=roles.reason,
        classes={},
        numbers=_named(kinds, "number"),
        dates=_named(kinds, "date"),
        categories=_named(kinds, "words"),
        left_out=roles.left_out | dict.fromkeys(_named(kinds, "empty"), "empty"),
        missing=missing,
        groups=roles.groups.name if roles.groups else None,
        task=task,
        notes=(
            *(dialect.notes if dialect else ()),
            *labels.notes,
            *(note for column in kinds for note in column.notes),
        ),
        doubts=(*doubts, *(doubt for column in kinds for doubt in column.doubts)),
    )


def _doubt_encoding(source: Source) -> list[str]:
    if source.encoding != "cp1252":
        return []
    return [
        "The file is not UTF-8, and was read as cp1252 (Western European Windows): if words look "
        "wrong, name its encoding with --encoding."
    ]


def _named(columns: Sequence[Column], kind: str) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column.kind == kind)


def _describe(source: Source, dialect: Dialect | None, decimal: str) -> str:
    """Say how a file is written."""
    if dialect is None:
        return "Parquet"
    separated = SEPARATORS.get(dialect.separator, repr(dialect.separator))
    parts = [f"columns separated by {separated}"]
    if decimal == ",":
        parts.append("decimal commas")
    parts.append(source.encoding.upper() if source.encoding != "utf-8-sig" else "UTF-8")
    return ", ".join(parts) + (f", packed with {source.container}" if source.container else "")
