"""What was understood of a file or a folder: a value that every command and report can show."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from skinit._wording import list_names, write_count, write_name, write_setting

MOST_CLASSES = 8  # classes that the text names; the value holds all of them


@dataclass(frozen=True)
class Account(ABC):
    """What every account can do: it becomes text, HTML or a dictionary.

    Parameters
    ----------
    doubts : tuple of str
        What may be wrong, each with its remedy.
    """

    doubts: tuple[str, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def facts(self) -> list[tuple[str, str]]:
        """Return (heading, text) of everything that there is to say, the source first."""

    def entries(self) -> list[tuple[str, str]]:
        """Return (heading, text) of every fact, and then of every doubt."""
        return [*self.facts(), *(("Warning", doubt) for doubt in self.doubts)]

    def __str__(self) -> str:
        """Return a line per fact and per doubt."""
        return "\n".join(f"{heading}: {text}" for heading, text in self._entries_in_python())

    def to_html(self) -> str:
        """Return a list of definitions; names from the file are escaped."""
        return _write_html(self.entries())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return _write_html(self._entries_in_python())

    def _entries_in_python(self) -> list[tuple[str, str]]:
        """Return all entries, and how to say in Python what the doubts name as options."""
        if not any(" --" in doubt for doubt in self.doubts):
            return self.entries()
        hint = 'options are arguments of load_table: --drop a,b is drop=["a", "b"]'
        return [*self.entries(), ("In Python", hint)]

    def to_dict(self) -> dict[str, Any]:
        """Return numbers, texts and lists, ready for a JSON file."""
        return asdict(self)


def _write_html(entries: list[tuple[str, str]]) -> str:
    cells = (f"<dt>{escape(name)}</dt>\n<dd>{escape(text)}</dd>\n" for name, text in entries)
    return f'<dl class="facts">\n{"".join(cells)}</dl>'


@dataclass(frozen=True)
class TableAccount(Account):
    """What was understood of a table.

    Parameters
    ----------
    file : str
        Where it was read from.
    dialect : str
        How it is written: container, separator, decimal mark, encoding.
    rows : int
        Rows that were kept.
    header : bool
        Whether the first line names the columns.
    target : str
        The column of the labels.
    reason : str
        Why it is that column.
    classes : dict of str to int
        Rows of each class.
    numbers, dates, categories : tuple of str
        Columns by kind.
    left_out : dict of str to str
        Columns that are not used, and why.
    missing : dict of str to int
        Words that were read as missing values, and how often.
    groups : str or None
        The column whose rows stay on one side of every split.
    notes : tuple of str
        What was done that is worth knowing.
    task : {"classification", "regression"}, default="classification"
        What the column of the labels calls for.
    spread : dict of str to float
        Smallest, mean and largest label of a regression.
    doubts : tuple of str
        As of `Account`.

    Examples
    --------
    >>> account = TableAccount("t.parquet", "Parquet", 5, True, "label", "by its name",
    ...     {"a": 2, "b": 3}, numbers=("weight",))
    >>> print(account)
    t.parquet: 5 rows; Parquet; names in the first line
    labels: label (by its name); 2 classes: a 2, b 3
    numbers: 1: weight
    """

    file: str
    dialect: str
    rows: int
    header: bool
    target: str
    reason: str
    classes: dict[str, int]
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    groups: str | None = None
    notes: tuple[str, ...] = ()
    task: str = "classification"
    spread: dict[str, float] = field(default_factory=dict)

    def _describe_target(self) -> tuple[str, str]:
        name = f"{write_name(self.target)} ({self.reason})"
        if self.task == "classification":
            return "labels", f"{name}; {list_classes(self.classes)}"
        low, mean, high = (write_setting(self.spread[key]) for key in ("min", "mean", "max"))
        return "target", (
            f"{name}; numbers from {low} to {high}, mean {mean}, for a regression "
            "(--task classification takes them for classes)"
        )

    def facts(self) -> list[tuple[str, str]]:
        """Return (heading, text) of everything that there is to say, the source first."""
        header = "names in the first line" if self.header else "no line of names"
        facts = [
            (write_name(self.file, 200), f"{self.rows:,} rows; {self.dialect}; {header}"),
            self._describe_target(),
        ]
        columns = {"numbers": self.numbers, "dates": self.dates, "categories": self.categories}
        facts += [(kind, count_names(names)) for kind, names in columns.items() if names]
        if self.left_out:
            facts.append(("left out", _list_reasons(self.left_out)))
        if self.missing:
            words = (f"{write_name(repr(word))} ({n:,})" for word, n in self.missing.items())
            facts.append(("read as missing", ", ".join(words)))
        if self.groups is not None:
            facts.append(("groups", f"{write_name(self.groups)}, kept together in every split"))
        return facts + [("note", note) for note in self.notes]


@dataclass(frozen=True)
class FolderAccount(Account):
    """What was understood of a folder of pictures.

    Parameters
    ----------
    folder : str
        Where they were read from.
    classes : dict of str to int
        Pictures of each class.
    reason : str
        Where the labels come from: "file names" or "names of sub-folders".
    size : (int, int)
        Height and width in pixels.
    skipped : dict of str to str
        Files and folders that were not read, and why.
    notes : tuple of str
        What was done that is worth knowing.
    doubts : tuple of str
        As of `Account`.

    Examples
    --------
    >>> account = FolderAccount("pets", {"cat": 2, "dog": 3}, "file names", (64, 64))
    >>> print(account)
    pets: 5 pictures of 64 x 64 pixels
    labels: file names; 2 classes: cat 2, dog 3
    """

    folder: str
    classes: dict[str, int]
    reason: str
    size: tuple[int, int]
    skipped: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def facts(self) -> list[tuple[str, str]]:
        """Return (heading, text) of everything that there is to say, the source first."""
        height, width = self.size
        pictures = write_count(sum(self.classes.values()), "picture")
        facts = [
            (write_name(self.folder, 200), f"{pictures} of {height} x {width} pixels"),
            ("labels", f"{self.reason}; {list_classes(self.classes)}"),
        ]
        if self.skipped:
            facts.append(("skipped", _list_reasons(self.skipped)))
        return facts + [("note", note) for note in self.notes]


def list_classes(classes: Mapping[str, int]) -> str:
    """Name the most frequent classes with their rows.

    Examples
    --------
    >>> list_classes({"no": 30, "yes": 12})
    '2 classes: no 30, yes 12'
    """
    often = sorted(classes, key=lambda name: (-classes[name], name))
    often = sorted(classes) if len(classes) <= MOST_CLASSES else often[:MOST_CLASSES]
    words = [f"{write_name(name)} {classes[name]:,}" for name in often]
    more = f" and {len(classes) - len(often):,} more" if len(classes) > len(often) else ""
    kinds = "1 class" if len(classes) == 1 else f"{len(classes):,} classes"
    return f"{kinds}: {', '.join(words)}{more}"


def count_names(names: tuple[str, ...]) -> str:
    """Count columns, and name the first of them."""
    return f"{len(names):,}: {list_names(names)}"


def _list_reasons(reasons: Mapping[str, str], most: int = 5) -> str:
    """Write names by the reason that they share."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    texts = [f"{list_names(names)} ({reason})" for reason, names in by_reason.items()]
    more = f"; and {len(texts) - most} more reasons" if len(texts) > most else ""
    return "; ".join(texts[:most]) + more
