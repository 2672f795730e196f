"""The target of a comparison: one class per row, or one number or several."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from skinit._wording import is_missing, write_count

# Numbers that are more than so many, or of fewer rows each, may be measurements.
MOST_CLASSES = 20
ROWS_PER_CLASS = 10


def check_classes(y):
    """Return y as one class label per row, or say why it cannot be compared on."""
    _check_presence(y, "class")
    refuse_gaps(y, "y", "class")
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        hint = " InitMLPRegressor predicts numbers." if kind.startswith("continuous") else ""
        raise ValueError(
            f"y must hold one class label per row, got a target of type {kind!r}.{hint}"
        )
    y = column_or_1d(y)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"y has one class only, {str(y[0])!r}: there is nothing to learn.")
    if _look_like_measurements(classes, len(y)):
        warnings.warn(
            f"y looks like measurements: {len(classes)} different numbers between {classes[0]} and "
            f"{classes[-1]}, each of which is taken for a class of its own. Use InitMLPRegressor, "
            "or put them into a few classes first, for example with pandas.qcut(y, 4, "
            "labels=False).",
            stacklevel=4,
        )
    return y


def _look_like_measurements(classes, n_samples: int) -> bool:
    """Whether labels are many numbers, with gaps between them or with few rows each."""
    if not np.issubdtype(classes.dtype, np.number) or len(classes) <= MOST_CLASSES:
        return False
    has_gaps = classes[-1] - classes[0] >= len(classes) or classes[0] not in (0, 1)
    return bool(has_gaps or n_samples < ROWS_PER_CLASS * len(classes))


def check_numbers(y):
    """Return y as finite numbers, one or several per row, or say why it cannot be compared on."""
    _check_presence(y, "target")
    y = np.asarray(y)
    if y.dtype.kind not in "biufO" or y.ndim not in (1, 2) or 0 in y.shape:
        raise ValueError(f"y must hold numbers, one or several per row, got {_sketch(y)}.")
    try:
        numbers = y.astype(np.result_type(y.dtype, np.float32) if y.dtype.kind == "f" else float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers, got {_sketch(y)}.") from error
    if not np.isfinite(numbers).all():
        raise ValueError("y has values that are not finite: leave these rows out.")
    if (numbers == numbers[0]).all():
        raise ValueError(f"y has one value only, {y[0]!s}: there is nothing to learn.")
    return numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers


def refuse_gaps(values, name: str, what: str) -> None:
    """Raise if values are None or NaN, which have no order among words, and are no kind."""
    values = np.asarray(values)
    n_missing = sum(map(is_missing, values.ravel().tolist())) if values.dtype.kind in "Of" else 0
    if n_missing:
        raise ValueError(
            f"{name} has no {what} in {write_count(n_missing, 'row')} (None or NaN): fill them in, "
            "or leave these rows out."
        )


def _check_presence(y, what) -> None:
    if y is None:
        raise ValueError(f"y is None: a comparison needs the {what} of every row.")
    if len(y) == 0:
        raise ValueError("y is empty: there is nothing to compare on.")


def _sketch(y) -> str:
    """Say what an array holds instead of numbers."""
    if y.dtype.kind in "OUS":
        word = next(value for value in y.ravel() if not isinstance(value, (int, float)))
        return f"values such as {str(word)!r}; InitMLPClassifier predicts classes"
    return f"an array of shape {y.shape} and type {y.dtype}"
