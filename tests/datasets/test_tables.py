"""Tables of numeric and categorical columns, and data sets by name."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import fetch_california_housing

from skinit.datasets import load_table, make_preprocessor
from skinit.datasets.named import NAMES, NUMBERS, load_dataset


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "city": rng.choice(["Bonn", "Köln", None], n),
            "name": [f"n{i}" for i in range(n)],
            "member": rng.random(n) < 0.5,
            "empty": np.nan,
            "since": pd.date_range("2020", periods=n),
            "count": rng.integers(0, 5, n),
            "outcome": rng.choice(["yes", "no"], n),
        }
    )
    frame.loc[::7, "age"] = np.nan
    return frame


def test_a_table_becomes_finite_numbers(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    X, y = load_table(tmp_path / "t.csv", "outcome")
    Z = make_preprocessor(X).fit_transform(X)
    assert np.isfinite(Z).all()
    assert isinstance(Z, np.ndarray)
    assert list(y) == list(table["outcome"])
    # Numbers stand first, standardized; a missing one is the median of the others.
    age = table["age"].fillna(table["age"].median())
    np.testing.assert_allclose(Z[:, 0], (age - age.mean()) / age.std(ddof=0))
    assert len(Z[0]) < 3 + 4 + 2 * 51 + 3


@pytest.mark.parametrize(("separate", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", ".")])
def test_every_usual_way_to_write_numbers_is_understood(separate, decimal, tmp_path):
    path = tmp_path / "t.csv"
    rows = pd.DataFrame({"a": [1.5, 2.25, None], "b": [10, 20, 30], "label": ["x", "y", "x"]})
    rows.to_csv(path, sep=separate, decimal=decimal, index=False, na_rep="?")
    X, y = load_table(path)
    pd.testing.assert_frame_equal(X, rows[["a", "b"]].astype(float))
    assert list(y) == ["x", "y", "x"]


def test_parquet_gives_the_same_as_csv(table, tmp_path):
    table = table.drop(columns="since").astype({"empty": float})
    table.to_csv(tmp_path / "t.csv", index=False)
    words = dict.fromkeys(("city", "name", "outcome"), object)
    frame = table.astype(words).replace({np.nan: None})  # noqa: F841, DuckDB finds it by its name
    duckdb.sql(f"COPY (SELECT * FROM frame) TO '{tmp_path / 't.parquet'}'")
    (X, y), (X_parquet, y_parquet) = (
        load_table(tmp_path / name, "outcome") for name in ("t.csv", "t.parquet")
    )
    pd.testing.assert_frame_equal(X, X_parquet)
    np.testing.assert_array_equal(y, y_parquet)


def test_dates_become_standardized_parts(table):
    days = make_preprocessor().fit_transform(table[["since"]])
    total = (days[:, -1] - days[0, -1]) / (days[1, -1] - days[0, -1])
    np.testing.assert_allclose(total, np.arange(200), atol=1e-2)
    np.testing.assert_allclose(days.mean(axis=0), 0, atol=1e-4)


def test_unseen_words_and_missing_values_are_no_trouble_later(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    X, _ = load_table(tmp_path / "t.csv", "outcome")
    fitted = make_preprocessor(X).fit(X[:100])
    assert np.isfinite(fitted.transform(X[100:])).all()


def test_semicolons_separate_where_commas_are_decimal(tmp_path):
    (tmp_path / "t.csv").write_text("a;label\n1,5;x\n2,5;y\n")
    X, y = load_table(tmp_path / "t.csv")
    assert X["a"].tolist() == [1.5, 2.5]
    assert y.tolist() == ["x", "y"]


@pytest.mark.parametrize("name", ["target", "class", "label", "y"])
def test_a_usual_name_of_the_target_is_found(table, tmp_path, name):
    table.rename(columns={"outcome": name}).to_csv(tmp_path / "t.csv", index=False)
    X, y = load_table(tmp_path / "t.csv")
    assert name not in X
    assert set(y) == {"yes", "no"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "Which column holds the labels .* Its columns are: age, city"),
        ("outcum", "no column 'outcum' .* Did you mean 'outcome'.* columns are: age, city"),
        ("Outcome", "no column 'Outcome' .* Did you mean 'outcome'"),
        ("city", "has no label in [0-9]+ of 200 rows"),
        ("age", "has no number in [0-9]+ of 200 rows"),
    ],
)
def test_targets_that_cannot_be_used(table, tmp_path, target, message):
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(ValueError, match=message):
        load_table(tmp_path / "t.csv", target)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n", "Cannot read"),
        (b"", "Cannot read"),
        (b"a,label\n", "has no rows"),
        (b"label\nx\n", "no column besides 'label'"),
    ],
)
def test_files_that_are_no_tables(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_table(path, "label")
    with pytest.raises(ValueError, match="There is no file"):
        load_table(tmp_path / "none.csv")


def is_stored():
    """Whether scikit-learn has the California housing data on this machine."""
    try:
        fetch_california_housing(download_if_missing=False)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_known_names(name):
    if name == "california_housing" and not is_stored():
        with pytest.raises(ValueError, match=r"fetch_california_housing\(\) once, which downloads"):
            load_dataset(name)
        return
    data = load_dataset(name)
    assert len(data.X) == len(data.y)
    assert len(np.unique(data.y)) >= 2
    assert (data.task == "regression") == (name in NUMBERS)


def test_names_that_are_nothing(tmp_path):
    message = r"no data set called 'digit'\. Did you mean 'digits'\? Use one of digits, iris"
    with pytest.raises(ValueError, match=message):
        load_dataset("digit")
    with pytest.raises(ValueError, match="is not a file"):
        load_dataset("digits", "class")
