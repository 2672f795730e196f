"""What the columns of a table are: numbers, dates or words, decided from all of their values.

The table lies in a DuckDB file, one column of text for each column of a CSV file. A column is
described by the *shapes* of its values ("1.234,56" and "7.890,12" have the same one), of which a
column of numbers has few however many rows it has; each shape stands for all of its values, so that
Python decides once what SQL then does for all rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from skinit._wording import join_words, write_name
from skinit.datasets.numerals import (
    BLANKS,
    CONVENTIONS,
    conventions_of,
    currency_of,
    is_ambiguous,
    number_sql,
    read_number,
)

if TYPE_CHECKING:
    import duckdb

MOST_SHAPES = 5000  # a column with more is text
MANY_WORDS = 10  # words with digits; fewer may be categories
BLOCK = 100  # columns that one query looks at
PLAIN = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
DATES = (
    *(f"%Y{mark}%m{mark}%d" for mark in "-/."),
    *("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S.%f")


class Shape(NamedTuple):
    """Values that are written alike: how many, the first row of one, and that one."""

    n: int
    row: int
    value: str


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Parameters
    ----------
    name : str
        As the person knows it.
    field : str
        Its name in the database.
    type : str
        Its type there: "VARCHAR", "DOUBLE" or "TIMESTAMP".
    kind : str
        "number", "date", "words" or "empty".
    sql : str
        The expression that reads it.
    n : int
        Values that are not missing.
    plain : bool
        Whether all of them are numbers as computers write them.
    clean : bool
        Whether there is nothing else either: no blanks, no words for missing values.
    shapes : tuple of Shape
        How they are written; empty where nobody had to look.
    doubts, notes : tuple of str
        What to say of it.
    """

    name: str
    field: str
    type: str = "VARCHAR"
    kind: str = "words"
    sql: str = ""
    n: int = 0
    plain: bool = False
    clean: bool = False
    shapes: tuple[Shape, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def trimmed(field: str) -> str:
    """Return the SQL of a text without the blanks around it; NULL for nothing."""
    return f"nullif(trim({field}, {quoted(BLANKS)}), '')"


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def value_sql(field: str, na: Sequence[str]) -> str:
    """Return the SQL of a text without blanks and without words for missing values."""
    # DuckDB would turn a long NOT IN into a join for each column.
    words = "|".join(re.escape(word) for word in ("", *filter(None, na)))
    text = f"trim({field}, {quoted(BLANKS)})"
    return f"CASE WHEN NOT regexp_full_match({text}, {quoted(words)}) THEN {text} END"


def understand_columns(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    na: Sequence[str],
    decimal: str | None,
    separator: str,
) -> tuple[list[Column], str]:
    """Return the columns with their kinds, and the decimal mark of the file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the table as ``t``.
    columns : sequence of Column
        Of unknown kind.
    na : sequence of str
        Words for missing values.
    decimal : {".", ","} or None
        The decimal mark; None finds it out.
    separator : str
        The separator of the file, since commas in a file of commas are rarely decimal.

    Raises
    ------
    ValueError
        If numbers such as 1,234 may mean two things.
    """
    looked = list(_look(connection, columns, na))
    if decimal is None:
        if separator == ";" or any("," in _marks_of(column) for column in looked):
            # Only now it matters what 1.234 means.
            pointed = _find_points(connection, looked)
            looked = [_with_shapes(connection, c, na) if c.field in pointed else c for c in looked]
        decimal = _find_decimal(looked, separator)
    if decimal == ",":
        looked = [_with_shapes(connection, column, na) for column in looked]
    return [_decide(connection, column, na, decimal) for column in looked], decimal


# --- Looking ----------------------------------------------------------------------------------


def _look(connection, columns: Sequence[Column], na: Sequence[str]) -> Iterator[Column]:
    """Count the values of each column, and collect the shapes where they are not plain numbers.

    Planning what is asked of a column takes longer than reading a thousand rows of it, so that most
    columns of a wide table are asked one simple question.
    """
    texts = [column for column in columns if column.type == "VARCHAR"]
    # A number that stands for a missing value is found by its word.
    clean = {} if any(map(conventions_of, na)) else _count_clean(connection, texts)
    others = _count_values(connection, [c for c in texts if c.field not in clean], na)
    for column in columns:
        if column.field in clean:
            yield replace(column, n=clean[column.field], plain=True, clean=True)
        elif column.type == "VARCHAR":
            n, n_plain, has_digit = others[column.field]
            column = replace(column, n=n, plain=n == n_plain)
            needs_look = has_digit and not column.plain
            yield _with_shapes(connection, column, na) if needs_look else column
        else:
            yield column


def _count_clean(connection, columns: Sequence[Column]) -> dict[str, int]:
    """Return the number of values of the columns that hold plain numbers and nothing else."""
    questions = ("count({0})", f"count_if(regexp_full_match({{0}}, {quoted(PLAIN)}))")
    counts = _ask(connection, columns, questions, "{0}")
    return {field: n for field, (n, n_plain) in counts.items() if n == n_plain > 0}


def _count_values(connection, columns: Sequence[Column], na: Sequence[str]) -> dict[str, tuple]:
    """Return how many values and plain numbers each column has, and whether there is a digit."""
    questions = (
        "count({0})",
        f"count_if(regexp_full_match({{0}}, {quoted(PLAIN)}))",
        "coalesce(bool_or(regexp_matches({0}, '\\p{Nd}')), false)",
    )
    return _ask(connection, columns, questions, value_sql("{0}", na))


def _find_points(connection, columns: Sequence[Column]) -> set[str]:
    """Return the columns that have a point in any value, by their names in the database."""
    texts = [column for column in columns if column.type == "VARCHAR"]
    answers = _ask(connection, texts, ("bool_or(contains({0}, '.'))",), "{0}")
    return {field for field, (has_point,) in answers.items() if has_point}


def _ask(
    connection, columns: Sequence[Column], questions: Sequence[str], value: str
) -> dict[str, tuple]:
    """Return the answers to some questions about each column, by its name in the database.

    Parameters
    ----------
    questions : sequence of str
        Aggregates of "{0}", a value.
    value : str
        The expression of a value; its "{0}" is the name of the column.
    """
    answers = {}
    for start in range(0, len(columns), BLOCK):
        fields = [column.field for column in columns[start : start + BLOCK]]
        values = ", ".join(f"{value.replace('{0}', field)} AS {field}" for field in fields)
        asked = ", ".join(text.replace("{0}", field) for field in fields for text in questions)
        row = connection.execute(f"SELECT {asked} FROM (SELECT {values} FROM t)").fetchone()
        n = len(questions)
        answers |= {field: row[n * j : n * (j + 1)] for j, field in enumerate(fields)}
    return answers


def _with_shapes(connection, column: Column, na: Sequence[str]) -> Column:
    if column.shapes or column.type != "VARCHAR":
        return column
    rows = connection.execute(
        f"""
        SELECT count(*), min(rowid), arg_min(v, rowid)
        FROM (SELECT rowid, {value_sql(column.field, na)} AS v FROM t)
        WHERE v IS NOT NULL
        GROUP BY regexp_replace(v, '[0-9]', '9', 'g'), regexp_extract(v, '^[^0-9]*0[0-9]?') <> ''
        ORDER BY 2 LIMIT {MOST_SHAPES + 1}
        """
    ).fetchall()
    return replace(column, shapes=tuple(Shape(*row) for row in rows))


# --- The decimal mark -------------------------------------------------------------------------


def _find_decimal(columns: Iterable[Column], separator: str) -> str:
    """Return the decimal mark under which most columns are numbers."""
    votes = dict.fromkeys(CONVENTIONS, 0)
    unclear = []
    for column in columns:
        marks = _marks_of(column)
        values = [shape.value for shape in column.shapes]
        if len(marks) == 1:
            votes[marks[0]] += 1
        elif marks and (doubtful := [value for value in values if is_ambiguous(value)]):
            unclear.append((column.name, doubtful[0]))
    if votes["."] and votes["."] == votes[","]:
        raise ValueError(
            "Some columns have decimal commas and as many have decimal points: say which is the "
            "decimal mark, --decimal , or --decimal . (in Python decimal=',')."
        )
    if any(votes.values()):
        return max(votes, key=lambda mark: votes[mark])
    for name, value in unclear:
        if ("," in value and separator != ",") or ("." in value and separator == ";"):
            raise ValueError(
                f"Is {write_name(value)} in column {write_name(name)!r} a number above a thousand, "
                "or one with three decimals? Say --decimal , or --decimal . (in Python decimal=)."
            )
    return "."


def _marks_of(column: Column) -> list[str]:
    """Return the decimal marks under which all values of a column are numbers."""
    if not column.shapes or len(column.shapes) > MOST_SHAPES:
        return []
    common = set(CONVENTIONS).intersection(*(conventions_of(s.value) for s in column.shapes))
    return sorted(common)


# --- Kinds ------------------------------------------------------------------------------------


def _decide(connection, column: Column, na: Sequence[str], decimal: str) -> Column:
    """Return a column with its kind, and the expression that reads it."""
    if column.type == "DOUBLE":
        sql = f"CAST({column.field} AS DOUBLE)"
        for word in na:
            if "." in conventions_of(word):
                sql = f"nullif({sql}, {read_number(word, '.')!r})"
        return replace(column, kind="number", sql=sql)
    if column.type == "TIMESTAMP":
        return replace(column, kind="date", sql=f"CAST({column.field} AS TIMESTAMP)")
    value = value_sql(column.field, na)
    words = replace(column, sql=value)
    if not column.n:
        return replace(words, kind="empty")
    if column.plain and (decimal == "." or not column.shapes):
        if column.clean:
            value = column.field
        elif not any(map(conventions_of, na)):  # all other words are missing
            value = trimmed(column.field)
        return replace(column, kind="number", sql=f"TRY_CAST({value} AS DOUBLE)")
    if not column.shapes:
        return words
    if len(column.shapes) > MOST_SHAPES:
        return replace(words, doubts=_doubt_words(connection, words, value))
    return _decide_by_shapes(connection, words, value, decimal)


def _decide_by_shapes(connection, column: Column, value: str, decimal: str) -> Column:
    odd = [shape for shape in column.shapes if decimal not in conventions_of(shape.value)]
    if not odd:
        doubt = _doubt_units(column)
        if doubt:
            return replace(column, doubts=(doubt,))
        return replace(column, kind="number", sql=number_sql(value, decimal))
    formats = _date_formats(connection, column, value)
    if formats:
        return _as_date(column, value, formats)
    n_numbers = sum(shape.n for shape in column.shapes if conventions_of(shape.value))
    if n_numbers >= column.n / 2:
        return replace(column, doubts=(_name_odd(column, odd[0], decimal),))
    return replace(column, doubts=_doubt_words(connection, column, value))


def _doubt_units(column: Column) -> str:
    """Return why numbers cannot be compared with each other, "" if they can."""
    name = write_name(column.name)
    currencies = {currency_of(s.value) for s in column.shapes} - {""}
    if len(currencies) > 1:
        return (
            f"{name} holds amounts in {join_words(sorted(currencies))}, which are not comparable, "
            "and is read as categories: convert them first."
        )
    # 0 is the same with and without a sign.
    bare = [s for s in column.shapes if "%" not in s.value and re.search("[1-9]", s.value)]
    if bare and any("%" in shape.value for shape in column.shapes):
        return (
            f"{name} holds numbers with a percent sign and without one, such as {bare[0].value} "
            f"(row {bare[0].row + 1:,}), and is read as categories: write all of them alike."
        )
    return ""


def _name_odd(column: Column, odd: Shape, decimal: str) -> str:
    name, value = write_name(column.name), write_name(repr(odd.value))
    why = f"{name} is read as categories because of {value} (row {odd.row + 1:,})"
    if conventions_of(odd.value):
        marks = "commas" if decimal == "," else "points"
        return f"{why}, which is not a number with decimal {marks}: write all numbers alike."
    return (
        f"{why}: is it meant to be numeric? Mend the value; if it means missing, say "
        f"--na {write_name(odd.value)}."
    )


def _doubt_words(connection, column: Column, value: str) -> tuple[str, ...]:
    """Point at words that may be numbers with something around them, such as 5 cm."""
    n_like = sum(s.n for s in column.shapes if re.match(r"\W*(\d|0x)", s.value))
    if n_like < 0.9 * column.n:
        return ()
    (n_words,) = connection.execute(f"SELECT count(DISTINCT {value}) FROM t").fetchone()
    if n_words < max(MANY_WORDS, column.n / 4):
        return ()
    return (
        f"{write_name(column.name)} is read as categories, of which there are {n_words:,}, such as "
        f"{write_name(repr(column.shapes[0].value))}: if they are meant to be numeric, write them "
        "as numbers alone.",
    )


def _date_formats(connection, column: Column, value: str) -> list[str]:
    """Return the formats under which all values of a column are dates."""
    fitting = [
        f"{date}{time}"
        for date, time in product(DATES, TIMES)
        if all(_is_date(shape.value, f"{date}{time}") for shape in column.shapes[:20])
    ]
    if not fitting and all(re.match(r"\d{4}-\d\d-\d\d", s.value) for s in column.shapes):
        fitting = [""]
    if not fitting:
        return []
    counts = ", ".join(f"count({_date_sql(value, text)})" for text in fitting)
    row = connection.execute(f"SELECT {counts} FROM t").fetchone()
    return [text for text, count in zip(fitting, row, strict=True) if count == column.n]


_SWAPPED = {"%m/%d/%Y": "%d/%m/%Y", "%d/%m/%Y": "%m/%d/%Y", "%m-%d-%Y": "%d-%m-%Y"}
_SWAPPED |= {"%d-%m-%Y": "%m-%d-%Y", "%m/%d/%y": "%d/%m/%y", "%d/%m/%y": "%m/%d/%y"}


def _is_date(value: str, text: str) -> bool:
    try:
        datetime.strptime(value, text)
    except ValueError:
        return False
    return True


def _date_sql(value: str, text: str) -> str:
    """Return the SQL of a date; without a format, that of ISO 8601 with all its endings, in UTC."""
    if not text:
        return f"make_timestamp(epoch_us(try_cast({value} AS TIMESTAMPTZ)))"
    return f"try_strptime({value}, {quoted(text)})"


def _as_date(column: Column, value: str, formats: Sequence[str]) -> Column:
    doubts: tuple[str, ...] = ()
    if len(formats) > 1 and formats[0] in _SWAPPED:
        doubts = (
            f"{write_name(column.name)} is read as dates in the order {_order(formats[0])}, but "
            f"{_order(formats[1])} would fit as well: write them as year-month-day if that is "
            "wrong.",
        )
    sql = _date_sql(value, formats[0])
    return replace(column, kind="date", sql=sql, doubts=doubts, notes=_note_offsets(column))


def _note_offsets(column: Column) -> tuple[str, ...]:
    """Say of times with an offset, such as +02:00, that they become comparable."""
    has_offset = [re.search(r":.*[-+]\d\d:?\d{0,2}$", shape.value) for shape in column.shapes]
    if not any(has_offset):
        return ()
    others = "" if all(has_offset) else ", and times without one taken as UTC"
    return (f"{write_name(column.name)}: times with an offset are converted to UTC{others}",)


def _order(text: str) -> str:
    words: dict[str, Any] = {"%d": "day", "%m": "month", "%Y": "year", "%y": "year"}
    return re.sub(r"%[a-zA-Z]", lambda match: words.get(match[0], match[0]), text.split(" ")[0])
