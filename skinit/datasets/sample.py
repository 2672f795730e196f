"""The start of a text table: its lines, what stands above them, and its quotes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skinit.datasets.sources import SAMPLE, Source

COMMENTS = ("#", "%", "//")
_TOKEN = re.compile(r'"(?:[^"]|"")*"|\S+')


@dataclass(frozen=True)
class Sample:
    """The first lines of a file.

    Parameters
    ----------
    lines : list of str
        Without comments and without the line that spreadsheets read.
    above : list of str
        What stood above the first of them.
    comment : str
        What lines start with that are left out; "" for none.
    separator : str or None
        What a first line such as "sep=;" says.
    """

    lines: list[str]
    above: list[str]
    comment: str
    separator: str | None

    @property
    def longest(self) -> int:
        """Bytes of the longest line."""
        return max(len(line.encode()) for line in self.lines)


def read_sample(source: Source) -> Sample:
    """Return the start of a file, at least one whole line.

    Raises
    ------
    ValueError
        If there is nothing in it.
    """
    text, is_whole = _read_start(source.path)
    if not text.strip():
        raise ValueError(f"Cannot read {source.name!r} as a table: it is empty.")
    lines = io.StringIO(text, newline="").readlines()
    lines = lines if is_whole or len(lines) == 1 else lines[:-1]
    separator = re.fullmatch(r"sep=(.)[\s,;]*", lines[0], re.IGNORECASE | re.DOTALL)
    above = [lines.pop(0)] if separator else []
    comment = next((sign for sign in COMMENTS if lines and lines[0].startswith(sign)), "")
    while comment and len(lines) > 1 and lines[0].startswith(comment):
        above.append(lines.pop(0))
    if comment:
        lines = [line for line in lines if not line.startswith(comment)]
    if not any(line.strip() for line in lines):
        raise ValueError(f"Cannot read {source.name!r} as a table: it has nothing but comments.")
    return Sample(lines, above, comment, separator[1] if separator else None)


def _read_start(path: Path) -> tuple[str, bool]:
    """Return the start of a file, and whether that is all of it; at least one whole line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(SAMPLE)
        while "\n" not in text[1:].rstrip() and "\r" not in text[1:].rstrip():
            more = file.read(SAMPLE)
            if not more:
                return text, True
            text += more
        return text, not file.read(1)


def find_quote(lines: Sequence[str]) -> str:
    """Return the sign around fields: a double quote, unless only single ones are there."""
    text = "".join(lines[:200])
    single = re.findall(r"(?:^|[,;\t|])\s*'[^'\n]*'\s*(?=[,;\t|\r\n]|$)", text, re.MULTILINE)
    return "'" if len(single) >= max(2, len(lines[:200]) / 2) and '"' not in text else '"'


def split_lines(
    lines: Iterable[str], separator: str, quote: str
) -> Iterator[tuple[list[str], int]]:
    """Yield the fields of each row that is not empty, and the line on which it ends."""
    if separator == " ":
        for number, line in enumerate(lines, 1):
            fields = [_unquote(token, quote) for token in _TOKEN.findall(line)]
            if fields:
                yield fields, number
        return
    reader = csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)
    for row in reader:
        if row:
            yield row, reader.line_num


def _unquote(token: str, quote: str) -> str:
    is_quoted = len(token) > 1 and token.startswith(quote) and token.endswith(quote)
    return token[1:-1].replace(2 * quote, quote) if is_quoted else token
