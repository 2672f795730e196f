"""The progress bar."""

from __future__ import annotations

import re
import sys
import types

import pytest
from rich.console import Console

from skinit import _progress
from skinit._progress import progress_bar


def test_without_a_terminal_nothing_is_printed(capsys):
    with progress_bar("files", 2) as advance:
        advance()
        advance("the last file")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("done", [0, 1])
def test_it_counts_and_says_what_is_being_done(capsys, monkeypatch, done):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the captured stream for a terminal
    with progress_bar("Reading", 2, unit="files", done=done, show=True) as advance:
        advance("the last file")
    error = capsys.readouterr().err
    assert "the last file" in error
    assert f"{done + 1} of 2 files" in error
    assert "time left" in error


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_it_fits_the_terminal(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("Training", 40, unit="trainings", count=lambda: 12.7, show=True) as advance:
        advance(n=0)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    lines = [line for line in re.split(r"[\r\n]", plain) if line.strip()]
    assert max(map(len, lines)) <= width
    assert "12 of 40 trainings" in plain
    assert "time left 0:00:0" in plain


def test_it_never_counts_more_than_there_is():
    work = _progress._Work("", 3, 0, "files", lambda: 5.0)
    assert work.done == 3
    work = _progress._Work("", 3, 0, "files", lambda: 1.5)
    work.advance(n=2)
    assert (work.done, work.counted()) == (2, "2 of 3 files")


def test_time_is_left_as_the_pace_so_far_says(monkeypatch):
    times = iter([0.0, 60.0])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(times))
    work = _progress._Work("", 100, 40, "files", None)  # 40 were found done
    assert work.time_left() == "time left -:--:--"
    work.advance(n=1)
    assert work.time_left() == "time left 0:59:00"


class Handle:
    """What IPython returns for something that is shown."""

    def __init__(self):
        self.shown = []

    def update(self, html):
        self.shown.append(html)


def test_a_notebook_shows_it_without_widgets(monkeypatch):
    handle = Handle()

    def display(html, display_id):
        assert display_id is True
        handle.update(html)
        return handle

    module = types.ModuleType("IPython.display")
    module.HTML, module.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(Console, "is_jupyter", True, raising=False)
    monkeypatch.setattr(Console, "__init__", lambda self, stderr: None)
    monkeypatch.setattr(_progress, "LOOKS", 0.001)
    with progress_bar("a < b", 2, unit="files") as advance:
        advance()
        while "1 of 2 files" not in handle.shown[-1]:
            pass
    assert handle.shown[0].startswith(
        '<progress value="0.00" max="2"></progress> a &lt; b · 0 of 2'
    )
    assert "1 of 2 files" in handle.shown[-2]
    assert handle.shown[-1] == ""
