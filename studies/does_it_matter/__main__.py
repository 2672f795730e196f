"""Run the study, write its records and print its tables.

python -m studies.does_it_matter                  all cells; what a folder holds is not run again
python -m studies.does_it_matter --quick          two tables of scikit-learn, in a minute
python -m studies.does_it_matter --from FILE      print the tables of records, and draw
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sklearn import __version__ as sklearn_version

from skinit import InitComparison, __version__
from studies.does_it_matter.data import Table, load_table, table_names
from studies.does_it_matter.design import DEPTHS, FOLDS, INITS, RATES, REPEATS, Cell, cells
from studies.does_it_matter.figure import draw_all_curves, draw_study
from studies.does_it_matter.records import Records, condense, read_records, write_records
from studies.does_it_matter.report import make_tables, to_latex, to_markdown, write_tables
from studies.does_it_matter.runs import PROTOCOLS, checkpoint_path, run_cell

QUICK_TABLES, QUICK_DEPTHS = ("iris", "wine"), (1, 2)


def main() -> None:
    """Run all cells, then write records, tables and figures."""
    options = _read_options()
    if options.records is not None:
        _publish(read_records(options.records), options.folder)
    elif options.quick:
        _run(QUICK_TABLES, QUICK_DEPTHS, 1, options.folder / "quick", options)
    else:
        _run(table_names(), DEPTHS, REPEATS, options.folder, options)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two tables, two depths")
    parser.add_argument("--from", dest="records", type=Path, help="records that are printed")
    parser.add_argument(
        "--folder", type=Path, default=Path("does-it-matter-runs"), help="where all is kept"
    )
    parser.add_argument(
        "--collect", action="store_true", help="run nothing, take the finished cells of the folder"
    )
    return parser.parse_args()


def _run(names: Iterable[str], depths, repeats, folder: Path, options) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    loaded = {name: load_table(name) for name in names}
    started = time.perf_counter()
    planned = list(cells(loaded, depths, repeats))
    for cell in () if options.collect else planned:
        run_cell(cell, loaded[cell.table], folder)
        print(f"{time.perf_counter() - started:6.0f} s", *cell, flush=True)
    path = folder / "records.jsonl.xz"
    finished = _finished(planned, folder)
    write_records(path, _about(loaded.values()), _lines(finished, folder))
    _publish(read_records(path), folder)


def _finished(planned: Sequence[Cell], folder: Path) -> list[Cell]:
    """Return the cells that count, so that all tables of a depth have as many folds.

    Of the first repetition, tables whose activations are all done; of others, depths that are
    done for all of these tables.
    """
    done = {cell for cell in planned if all(_is_done(folder, cell, name) for name in PROTOCOLS)}
    first = {cell for cell in done if cell.repeat == 0 and done.issuperset(_twins(cell))}
    whole = {
        (depth, repeat)
        for depth, repeat in {(cell.depth, cell.repeat) for cell in done}
        if done.issuperset(c._replace(repeat=repeat) for c in first if c.depth == depth)
    }
    firsts = {cell: cell._replace(repeat=0) for cell in planned}
    return [c for c in planned if firsts[c] in first and (c.depth, c.repeat) in whole]


def _twins(cell: Cell) -> Iterator[Cell]:
    """Yield the same cell with all activations."""
    return (cell._replace(activation=activation) for activation in INITS)


def _is_done(folder: Path, cell: Cell, protocol: str) -> bool:
    """Whether a checkpoint holds all folds: a line each, after the first one."""
    path = checkpoint_path(folder, cell, protocol)
    return path.exists() and path.read_bytes().count(b"\n") == 1 + FOLDS


def _lines(finished: Iterable[Cell], folder: Path) -> Iterator[dict]:
    for cell in finished:
        paths = {name: checkpoint_path(folder, cell, name) for name in PROTOCOLS}
        yield from condense(cell, {k: InitComparison.load(path) for k, path in paths.items()})


def _about(loaded: Iterable[Table]) -> dict:
    """Return the first line of the records."""
    return {
        "study": "does the initializer matter?",
        "skinit": __version__,
        "scikit-learn": sklearn_version,
        "rates": RATES,
        "tables": {table.name: table.describe() for table in loaded},
    }


def _publish(records: Records, folder: Path) -> None:
    """Draw the figures into the folder, write all tables beside them, and print those."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_study(records).savefig(folder / "does-it-matter.png", dpi=110)
    draw_all_curves(records).savefig(folder / "does-it-matter-curves.png", dpi=100)
    found = make_tables(records)
    for ending, write in {"md": to_markdown, "tex": to_latex}.items():
        path = folder / f"does-it-matter-tables.{ending}"
        path.write_text(write_tables(found, write), encoding="utf-8")
    print(write_tables(found), end="")


if __name__ == "__main__":
    main()
