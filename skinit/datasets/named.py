"""Data sets by name, as the command line takes them: a known name, a table or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from skinit._wording import suggest
from skinit.datasets.account import Account
from skinit.datasets.database import require
from skinit.datasets.drawn import make_cats_vs_dogs
from skinit.datasets.folder import load_image_folder
from skinit.datasets.preprocessing import make_preprocessor
from skinit.datasets.tables import load_table

SHIPPED = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
}
NUMBERS = ("diabetes", "california_housing")
NAMES = (*SHIPPED, *NUMBERS, "pets")


class Dataset(NamedTuple):
    """Rows, labels, and the preprocessing that suits them.

    Attributes
    ----------
    X : ndarray or DataFrame of shape (n_samples, n_features)
        The rows, before preprocessing.
    y : ndarray of shape (n_samples,)
        The labels, as text where the data have names for them.
    preprocessing : estimator
        Unfitted; to be fitted on training rows only.
    account : Account or None
        What was understood of a file or a folder; None for other data.
    groups : ndarray of shape (n_samples,) or None
        Which rows belong together.
    task : {"classification", "regression"}, default="classification"
        Whether y holds classes or numbers.
    """

    X: Any
    y: np.ndarray
    preprocessing: Any
    account: Account | None = None
    groups: np.ndarray | None = None
    task: str = "classification"


def load_dataset(
    source: str,
    target: str | int | None = None,
    *,
    size: int | tuple[int, int] | None = None,
    **options: Any,
) -> Dataset:
    """Load a data set by name, from a file or from a folder.

    Parameters
    ----------
    source : str
        "digits", "iris", "wine", "breast_cancer", "diabetes" and "california_housing" (numbers to
        predict; the last one only where scikit-learn has stored it), "pets" (drawn), a file with a
        table, or a folder of pictures.
    target : str or int, default=None
        Column of the class labels or numbers to predict; for files only.
    size : int or (height, width), default=None
        Size of pictures in pixels; for folders and "pets" only.
    **options
        As for `load_table`; for files only.

    Returns
    -------
    Dataset
        Rows, labels and preprocessing.

    Raises
    ------
    ValueError
        If the source is none of these, or cannot be read.
    """
    path = Path(source)
    if source not in NAMES and not path.is_dir() and _is_meant_as_file(path, source):
        _refuse(source, {"size": size})
        _require_libraries()
        table = load_table(source, target, **options)
        account = table.account
        return Dataset(table.X, table.y, make_preprocessor(), account, table.groups, account.task)
    _refuse(source, {"target": target, **options})
    if source in SHIPPED:
        _refuse(source, {"size": size})
        bunch = SHIPPED[source]()
    elif source in NUMBERS:
        _refuse(source, {"size": size})
        X, y = _load_numbers(source)
        return Dataset(X, y, StandardScaler(), task="regression")
    elif source == "pets":
        bunch = _draw(size)
    elif path.is_dir():
        bunch = load_image_folder(path, size)
    else:
        raise ValueError(
            f"There is no data set called {source!r}.{suggest(source, NAMES)} Use one of "
            f"{', '.join(NAMES)}, a CSV or Parquet file, or a folder of pictures."
        )
    labels = np.asarray(bunch.target_names)[bunch.target]
    return Dataset(bunch.data, labels, StandardScaler(), bunch.get("account"))


def _load_numbers(source: str) -> tuple[np.ndarray, np.ndarray]:
    if source == "diabetes":
        return datasets.load_diabetes(return_X_y=True, scaled=False)
    try:
        return datasets.fetch_california_housing(return_X_y=True, download_if_missing=False)
    except OSError as error:
        raise ValueError(
            "california_housing is not stored on this machine: call "
            "sklearn.datasets.fetch_california_housing() once, which downloads it."
        ) from error


def _require_libraries() -> None:
    """Make a missing library what it is on the command line: something to correct."""
    try:
        require("duckdb")
        require("skrub")
    except ImportError as error:
        raise ValueError(str(error)) from error


def _draw(size: int | tuple[int, int] | None):
    if size is None:
        return make_cats_vs_dogs(random_state=0)
    if not isinstance(size, int):
        raise ValueError(f"Drawn pictures are square: size must be an int, got {size!r}.")
    return make_cats_vs_dogs(size=size, random_state=0)


def _is_meant_as_file(path: Path, source: str) -> bool:
    """Whether a source that is no known name is the name of a file, be it there or not."""
    return path.exists() or bool(path.suffix) or "://" in source or "/" in source


def _refuse(source: str, options: dict[str, Any]) -> None:
    """Raise a sentence for an option that has no meaning for a source."""
    for name, value in options.items():
        if name != "folds" and value not in (None, (), []):
            option = f"--{name.replace('_', '-')}"
            if name == "size":
                raise ValueError(f"{option} is for pictures: {source!r} has none of that kind.")
            raise ValueError(f"{option} says how to read a file, but {source!r} is not a file.")
