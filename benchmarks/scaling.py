"""How a comparison gets faster with more workers (some five minutes on two quiet cores).

    python -m benchmarks.scaling [--docs docs/scaling-out.md]

One comparison, 8 initializers on 10 splits of digits, by 1, 2 and 4 workers of loky's and of
Dask's, in turn. It prints wall times, and whether the table has the same bits. Then it runs the
splits one after the other, to see what each takes, what it is sent and sends back, and what the
caller does alone: from these it computes what more workers could reach.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from unittest import mock

WORKERS = (1, 2, 4)
BACKENDS = ("loky", "dask")
ROUNDS = 3
SPLITS, EPOCHS = 10, 100
PAPER = (1, 10, 100)  # workers that are not here
PAPER_SPLITS = 100
BANDWIDTH = 125e6  # bytes a second: 1 Gbit/s


@dataclass(frozen=True)
class Costs:
    """What a comparison is made of.

    Parameters
    ----------
    alone : float
        Seconds that the caller works while no split runs.
    splits : tuple of float
        Seconds of each split.
    sent, returned : int
        Bytes of a split on its way to a worker, X and y not counted, and of its record.
    data : int
        Bytes of X and y, which every worker gets once.
    """

    alone: float
    splits: tuple[float, ...]
    sent: int
    returned: int
    data: int

    def predict(self, n_workers: int, n_splits: int) -> float:
        """Return the seconds of a comparison on machines that are joined by 1 Gbit/s.

        The caller's part and what is sent come one after the other. The splits come in rounds of
        as many as there are workers, each as long as the longest split.
        """
        busy = min(n_workers, n_splits)
        moved = n_splits * (self.sent + self.returned) + busy * self.data
        rounds = math.ceil(n_splits / n_workers)
        return self.alone + moved / BANDWIDTH + rounds * max(self.splits)


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and replace the tables of a page."""
    parser = argparse.ArgumentParser("python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of every number of workers")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of every training")
    parser.add_argument("--docs", type=Path, help="replace the tables of this page")
    args = parser.parse_args(argv)
    from benchmarks.page import check_page, replace_measured

    if args.docs:
        check_page(args.docs)
    place = describe_place()
    compare = make_comparison(args.epochs)
    text = write(place, measure(compare, args.rounds), take_apart(compare))
    print(text)
    if args.docs:
        replace_measured(args.docs, text)


def describe_place() -> str:
    """Return what the numbers depend on."""
    from benchmarks.report import environment

    known = environment()
    names = ("processor", "python", "numpy", "scikit-learn", "joblib", "load at the start")
    facts = {"cores": str(os.cpu_count())} | {name: known[name] for name in names if name in known}
    facts["dask"] = version("dask")
    return "; ".join(f"{name} {value}" for name, value in facts.items())


