"""`skinit diagnose`, as its user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skinit.cli import app
from tests.cli.runner import separate_runner


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


def test_a_page_about_all_initializers_is_written_and_none_is_overwritten():
    for _ in range(2):
        code, output = run("iris", "--init", "he,zeros", "--activation", "tanh")
        assert code == 0
    assert "Page: skinit-diagnosis-iris-2.html" in output
    pages = [Path("skinit-diagnosis-iris.html"), Path("skinit-diagnosis-iris-2.html")]
    assert sorted(Path().iterdir()) == sorted(pages)
    page = pages[0].read_text(encoding="utf-8")
    assert "Starts diagnosed on iris" in page
    assert "zeros is not expected to learn." in page
    assert "he has no verdict" in page
    assert 'href="#init01"' in page and 'id="init01"' in page
    assert "<script" not in page


def test_a_figure_shows_all_initializers():
    code, output = run("iris", "--init", "he,zeros", "--out", "signal.png")
    assert code == 0 and "Figure: signal.png" in output
    assert [path.name for path in Path().iterdir()] == ["signal.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["iris", "--init", "hee"], "Did you mean 'he'"),
        (["iris", "--activation", "rellu"], "Did you mean 'relu'"),
        (["iris", "--solver", "adamm"], "--solver takes auto, adam, sgd or lbfgs"),
        (["iris", "--out", "signal.txt"], "must end in .html, .png, .pdf or .svg"),
        (["iris", "--out", "missing/signal.png"], "there is no folder 'missing'"),
        (["iriss"], "no data set called 'iriss'. Did you mean 'iris'?"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, message):
    code, output = run(*words)
    assert code == 2
    assert message in output


def test_verdicts_and_layers_go_to_a_file_or_a_pipe():
    words = ["diagnose", "iris", "--init", "zeros,he", "--json"]
    result = separate_runner().invoke(app, [*words, "-"])
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout, parse_constant=pytest.fail)
    assert [verdict["code"] for verdict in content["zeros"]["verdicts"]] == ["INIT01"]
    assert content["he"]["verdicts"] == []
    assert [row["layer"] for row in content["he"]["layers"]] == [1, 2]
    assert "INIT01" in result.stderr
    assert CliRunner().invoke(app, [*words, "a.json"]).exit_code == 0
    assert json.loads(Path("a.json").read_text()) == content
