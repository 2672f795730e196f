"""Tables of a terminal at any width."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from skinit.cli.tables import NARROW, print_table
from skinit.cli.terminal import Terminal

ROWS = [[Text("he", "bold"), "best", "0.970 ±0.044"], None, ["class prior", "", "0.333"]]


def printed(width, rows=ROWS, left=2):
    file = io.StringIO()
    console = Terminal(file=file, width=width)
    print_table(console, "accuracy", ["candidate", "outcome", "held-out"], rows, left=left)
    return file.getvalue()


@pytest.mark.parametrize("width", [NARROW, 80, 120])
def test_a_wide_terminal_shows_columns(width):
    lines = printed(width).splitlines()
    heading = next(line for line in lines if "candidate" in line)
    assert heading.split() == ["candidate", "outcome", "held-out"]
    assert any(line.split() == ["he", "best", "0.970", "±0.044"] for line in lines)


@pytest.mark.parametrize("width", [30, 40, NARROW - 1])
def test_a_narrow_terminal_shows_one_block_per_row(width):
    lines = [line.rstrip() for line in printed(width).splitlines()]
    start = lines.index("he")
    assert lines[start + 1 : start + 3] == ["  outcome   best", "  held-out  0.970 ±0.044"]
    start = lines.index("class prior")
    assert lines[start + 1] == "  held-out  0.333"  # no line for an empty cell
    assert max(map(len, lines)) <= width


def test_a_row_that_is_named_by_a_number_keeps_the_heading():
    assert "candidate 3\n" in printed(40, [["3", "best", "0.9"]], left=0)


def test_markup_is_text():
    assert "[red]x" in printed(80, [[Text("[red]x"), "best", "0.9"]])


def test_a_table_that_would_not_fit_wraps_names_and_headings_first():
    rows = [["edge_of_chaos (leaky_relu)", *["0.970 ±0.044"] * 4], ["he", *["0.9"] * 4]]
    headings = ["candidate", *["ended at max_iter"] * 4]

    def lines(width):
        file = io.StringIO()
        print_table(Terminal(file=file, width=width), "", headings, rows)
        return [line.strip() for line in file.getvalue().splitlines()]

    assert "edge_of_chaos (leaky_relu)   " in "\n".join(lines(120))
    narrow = lines(80)
    assert any(line.startswith("edge_of_chaos  ") and "0.970 ±0.044" in line for line in narrow)
    assert "(leaky_relu)" in narrow
    assert max(map(len, narrow)) <= 80
    assert "ended at max_iter  0.970 ±0.044" in lines(72)  # not even so: one block per row
