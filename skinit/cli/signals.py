"""Ctrl-C and SIGTERM: one line that says what is saved, and the exit code that shells expect."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from skinit.cli.terminal import say

AGAIN = 0.05  # seconds until a signal is repeated that came where no exception gets through


class Terminated(KeyboardInterrupt):
    """SIGTERM, as a job scheduler sends it; everything is closed as after Ctrl-C."""


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _terminate(*_) -> None:
    raise Terminated


@contextmanager
def interruption_explained(tell: Callable[[], str] = str) -> Iterator[None]:
    """End a command that is interrupted with one line on standard error.

    Parameters
    ----------
    tell : callable
        Returns what is saved and how to continue, one sentence.
    """
    try:
        with _handlers({signal.SIGINT: _interrupt, signal.SIGTERM: _terminate}), _repeated():
            yield
    except KeyboardInterrupt as interrupt:
        number = _number(interrupt)
        word = "terminated" if number == signal.SIGTERM else "interrupted"
        say(f"skinit: {word}. {tell()}".rstrip(), err=True)
        raise typer.Exit(128 + number) from None


def _number(interrupt: BaseException) -> signal.Signals:
    return signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT


def _send(number: signal.Signals) -> None:
    """Send a signal to the main thread, which wakes up."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, number)
    else:  # Windows
        signal.raise_signal(number)


@contextmanager
def _repeated() -> Iterator[None]:
    """Repeat a signal that came where Python drops exceptions.

    It does so in finalizers and in the hooks of ``os.fork``, which run whenever workers start.
    """
    before = sys.unraisablehook

    def repeat(dropped):
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            number = _number(dropped.exc_value)
            threading.Timer(AGAIN, _send, [number]).start()
        else:
            before(dropped)

    sys.unraisablehook = repeat
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _handlers(handlers) -> Iterator[None]:
    """Handle signals in another way for a while; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
