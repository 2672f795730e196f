"""`skinit compare` and `skinit diagnose` where there are numbers to predict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skinit import InitComparison
from skinit.cli import app

QUICK = ["--hidden", "4", "--max-iter", "20", "--cv", "3", "--repeats", "1", "--jobs", "1"]


@pytest.fixture(autouse=True)
def prices(tmp_path, monkeypatch):
    """Work in a folder with a table of prices."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.uniform(20, 200, 90).round(1)})
    frame["town"] = rng.choice(["Bern", "Ulm"], 90)
    frame["house"] = np.arange(90) // 3
    frame["price"] = (3 * frame["size"] + rng.normal(0, 20, 90)).round(2)
    frame["dollars"] = frame["price"].round().astype(int)
    frame.to_csv("prices.csv", index=False)


def run(*words):
    result = CliRunner().invoke(app, [*map(str, words)])
    return result, " ".join(result.output.split())


def test_diabetes_is_compared_by_r2():
    words = [*QUICK, "--init", "zeros,he", "--json", "n.json", "--out", "report.html"]
    result, text = run("compare", "diabetes", *words)
    assert result.exit_code == 0, text
    assert "zeros predicts like the training mean" in text and "training mean" in text
    comparison = InitComparison.load("n.json")
    assert comparison.metrics == ["r2", "root_mean_squared_error"]
    assert comparison.settings.network.target == "StandardScaler()"
    page = Path("report.html").read_text(encoding="utf-8")
    assert "Held-out R²" in page and "StandardScaler" in page


def test_a_table_says_what_it_was_taken_for():
    words = ["prices.csv", "--target", "price", "--drop", "dollars,house", *QUICK]
    result, text = run("compare", *words, "--scoring", "neg_mean_absolute_error,r2")
    assert result.exit_code == 0, text
    assert "target: price (as you said); numbers from" in text
    assert "for a regression (--task classification takes them for classes)" in text
    assert "mean absolute error (lower is better; differences are turned)" in text
    assert "lowest mean absolute error" in text


def test_whole_numbers_are_asked_for():
    words = ["prices.csv", "--target", "dollars", "--drop", "price,house", *QUICK]
    result, text = run("compare", *words)
    assert result.exit_code != 0
    assert "distinct whole numbers: if they are measurements, say --task regression" in text
    result, text = run("compare", *words, "--task", "regression", "--init", "he,xavier")
    assert result.exit_code == 0, text
    result, text = run("compare", *words, "--task", "both")
    assert result.exit_code != 0
    assert "--task takes classification or regression, got 'both'" in text


def test_groups_stay_together():
    words = ["prices.csv", "--target", "price", "--drop", "dollars", "--groups", "house", *QUICK]
    result, text = run("compare", *words, "--init", "he,xavier", "--json", "n.json")
    assert result.exit_code == 0, text
    comparison = InitComparison.load("n.json")
    assert comparison.settings.splits.cv.startswith("RepeatedGroupKFold(")
    assert np.isfinite(comparison.honest_best)


def test_starts_are_diagnosed():
    for data in (["diabetes"], ["prices.csv", "--target", "price"]):
        result, text = run("diagnose", *data, "--init", "zeros,he", "--hidden", "8")
        assert result.exit_code == 0, text
        assert "INIT01" in text and "No verdict" in text
