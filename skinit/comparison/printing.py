"""What a terminal shows of an InitComparison: the conclusion, then the tables behind it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from skinit._wording import (
    is_missing,
    name_label,
    name_some,
    write_number,
    write_p,
    write_seconds,
    write_setting,
)
from skinit.comparison.trainings import convergence_sentences
from skinit.displays.base import word_metric

if TYPE_CHECKING:
    import pandas as pd

NARROW = 70  # columns below which rows are stacked
HEADINGS = ("candidate", "outcome", "training", "held-out", "difference", "adjusted p")

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table as text.

    Parameters
    ----------
    title : str
        What it shows.
    headings : tuple of str
        Names of the columns.
    rows : sequence of tuple of str, or None
        A cell for each column; the first one names the row. None separates rows.
    left : int, default=1
        So many columns are aligned to the left, the others to the right.
    """

    title: str
    headings: Cells
    rows: Sequence[Cells | None]
    left: int = 1


@dataclass(frozen=True)
class Screen:
    """What a terminal shows, in this order.

    Parameters
    ----------
    sentences : list of str
        The conclusion; the first one answers.
    summary : Grid
        A row per candidate, and the class prior.
    notes : list of str
        What marks in the summary mean, and how its numbers are to be read.
    tables : list of Grid
        Further metrics, and how the trainings went.
    problems : list of (str, str)
        What went wrong, by candidate.
    """

    sentences: list[str]
    summary: Grid
    notes: list[str]
    tables: list[Grid]
    problems: list[tuple[str, str]]


def lay_out(comparison) -> Screen:
    """Return what a terminal shows of a comparison."""
    summary = comparison.summary()
    shown = summary[["outcome", "note"]].fillna("")  # the baseline has neither
    explained = [*map(_explain, shown["outcome"], shown["note"])]
    marks = {text: "*" * i for i, text in enumerate(dict.fromkeys(["", *explained]))}
    table = summary.assign(outcome=shown["outcome"], mark=[marks[text] for text in explained])
    notes = [f"{mark} {text}" for text, mark in marks.items() if text]
    notes += _note_ends(summary)
    return Screen(
        comparison.sentences(),
        _summary_grid(comparison, table),
        notes + convergence_sentences(comparison.trainings(), comparison.settings),
        [*_further_metrics(comparison), _trainings(comparison)],
        [*comparison.failures.items(), *_explained_starts(comparison)],
    )


def _note_ends(summary: pd.DataFrame) -> list[str]:
    """Say whose interval is no difference plus or minus something, because it ends at 0."""
    ends = summary[["difference_low", "difference_high"]]
    labels = summary.index[(ends == 0).any(axis=1) & (ends != 0).any(axis=1)]
    if labels.empty:
        return []
    names = name_some(labels)
    return [f"The interval of the difference ends at 0 for {names}; ± is its longer side."]


def _explain(word: str, note: str) -> str:
    """Return what a mark means; a note on an outcome repeats it."""
    return f"{word}: {note}" if word in ("failed", "worse") and note else note


def _explained_starts(comparison) -> Iterator[tuple[str, str]]:
    """Yield what `diagnose` says of a start, and where to read more."""
    codes = {name_label(key): code for key, code in comparison.candidates()["diagnosis"].items()}
    for name, text in comparison.diagnoses.items():
        yield name, f"{text} More: skinit explain {codes[name]}."


def _summary_grid(comparison, table: pd.DataFrame) -> Grid:
    rows: list[Cells | None] = [_cells(row) for row in table.reset_index().to_dict("records")]
    headings: Cells = HEADINGS
    if "learning_rate_init" in table:
        headings = (*HEADINGS, "rate")
        rates = [_write(write_setting, rate) for rate in table["learning_rate_init"]]
        rows = [(*(row or ()), rate) for row, rate in zip(rows, rates, strict=True)]
    n_candidates = len(comparison.settings.candidates)
    primary = comparison.settings.scoring[0]
    turned = "" if primary.greater_is_better else " (lower is better; differences are turned)"
    title = f"{word_metric(primary.name)}{turned}, mean over splits ± half-width of the 95% CI"
    return Grid(title, headings, [*rows[:n_candidates], None, *rows[n_candidates:]], left=2)


def _cells(row: dict[str, Any]) -> Cells:
    """Write one row of a summary; a note about a candidate is a mark, explained below."""
    difference = row["difference"], row["difference_low"], row["difference_high"]
    return (
        name_label((row["label"], row.get("activation", ""))) + row["mark"],
        row["outcome"],
        _write(write_number, row["train_mean"]),
        _with_half_width(row["mean"], row["ci_low"], row["ci_high"]),
        _with_half_width(*difference, sign="+"),
        _write(partial(write_p, relation=False), row["p_holm"]),
    )


