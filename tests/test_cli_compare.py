"""`skinit compare`, as its user types it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from skinit import InitComparison
from skinit.cli import app

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
    assert "Report: skinit-report.html" in result.output
    page = Path("skinit-report.html").read_text(encoding="utf-8")
    assert "zeros predicts like the class prior" in page
    comparison = InitComparison.load("numbers.json")
    assert set(comparison.to_frame()["label"]) == {"zeros", "he"}
    assert comparison.sentence().split(".")[0] in " ".join(result.output.split())


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
    assert Path("skinit-report.html").exists()


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
        (["iri"], "no data called 'iri'"),
        (["table.csv"], "Which column holds the labels"),
        (["table.csv", "--target", "outcum"], "Its columns are: a, outcome"),
        (["table.csv", "--target", "constant"], "columns are"),
        (["empty.csv", "--target", "outcome"], "has no rows"),
        (["broken.csv", "--target", "outcome"], "Cannot read"),
        (["one_class.csv", "--target", "outcome"], "one class only"),
        (["iris", "--cv", "60"], "--cv 60 needs 60 rows of every class"),
        (["iris", "--out", "missing/report.html"], "there is no folder 'missing'"),
        (["iris", "--scoring", "acuracy"], "Unknown scorer 'acuracy': did you mean 'accuracy'"),
        (["iris", "--control", "her"], "control='her' is not a candidate"),
        (["iris", "--init", "hee"], "Did you mean 'he'"),
        (["iris", "--activation", "rellu"], "Did you mean 'relu'"),
        (["iris", "--activation", ","], "Expected names separated by commas, got ','"),
        (["iris", "--checkpoint", "skinit-report.html"], "need a file each"),
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
    assert Path("skinit-report.html").exists()


def test_the_saved_numbers_are_json():
    run("iris", *QUICK, "--init", "zeros,he", "--json", "numbers.json")
    json.loads(Path("numbers.json").read_text(), parse_constant=pytest.fail)


def test_a_table_is_read_aloud():
    rows = pd.DataFrame(
        {"age": [1.0, 2.5] * 15, "city": ["a", "b"] * 15, "income": ["1,000"] + ["7"] * 29}
    )
    rows.assign(label=["x", "y", "x"] * 10).to_csv("t.csv", index=False)
    output = " ".join(run("t.csv", *QUICK, "--init", "he").output.split())
    assert "t.csv: 30 rows; labels: label; numbers: age; words: city, income." in output
    assert "income is words because of '1,000': are these numbers?" in output
