"""`skinit compare`, as its user types it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from skinit import InitComparison
from skinit.cli import app
from skinit.cli.network import NetworkOptions
from skinit.cli.reading import DataOptions
from tests.cli.runner import separate_runner

QUICK = ["--hidden", "4", "--max-iter", "5", "--cv", "2", "--repeats", "1", "--jobs", "1"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*words):
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def test_it_prints_the_verdicts_and_writes_report_and_numbers():
    result = run("iris", *QUICK, "--init", "zeros,he", "--json", "numbers.json")
    assert result.exit_code == 0, result.output
    assert "zeros" in result.output
    assert "Report: skinit-iris.html" in result.output
    page = Path("skinit-iris.html").read_text(encoding="utf-8")
    assert "zeros predicts like the class prior" in page
    comparison = InitComparison.load("numbers.json")
    assert set(comparison.to_frame()["label"]) == {"zeros", "he"}
    assert comparison.sentence().split(".")[0] in " ".join(result.output.split())


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_answer_stands_before_the_table(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = run("iris", *QUICK, "--init", "zeros,he", "--json", "numbers.json")
    output = " ".join(result.output.split())
    first = InitComparison.load("numbers.json").sentences()[0]
    assert output.startswith(first)
    assert output.index("half-width of the 95% CI") > len(first)
    assert max(map(len, result.output.splitlines())) <= columns


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_print_shows_what_the_terminal_shows(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    words = ("--init", "zeros,he", "--scoring", "accuracy,f1_macro", "--json", "numbers.json")
    result = run("iris", *QUICK, *words)
    printed = str(InitComparison.load("numbers.json"))
    assert max(map(len, printed.splitlines())) <= columns
    rules = str.maketrans("", "", "─-")
    shown = result.output.partition("Numbers:")[0]
    assert text_of(printed.translate(rules)) == text_of(shown.translate(rules))


def text_of(output: str) -> str:
    """Return what is printed, without the white space that wraps and aligns it."""
    return "".join(output.split())


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("digits", "digits"),
        ("a/my data.v2.csv", "my-data.v2"),
        ("pets/", "pets"),
        ("-.csv", "data"),
    ],
)
def test_a_report_is_named_after_its_data(data, name):
    assert DataOptions(data).file_name == name


def test_several_activations_and_a_control():
    words = ("--init", "he,xavier", "--activation", "tanh,relu", "--control", "he:relu")
    result = run("wine", *QUICK, *words)
    assert result.exit_code == 0, result.output
    assert "he (relu) is the control" in " ".join(result.output.split())


def test_a_large_table_with_words_and_gaps():
    rng = np.random.default_rng(0)
    n = 15_000
    table = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "city": rng.choice(["Bonn", "Köln", None], n),
            "name": [f"n{i}" for i in rng.integers(0, 9_000, n)],
        }
    )
    table["outcome"] = np.where(table["age"] + 5 * (table["city"] == "Bonn") > 42, "yes", "no")
    table.loc[::7, "age"] = np.nan
    table.to_csv("table.csv", index=False)
    result = run("table.csv", "--target", "outcome", *QUICK, "--init", "zeros,he")
    assert result.exit_code == 0, result.output
    assert Path("skinit-table.html").exists()


def test_a_folder_of_pictures():
    for number in range(12):
        name = ["cat", "dog"][number % 2]
        pixels = np.random.default_rng(number).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Path("pets").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(f"pets/{name}.{number}.png")
    result = run("pets/", *QUICK, "--init", "zeros,he")
    assert result.exit_code == 0, result.output


def test_the_same_command_goes_on_from_its_checkpoint():
    words = ("iris", *QUICK, "--init", "he", "--checkpoint", "kept")
    assert run(*words).exit_code == 0
    again = run(*words)
    assert "found 2 of 2 splits" in again.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["iri"], "no data set called 'iri'. Did you mean 'iris'?"),
        (["table.csv"], "Which column holds the labels"),
        (["table.csv", "--target", "outcum"], "Its columns are: a, outcome"),
        (["table.csv", "--target", "constant"], "columns are"),
        (["empty.csv", "--target", "outcome"], "has no rows"),
        (["broken.csv", "--target", "outcome"], "Cannot read"),
        (["one_class.csv", "--target", "outcome"], "one class only"),
        (["iris", "--cv", "60"], "60 folds (--cv) need at least 60 rows of each class"),
        (["iris", "--out", "missing/report.html"], "there is no folder 'missing'"),
        (["iris", "--scoring", "acuracy"], "Unknown scorer 'acuracy'. Did you mean 'accuracy'"),
        (["iris", "--control", "her"], "control='her' is not a candidate"),
        (["iris", "--init", "hee"], "Did you mean 'he'"),
        (["iris", "--activation", "rellu"], "Did you mean 'relu'"),
        (["iris", "--activation", ","], "Expected names separated by commas, got ','"),
        (["iris", "--checkpoint", "skinit-iris.html"], "need a file each"),
        (["missing.csv", "--target", "a"], "There is no file 'missing.csv'"),
        (["iris", "--solver", "adamm"], "--solver takes auto, adam, sgd or lbfgs, got 'adamm'"),
        (["iris", "--out", "report.txt"], "--out must end in .html"),
        (["iris", "--json", "numbers.txt"], "--json must end in .json"),
        (["table.csv", "--out", "table.csv"], "--out table.csv would overwrite the data"),
        (["table.csv", "--json", "table.csv"], "--json table.csv would overwrite the data"),
        (["iris", *QUICK, "--scoring", "roc_auc"], "No candidate can be scored on split 0"),
        (["iris", "--hidden", "3,x"], "--hidden takes whole numbers"),
        (["iris", "--hidden", "0"], "hidden_layer_sizes must be"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, message):
    pd.DataFrame({"a": [1, 2, 3], "outcome": ["x", "y", "x"]}).to_csv("table.csv", index=False)
    Path("empty.csv").write_text("a,outcome\n")
    Path("broken.csv").write_bytes(b"\x89PNG")
    pd.DataFrame({"a": range(9), "outcome": ["x"] * 9}).to_csv("one_class.csv", index=False)
    before = set(os.listdir())
    result = run(*words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    # How a file was understood may stand above it.
    lines = [line for line in result.output.splitlines() if not line.startswith("one_class.csv:")]
    assert len(lines) == 1
    assert set(os.listdir()) == before


def test_a_scorer_that_cannot_score_these_data_is_reported():
    result = run("iris", *QUICK, "--init", "zeros,he", "--scoring", "accuracy,roc_auc")
    assert result.exit_code == 0, result.output
    assert "scorer 'roc_auc' (test): ValueError" in " ".join(result.output.split())
    assert Path("skinit-iris.html").exists()


def test_the_saved_numbers_are_json():
    run("iris", *QUICK, "--init", "zeros,he", "--json", "numbers.json")
    json.loads(Path("numbers.json").read_text(), parse_constant=pytest.fail)


def test_a_table_is_read_aloud():
    rows = pd.DataFrame(
        {"age": [1.0, 2.5] * 15, "city": ["a", "b"] * 15, "income": ["1,000"] + ["7"] * 29}
    )
    rows.assign(label=["x", "y", "x"] * 10).to_csv("t.csv", index=False)
    output = " ".join(run("t.csv", *QUICK, "--init", "he").output.split())
    assert "t.csv: 30 rows; columns separated by commas, UTF-8; names in the first line" in output
    assert "labels: label (by its name); 2 classes: x 20, y 10" in output
    assert "numbers: 2: age, income categories: 1: city" in output


@pytest.mark.parametrize("n_finished", [None, 0, 1])
def test_ctrl_c_says_what_is_saved_and_how_to_continue(n_finished, monkeypatch):
    words = ["iris", *QUICK, "--init", "he"]
    text = "0 splits saved; repeat the command to go on."
    if n_finished is not None:
        words += ["--checkpoint", "kept"]
    if n_finished:
        run(*words)
        lines = Path("kept").read_text().splitlines(keepends=True)
        Path("kept").write_text("".join(lines[:2]))
        text = "1 of 2 splits saved; repeat the command to go on."

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("skinit.comparison.compare_initializers", interrupted)
    result = run(*words)
    assert result.exit_code == 130
    assert f"skinit: interrupted. {text}" in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cv", "1"], r"skinit: Invalid value for '--cv': .*2\. Try skinit compare --help\."),
        (["--cvv", "3"], r"skinit: No such option: --cvv.* Try skinit compare --help\."),
        (["iris", "wine"], r"skinit: Got unexpected extra argument.* Try skinit compare --help\."),
    ],
)
def test_a_wrong_option_is_one_sentence_like_all_errors(words, message):
    result = CliRunner().invoke(app, ["compare", *words], prog_name="skinit")
    assert result.exit_code == 2
    assert re.fullmatch(message + "\n", result.output)


def test_an_unknown_command_is_one_sentence():
    result = CliRunner().invoke(app, ["comp"], prog_name="skinit")
    assert result.exit_code == 2
    assert result.output.startswith("skinit: No such command 'comp'.")
    assert result.output.endswith("Try skinit --help.\n")


def test_a_pipe_gets_json_and_the_text_goes_elsewhere():
    words = ["compare", "iris", *QUICK, "--init", "zeros,he", "--json", "-"]
    result = separate_runner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout, parse_constant=pytest.fail)
    assert {row["label"]: row["n_runs"] for row in content["trainings"]} == {"zeros": 2, "he": 2}
    assert content["sentences"][0] in " ".join(result.stderr.split())
    rows = {row["label"]: row for row in content["summary"]}
    assert rows["zeros"]["outcome"] == "undecided"
    assert rows["he"]["note"] == "highest mean (not separated)"
    Path("again.json").write_text(json.dumps(content["comparison"]))
    assert set(InitComparison.load("again.json").to_frame()["label"]) == {"zeros", "he"}


def test_a_list_of_learning_rates_is_tuned():
    rates = ("--learning-rate-init", "0.001,0.1", "--init", "zeros,he", "--json", "numbers.json")
    result = run("iris", *QUICK, *rates)
    assert result.exit_code == 0, result.output
    comparison = InitComparison.load("numbers.json")
    assert comparison.settings.tuning.values == {"learning_rate_init": [0.001, 0.1]}
    assert "solver" not in comparison.settings.network.parameters  # adam, which has a rate
    he = next(line for line in result.output.splitlines() if line.strip().startswith("he*"))
    assert he.split()[-1] == "0.1"


@pytest.mark.parametrize("command", ["compare", "diagnose"])
def test_a_learning_rate_that_is_given_is_used(command, monkeypatch):
    """By a solver that has one, on data of any size."""
    seen = []
    original = NetworkOptions._make_pipeline

    def watch(self, *args, **kwargs):
        seen.append(original(self, *args, **kwargs)[-1].get_params())
        return original(self, *args, **kwargs)

    monkeypatch.setattr(NetworkOptions, "_make_pipeline", watch)
    words = QUICK if command == "compare" else ()
    for rate in ((), ("--learning-rate-init", "0.02")):
        runner = CliRunner().invoke(app, [command, "iris", *words, "--init", "he", *rate])
        assert runner.exit_code == 0, runner.output
    found = [(params["solver"], params["learning_rate_init"]) for params in seen]
    assert found == [("lbfgs", 0.001), ("adam", 0.02)]


def test_tune_tries_the_usual_rates_and_racing_is_faster():
    result = run(
        "wine", *QUICK, "--init", "he,xavier", "--tune", "--racing", "--json", "numbers.json"
    )
    assert result.exit_code == 0, result.output
    tuning = InitComparison.load("numbers.json").settings.tuning
    assert (len(tuning.points), tuning.racing) == (7, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--learning-rate-init", "fast"), "--learning-rate-init takes numbers above 0"),
        (("--learning-rate-init", "0.1,0"), "--learning-rate-init takes numbers above 0"),
        (("--racing",), "--racing needs --tune"),
        (("--tune", "--solver", "lbfgs"), "--solver lbfgs has no learning rate: use --solver adam"),
        (("--learning-rate-init", "1", "--solver", "lbfgs"), "--solver lbfgs has no learning rate"),
        (("--tune", "--learning-rate-init", "0.1"), "--tune tries seven learning rates of its own"),
    ],
)
def test_what_cannot_be_tuned_is_said(words, message):
    result = run("iris", *QUICK, *words)
    assert result.exit_code != 0
    assert message in " ".join(result.output.split())
