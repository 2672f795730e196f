"""Tables of numbers and words: read them, and prepare them for a network."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    import pandas as pd

# Rarer values of a column of words share one feature, so that a column of names stays small.
MAX_CATEGORIES = 50
USUAL_TARGETS = ("target", "class", "label", "y")


def load_table(path, target: str | None = None) -> tuple[pd.DataFrame, np.ndarray]:
    r"""Read a CSV or Parquet file and split off the column of class labels.

    Parameters
    ----------
    path : path-like
        A file ending in .parquet, or a file of values separated by commas, semicolons or tabs,
        with a line of names. A missing value is empty, "?", or a word such as NA.
    target : str, default=None
        The column of class labels; None looks for one called target, class, label or y.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
        All other columns. Dates are turned into days, everything else that is no number into
        text; missing values stay missing.
    y : ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If the file cannot be read, has no such column, or if labels are missing or look like
        measurements.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skinit.datasets import load_table
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = path.write_text("weight,sound,label\n4.1,meow,cat\n,woof,dog\n")
    >>> X, y = load_table(path)
    >>> list(X), y.tolist()
    (['weight', 'sound'], ['cat', 'dog'])
    """
    X, y, _ = read_labelled(path, target)
    return X, y


def read_labelled(path, target: str | None = None) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Return what `load_table` does, and the name of the column of labels."""
    table = _read(path)
    target = _find_target(path, table.columns, target)
    y = table[target]
    if y.isna().any():
        raise ValueError(
            f"Column {target!r} of {str(path)!r} has no label in {int(y.isna().sum())} of "
            f"{len(y)} rows: fill them in, or leave these rows out."
        )
    if y.dtype.kind == "f" and not (y == y.round()).all():
        raise ValueError(
            f"Column {target!r} of {str(path)!r} holds measurements and no class labels "
            f"({y.nunique()} different numbers)."
        )
    X = table.drop(columns=target)
    if X.empty:
        raise ValueError(f"{str(path)!r} has no rows, or no column beside {target!r}.")
    labels = np.asarray(y.to_numpy(dtype=None if y.dtype.kind in "ifb" else str))
    return X.apply(_simplify), labels, str(target)


def describe_table(X: pd.DataFrame) -> str:
    """Say which columns are numbers and which are words, and which words look like numbers."""
    import pandas as pd

    numbers = list(X.select_dtypes("number").columns)
    words = [name for name in X.columns if name not in numbers]
    text = f"numbers: {_name_columns(numbers)}; words: {_name_columns(words)}."
    for name in words:
        values = X[name].dropna()
        odd = values[pd.to_numeric(values, errors="coerce").isna()]
        if 0 < len(odd) < len(values) / 2:
            text += f" {name} is words because of {odd.iloc[0]!r}: are these numbers?"
    return text


def _name_columns(names, most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more if names else "none"


def _find_target(path, columns, target):
    """Return the column of labels; without a name the first usual one."""
    usual = [name for name in USUAL_TARGETS if name in columns]
    if target is None and usual:
        return usual[0]
    if target in columns:
        return target
    known = f"Its columns are: {', '.join(map(str, columns))}."
    if target is None:
        raise ValueError(f"Which column holds the labels in {str(path)!r}? {known}")
    folded = {str(name).lower(): name for name in columns}
    close = [folded[name] for name in get_close_matches(target.lower(), folded, n=1)]
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"There is no column {target!r} in {str(path)!r}.{hint} {known}")


def make_preprocessor(X: pd.DataFrame) -> ColumnTransformer:
    """Return the preprocessing of a table: imputation, scaling and one-hot encoding.

    Parameters
    ----------
    X : DataFrame
        Its column types decide what is done; nothing is fitted.

    Returns
    -------
    ColumnTransformer
        Numbers: median, then standardized. Words: a word of their own where missing, then one
        column for each of at most 50 values.
    """
    numbers = list(X.select_dtypes("number").columns)
    words = [name for name in X.columns if name not in numbers]
    return ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
                ),
                numbers,
            ),
            (
                "words",
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="missing"),
                    OneHotEncoder(
                        handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES
                    ),
                ),
                words,
            ),
        ],
        sparse_threshold=0,
    )


def _read(path) -> pd.DataFrame:
    import pandas as pd

    try:
        if Path(path).suffix == ".parquet":
            return pd.read_parquet(path)
        with open(path, encoding="utf-8") as file:
            names = file.readline()
        separate = max(",;\t", key=names.count)
        # Semicolons separate where the comma is the decimal point, but elsewhere, too: what makes
        # more columns numbers is right.
        tables = [
            pd.read_csv(path, sep=separate, decimal=decimal, na_values=["?"])
            for decimal in (",." if separate == ";" else ".")
        ]
        return max(tables, key=lambda table: table.select_dtypes("number").shape[1])
    except ImportError as error:
        raise ValueError(
            f"Reading {str(path)!r} needs pyarrow: pip install 'skinit[parquet]'."
        ) from error
    except FileNotFoundError as error:
        raise ValueError(f"There is no file {str(path)!r}.") from error
    except Exception as error:  # each reader has its own zoo of them
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"Cannot read {str(path)!r} as a table: {reason}") from error


def _simplify(column: pd.Series) -> pd.Series:
    """Return numbers as floats, dates as days, everything else as text; missing as NaN."""
    if column.dtype.kind == "b":
        return column.astype(str).astype(object)
    if column.dtype.kind in "iuf":
        return column.astype(float).replace([np.inf, -np.inf], np.nan)
    if column.dtype.kind == "M":
        return (column - column.min()).dt.total_seconds() / 86_400
    return column.map(str, na_action="ignore").astype(object).where(column.notna(), np.nan)
