"""Columns of numbers to predict: found out, said, overridden."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from skinit.datasets import load_table
from skinit.datasets.named import load_dataset

N = 60
PRICES = np.round(np.linspace(99.5, 870.25, N), 2)


def write(path, prices, separator=","):
    head = separator.join(["size", "town", "price"])
    lines = [separator.join([str(10 + i % 7), "ab"[i % 2], str(p)]) for i, p in enumerate(prices)]
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def write_parquet(frame, path):
    duckdb.from_df(frame).write_parquet(str(path))


@pytest.mark.parametrize(
    ("prices", "separator"),
    [
        (PRICES, ","),
        ([f"{p:.2f}".replace(".", ",") for p in PRICES], ";"),
        ([f"$ {p:.2f}" for p in PRICES], ","),
        ([f"{p:e}" for p in PRICES], "\t"),
    ],
    ids=["points", "commas", "currency", "exponents"],
)
def test_numbers_with_fractions_are_a_regression(prices, separator, tmp_path):
    table = load_table(write(tmp_path / "p.csv", prices, separator), "price")
    np.testing.assert_allclose(table.y, PRICES)
    assert table.y.dtype == np.float64
    account = table.account
    assert account.task == "regression" and account.classes == {}
    assert account.spread == pytest.approx({"min": 99.5, "mean": PRICES.mean(), "max": 870.25})
    assert "price (as you said); numbers from 99.5 to 870.25, mean 4" in str(account)
    assert "for a regression (--task classification takes them for classes)" in str(account)
    assert account.to_dict()["task"] == "regression"
    assert list(table.X.columns) == ["size", "town"]


def test_thousands_are_numbers_too(tmp_path):
    prices = [f"{1000 + 1000 * i:,}.5" for i in range(N)]
    path = tmp_path / "p.csv"
    frame = pd.DataFrame({"size": range(N), "price": prices})
    frame.to_csv(path, index=False)
    assert load_table(path, "price").y[1] == 2000.5


def test_parquet_keeps_its_numbers(tmp_path):
    frame = pd.DataFrame({"a": np.arange(N) % 7, "price": PRICES})
    write_parquet(frame, tmp_path / "p.parquet")
    table = load_table(tmp_path / "p.parquet", "price")
    np.testing.assert_array_equal(table.y, PRICES)
    write_parquet(frame.assign(price=np.arange(N)), tmp_path / "w.parquet")
    with pytest.raises(ValueError, match="60 distinct whole numbers"):
        load_table(tmp_path / "w.parquet", "price")
    assert load_table(tmp_path / "w.parquet", "price", task="regression").y[-1] == N - 1


def test_the_task_that_is_named_is_taken(tmp_path):
    path = write(tmp_path / "p.csv", np.arange(N) % 4 + 0.5)
    assert load_table(path, "price").account.task == "regression"
    table = load_table(path, "price", task="classification")
    assert table.account.classes == {"0.5": 15, "1.5": 15, "2.5": 15, "3.5": 15}
    path = write(tmp_path / "q.csv", np.arange(N) % 4)
    assert load_table(path, "price").account.task == "classification"
    np.testing.assert_array_equal(load_table(path, "price", task="regression").y, np.arange(N) % 4)


def test_words_with_digits_are_words(tmp_path):
    path = write(tmp_path / "p.csv", [f"flat {i}" for i in range(N // 2)] * 2)
    assert load_table(path, "price").account.task == "classification"


@pytest.mark.parametrize(
    ("prices", "options", "message"),
    [
        (["cat", "dog"] * 30, {"task": "regression"}, "holds words, not numbers"),
        (["2020-01-02", "2021-03-04"] * 30, {"task": "regression"}, "holds dates, not numbers"),
        ([1.5] * N, {}, "holds one number only, 1.5: there is nothing to learn"),
        ([*PRICES[:-2], "", "NA"], {}, "has no number in 2 of 60 rows"),
        (PRICES, {"pos_label": "1"}, "--pos-label is for classes, but column 'price'"),
        (PRICES, {"rare": "drop"}, "--rare is for classes, but column 'price'"),
        (PRICES, {"task": "numbers"}, "task must be 'classification' or 'regression'"),
    ],
)
def test_what_cannot_be_predicted_is_refused(prices, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        load_table(write(tmp_path / "p.csv", prices), "price", **options)


def test_a_column_that_gives_the_target_away_is_named(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"noise": rng.normal(size=N), "in_cents": PRICES * 100, "price": PRICES})
    frame.sample(frac=1, random_state=0).to_csv(tmp_path / "p.csv", index=False)
    doubts = load_table(tmp_path / "p.csv", "price").account.doubts
    assert any("in_cents gives the targets away" in doubt for doubt in doubts)
    assert not any("noise" in doubt for doubt in doubts)


def test_diabetes_is_known_by_name():
    data = load_dataset("diabetes")
    assert data.task == "regression" and data.X.shape == (442, 10)
    with pytest.raises(ValueError, match="--task says how to read a file, but 'diabetes'"):
        load_dataset("diabetes", task="classification")
