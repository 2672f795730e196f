"""What may be wrong with a table: leaks and doubts, each with its remedy.

Everything here looks and warns; nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skinit._wording import join_words, list_names, write_name

if TYPE_CHECKING:
    import pandas as pd

FEW = 20  # rows below which every column looks like an id
RANKS = 10
ID_NAME = re.compile(
    r"(^|[^a-z])(id|ids|uid|uuid|guid|index|idx|key|rowid|row|nr|no)($|[^a-z])|.Id$"
)
SUBJECT_NAME = re.compile(
    r"(^|[^a-z])(patient|subject|participant|person|user|customer|session|group|batch|site|animal)"
    r"([^a-z]|s?$|id)"
)


def find_doubts(
    X: pd.DataFrame, y: np.ndarray, groups: np.ndarray | None, *, is_class: bool = True
) -> list[str]:
    """Return what may be wrong with rows and labels, the worst first."""
    if len(y) < 2:
        return []
    targets = np.unique(y, return_inverse=True)[1]
    # Any column of different numbers determines others that all differ: their ranks, roughly, are
    # what a leak gives away.
    labels = targets if is_class else np.minimum(RANKS * targets // (targets.max() + 1), RANKS - 1)
    leaks, ids, doubts = [], [], []
    rows = np.random.default_rng(0).permutation(len(y))[:1000]
    copies = np.zeros(len(y), dtype=np.uint64)
    for name in X.columns:
        values, kind = _values(X[name]), X[name].dtype.kind
        # A rule without exception has none in a few rows: most columns need no second look.
        if _determines(values[rows], labels[rows]) and _determines(values, labels):
            leaks.append(name)
        if _may_be_id(values[rows], kind) and _is_id(values, kind, name):
            ids.append(name)
        if groups is None:
            doubts += _name_subject(name, values)
        copies = _add_hash(copies, values)
    what = "labels" if is_class else "targets"
    copied = name_duplicates(copies, targets, what)
    return [*_name_leaks(leaks, is_class), *_name_ids(ids), *doubts, *copied]


def _values(column: pd.Series) -> np.ndarray:
    """Return numbers that are equal where values are equal; missing ones are NaN."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        return np.where(codes < 0, np.nan, codes)
    if column.dtype.kind == "M":
        return np.where(column.isna(), np.nan, column.to_numpy().astype(np.int64))
    return column.to_numpy(dtype=float)


def _add_hash(copies: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return hashes of rows to which a column is added."""
    import pandas as pd

    return copies * np.uint64(1_000_003) + pd.util.hash_array(values)


def _determines(values: np.ndarray, labels: np.ndarray) -> bool:
    """Whether labels follow from single values, or from ranges of them, of one column.

    Values that are all different determine anything, so that ranges are looked at: as few of them
    as there are classes, in the order of the values.
    """
    if np.isnan(values).mean() > 0.5 or labels.min() == labels.max():
        return False
    order = np.lexsort((labels, values))
    by_value, by_label = values[order], labels[order]
    steps = by_value[1:] != by_value[:-1]
    steps &= ~(np.isnan(by_value[1:]) & np.isnan(by_value[:-1]))
    changes = by_label[1:] != by_label[:-1]
    if (changes & ~steps).any():
        return False  # one value has two labels
    if steps.sum() + 1 <= len(values) / 2:
        return True
    return len(values) >= FEW and changes.sum() == len(np.unique(labels)) - 1


def _may_be_id(values: np.ndarray, kind: str) -> bool:
    """Whether some values of a column are whole or words, and all different."""
    if len(values) < FEW or kind == "M" or np.isnan(values).any():
        return False
    if kind in "iuf" and (values != np.round(values)).any():
        return False
    ordered = np.sort(values)
    return not (ordered[1:] == ordered[:-1]).any()


def _is_id(values: np.ndarray, kind: str, name: object) -> bool:
    """Whether a column numbers or names the rows."""
    if not _may_be_id(values, kind):
        return False
    steps = np.diff(values)
    is_monotone = bool((steps > 0).all() or (steps < 0).all())
    return is_monotone or kind not in "iuf" or ID_NAME.search(_spell(name)) is not None


def _spell(name: object) -> str:
    text = str(name)
    return text if text.endswith("Id") else text.lower()


def _name_leaks(names: list, is_class: bool) -> Iterator[str]:
    if names and is_class:
        yield (
            f"Each value of {list_names(names)} has one label only, so that the labels can be read "
            f"off: if that is not known before the label is, say --drop {_first(names)}."
        )
    elif names:
        verb = "gives" if len(names) == 1 else "give"
        yield (
            f"{list_names(names)} {verb} the targets away, at least roughly: if that is not known "
            f"before the target is, say --drop {_first(names)}."
        )


def _name_ids(names: list) -> Iterator[str]:
    if names:
        yield (
            f"{list_names(names)} {'is' if len(names) == 1 else 'are'} different in every row, as "
            "row numbers, names and ids are, and so of no use for new rows: say --drop "
            f"{_first(names)}."
        )


def _first(names: list) -> str:
    return ",".join(write_name(name) for name in names[:3])


def _name_subject(name: object, values: np.ndarray) -> Iterator[str]:
    """Point at a column that may say which rows belong together."""
    named = SUBJECT_NAME.search(str(name).lower()) or ID_NAME.search(_spell(name))
    n_values = len(np.unique(values)) if named else 0
    if 2 < n_values < len(values) * 0.9 and n_values > len(values) / 50:
        yield (
            f"Rows with the same {write_name(name)} may belong together ({n_values:,} different "
            f"ones): if they do, say --groups {write_name(name)}, which keeps them on one side of "
            "every split."
        )


def name_duplicates(
    copies: np.ndarray, labels: np.ndarray, what: str, *, names: Sequence[str] = (), folds: int = 5
) -> Iterator[str]:
    """Count rows that come more than once, and those of them that fall apart over folds.

    Parameters
    ----------
    copies : array of shape (n_rows,)
        Hashes, equal for equal rows.
    labels : array of shape (n_rows,)
        The label of each row, as a number.
    what : str
        What labels are called.
    names : sequence of str of length n_rows, default=()
        The names of pictures; rows of a table have numbers, from 1.
    folds : int, default=5
        Folds of the cross-validation.
    """
    _, place, sizes = np.unique(copies, return_inverse=True, return_counts=True)
    size = sizes[place]
    n_copies = int((size > 1).sum())
    if not n_copies:
        return
    shared = float((1 - (1 / folds) ** (size - 1)).sum())
    pairs = np.unique(np.column_stack([place, labels]), axis=0)[:, 0]
    first = np.flatnonzero(place == place[np.argmax(size > 1)])[:2]
    rows = "pictures" if names else "rows"
    pair = [write_name(names[i]) if names else f"{i + 1:,}" for i in first]
    such = f"such as {'' if names else 'rows '}{join_words(pair)}"
    n_mixed = int((np.bincount(pairs, minlength=len(sizes))[place] > 1).sum())
    unlike = f"; {n_mixed:,} of them have other {what} than their copies" if n_mixed else ""
    yield (
        f"{n_copies:,} of {len(labels):,} {rows} have an exact copy, {such}{unlike}. With {folds} "
        f"folds about {shared:,.0f} of them are held out while a copy is trained on: remove the "
        "copies, unless they are different observations that happen to be equal."
    )
