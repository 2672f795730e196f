"""The one progress bar: on a terminal's standard error or in a notebook, and gone when done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDEST_BAR = 40  # columns
BESIDE_BAR = 58  # columns of the words beside it
LOOKS = 0.5  # seconds between two updates in a notebook


class _Work:
    """How much of some work is done; other threads may look at it.

    Parameters
    ----------
    text, total, done, unit, count
        As for `progress_bar`.
    """

    def __init__(self, text, total, done, unit, count):
        self.text, self.total, self.unit = text, total, unit
        self._done, self._count = done, count
        self._begun, self._found = time.monotonic(), done
        self.refresh: Callable[[], None] = lambda: None

    def advance(self, text: str | None = None, n: int = 1) -> None:
        self.text = self.text if text is None else text
        self._done += n
        self.refresh()

    @property
    def done(self) -> float:
        counted = 0 if self._count is None else self._count()
        return min(max(self._done, counted), self.total)

    def counted(self) -> str:
        return f"{int(self.done):,} of {self.total:,} {self.unit}"

    def time_left(self) -> str:
        """Return the time that is left if all goes on at the same pace."""
        gained = self.done - self._found
        if gained <= 0:
            return "time left -:--:--"
        seconds = (time.monotonic() - self._begun) / gained * (self.total - self.done)
        minutes, seconds = divmod(round(seconds), 60)
        return f"time left {minutes // 60}:{minutes % 60:02}:{seconds:02}"


def is_shown(show: bool | str = "auto") -> bool:
    """Whether `progress_bar` shows anything: "auto" asks for a notebook or a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_jupyter or console.is_terminal if show == "auto" else bool(show)


@contextmanager
def progress_bar(
    text: str,
    total: int,
    *,
    unit: str = "steps",
    done: int = 0,
    count: Callable[[], float] | None = None,
    show: bool | str = "auto",
) -> Iterator[Callable[..., None]]:
    """Show how much of some work is done, and how long the rest will take.

    Parameters
    ----------
    text : str
        What is being done.
    total : int
        Number of steps.
    unit : str, default="steps"
        What is counted, in the plural.
    done : int, default=0
        Steps that are done already.
    count : callable, default=None
        Returns how many steps are done, perhaps in part, where others than the caller know more.
    show : bool or "auto", default="auto"
        "auto" shows the bar in notebooks, and where standard error is a terminal.

    Yields
    ------
    advance : callable ``(text=None, n=1)``
        To call after a step, or `n` of them; a text replaces the one that is shown.

    Examples
    --------
    >>> with progress_bar("Reading", 2, unit="files", show=False) as advance:
    ...     advance()
    ...     advance("Reading the last file")
    """
    from rich.console import Console

    console = Console(stderr=True)
    work = _Work(text, total, done, unit, count)
    if not is_shown(show):
        yield work.advance
        return
    with _in_notebook(work) if console.is_jupyter else _on_terminal(work, console):
        yield work.advance


@contextmanager
def _on_terminal(work: _Work, console: Console) -> Iterator[None]:
    """Draw a bar; rich draws it again ten times a second, in a thread of its own."""
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    width = min(WIDEST_BAR, console.width - BESIDE_BAR)

    def draw() -> Table:
        row = Table.grid(padding=(0, 2))
        words = Text(work.counted()), Text(work.time_left(), "cyan")
        if width < 4:
            row.add_row(*words)
        else:
            row.add_row(Text(work.text), ProgressBar(work.total, work.done, width=width), *words)
        return row

    with Live(get_renderable=draw, console=console, transient=True, refresh_per_second=10) as live:
        work.refresh = live.refresh
        yield


@contextmanager
def _in_notebook(work: _Work) -> Iterator[None]:
    """Show a bar of HTML, for which a notebook needs no widgets."""
    from IPython.display import HTML, display

    handle = display(HTML(_write_html(work)), display_id=True)
    is_over = threading.Event()

    def follow() -> None:
        while not is_over.wait(LOOKS):
            handle.update(HTML(_write_html(work)))

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        handle.update(HTML(""))


def _write_html(work: _Work) -> str:
    words = (work.text, work.counted(), work.time_left())
    return f'<progress value="{work.done:.2f}" max="{work.total}"></progress> ' + escape(
        " · ".join(words)
    )