def make_comparison(epochs: int) -> Callable:
    """Return what runs the comparison: a function of the keywords that change no result."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold

    from benchmarks.comparisons import EIGHT
    from skinit import InitMLPClassifier, compare_initializers

    X, y = load_digits(return_X_y=True)
    # All epochs to the end, and by NumPy: nothing is compiled while the clock runs.
    network = InitMLPClassifier(
        (100,), max_iter=epochs, n_iter_no_change=epochs, tol=0.0, engine="numpy"
    )

    def compare(**how):
        comparison = compare_initializers(
            network, X / 16, y, init=EIGHT, random_state=0, progress=False,
            cv=StratifiedKFold(SPLITS, shuffle=True, random_state=0), **how,
        )  # fmt: skip
        comparison.sentence()
        return comparison

    return compare


@contextmanager
def on_workers(backend: str, n: int) -> Iterator[None]:
    """Run what joblib runs on workers that have been started and have imported what they need."""
    import joblib

    with ExitStack() as stack:
        if backend == "dask":
            from distributed import Client, LocalCluster

            cluster = LocalCluster(
                n_workers=n, threads_per_worker=1, processes=True, dashboard_address=None,
                silence_logs=logging.ERROR,
            )  # fmt: skip
            stack.enter_context(cluster)
            stack.enter_context(Client(cluster)).run(_import)
        stack.enter_context(joblib.parallel_config(backend, n_jobs=n))
        joblib.Parallel()(joblib.delayed(_import)() for _ in range(4 * n))
        yield


def _import() -> None:
    # Imported and not used: a worker that starts cold would be timed with its imports.
    import skinit.comparison  # noqa: F401


def measure(compare: Callable, rounds: int) -> list[dict]:
    """Return a row for each backend and number of workers, with the median of the rounds."""
    from benchmarks.harness import clock

    places = [(backend, n) for backend in BACKENDS for n in WORKERS]
    seconds: dict[tuple, list[float]] = {place: [] for place in places}
    tables: dict[tuple, list] = {place: [] for place in places}
    for _ in range(rounds):
        for place in places:
            with on_workers(*place):
                took, comparison = clock(compare)
            seconds[place].append(took)
            tables[place].append(without_times(comparison))
    first = tables[places[0]][0]
    return [
        {
            "backend": place[0],
            "workers": place[1],
            "seconds": median(seconds[place]),
            "same": all(table.equals(first) for table in tables[place]),
        }
        for place in places
    ]


def without_times(comparison):
    """Return all runs, without the columns that tell how long they took."""
    frame = comparison.to_frame()
    return frame.drop(columns=[name for name in frame if "seconds" in name or "time" in name])


def take_apart(compare: Callable) -> Costs:
    """Run the splits one after the other, and look at each."""
    from benchmarks.harness import clock
    from skinit.comparison import jobs

    splits, sent, returned, data = [], [], [], []

    def run_watched(queue, n_jobs):
        for function, args, kwargs in queue:
            parent, plan, j, X, y, _ = args
            start = time.perf_counter()
            record = function(*args, **kwargs)
            splits.append(time.perf_counter() - start)
            sent.append(len(pickle.dumps((parent, plan, j))))
            returned.append(len(pickle.dumps(record)))
            data.append(len(pickle.dumps((X, y))))
            yield record

    with mock.patch.object(jobs, "_run_jobs", run_watched):
        took, _ = clock(compare)
    return Costs(took - sum(splits), tuple(splits), max(sent), max(returned), max(data))


def write(place: str, rows: list[dict], costs: Costs) -> str:
    """Return the tables, and what they are of, in Markdown."""
    return f"""Measured on: {place}.

{_write_measured(rows)}

The caller works {costs.alone:.2f} s alone. A split takes {min(costs.splits):.2f} to
{max(costs.splits):.2f} s, is sent {_kilobytes(costs.sent)} and sends back
{_kilobytes(costs.returned)}. X and y, {_kilobytes(costs.data)}, go to each worker once. So, on
paper, {PAPER_SPLITS} such splits take on machines that are joined by 1 Gbit/s:

{_write_paper(costs)}
"""


def _kilobytes(n: int) -> str:
    return f"{n / 1e3:,.0f} kB"


def _write_measured(rows: list[dict]) -> str:
    one = {row["backend"]: row["seconds"] for row in rows if row["workers"] == 1}
    lines = ["| workers | of | seconds | speed-up | same bits |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        gain = one[row["backend"]] / row["seconds"]
        same = "yes" if row["same"] else "no"
        cells = f"{row['workers']} | {row['backend']} | {row['seconds']:.2f} | {gain:.2f} | {same}"
        lines.append(f"| {cells} |")
    return "\n".join(lines)


def _write_paper(costs: Costs) -> str:
    lines = ["| workers | seconds | speed-up |", "| --- | --- | --- |"]
    for n in PAPER:
        seconds = costs.predict(n, PAPER_SPLITS)
        gain = costs.predict(1, PAPER_SPLITS) / seconds
        lines.append(f"| {n} | {seconds:.1f} | {gain:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
