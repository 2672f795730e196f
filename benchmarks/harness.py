"""Rows of contenders that do the same work in turn, and the goals they are held to."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import geometric_mean, median
from typing import NamedTuple

OPTIONAL = {"torch", "skorch", "jax", "numba"}


class Measurement(NamedTuple):
    """What one round of one contender gave: a cost, and the quality reached (or None)."""

    value: float
    quality: float | None = None


class Unmeasurable(RuntimeError):
    """A contender cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Goal:
    """A bound on the ratio of two contenders' medians, ``over / under``.

    Parameters
    ----------
    over, under : str
        Names of contenders.
    at_least, at_most : float, default=None
        One of them.
    """

    over: str
    under: str
    at_least: float | None = None
    at_most: float | None = None

    def __str__(self):
        bound = f"≥ {self.at_least:g}" if self.at_most is None else f"≤ {self.at_most:g}"
        return f"{self.over} / {self.under} {bound}"

    def is_met_by(self, ratio: float) -> bool:
        """Tell whether a measured ratio reaches the goal."""
        return ratio <= self.at_most if self.at_least is None else ratio >= self.at_least


@dataclass(frozen=True)
class Row:
    """One piece of work and everybody who does it.

    Parameters
    ----------
    name : str
        What the work is, sizes included.
    contenders : mapping of str to callable
        Each does the work once and returns a Measurement. The first one is skinit.
    goals : sequence of Goal
        What it must show.
    unit : {"s", "MiB"}
        Of the values.
    quality : str
        What the quality is called.
    rounds : int, default=None
        Number of rounds, where it differs from that of the run.
    """

    name: str
    contenders: Mapping[str, Callable[[], Measurement]]
    goals: Sequence[Goal] = ()
    unit: str = "s"
    quality: str = "loss"
    rounds: int | None = None


@dataclass(frozen=True)
class GeometricMean:
    """A summary of several rows: the geometric mean of their ratios, held to goals.

    Parameters
    ----------
    name : str
        What is summarized.
    of : sequence of str
        Names of rows.
    goals : sequence of Goal
        What it must show.
    """

    name: str
    of: Sequence[str]
    goals: Sequence[Goal]


@dataclass
class Result:
    """What was measured of a row.

    Attributes
    ----------
    row : Row
        The row.
    measured : dict of str to list of Measurement
        All rounds of every contender that ran.
    skipped : dict of str to str
        The others, and why.
    """

    row: Row
    measured: dict[str, list[Measurement]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def values(self, contender: str) -> list[float]:
        """Return the values of all rounds."""
        return [measurement.value for measurement in self.measured[contender]]

    def median(self, contender: str) -> float:
        """Return the median over the rounds."""
        return median(self.values(contender))

    def quality(self, contender: str) -> float | None:
        """Return the median quality; None where there is none."""
        reached = [m.quality for m in self.measured[contender] if m.quality is not None]
        return median(reached) if reached else None

    def ratio(self, over: str, under: str) -> float | None:
        """Return the ratio of two medians; None where one of them was not measured."""
        if over not in self.measured or under not in self.measured:
            return None
        return self.median(over) / self.median(under)


@dataclass
class MeanResult:
    """The geometric means over several results, or None where a contender is missing."""

    row: GeometricMean
    results: list[Result]

    def ratio(self, over: str, under: str) -> float | None:
        """Return the geometric mean of the ratios."""
        ratios = [result.ratio(over, under) for result in self.results]
        return None if None in ratios else geometric_mean(ratios)


def verdicts(result: Result | MeanResult) -> Iterator[tuple[Goal, float | None, str]]:
    """Yield every goal, the ratio measured, and "met", "falls short" or "not measured"."""
    for goal in result.row.goals:
        ratio = result.ratio(goal.over, goal.under)
        if ratio is None:
            yield goal, None, "not measured"
        else:
            yield goal, ratio, "met" if goal.is_met_by(ratio) else "falls short"


def clock(function: Callable):
    """Call a function; return the seconds it took, and its result."""
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a budget of epochs is no failure to converge here
        start = time.perf_counter()
        result = function()
        return time.perf_counter() - start, result


def run_row(row: Row, rounds: int) -> Result:
    """Measure a row: A B C, A B C, ..., so that a busy minute hits all contenders alike."""
    result = Result(row)
    for _ in range(rounds):
        for name, measure in row.contenders.items():
            if name in result.skipped:
                continue
            try:
                result.measured.setdefault(name, []).append(measure())
            except (ModuleNotFoundError, Unmeasurable) as error:
                if isinstance(error, ModuleNotFoundError) and error.name not in OPTIONAL:
                    raise
                del result.measured[name]
                result.skipped[name] = f"{error}{_cure(error)}"
    return result


def _cure(error) -> str:
    return '; pip install "skinit[bench]"' if isinstance(error, ModuleNotFoundError) else ""


def run(
    rows: Sequence[Row], means: Sequence[GeometricMean], rounds: int | None, default: int
) -> Iterator[Result | MeanResult]:
    """Yield the result of every row, and then of every mean whose rows were all measured.

    ``rounds`` is what the user asked for; None leaves it to the row, or to ``default``.
    """
    results = {}
    for row in rows:
        results[row.name] = run_row(row, rounds or row.rounds or default)
        yield results[row.name]
    for mean in means:
        if all(name in results for name in mean.of):
            yield MeanResult(mean, [results[name] for name in mean.of])
