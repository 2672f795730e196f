"""The tables of docs/benchmarks.md, written by the run that measured them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import MeanResult, Result, verdicts
from benchmarks.report import Report, in_unit
from benchmarks.rows import FAST, FUSED, OURS, SKLEARN
from skinit._files import write_atomically

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

# Headings of columns, and the contenders that they show, the first of them that ran.
COLUMNS = {
    SKLEARN: (SKLEARN,),
    "torch": ("torch",),
    "torch, fused": (FUSED,),
    "jax": ("jax", "jax, vmap"),
    "products": ("floor",),
}


def check_page(path: Path) -> None:
    """Raise a ValueError where a page has no place for tables."""
    text = path.read_text(encoding="utf-8")
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise ValueError(f"{path} needs the lines {BEGIN} and {END} around what is to be replaced.")


def write_page(path: Path, report: Report) -> None:
    """Replace what stands between the two marks of a page by the tables of a run."""
    replace_measured(path, to_tables(report))


def replace_measured(path: Path, text: str) -> None:
    """Replace what stands between the two marks of a page."""
    check_page(path)
    page = path.read_text(encoding="utf-8")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    write_atomically(path, f"{before}{BEGIN}\n\n{text}\n{after}")


def to_tables(report: Report) -> str:
    """Return where it was measured, all medians, and all goals."""
    measured = [result for result in report.results if isinstance(result, Result)]
    parts = [_place(report.facts), _medians(measured), _goals(report.results)]
    return "\n\n".join(parts) + "\n"


def _place(facts: dict[str, str]) -> str:
    return "Measured on: " + "; ".join(f"{name} {value}" for name, value in facts.items()) + "."


def _medians(results: list[Result]) -> str:
    head = ["work", OURS, FAST, *COLUMNS, "quality (others)"]
    return _table(head, [_median_cells(result) for result in results])


def _median_cells(result: Result) -> list[str]:
    """Return the time of both engines, the others in times of the compiled one, and the quality."""
    cells = [result.row.name, _time(result, OURS), _time(result, FAST)]
    for contenders in COLUMNS.values():
        who = next((name for name in _all_of(result, contenders) if name in result.measured), None)
        ratio = None if who is None else result.ratio(who, _peer_of(result, who))
        cells.append("" if ratio is None else f"{ratio:.3g} x")
    return [*cells, _quality(result)]


def _time(result: Result, name: str) -> str:
    """Return the median of an engine; of a comparison also that without curves."""
    if name not in result.measured:
        return ""
    time, bare = in_unit(result.median(name), result.row.unit), f"{name}, curves=False"
    if bare not in result.measured:
        return time
    return f"{time} ({in_unit(result.median(bare), result.row.unit)} without curves)"


def _peer_of(result: Result, who: str) -> str:
    """Return the engine that a contender is held against: without curves where it has none."""
    engine = FAST if FAST in result.measured else OURS
    bare = f"{engine}, curves=False"
    return bare if who == "jax, vmap" and bare in result.measured else engine


def _quality(result: Result) -> str:
    """Return the quality that skinit reached, and the range of all others."""
    reached = {name: result.quality(name) for name in result.measured}
    ours = reached.pop(OURS, None)
    others = [quality for quality in reached.values() if quality is not None]
    if ours is None:
        return ""
    ends = dict.fromkeys(f"{end(others):.4g}" for end in (min, max)) if others else {}
    return f"{result.row.quality} {ours:.4g}" + (f" ({' to '.join(ends)})" if ends else "")


def _all_of(result: Result, names) -> list[str]:
    """Return the contenders of these names, also where more is told behind a comma."""
    scaled = [name for name in result.measured if name.startswith(f"{names[0]}, one fit")]
    return [*names, *scaled]


def _goals(results: list[Result | MeanResult]) -> str:
    head = ["work", "goal", "measured", ""]
    lines = [
        [result.row.name, str(goal), "" if ratio is None else f"{ratio:.3g}", _emphasize(verdict)]
        for result in results
        for goal, ratio, verdict in verdicts(result)
    ]
    return _table(head, lines)


def _emphasize(verdict: str) -> str:
    return f"**{verdict}**" if verdict == "falls short" else verdict


def _table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
