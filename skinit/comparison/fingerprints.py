"""Which rows these are: hashes that the same rows share on every machine."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import joblib
import numpy as np
from scipy.sparse import csr_matrix, issparse

from skinit.comparison.schema import DataSettings

# The smallest hashes are a sample of the rows that another comparison on them draws too.
SAMPLE = 64
# So many features, spread over all, tell rows apart; rounding changes few of so few values.
FEATURES = 8
DIGITS = 4
BLOCK = 2**16  # rows that are hashed at once


def describe_data(X, y, *, is_class: bool = True) -> DataSettings:
    """Return sizes and fingerprints of rows and targets."""
    sketches = np.unique(_hash_in_blocks(X, lambda rows: row_hashes(_rounded(rows))))
    return DataSettings(
        n_samples=len(y),
        n_features=int(np.shape(X)[1]),
        X=joblib.hash(_hash_in_blocks(X, row_hashes))[:12],
        y=joblib.hash(y)[:12],
        **(_describe_classes(y) if is_class else _describe_numbers(y)),
        n_distinct=len(sketches),
        sample=tuple(str(value) for value in sketches[:SAMPLE]),
    )


def _describe_classes(y) -> dict[str, Any]:
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    return {
        "classes": {str(c): int(n) for c, n in zip(classes, counts, strict=True)},
        "numbers": {},
        "labels": _hash_codes(codes),
    }


@np.errstate(invalid="ignore", over="ignore")  # numbers that are too large are refused later
def _describe_numbers(y) -> dict[str, Any]:
    columns = y.reshape(len(y), -1).T
    codes = np.array([np.unique(column, return_inverse=True)[1] for column in columns])
    spread = {"mean": y.mean(), "sd": y.std(ddof=1), "min": y.min(), "max": y.max()}
    return {
        "classes": {},
        "numbers": {k: float(v) for k, v in spread.items()} if len(columns) == 1 else {},
        "labels": _hash_codes(codes),
    }


def _hash_codes(codes) -> str:
    return joblib.hash(codes.astype(np.int64))[:12]


def look_alike(one: DataSettings, other: DataSettings) -> str | None:
    """Say why two tables seem to hold the same rows; None where they do not.

    Rows that a table repeats over and over, as with a few yes-or-no features, are no evidence.
    The same classes in the same order over as many features are: they betray a table that was
    scaled or rounded as well.
    """
    if (one.labels, one.n_features) == (other.labels, other.n_features):
        what = "classes" if one.classes else "targets"
        return f"the {what} of all {one.n_samples} rows are in the same order"
    if any(2 * data.n_distinct < data.n_samples for data in (one, other)):
        return None
    shared, smaller = set(one.sample) & set(other.sample), min(len(one.sample), len(other.sample))
    return "they share rows" if len(shared) > 0.1 * smaller else None


def _hash_in_blocks(X, hashes) -> np.ndarray:
    """Return the hashes of all rows, of which only a block at a time is copied."""
    if not hasattr(X, "iloc"):
        return hashes(X)
    starts = range(0, len(X), BLOCK)
    return np.concatenate([hashes(X.iloc[start : start + BLOCK]) for start in starts])


def _rounded(X):
    """Return some features, with numbers rounded to the same whatever their precision."""
    if issparse(X):
        X = csr_matrix(X, copy=True)
        X.sum_duplicates()
        X.data = _round(X.data)
        return X
    places = np.unique(np.linspace(0, np.shape(X)[1] - 1, FEATURES).astype(int))
    X = X.iloc[:, places] if hasattr(X, "iloc") else np.asarray(X)[:, places]
    try:
        return _round(X)
    except (TypeError, ValueError):  # not all of them are numbers
        return X


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _round(values) -> np.ndarray:
    """Round numbers to four significant digits."""
    values = np.asarray(values, dtype=float)
    magnitude = np.floor(np.log10(np.abs(values)))
    step = 10.0 ** (magnitude - DIGITS + 1)
    rounded = np.round(values / step) * step
    return np.where(np.isfinite(rounded), rounded, values).astype(np.float32)


def row_hashes(X) -> np.ndarray:
    """Return a number for every row that equal rows share."""
    if issparse(X):
        X = csr_matrix(X, copy=True)
        X.sum_duplicates()  # entries in order, so that equal rows have equal bytes
    X = X if issparse(X) or hasattr(X, "to_numpy") else np.asarray(X)
    if hasattr(X, "to_numpy") or X.dtype == object:  # an object's bytes are its address
        from pandas import DataFrame
        from pandas.util import hash_pandas_object

        return hash_pandas_object(DataFrame(X), index=False).to_numpy()
    return np.array([_row_hash(X[i]) for i in range(X.shape[0])], dtype=np.uint64)


def _row_hash(row) -> int:
    parts = (row.indices, row.data) if issparse(row) else (row,)
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")
