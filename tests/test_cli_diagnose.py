"""`skinit diagnose`, as its user types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from skinit.cli import app


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*words):
    result = CliRunner().invoke(app, ["diagnose", *words])
    return result.exit_code, " ".join(result.output.split())


def test_every_initializer_gets_its_verdict():
    code, output = run("digits", "--activation", "tanh", "--hidden", "30,30")
    assert code == 0
    assert "INIT01, no gradient" in output
    assert "INIT03, saturated" in output
    assert output.count("No verdict") == 2


def test_unscaled_inputs_are_not_the_initializers_fault():
    words = ("digits", "--activation", "tanh", "--init", "he", "--hidden", "30")
    assert "No verdict" in run(*words)[1]
    assert "INIT10" in run(*words, "--no-scale")[1]


def test_figures_are_saved_for_each():
    code, _ = run("iris", "--init", "he,zeros", "--out", "signal.png")
    assert code == 0
    assert {path.name for path in Path().iterdir()} == {"signal-he.png", "signal-zeros.png"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["iris", "--init", "hee"], "Did you mean 'he'"),
        (["iris", "--activation", "rellu"], "Did you mean 'relu'"),
        (["iris", "--solver", "adamm"], "--solver takes auto, adam, sgd or lbfgs"),
        (["iris", "--out", "signal.txt"], "must end in .png, .pdf or .svg"),
        (["iris", "--out", "missing/signal.png"], "there is no folder 'missing'"),
        (["iriss"], "no data called 'iriss'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, message):
    code, output = run(*words)
    assert code == 2
    assert message in output
