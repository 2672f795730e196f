"""A table in a DuckDB file: loaded once, and then asked column by column."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from skinit._wording import ask_to_install, list_names, write_count, write_name
from skinit.datasets.columns import Column, quoted, trimmed
from skinit.datasets.dialect import Dialect, plain_path, rewrite
from skinit.datasets.sources import Source

if TYPE_CHECKING:
    import duckdb

LONGEST_LINE = 2**21  # bytes of one row at least; DuckDB takes 16 times that as a buffer
MEMORY = 2**30  # bytes that the database may use; the rest goes to a temporary file
MEMORY_OF_COLUMN = 2**18  # a column needs a few buffers, however few rows there are
WIDE = 1000  # columns from which on a second thread costs more memory than it saves time
NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)\b")
TIMES = re.compile(r"(DATE|TIMESTAMP)")
TEXTS = ("VARCHAR", "BOOLEAN", "UUID", "TIME", "NULL", '"NULL"')  # NULL: an empty column


class MixedLineEnds(Exception):
    """The lines of a file end in different ways, which DuckDB does not read."""


def require(library: str = "duckdb") -> None:
    """Raise a sentence that says what to install if a library of the extra is missing.

    Raises
    ------
    ImportError
        With the command to run.
    """
    from importlib.util import find_spec

    if find_spec(library) is None:
        raise ImportError(f"Tables need {ask_to_install(library, 'tables')}")


@contextmanager
def open_database(
    source: Source, paths: Sequence[Path], n_columns: int = 0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database beside a source; it can read some files, and nothing else."""
    import duckdb

    allowed = ", ".join(quoted(str(path)) for path in paths)
    connection = duckdb.connect(str(source.scratch / "table.db"))
    try:
        for setting in (
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            f"memory_limit = '{max(MEMORY, MEMORY_OF_COLUMN * n_columns) // 2**20}MiB'",
            f"threads = {1 if n_columns > WIDE else min(4, os.cpu_count() or 1)}",
            "enable_progress_bar = false",
            "TimeZone = 'UTC'",  # and not that of the machine
            f"temp_directory = {quoted(str(source.scratch / 'spill'))}",
            f"allowed_paths = [{allowed}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        yield connection
    finally:
        connection.close()


@contextmanager
def load_text(source: Source, dialect: Dialect) -> Iterator[tuple[duckdb.DuckDBPyConnection, list]]:
    """Load a text file, every value as it is written; yield the database and its columns."""
    columns = [Column(name, f"c{place}") for place, name in enumerate(dialect.names)]
    must_rewrite = dialect.comment or dialect.separator == " " or dialect.skip > 1
    with open_database(source, [source.path, plain_path(source)], len(columns)) as connection:
        try:
            # DuckDB's skip knows no quotes.
            path = rewrite(source, dialect) if must_rewrite else source.path
            _load(connection, source, dialect, columns, path)
        except MixedLineEnds:
            _load(connection, source, dialect, columns, rewrite(source, dialect, newline=None))
        yield connection, columns


def _load(connection, source: Source, dialect: Dialect, columns: Sequence[Column], path) -> None:
    """Load a file as it is, or as it was rewritten."""
    separator, quote, skip = dialect.separator, dialect.quote, dialect.skip
    if separator == " ":
        separator, quote = ",", '"'
    if path != source.path:
        skip = 0
    longest = max(LONGEST_LINE, 4 * dialect.longest)
    types = ", ".join(f"'{column.field}': 'VARCHAR'" for column in columns)
    _run(
        connection,
        f"""
        CREATE TABLE t AS SELECT * FROM read_csv(
            $path, auto_detect = false, header = false, skip = {skip},
            delim = {quoted(separator)}, quote = {quoted(quote)}, escape = {quoted(quote)},
            columns = {{{types}}}, max_line_size = {longest}
        )
        """,
        path,
        source,
    )


def drop_empty_rows(connection, columns: Sequence[Column]) -> int:
    """Leave out rows in which nothing stands, as spreadsheets write them below a table.

    Returns
    -------
    int
        How many there were.
    """
    blank = [f"{trimmed(c.field)} IS NULL" for c in columns if c.type == "VARCHAR"]
    if len(blank) < max(2, len(columns)):
        return 0
    # Two columns tell quickly that there are none.
    (n_maybe,) = connection.execute(
        f"SELECT count(*) FROM t WHERE {blank[0]} AND {blank[-1]}"
    ).fetchone()
    if not n_maybe:
        return 0
    (n_dropped,) = connection.execute(f"DELETE FROM t WHERE {' AND '.join(blank)}").fetchone()
    return int(n_dropped)


@contextmanager
def load_parquet(
    source: Source, ignored: Sequence[str]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list]]:
    """Load a Parquet file with the types that it has; yield the database and its columns."""
    with open_database(source, [source.path]) as connection:
        found = _run(
            connection, "DESCRIBE SELECT * FROM read_parquet($path)", source.path, source
        ).fetchall()
        columns = [_typed(name, place, kind) for place, (name, kind, *_) in enumerate(found)]
        nested = [c.name for c in columns if not c.type and c.name not in ignored]
        if nested:
            raise ValueError(
                f"Columns of {source.name!r} hold lists, records or bytes: {list_names(nested)}. "
                "Leave them out with --drop (in Python drop=), or unpack them first."
            )
        columns = [column for column in columns if column.type]
        kinds = {name: kind for name, kind, *_ in found}
        fields = ", ".join(
            f"{_cast(kinds[column.name], _identifier(column.name))} AS {column.field}"
            for column in columns
        )
        _run(
            connection, f"CREATE TABLE t AS SELECT {fields} FROM read_parquet($path)",
            source.path, source,
        )  # fmt: skip
        yield connection, columns


