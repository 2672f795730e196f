"""Printing and saving results, so that one failure does not take the others with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import typer

from skinit.cli.terminal import say

Attempt = Callable[[], AbstractContextManager[None]]


@contextmanager
def delivery() -> Iterator[Attempt]:
    """Try every way to hand over results that took long to compute.

    Each attempt is a context; an error in one of them ends that attempt alone. At the end there is
    a sentence for each, and exit code 1. What is not the fault of a file or a stream is raised.

    Yields
    ------
    attempt : callable
        Returns the context of one attempt.
    """
    errors: list[Exception] = []

    @contextmanager
    def attempt() -> Iterator[None]:
        try:
            yield
            sys.stdout.flush()
        except Exception as error:
            errors.append(error)
            if isinstance(error, OSError):
                _leave_broken_stdout()

    yield attempt
    for error in errors:
        if not isinstance(error, OSError):
            raise error
        if not isinstance(error, BrokenPipeError):  # as in `skinit compare | head`
            with suppress(OSError):
                say(f"skinit: {_describe(error)}", err=True)
    if errors:
        raise typer.Exit(1)


def _describe(error: OSError) -> str:
    # Our errors of files are sentences; those of a stream are a number and a word.
    return f"Cannot print: {error.strerror}." if error.strerror else str(error)


def _leave_broken_stdout() -> None:
    """Stop writing to a standard output that does not take it, also when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
