"""Tables for a network: numbers, dates and categories become standardized features."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skinit._wording import list_names
from skinit.datasets.database import require

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from skrub import TableVectorizer

# Rarer categories of a column share one feature, so that a column of names stays small.
MAX_CATEGORIES = 50
DATES = ["datetime", "datetimetz"]
BLOCK = 2**19  # numbers that are standardized at once: 4 MiB


class VaryingFeatures(TransformerMixin, BaseEstimator):
    """Leave out features that are constant in the training rows; perhaps all of them.

    Nothing can be learned from such a feature, and what has no scale cannot be standardized: values
    that differ in other rows would be larger than all others.

    Examples
    --------
    >>> VaryingFeatures().fit([[0, 1], [0, 2]]).transform([[1e9, 3]])
    array([[3.]])
    """

    def fit(self, X, y=None) -> VaryingFeatures:
        """Find the features that vary."""
        self.support_ = np.ptp(np.asarray(X), axis=0) > 0
        return self

    def transform(self, X) -> np.ndarray:
        """Return the features that varied."""
        return np.asarray(X)[:, self.support_]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "support_")


class Block(NamedTuple):
    """Neighbouring columns of numbers, by their places, and the steps that standardize them."""

    columns: np.ndarray
    steps: Pipeline


class TablePreprocessor(TransformerMixin, BaseEstimator):
    """Numbers, dates and words of a frame as standardized features, in one array.

    Parameters
    ----------
    copy : bool, default=True
        Whether to leave the frame as it is. False may overwrite it, which needs half the memory.

    Attributes
    ----------
    feature_names_in_ : ndarray of shape (n_columns,)
        The columns of the frame.
    blocks_ : list of Block
        Fitted steps for the numbers, in blocks so that what they copy is small.
    others_ : ColumnTransformer or None
        Fitted steps for dates and words; None without any.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"a": [1.0, None, 3.0, 3.0], "constant": 5})
    >>> TablePreprocessor().fit_transform(X).round(2)
    array([[-1.73],
           [ 0.58],
           [ 0.58],
           [ 0.58]])
    """

    def __init__(self, copy=True):
        self.copy = copy

    def fit(self, X, y=None) -> TablePreprocessor:
        """Learn medians, means, scales and categories from a frame."""
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        is_number = np.array([dtype.kind in "iuf" for dtype in X.dtypes], dtype=bool)
        self.blocks_ = [
            Block(columns, _make_number_steps().fit(_numbers(X, columns)))
            for columns in _cut(np.flatnonzero(is_number), len(X))
        ]
        self.others_ = None
        if not is_number.all():
            self.others_ = _make_other_steps().fit(X)
        return self

    def transform(self, X) -> np.ndarray:
        """Return the features of a frame with the same columns, (n_rows, n_features)."""
        X = self._with_known_columns(X)
        others = np.empty((len(X), 0)) if self.others_ is None else self.others_.transform(X)
        out, place = self._room(X, others.shape[1]), 0
        for columns, steps in self.blocks_:
            features = steps.transform(_numbers(X, columns))
            out[:, place : place + features.shape[1]] = features
            place += features.shape[1]
        out[:, place : place + others.shape[1]] = others
        return out[:, : place + others.shape[1]]

    def _with_known_columns(self, X) -> pd.DataFrame:
        """Return the columns that were there when the preprocessing was fitted."""
        if list(X.columns) == list(self.feature_names_in_):
            return X
        missing = [name for name in self.feature_names_in_ if name not in X.columns]
        if missing:
            raise ValueError(
                f"X lacks columns that the preprocessing was fitted with: {list_names(missing)}."
            )
        return X[list(self.feature_names_in_)]

    def _room(self, X, n_others: int) -> np.ndarray:
        """Return an array for all features: new, or the frame's own where that may be written."""
        if not self.copy and self.others_ is None:
            values = X.to_numpy(dtype=float, na_value=np.nan)
            try:
                values.flags.writeable = True  # pandas hands out what it shares as read-only
            except ValueError:
                values = values.copy(order="F")
            return values
        n_numbers = sum(len(columns) for columns, _ in self.blocks_)
        return np.empty((len(X), n_numbers + n_others), order="F")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "blocks_")


def _cut(places: np.ndarray, n_rows: int) -> list[np.ndarray]:
    """Return places in blocks of as many columns as are standardized at once."""
    size = max(1, BLOCK // max(1, n_rows))
    return [places[start : start + size] for start in range(0, len(places), size)]


def _numbers(X: pd.DataFrame, columns: np.ndarray) -> np.ndarray:
    return X.iloc[:, columns].to_numpy(dtype=float, na_value=np.nan)


def make_preprocessor(X: pd.DataFrame | None = None, *, copy: bool = True) -> TablePreprocessor:
    """Return the preprocessing of a table: imputation, scaling and encoding.

    Parameters
    ----------
    X : DataFrame, default=None
        Not needed: columns are told apart by their types when the preprocessing is fitted.
    copy : bool, default=True
        False lets ``transform`` overwrite the frame that it is given, which needs half the memory.

    Returns
    -------
    TablePreprocessor
        Unfitted. Numbers: missing values become the median, then all are standardized. All else is
        for skrub's TableVectorizer. Dates become their parts, standardized. Words become one
        feature for each of at most 50 categories; a missing value is a category too, and a word
        that was never seen counts as a rare one. What is empty or constant in the training rows is
        left out. Numbers come first, then dates, then words.

    Raises
    ------
    ImportError
        If skrub is not installed.

    Notes
    -----
    TableVectorizer would take numbers too, but column by column and in single precision, which is
    slow for thousands of columns and too coarse for times in seconds.

    Examples
    --------
    >>> import pandas as pd
    >>> from skinit.datasets import make_preprocessor
    >>> frame = pd.DataFrame({"weight": [1.0, None, 3.0], "kind": ["cat", "dog", "cat"]})
    >>> make_preprocessor().fit_transform(frame).shape  # a standardized number and two categories
    (3, 3)
    """
    require("skrub")
    return TablePreprocessor(copy=copy)


def _make_number_steps() -> Pipeline:
    """Return the preprocessing of numbers: a median where one is missing, standardized."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        VaryingFeatures(),
    )


def _make_other_steps() -> ColumnTransformer:
    """Return the preprocessing of dates and words."""
    from sklearn.compose import ColumnTransformer, make_column_selector

    words = make_column_selector(dtype_exclude=["number", *DATES])
    return ColumnTransformer(
        [
            ("dates", _make_date_steps(), make_column_selector(dtype_include=DATES)),
            ("words", _make_word_steps(), words),
        ],
        sparse_threshold=0,
    )


def _make_date_steps() -> Pipeline:
    """Return the preprocessing of dates: their parts, standardized."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skrub import DatetimeEncoder, TableVectorizer

    return make_pipeline(
        # A column that is empty in the training rows has to stay, as the next step needs one.
        TableVectorizer(datetime=DatetimeEncoder(resolution="second"), drop_null_fraction=None),
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        VaryingFeatures(),
    )


def _make_word_steps() -> TableVectorizer:
    """Return the preprocessing of words."""
    from sklearn.preprocessing import OneHotEncoder
    from skrub import TableVectorizer

    words = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=MAX_CATEGORIES,
        sparse_output=False,
        dtype=np.float64,
    )
    return TableVectorizer(
        low_cardinality=words, high_cardinality=words, drop_null_fraction=1.0, drop_if_constant=True
    )
