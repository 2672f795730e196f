"""From how much work on the compiled engine pays (a minute; run ``skinit warm-up`` before).

    python -m benchmarks.worthwhile [--rounds 5]

A fresh process imports numba and loads what was compiled before its first compiled fit. That is
paid back where NumPy's engine would take longer than

    start / (1 - compiled / NumPy)

seconds. Each work is measured in processes of its own: the first compiled fit, the second one, and
NumPy's, in CPU seconds on one thread, medians over the rounds. Beside the measured seconds stands
what `estimate_seconds` expects, because that is what ``engine="auto"`` goes by, and the estimate
from which on compiled code pays.
"""

from __future__ import annotations

import argparse
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import geometric_mean, median
from typing import NamedTuple

from benchmarks import threads
from benchmarks.work import Fit, breast_cancer, clusters, digits

WORKS = {
    "digits (32,) batch 32": Fit(digits, (32,), 10, 32),
    "digits (32,) batch 32, float32": Fit(digits, (32,), 10, 32, dtype="float32"),
    "digits (100,) batch 200": Fit(digits, (100,), 20),
    "digits (100,) batch 200, float32": Fit(digits, (100,), 20, dtype="float32"),
    "breast cancer (16,16) batch 200": Fit(breast_cancer, (16, 16), 50),
    "digits (8,) x 10, tanh, batch 200": Fit(digits, (8,) * 10, 20, activation="tanh"),
    "4,000 x 784 (256,128) batch 200": Fit(clusters(4000, 784), (256, 128), 1),
}


class Costs(NamedTuple):
    """CPU seconds of a work, and what NumPy's were expected to be."""

    start: float  # of the compiled engine, once a process
    compiled: float
    numpy: float
    estimate: float

    @property
    def pays_from(self) -> float:
        """The estimate from which on the compiled engine is faster in a fresh process."""
        gain = 1 - self.compiled / self.numpy
        return self.start / gain * self.estimate / self.numpy if gain > 0 else float("inf")


def measure(fit: Fit) -> Costs:
    """Return the costs of a fit in this process, which must not have compiled before."""
    from benchmarks.peers import parameters
    from skinit import InitMLPClassifier
    from skinit.engine.compiled import estimate_seconds
    from skinit.engine.task import TrainingConfig

    def seconds(engine):
        network = InitMLPClassifier(init=fit.start(), engine=engine, **parameters(fit))
        return _cpu_seconds(lambda: network.fit(fit.X, fit.y))

    seconds("numpy")  # loads what NumPy's engine needs
    first, *later = (seconds("compiled") for _ in range(3))
    config = TrainingConfig(batch_size=fit.rows_per_batch, max_iter=fit.epochs)
    estimate = estimate_seconds(fit.n_rows, fit.layer_sizes, 1, config)
    numpy = min(seconds("numpy") for _ in range(2))
    return Costs(first - min(later), min(later), numpy, estimate)


def _cpu_seconds(function) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.process_time()
        function()
        return time.process_time() - began


def measure_afresh(name: str, rounds: int) -> Costs:
    """Return the medians of a work's costs over several fresh processes."""
    costs = []
    for _ in range(rounds):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            costs.append(pool.submit(measure, WORKS[name]).result())
    return Costs(*map(median, zip(*costs, strict=True)))


def main(argv: list[str] | None = None) -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(argv)
    threads.limit(1)
    print("| work | start | compiled / NumPy | estimate / NumPy | pays from an estimate of |")
    print("| --- | --- | --- | --- | --- |")
    pays_from = []
    for name in WORKS:
        costs = measure_afresh(name, args.rounds)
        print(
            f"| {name} | {costs.start:.2f} s | {costs.compiled / costs.numpy:.2f} "
            f"| {costs.estimate / costs.numpy:.2f} | {costs.pays_from:.2f} s |",
            flush=True,
        )
        pays_from.append(costs.pays_from)
    print(f"Geometric mean: an estimate of {geometric_mean(pays_from):.2f} s")


if __name__ == "__main__":
    main()
