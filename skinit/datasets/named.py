"""From one word of the command line to data: a known name, a table, or a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from skinit.datasets.drawn import make_cats_vs_dogs
from skinit.datasets.folder import load_image_folder
from skinit.datasets.tables import describe_table, make_preprocessor, read_labelled

SHIPPED = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
}
NAMES = (*SHIPPED, "pets")


class Dataset(NamedTuple):
    """Rows, their labels, and the preprocessing that suits them.

    Attributes
    ----------
    X : ndarray or DataFrame of shape (n_samples, n_features)
        The rows, as they are before the preprocessing.
    y : ndarray of shape (n_samples,)
        The labels, words where the data have words.
    preprocessing : estimator
        To be fitted on training rows only.
    about : str
        How a file was understood, in words; "" for other data.
    """

    X: Any
    y: np.ndarray
    preprocessing: Any
    about: str = ""


def load_dataset(source: str, target: str | None = None) -> Dataset:
    """Load what a word of the command line stands for.

    Parameters
    ----------
    source : str
        "digits", "iris", "wine", "breast_cancer", "pets" (drawn), a file ending in .csv or
        .parquet, or a folder of pictures.
    target : str, default=None
        The column of class labels, for a file.

    Returns
    -------
    Dataset
        Rows, labels and preprocessing.

    Raises
    ------
    ValueError
        If it is none of these, or cannot be read.
    """
    path = Path(source)
    if source not in NAMES and (path.is_file() or path.suffix in (".csv", ".parquet")):
        X, y, target = read_labelled(path, target)
        about = f"{path}: {len(y):,} rows; labels: {target}; {describe_table(X)}"
        return Dataset(X, y, make_preprocessor(X), about)
    if target is not None:
        raise ValueError(f"--target names a column of a file, and {source!r} is no file.")
    if source in SHIPPED:
        bunch = SHIPPED[source]()
    elif source == "pets":
        bunch = make_cats_vs_dogs(random_state=0)
    elif path.is_dir():
        bunch = load_image_folder(path)
    else:
        raise ValueError(
            f"There is no data called {source!r}: give one of {', '.join(NAMES)}, a CSV or "
            "Parquet file, or a folder of pictures."
        )
    return Dataset(bunch.data, np.asarray(bunch.target_names)[bunch.target], StandardScaler())
