"""Which column is what: the labels, the groups, the features, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from skinit._wording import list_names, suggest
from skinit.datasets.columns import Column, trimmed
from skinit.datasets.dialect import Dialect
from skinit.datasets.labels import find_target

PANDAS_INDEX = "__index_level_0__"


class Wishes(NamedTuple):
    """What the caller said of the columns, as `load_table` takes it."""

    target: str | int | None = None
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    groups: str | None = None
    task: str | None = None


@dataclass(frozen=True)
class Loaded:
    """A file in a database: the columns of its table ``t``, and how many rows there are."""

    name: str
    dialect: Dialect | None
    connection: Any
    columns: list[Column]
    n_rows: int

    @property
    def has_names(self) -> bool:
        """Whether the columns are named in the file."""
        return self.dialect is None or self.dialect.header


class Roles(NamedTuple):
    """What each column is.

    Attributes
    ----------
    target : Column
        The labels.
    reason : str
        Why it is that column.
    groups : Column or None
        Which rows belong together.
    features : list of Column
        All others that are used.
    left_out : dict of str to str
        Columns that are not used, and why.
    doubts : tuple of str
        What may be wrong with that.
    """

    target: Column
    reason: str
    groups: Column | None
    features: list[Column]
    left_out: dict[str, str]
    doubts: tuple[str, ...]


def assign_roles(table: Loaded, wishes: Wishes) -> Roles:
    """Decide what each column is.

    Raises
    ------
    ValueError
        If a name is that of no column, if the labels have to be asked for, or nothing is left.
    """
    by_name = {column.name: column for column in table.columns}
    _check_names(table.name, wishes, list(by_name))
    left_out = dict.fromkeys(wishes.drop, "as you said")
    rest = [column for column in table.columns if column.name not in left_out]
    kept = {*wishes.keep, wishes.target, wishes.groups}
    left_out |= _find_row_numbers(table, rest, kept)
    left_out |= _find_trailing(table, kept)
    rest = [column for column in rest if column.name not in left_out]
    target, reason, doubts = find_target(
        table.name,
        [column.name for column in rest],
        wishes.target,
        None if table.has_names else _examples(table, rest),
    )
    if target == wishes.groups:
        raise ValueError(
            f"Column {target!r} of {table.name!r} holds the labels, and cannot say as well which "
            "rows belong together: give another one for groups, or none."
        )
    features = [column for column in rest if column.name not in (target, wishes.groups)]
    if not table.n_rows or not features:
        raise ValueError(f"{table.name!r} has no rows, or no column besides {str(target)!r}.")
    groups = by_name[wishes.groups] if wishes.groups else None
    return Roles(by_name[target], reason, groups, features, left_out, doubts)


def _check_names(source: str, wishes: Wishes, names: Sequence[str]) -> None:
    wanted = {
        "drop": wishes.drop,
        "keep": wishes.keep,
        "groups": (wishes.groups,) if wishes.groups else (),
    }
    for option, given in wanted.items():
        for name in given:
            if name not in names:
                raise ValueError(
                    f"{option} names no column of {source!r}: {name!r}.{suggest(name, names)} "
                    f"Its columns are: {list_names(names, 30)}."
                )


def _examples(table: Loaded, columns: Sequence[Column]) -> list:
    """Return the values of the first row, by which columns without names are known."""
    fields = ", ".join(column.field for column in columns)
    return [*(table.connection.execute(f"SELECT {fields} FROM t LIMIT 1").fetchone() or ())]


def _find_row_numbers(table: Loaded, columns: Sequence[Column], kept: set) -> dict[str, str]:
    """Return the columns without a name of their own that number or name the rows."""
    unnamed = [
        (place, column)
        for place, column in enumerate(columns)
        if column.name not in kept and _is_unnamed(table, column.name, place)
    ]
    reasons = {column.name: _why_left_out(table, column, place) for place, column in unnamed}
    return {name: reason for name, reason in reasons.items() if reason}


def _find_trailing(table: Loaded, kept: set) -> dict[str, str]:
    """Return the empty column behind a separator at the end of each line, if none has a name.

    The last column is then the one before it.
    """
    last = table.columns[-1]
    if table.has_names or last.name in kept:
        return {}
    has_values = f"SELECT bool_or({trimmed(last.field)} IS NOT NULL) FROM t"
    (is_used,) = table.connection.execute(has_values).fetchone()
    return {} if is_used else {last.name: "empty"}


def _why_left_out(table: Loaded, column: Column, place: int) -> str:
    """Return what an unnamed column is, "" if it may be a feature."""
    field = column.field
    distinct, least, most = table.connection.execute(
        f"SELECT count(DISTINCT {field}), min(try_cast({field} AS DOUBLE)), "
        f"max(try_cast({field} AS DOUBLE)) FROM t"
    ).fetchone()
    if not distinct:
        return "empty"
    if distinct != table.n_rows:
        return ""
    if least in (0, 1) and most == least + table.n_rows - 1:
        return "row numbers; --keep keeps them"
    return "row names; --keep keeps them" if place == 0 and table.n_rows > 1 else ""


def _is_unnamed(table: Loaded, name: str, place: int) -> bool:
    if name.startswith(("Unnamed: ", "...")) or name == PANDAS_INDEX:
        return True
    if table.dialect is None:
        return False
    return name in table.dialect.unnamed or (table.has_names and place == 0 and name == "rownames")
