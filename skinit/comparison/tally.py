"""How many trainings are done, in all processes of a comparison together: for a progress bar."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STEPS = 20  # that a training is counted in


class Tally:
    """A count that many processes add to: the size of a file.

    Processes on another computer have no such file, and do not count.

    Parameters
    ----------
    path : path-like
        An empty file.

    Examples
    --------
    >>> with counted_in_a_file() as tally:
    ...     tally.add(1.5)
    ...     tally.count()
    1.5
    """

    def __init__(self, path: str | os.PathLike):
        self.path = os.fspath(path)

    def add(self, trainings: float) -> None:
        """Count trainings, or a part of one."""
        with suppress(OSError):
            # Never created here. What is appended in one piece is not mixed up with others.
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(file, b"." * round(STEPS * trainings))
            finally:
                os.close(file)

    def count(self) -> float:
        """Return how many trainings have been counted, by all processes."""
        try:
            return os.path.getsize(self.path) / STEPS
        except OSError:
            return 0.0


@contextmanager
def counted_in_a_file() -> Iterator[Tally]:
    """Make a tally, which is gone in the end."""
    file, path = tempfile.mkstemp(prefix="skinit-", suffix=".tally")
    os.close(file)
    try:
        yield Tally(path)
    finally:
        Path(path).unlink(missing_ok=True)


class StackCount:
    """Count the trainings of one stack, in parts while they go on.

    Parameters
    ----------
    n : int
        Networks of the stack.
    max_iter : int
        Epochs that each of them trains at most.
    tally : Tally
        Where they are counted.
    then : callable, default=None
        Another ``on_epoch``, whose answer is passed on.
    """

    def __init__(self, n: int, max_iter: int, tally: Tally, then: Callable | None = None):
        self.n, self.max_iter, self.tally, self.then = n, max_iter, tally, then
        self.epochs = dict.fromkeys(range(n), 0)
        self.counted = 0

    def __call__(self, progress):
        """Count after an epoch."""
        for member, history in zip(progress.members, progress.histories, strict=True):
            self.epochs[member] = history.n_iter
        # The last step is kept for `finish`: an epoch beyond the last one does not count.
        share = min(sum(self.epochs.values()) / (self.n * self.max_iter), 1)
        self._count(int(share * (STEPS * self.n - 1)))
        return None if self.then is None else self.then(progress)

    def finish(self) -> None:
        """Count all that is left: some converged early, or raised."""
        self._count(STEPS * self.n)

    def _count(self, steps: int) -> None:
        if steps > self.counted:
            self.tally.add((steps - self.counted) / STEPS)
            self.counted = steps
