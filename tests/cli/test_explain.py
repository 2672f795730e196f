"""`skinit explain`, as its user types it."""

from __future__ import annotations

import io
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skinit.cli import app
from skinit.cli.explain import show_page
from skinit.cli.terminal import Terminal
from skinit.propagation import RULES, pages
from skinit.propagation.pages import list_pages, read_page

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def explain(*words):
    result = CliRunner().invoke(app, ["explain", *words], prog_name="skinit")
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("code", [*RULES, "calibration"])
def test_every_code_has_a_page_that_can_be_printed(code):
    exit_code, text = explain(code.lower())
    assert exit_code == 0
    title = f"{code}: {RULES[code].title}" if code in RULES else "Calibration"
    assert text.lstrip("┏━┓┃ ").startswith(title)  # older versions of rich draw a box around it
    assert ".md)" not in text


@pytest.mark.parametrize("columns", ["40", "60", "120"])
def test_a_page_fits_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    result = CliRunner().invoke(app, ["explain", "INIT03"])
    assert max(map(len, result.output.splitlines())) <= int(columns)


@pytest.mark.parametrize("code", [*RULES, "calibration"])
def test_a_page_has_plain_signs_where_the_terminal_has_no_others(code):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Terminal(file=file, width=80).print(show_page(code))
    file.flush()
    assert b"\\u" not in file.buffer.getvalue()


def test_without_a_code_all_are_listed():
    exit_code, text = explain()
    assert exit_code == 0
    assert all(f"{code} {title}" in text for code, title in list_pages().items())


def test_a_code_that_is_not_known_is_one_sentence():
    exit_code, text = explain("INTI03")
    assert exit_code == 2
    assert text.startswith("skinit: There is no verdict 'INTI03'. Did you mean 'INIT03'?")


def test_missing_pages_are_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "FOLDERS", (tmp_path,))
    exit_code, text = explain("INIT03")
    assert exit_code == 2
    assert text == "skinit: This installation has no pages about verdicts: install skinit again."


def test_a_wheel_has_the_pages_where_they_are_looked_for(monkeypatch, tmp_path):
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    ((source, target),) = build["targets"]["wheel"]["force-include"].items()
    assert {ROOT / target, ROOT / source} == set(pages.FOLDERS)
    monkeypatch.setattr(pages, "FOLDERS", (ROOT / source,))
    assert all(read_page(code) for code in list_pages())


def test_a_built_wheel_has_the_pages(tmp_path):
    pytest.importorskip("hatchling", reason="hatchling builds the wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.iterdir()
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"skinit/pages/{code.lower()}.md" for code in list_pages()} <= names
