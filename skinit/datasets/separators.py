"""The separator of a text table: the one under which its rows say most.

Separators are chosen by what the rows say under each of them: the same number of fields in every
row, and fields that are values. DuckDB's sniffer, which looks for types, is led astray by decimal
commas ("1,5;2,5") and does not know columns that are separated by blanks.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from skinit.datasets.numerals import conventions_of
from skinit.datasets.sample import split_lines

SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "white space"}
"""What is tried, the rarer in words the earlier; " " stands for any white space."""

MOST_ROWS = 2000  # of the sample
MOST_FIELDS = 1000  # of a row that are looked at


@dataclass(frozen=True)
class Rows:
    """The rows of a sample under one separator, and the line on which each ends."""

    separator: str
    rows: list[list[str]]
    ends: list[int]

    @property
    def width(self) -> int:
        """The usual number of fields."""
        counts = Counter(map(len, self.rows[1:] or self.rows))
        return max(counts, key=lambda n: (counts[n], n), default=0)

    def below_titles(self) -> Rows:
        """Return the rows without the lines of one field that stand above a table."""
        width, start = self.width, 0
        while width > 1 and start < min(20, len(self.rows) - 1) and _is_title(self.rows[start]):
            start += 1
        return replace(self, rows=self.rows[start:], ends=self.ends[start:])

    @property
    def agreement(self) -> float:
        """The share of rows with the usual number of fields; that of names may be one short."""
        width = self.width
        fits = [len(row) == width for row in self.rows]
        if len(fits) > 1 and abs(len(self.rows[0]) - width) == 1:
            fits[0] = len(self.rows[0]) < width or not self.rows[0][-1].strip()
        return sum(fits) / len(fits) if fits else 0.0

    @property
    def cleanness(self) -> float:
        """The share of fields that do not look like several."""
        fields = [field for row in self.rows[:200] for field in row[:MOST_FIELDS]]
        return sum(map(_is_one_field, fields)) / max(len(fields), 1)


def _is_title(row: Sequence[str]) -> bool:
    return sum(bool(field.strip()) for field in row) <= 1


def _is_one_field(text: str) -> bool:
    is_number = bool(conventions_of(text)) and text[-1] not in ",;|"
    return is_number or not re.search(r"[;\t|]|,(?! )", text)


def _has_decimal_commas(rows: Rows) -> bool:
    """Whether every comma in rows that white space separates is part of a number."""
    fields = [field for row in rows.rows[:200] for field in row[:MOST_FIELDS] if "," in field]
    return bool(fields) and all("," in conventions_of(field) for field in fields)


def _joins_numbers(rows: Rows) -> bool:
    """Whether a field holds several numbers, or no comma stands in the first line."""
    fields = {field for row in rows.rows[:200] for field in row[:MOST_FIELDS]}
    several = [field.split() for field in fields if not conventions_of(field)]
    are_numbers = ([bool(conventions_of(token.strip("\"'"))) for token in t] for t in several)
    return len(rows.rows[0]) == 1 or any(sum(marks) > 1 for marks in are_numbers)


def choose_separator(lines: Sequence[str], sep: str | None, quote: str) -> Rows:
    """Return the rows under the separator that explains them best."""
    if sep is not None:
        return _split(lines, sep, quote)
    readings = [_split(lines, sep, quote) for sep in SEPARATORS]
    several = [rows for rows in readings if rows.below_titles().width > 1]
    if not several:
        return _split(lines, ",", quote)
    signs = [rows for rows in several if rows.separator != " "]
    good = [rows for rows in signs if rows.below_titles().agreement > 0.9]
    blanks = [rows for rows in several if rows.separator == " "]
    if blanks and {rows.separator for rows in good} <= {","} and _are_blanks(blanks[0], signs):
        return blanks[0]

    def merit(rows: Rows) -> tuple[float, float]:
        table = rows.below_titles()
        return (table.agreement == 1, table.agreement * table.cleanness)

    return max(good or several, key=merit)


def _are_blanks(blanks: Rows, signs: Sequence[Rows]) -> bool:
    """Whether white space separates, and what looks like separators are decimal commas."""
    table = blanks.below_titles()
    is_regular = table.agreement == 1 and table.cleanness == 1 and table.width > 1
    commas = [rows for rows in signs if rows.separator == ","]
    return is_regular and _has_decimal_commas(table) and any(map(_joins_numbers, commas))


def _split(lines: Sequence[str], sep: str, quote: str) -> Rows:
    try:
        pairs = list(islice(split_lines(lines, sep, quote), MOST_ROWS))
    except csv.Error:  # a field without an end
        pairs = []
    return Rows(sep, [row for row, _ in pairs], [end for _, end in pairs])
