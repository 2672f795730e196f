"""Tables of numbers and words, and the words of the command line that stand for data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinit.datasets import load_table, make_preprocessor
from skinit.datasets.named import NAMES, load_dataset


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
    pytest.importorskip("pyarrow", reason="Parquet files are an extra")
    table = table.drop(columns="since")
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    (X, y), (X_parquet, y_parquet) = (
        load_table(tmp_path / name, "outcome") for name in ("t.csv", "t.parquet")
    )
    pd.testing.assert_frame_equal(X, X_parquet)
    np.testing.assert_array_equal(y, y_parquet)


def test_dates_are_days(table):
    from skinit.datasets.tables import _simplify

    np.testing.assert_array_equal(_simplify(table["since"]), np.arange(200.0))


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
        ("age", "has no label in [0-9]+ of 200 rows"),
        ("height", "holds measurements and no class labels"),
    ],
)
def test_targets_that_cannot_be_used(table, tmp_path, target, message):
    table["height"] = np.linspace(1.5, 2, len(table))
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(ValueError, match=message):
        load_table(tmp_path / "t.csv", target)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n", "Cannot read"),
        (b"", "Cannot read"),
        (b"a,label\n", "has no rows"),
        (b"label\nx\n", "no column beside 'label'"),
    ],
)
def test_files_that_are_no_tables(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_table(path, "label")
    with pytest.raises(ValueError, match="There is no file"):
        load_table(tmp_path / "none.csv")


@pytest.mark.parametrize("name", NAMES)
def test_known_names(name):
    data = load_dataset(name)
    assert len(data.X) == len(data.y)
    assert len(np.unique(data.y)) >= 2


def test_names_that_are_nothing(tmp_path):
    with pytest.raises(ValueError, match="no data called 'digit': give one of digits, iris"):
        load_dataset("digit")
    with pytest.raises(ValueError, match="is no file"):
        load_dataset("digits", "class")