def _write(write, value) -> str:
    """Leave a cell empty where there is nothing to write."""
    return "" if is_missing(value) else write(value)


def _with_half_width(mean, low, high, sign: str = "") -> str:
    """Write an estimate; where the range of the metric cuts its interval, the longer side."""
    half = "" if is_missing(low) else f" ±{write_number(max(mean - low, high - mean))}"
    return _write(partial(write_number, sign=sign), mean) + half


def _further_metrics(comparison) -> list[Grid]:
    """Return the means of the other metrics with their outcomes, where any were asked for."""
    if len(comparison.settings.scoring) < 2:
        return []
    names = [name_label(key) for key in comparison.candidates().index]
    columns = [names]
    for metric in comparison.metrics[1:]:
        table = comparison.candidates(metric).loc[comparison.candidates().index]
        ends = zip(table["mean"], table["ci_low"], table["ci_high"], strict=True)
        columns.append([_with_half_width(*values) for values in ends])
        columns.append([*table["outcome"]])
    pairs = [(word_metric(metric), "outcome") for metric in comparison.metrics[1:]]
    primary = word_metric(comparison.metrics[0])
    title = f"Other metrics; their outcomes are exploratory, {primary} decides"
    return [Grid(title, ("candidate", *chain.from_iterable(pairs)), [*zip(*columns, strict=True)])]


def _trainings(comparison) -> Grid:
    """Return how the trainings went: epochs, ends, times."""
    table = comparison.trainings()
    rows = [
        (
            name_label(key),
            write_number(row.epochs, decimals=0),
            _count(row.unconverged_rate, row),
            _count(row.diverged_rate, row),
            write_seconds(row.init_time),
            write_seconds(row.train_time),
        )
        for key, row in zip(table.index, table.itertuples(), strict=True)
    ]
    headings = (
        "candidate",
        "epochs",
        "ended at max_iter",
        "diverged",
        "initialization",
        "training",
    )
    return Grid("Trainings, medians of one run", headings, rows)


def _count(rate: float, row) -> str:
    return "" if is_missing(row.epochs) else f"{rate * row.n_runs:.0f} of {row.n_runs}"


# --- Plain text -------------------------------------------------------------------------------


def write_text(comparison, width: int | None = None) -> str:
    """Return what ``print`` shows of a comparison.

    Parameters
    ----------
    comparison : InitComparison
        What was compared.
    width : int, default=None
        Columns at most; None is the width of the terminal.
    """
    width = shutil.get_terminal_size().columns if width is None else width
    screen = lay_out(comparison)
    wrap = partial(textwrap.fill, width=width, break_on_hyphens=False)
    parts = [
        "\n".join(map(wrap, screen.sentences)),
        write_grid(screen.summary, width),
        "\n".join(map(wrap, screen.notes)),
        *(write_grid(grid, width) for grid in screen.tables),
        "\n".join(wrap(f"{name}: {text}") for name, text in screen.problems),
    ]
    return "\n\n".join(filter(None, parts))


def write_grid(grid: Grid, width: int) -> str:
    """Write a table in columns, or stacked where they do not fit.

    Examples
    --------
    >>> grid = Grid("accuracy", ("candidate", "held-out"), [("he", "0.9"), None, ("prior", "0.5")])
    >>> print(write_grid(grid, 80))
    accuracy
    <BLANKLINE>
    candidate  held-out
    -------------------
    he              0.9
    <BLANKLINE>
    prior           0.5
    >>> print(write_grid(grid, 40))
    accuracy
    <BLANKLINE>
    he
      held-out  0.9
    <BLANKLINE>
    prior
      held-out  0.5
    """
    lines = _columns(grid)
    fits = width >= NARROW and max(map(len, lines)) <= width
    return "\n".join([*textwrap.wrap(grid.title, width), "", *(lines if fits else _stack(grid))])


def _columns(grid: Grid) -> list[str]:
    rows = [row for row in grid.rows if row is not None]
    widths = [max(map(len, column)) for column in zip(grid.headings, *rows, strict=True)]

    def align(row: Cells | None) -> str:
        cells = row or ("",) * len(widths)
        return "  ".join(
            cell.ljust(width) if place < grid.left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [align(grid.headings), rule, *map(align, grid.rows)]


def _stack(grid: Grid) -> list[str]:
    longest = max(map(len, grid.headings[1:]), default=0)
    lines: list[str] = []
    for row in filter(None, grid.rows):
        pairs = zip(grid.headings[1:], row[1:], strict=True)
        cells = [f"  {heading.ljust(longest)}  {cell}" for heading, cell in pairs if cell]
        lines += [row[0], *cells, ""]
    return lines[:-1]
