"""How a text table is written: its separator, its quotes, what stands above it, and its names."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from skinit._wording import write_count
from skinit.datasets.header import Names, name_columns
from skinit.datasets.numerals import BLANKS
from skinit.datasets.sample import Sample, find_quote, read_sample, split_lines
from skinit.datasets.separators import Rows, choose_separator
from skinit.datasets.sources import Source

OTHER_SIGNS = ":^~&!@/\\"  # separators that are not tried, since they stand in words and dates


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    separator : str
        One character; " " is any white space.
    quote : str
        One character.
    skip : int
        Lines above the first row of values.
    names : tuple of str
        One for each column, without repetitions.
    header : bool
        Whether the names stand in the file.
    comment : str
        What lines start with that are left out; "" for none.
    longest : int
        Bytes of the longest line that was seen.
    unnamed : tuple of str
        Columns whose name was made up because the header leaves it empty.
    notes, doubts : tuple of str
        What to say of it.
    """

    separator: str
    quote: str
    skip: int
    names: tuple[str, ...]
    header: bool
    comment: str = ""
    longest: int = 0
    unnamed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def read_dialect(
    source: Source,
    sep: str | None = None,
    header: bool | None = None,
    target: str | None = None,
) -> Dialect:
    """Find out how a file is written.

    Parameters
    ----------
    source : Source
        A text file.
    sep, header : str and bool, default=None
        As in `load_table`; what is given is not questioned.
    target : str, default=None
        A name that is known to stand in the header, if there is one.

    Raises
    ------
    ValueError
        If there is nothing in it, or the first line may be names or values.
    """
    sample = read_sample(source)
    if sep is None:
        _refuse_libsvm(source.name, sample.lines[0])
    quote = find_quote(sample.lines)
    rows = choose_separator(sample.lines, sep or sample.separator, quote)
    table = rows.below_titles()
    if not table.rows:
        raise ValueError(f"Cannot read {source.name!r} as a table: no separator fits its lines.")
    if sep is None and table.width == 1:
        _ask_for_separator(source.name, sample.lines)
    names = name_columns(
        source.name,
        [_stripped(row) for row in table.rows],
        table.width,
        header,
        target,
        _last_comment(sample, table.separator, quote),
    )
    return Dialect(
        table.separator,
        quote,
        _lines_above(sample, rows, table, names),
        names.labels,
        names.in_file,
        sample.comment,
        sample.longest,
        names.unnamed,
        (*_notes_above(sample, len(rows.rows) - len(table.rows)), *names.notes),
        names.doubts,
    )


def _refuse_libsvm(name: str, line: str) -> None:
    if re.fullmatch(r"[-+]?[.\d]+( (\d+|qid):[-+.\deE]+)+\s*(#.*)?", line.strip()):
        raise ValueError(
            f"{name!r} looks like a file of libsvm: read it in Python with "
            "sklearn.datasets.load_svmlight_file, and give the arrays to compare_initializers."
        )


def _ask_for_separator(name: str, lines: Sequence[str]) -> None:
    """Raise if lines of a single field have another sign equally often, as separators are."""
    lines = [line for line in lines[:100] if line.strip()]
    for sign in OTHER_SIGNS:
        counts = {line.count(sign) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            raise ValueError(
                f"Are the columns of {name!r} separated by {sign!r}? Say --sep '{sign}' (in Python "
                f"sep={sign!r})."
            )


def _stripped(row: Sequence[str]) -> list[str]:
    return [field.strip(BLANKS) for field in row]


def _last_comment(sample: Sample, separator: str, quote: str) -> list[str]:
    """Return the fields of the last comment above the rows."""
    if not sample.comment or not sample.above:
        return []
    text = sample.above[-1].lstrip("#%/").strip(BLANKS)
    return next((_stripped(row) for row, _ in split_lines([text], separator, quote)), [])


def _lines_above(sample: Sample, rows: Rows, table: Rows, names: Names) -> int:
    """Return how many lines stand above the first row of values."""
    titles = len(rows.rows) - len(table.rows)
    skip = rows.ends[titles - 1] if titles else 0
    if names.in_first_row:
        skip = table.ends[0]
    # What is a comment is taken out before lines are counted.
    return skip if sample.comment else skip + len(sample.above)


def _notes_above(sample: Sample, titles: int) -> list[str]:
    notes = [f"{write_count(titles, 'line')} of titles above the table left out"] * (titles > 0)
    if sample.comment:
        notes.append(f"lines that start with {sample.comment} are comments, and left out")
    return notes


def plain_path(source: Source) -> Path:
    """Return where `rewrite` writes."""
    return source.scratch / "plain.csv"


def rewrite(source: Source, dialect: Dialect, newline: str | None = "") -> Path:
    """Write the rows of a table without what stands above or between them.

    Rows that are separated by white space become CSV.

    Parameters
    ----------
    source, dialect
        The file, and how it is written.
    newline : str or None, default=""
        As of `open`: None ends all lines alike.
    """
    plain = plain_path(source)
    with (
        source.path.open(encoding="utf-8-sig", newline=newline) as lines,
        plain.open("w", encoding="utf-8", newline="") as file,
    ):
        kept = islice(
            (line for line in lines if not dialect.comment or not line.startswith(dialect.comment)),
            dialect.skip,
            None,
        )
        if dialect.separator == " ":
            csv.writer(file).writerows(row for row, _ in split_lines(kept, " ", dialect.quote))
        else:
            file.writelines(kept)
    return plain
