"""Results as text, Markdown and JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import threads
from benchmarks.harness import MeanResult, Result, verdicts
from skinit._files import write_atomically

PACKAGES = ("numpy", "scipy", "scikit-learn", "numba", "torch", "skorch", "jax")


@dataclass
class Report:
    """All that was measured so far, and the files that hold it.

    Parameters
    ----------
    json, markdown : path-like or None
        Where `write` puts it.
    """

    json: Path | None = None
    markdown: Path | None = None
    facts: dict[str, str] = field(default_factory=lambda: environment())
    results: list[Result | MeanResult] = field(default_factory=list)
    curves: list[dict] = field(default_factory=list)

    def write(self) -> None:
        """Replace the files; a run that is cut short leaves what it has measured."""
        if self.json:
            rows = [to_record(result) for result in self.results]
            document = {"environment": self.facts, "rows": rows, "curves": self.curves}
            write_atomically(self.json, json.dumps(document, indent=1) + "\n")
        if self.markdown:
            write_atomically(self.markdown, to_markdown(self))


def environment() -> dict[str, str]:
    """Return what the numbers depend on."""
    import skinit

    known = {
        "skinit": skinit.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "threads": f"{threads.count()}, of {os.cpu_count()} cores",
        "BLAS of NumPy": _blas(),
    }
    if hasattr(os, "getloadavg"):
        known["load at the start"] = f"{os.getloadavg()[0]:.1f} (a quiet machine: below 0.5)"
    return known | {package: _version(package) for package in PACKAGES}


def _version(package) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _blas() -> str:
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return ", ".join(
        dict.fromkeys(
            f"{pool['internal_api']} {pool['version']}, {pool['num_threads']} threads"
            for pool in pools
        )
    )


def in_unit(value: float, unit: str) -> str:
    """Return a value with a unit that suits its size."""
    if unit == "s" and value < 0.9995:  # which rounds to 1.00
        return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"
    return f"{value:.3g} {unit}"


def _contender_cells(result: Result, name: str) -> list[str]:
    """Return name, median, range, ratio to skinit and quality as text."""
    unit, values, quality = result.row.unit, result.values(name), result.quality(name)
    ours = next(iter(result.row.contenders))
    ratio = result.ratio(name, ours)
    return [
        name,
        in_unit(result.median(name), unit),
        f"{in_unit(min(values), unit)} to {in_unit(max(values), unit)}",
        "" if name == ours or ratio is None else f"{ratio:.3g} x",
        "" if quality is None else f"{result.row.quality} {quality:.6g}",
    ]


def _goal_lines(result: Result | MeanResult) -> list[str]:
    lines = []
    for goal, ratio, verdict in verdicts(result):
        measured = "" if ratio is None else f"{ratio:.3g}, "
        mark = "FALLS SHORT" if verdict == "falls short" else verdict
        lines.append(f"goal {goal}: {measured}{mark}")
    return lines


def to_text(result: Result | MeanResult) -> str:
    """Return one row for a terminal."""
    lines = [result.row.name]
    if isinstance(result, Result):
        table = [_contender_cells(result, name) for name in result.measured]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for cells in table:
            padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            lines.append(f"  {'  '.join(padded)}".rstrip())
        lines += [f"  {name} skipped: {reason}" for name, reason in result.skipped.items()]
    lines += [f"  {line}" for line in _goal_lines(result)]
    return "\n".join(lines)


def to_markdown(report: Report) -> str:
    """Return all rows as a page: first the goals, then every median."""
    facts, results = report.facts, report.results
    page = ["# Benchmarks", "", "| | |", "| --- | --- |"]
    page += [f"| {name} | {value} |" for name, value in facts.items()]
    page += ["", "## Goals", "", "| work | goal | measured | |", "| --- | --- | --- | --- |"]
    for result in results:
        for goal, ratio, verdict in verdicts(result):
            mark = f"**{verdict}**" if verdict == "falls short" else verdict
            measured = "" if ratio is None else f"{ratio:.3g}"
            page.append(f"| {result.row.name} | {goal} | {measured} | {mark} |")
    page += [
        "",
        "## Medians",
        "",
        "| work | who | median | range | against skinit | quality |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for result in (result for result in results if isinstance(result, Result)):
        for name in result.measured:
            page.append(f"| {' | '.join([result.row.name, *_contender_cells(result, name)])} |")
        for name, reason in result.skipped.items():
            page.append(f"| {result.row.name} | {name} | skipped: {reason} | | | |")
    if report.curves:
        page += [
            "",
            "## Growth",
            "",
            "| cost | of | against | exponent |",
            "| --- | --- | --- | --- |",
        ]
        page += [
            f"| {c['cost']} | {c['library']} | {c['axis']} | {c['exponent']:.2f} |"
            for c in report.curves
        ]
    return "\n".join(page) + "\n"


def to_record(result: Result | MeanResult) -> dict:
    """Return one row as JSON can hold it, every round included."""
    record: dict = {
        "name": result.row.name,
        "goals": [
            {"goal": str(goal), "ratio": ratio, "verdict": verdict}
            for goal, ratio, verdict in verdicts(result)
        ],
    }
    if isinstance(result, Result):
        record |= {
            "unit": result.row.unit,
            "quality_name": result.row.quality,
            "contenders": {
                name: {
                    "median": result.median(name),
                    "values": result.values(name),
                    "quality": result.quality(name),
                }
                for name in result.measured
            },
            "skipped": result.skipped,
        }
    return record
