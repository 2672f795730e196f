"""Peak memory of a fit, in a fresh process."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.harness import Measurement, Unmeasurable, clock
from benchmarks.work import Fit, clusters, log_loss

RESET = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")
PAGE = 4  # KiB; less cannot be seen


class Costs(NamedTuple):
    """What a fit needs: memory beyond the data, in MiB, seconds, and the loss reached."""

    mebibytes: float
    seconds: float
    loss: float | None


def measure(prepare: Callable, fit: Fit) -> Measurement:
    """Return the peak memory of a training, in MiB, and the loss reached."""
    costs = in_fresh_process(prepare, fit)
    return Measurement(costs.mebibytes, costs.loss)


def in_fresh_process(prepare: Callable, fit: Fit, repeats: int = 0) -> Costs:
    """Return the costs of a fit: memory of the first one, seconds of the median of ``repeats``."""
    if not RESET.exists():
        raise Unmeasurable("peak memory is read from /proc, which this system does not have")
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_measure_here, prepare, fit, repeats).result()


def _measure_here(prepare, fit, repeats) -> Costs:
    # Lazy imports and the buffers of BLAS threads are no cost of a fit.
    warm_up = replace(fit, data=clusters(64, 8, 2), epochs=1)
    clock(prepare(warm_up))
    train = prepare(fit)
    peak, layers = _peak_of(lambda: clock(train)[1])
    loss = None if layers is None else log_loss(fit, layers)
    seconds = [clock(prepare(fit))[0] for _ in range(repeats)]
    return Costs(peak, median(seconds) if seconds else float("nan"), loss)


def _peak_of(function) -> tuple[float, object]:
    """Return how many MiB a function needs at most beyond what is in use, and its result."""
    gc.collect()
    # Freed memory that malloc holds back would serve the function for nothing.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    # Not resource.getrusage: its maximum cannot be reset, and a child inherits its parent's.
    RESET.write_text("5")
    before = _status("VmRSS")
    result = function()
    return max(PAGE, _status("VmHWM") - before) / 1024, result


def _status(field: str) -> int:
    """Return a number of KiB from the process's status."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
