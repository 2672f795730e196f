"""Measure skinit beside its peers: ``python -m benchmarks``.

Every row does one piece of work in several libraries in turn and shows medians, ratios and the
quality reached. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks import threads

ROUNDS = 5


def main(argv: list[str] | None = None) -> None:
    """Parse the arguments, measure, print and write."""
    parser = make_parser()
    args = parser.parse_args(argv)
    threads.limit(args.threads)
    # Only now, because libraries read their number of threads when they are imported.
    from benchmarks.page import check_page, write_page
    from benchmarks.report import Report
    from benchmarks.rows import FULL, QUICK, make_means, make_rows
    from skinit._files import check_writable

    for path in filter(None, (args.json, args.markdown, args.plot)):
        check_writable(path)
    if args.docs:
        check_page(args.docs)
    sizes = QUICK if args.quick else FULL
    rows = make_rows(sizes)
    chosen = [row for row in rows if _is_asked_for(row.name, args.only)]
    if not chosen:
        names = "\n  ".join(row.name for row in rows)
        parser.error(f"--only matches no row; there are:\n  {names}")
    started = time.perf_counter()
    report = Report(args.json, args.markdown)
    if args.quick:
        report.facts["sizes"] = "tiny, for --quick: the ratios mean nothing"
    _measure_rows(chosen, make_means(sizes), args, report)
    if args.plot:
        _measure_costs(args, report)
    if args.docs:
        write_page(args.docs, report)
    print(f"\n{time.perf_counter() - started:.0f} s in all")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", help="rows whose name holds this text (may be repeated)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, one round: does everything run?"
    )
    parser.add_argument(
        "--rounds", type=_positive, help=f"of every row (default: {ROUNDS}, slow rows fewer)"
    )
    parser.add_argument("--threads", type=_positive, default=2, help="for everybody (default: 2)")
    parser.add_argument("--json", type=Path, help="write every round of every row here")
    parser.add_argument("--markdown", type=Path, help="write tables here")
    parser.add_argument(
        "--docs", type=Path, help="replace the tables of this page: docs/benchmarks.md"
    )
    parser.add_argument(
        "--plot", type=Path, help="measure how costs grow with sizes, too, and draw a PNG here"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {text!r}")
    return int(text)


def _is_asked_for(name, only) -> bool:
    return not only or any(text.lower() in name.lower() for text in only)


def _measure_rows(rows, means, args, report) -> None:
    """Print and keep every row as soon as it is measured."""
    from benchmarks.harness import run
    from benchmarks.report import to_text

    print("\n".join(f"{name}: {value}" for name, value in report.facts.items()), flush=True)
    rounds = args.rounds or (1 if args.quick else None)
    for result in run(rows, means, rounds, ROUNDS):
        print(f"\n{to_text(result)}", flush=True)
        report.results.append(result)
        report.write()


def _measure_costs(args, report) -> None:
    """Draw how costs grow, and keep the curves."""
    from benchmarks import costs
    from skinit._files import write_atomically

    print("\ncosts against sizes, exponents of the largest sizes", flush=True)
    points = list(costs.measure(costs.QUICK_AXES if args.quick else costs.AXES))
    report.curves = costs.curves(points)
    for curve in report.curves:
        name = f"{curve['cost']} against {curve['axis']}, {curve['library']}"
        print(f"  {name}: {curve['exponent']:.2f}")
    write_atomically(args.plot, costs.plot(report.curves))
    report.write()


if __name__ == "__main__":
    main()
