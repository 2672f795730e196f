"""The names of the columns, whether they stand in the first line or are made up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from skinit._wording import list_names, write_name
from skinit.datasets.numerals import NA_WORDS, conventions_of

ROW_NAMES = "row names"
USUAL_TARGETS = ("target", "class", "label", "y")


class Names(NamedTuple):
    """What the columns are called.

    Attributes
    ----------
    labels : tuple of str
        One for each column, without repetitions.
    in_file : bool
        Whether they stand in the file.
    in_first_row : bool
        Whether the first row holds them, and no values.
    unnamed : tuple of str
        Those that were made up because the header leaves them empty.
    notes, doubts : tuple of str
        What to say of them.
    """

    labels: tuple[str, ...]
    in_file: bool = False
    in_first_row: bool = False
    unnamed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def name_columns(
    name: str,
    rows: Sequence[Sequence[str]],
    width: int,
    header: bool | None = None,
    target: str | None = None,
    comment: Sequence[str] = (),
) -> Names:
    """Decide whether the first of some rows holds names, and give every column one.

    Parameters
    ----------
    name : str
        What the person called the file.
    rows : sequence of sequence of str
        The fields of the first rows, without blanks around them.
    width : int
        The usual number of fields.
    header, target
        As in `read_dialect`.
    comment : sequence of str, default=()
        The fields of a comment above the rows, which may be names.
    """
    if header is None and _are_names(comment, rows[0]):
        notes = ("the last line of comments names the columns",)
        return _name_by(comment, rows, width)._replace(notes=notes)
    if header is None:
        header = has_header(name, rows, width, target)
    if header:
        return _name_by(rows[0], rows[1:], width)._replace(in_first_row=True)
    return Names(tuple(f"column{i + 1}" for i in range(width)))


def _are_names(comment: Sequence[str], first: Sequence[str]) -> bool:
    """Whether a comment above the rows names the columns, as numpy.savetxt writes them."""
    fits = len(comment) == len(first) > 1
    return fits and not any(map(conventions_of, comment)) and any(map(conventions_of, first))


def _name_by(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Names:
    filled = _fill(names, rows, width)
    labels, doubts = _unique(filled)
    unnamed = tuple(label for label, given in zip(labels, filled, strict=True) if not given)
    return Names(labels, True, unnamed=unnamed, doubts=tuple(doubts))


def _fill(names: Sequence[str], rows, width: int) -> list[str]:
    """Return one name for each column; "" where the header has none."""
    names = list(names)
    if len(names) == width - 1:
        last = [row[-1] for row in rows if len(row) == width]
        names = [*names, ""] if not any(last) else ["", *names]
    return (names + [""] * width)[: max(width, len(names) - (names[-1] == ""))]


def _unique(names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Name what has no name, and number repeated names."""
    counts = Counter(name for name in names if name)
    taken, labels = set(counts), dict[str, None]()
    for place, name in enumerate(names):
        label = name or (ROW_NAMES if place == 0 else f"column{place + 1}")
        number = 2
        while label in labels or (label != name and label in taken):
            label, number = f"{name or 'column'}_{number}", number + 1
        labels[label] = None
    twice = [name for name, count in counts.items() if count > 1]
    if not twice:
        return tuple(labels), []
    doubt = (
        f"Several columns are called {list_names(twice)}: the later ones are numbered, such as "
        f"{write_name(twice[0])}_2. Rename them, or leave some out with --drop."
    )
    return tuple(labels), [doubt]


def has_header(
    name: str, rows: Sequence[Sequence[str]], width: int, target: str | None = None
) -> bool:
    """Whether the first of some rows holds names.

    Words above numbers are names. Numbers above numbers are values, and so are words that come
    again further down.

    Raises
    ------
    ValueError
        If it may be either.
    """
    first, rest = rows[0], [row for row in rows[1:] if len(row) == width]
    if len(first) == width - 1 or not rest or target in first:
        return True
    first = first[:width]
    if first == [str(place) for place in range(width)] and width > 2:
        return True  # as pandas writes an array
    columns = [*zip(first, *rest, strict=False)]
    votes = Counter(_vote(name, column) for name, *column in (*columns[:100], *columns[100:][-20:]))
    yes, no = votes["names"], votes["values"]
    if yes and no and _are_steps(first):
        no = 0
    if bool(yes) != bool(no):
        return bool(yes)
    are_words = len(set(first)) == width and not any(map(conventions_of, first))
    if not yes and are_words and votes["new"]:
        return True
    raise ValueError(
        f"Does the first line of {name!r} ({list_names(first, 4)}) hold the names of the columns? "
        "Say --header or --no-header (in Python header=True or header=False)."
    )


def _vote(name: str, column: Sequence[str]) -> str:
    """Return what a first field is, seen from those below it."""
    values = [value for value in column if value not in NA_WORDS]
    if name in NA_WORDS or not values:
        return "unknown"
    some = values[:100]
    for is_kind in (_is_number, _is_date):
        if sum(map(is_kind, some)) > 0.8 * len(some):
            return "values" if is_kind(name) else "names"
    if name in values:  # be it a usual name, such as y for yes
        return "values"
    if name.lower() in USUAL_TARGETS:
        return "names"
    # A word of a few that repeat would be among them.
    return "new" if len(set(values)) <= len(values) / 2 else "unknown"


def _is_number(text: str) -> bool:
    return text.isdecimal() or bool(conventions_of(text))


def _is_date(text: str) -> bool:
    return re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)", text) is not None


def _are_steps(names: Sequence[str]) -> bool:
    """Whether all numbers among some names count up by one, as years do."""
    numbers = [int(name) for name in names if name.isdecimal()]
    others = [name for name in names if _is_number(name) and not name.isdecimal()]
    steps = {after - before for before, after in pairwise(numbers)}
    return not others and steps <= {1}