def _typed(name: str, place: int, kind: str) -> Column:
    if NUMBERS.fullmatch(kind.split("(")[0]):
        return Column(name, f"c{place}", "DOUBLE")
    if TIMES.match(kind) and not kind.endswith("[]"):
        note = f"{write_name(name)}: times with a zone are converted to UTC"
        return Column(name, f"c{place}", "TIMESTAMP", notes=(note,) * ("ZONE" in kind))
    is_text = kind in TEXTS or kind.startswith(("ENUM", "TIME"))
    return Column(name, f"c{place}", "VARCHAR" if is_text and not kind.endswith("[]") else "")


def _cast(kind: str, field: str) -> str:
    """Return the SQL of a column in the type that it is kept in."""
    if kind == "BOOLEAN":
        return f"CASE WHEN {field} THEN 'True' WHEN NOT {field} THEN 'False' END"
    if TIMES.match(kind):
        return f"CAST({field} AS TIMESTAMP)"
    # Whole numbers keep their type, so that large labels stay exact.
    return field if NUMBERS.fullmatch(kind.split("(")[0]) else f"CAST({field} AS VARCHAR)"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _run(connection, query: str, path, source: Source):
    """Run a query on a file; what is wrong with the file is one sentence."""
    import duckdb

    try:
        return connection.execute(query, {"path": str(path)})
    except duckdb.Error as error:
        if "state machine" in str(error):
            raise MixedLineEnds from error
        raise ValueError(
            f"Cannot read {source.name!r} as a table: {_explain(str(error))}"
        ) from error


def _explain(text: str) -> str:
    """Turn an error of DuckDB into a sentence with the line and the remedy."""
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"line {int(line[1]):,}" if line else "a line"
    width = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if width:
        return (
            f"{where} has {write_count(int(width[2]), 'field')} where {width[1]} were expected. "
            "Mend that line, or name the separator with --sep (in Python sep=) if it is another "
            "one."
        )
    if "unterminated quote" in text:
        return f"{where} has a quote that does not end. Mend that line."
    if "quote" in text and line:
        return f"{where} has quotes where none are expected. Mend that line."
    if "maximum line size" in text.lower():
        return f"{where} is far longer than those before it: is there a quote that does not end?"
    return write_name(text.split("\n")[0], 200)
