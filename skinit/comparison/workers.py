"""Worker processes: they leave Ctrl-C to the process that wants their results, and follow it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

LOOKS = 0.5  # seconds between two looks at the parent


@cache
def follow(parent: int) -> None:
    """End this process soon after its parent, if it is a child of the process ``parent``.

    A process that is killed cannot stop its workers, and those of loky would train on until their
    split is done. Threads need no help, and Dask and Ray look after their workers themselves.
    """
    if os.getppid() == parent:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKS)
    os._exit(1)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back for a moment, and keep it from processes that are started meanwhile.

    A terminal sends it to them too. A worker that dies of it first would look like a crash.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    _start_trackers()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_trackers() -> None:
    """Start what cleans up after workers; started together with them, it would let Ctrl-C in."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as tracker_of_loky

    resource_tracker.ensure_running()
    tracker_of_loky.ensure_running()
