"""From `cv` to splits: rows of the two parts, each fit to be trained on, and seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

from skinit._wording import write_count
from skinit.comparison.tuning import InnerSplit, Tuning, make_inner_split

N_FOLDS, N_REPEATS = 5, 2  # where no cv is given


class PackedRows:
    """Row numbers that take little room: a bit for each row where they are sorted.

    Parameters
    ----------
    numbers : ndarray of shape (n_taken,)
        Row numbers, from 0.
    n_rows : int
        How many rows there are.

    Examples
    --------
    >>> PackedRows(np.array([1, 4]), 9).unpack(), PackedRows(np.array([4, 1, 1]), 9).unpack()
    (array([1, 4]), array([4, 1, 1]))
    """

    def __init__(self, numbers: np.ndarray, n_rows: int):
        self._n_rows = n_rows
        self._is_sorted = bool((np.diff(numbers) > 0).all())
        self._packed = numbers
        if self._is_sorted:
            mask = np.zeros(n_rows, dtype=bool)
            mask[numbers] = True
            self._packed = np.packbits(mask)

    def unpack(self) -> np.ndarray:
        """Return the row numbers."""
        if not self._is_sorted:
            return self._packed
        return np.flatnonzero(np.unpackbits(self._packed, count=self._n_rows))


@dataclass(frozen=True, eq=False)
class Split:
    """One split of the rows.

    Parameters
    ----------
    parts : (PackedRows, PackedRows)
        The rows of the training part and of the test part.
    seeds : tuple of int
        A seed for each repetition of the training.
    inner : tuple of InnerSplit, default=()
        Two parts of the training rows for each seed; empty if nothing is tuned.
    """

    parts: tuple[PackedRows, PackedRows]
    seeds: tuple[int, ...]
    inner: tuple[InnerSplit, ...] = ()

    @property
    def train(self) -> np.ndarray:
        """Row numbers of the training part."""
        return self.parts[0].unpack()

    @property
    def test(self) -> np.ndarray:
        """Row numbers of the test part."""
        return self.parts[1].unpack()


def make_splits(cv, X, y, groups, seed, n_seeds, *, stratify: bool = True) -> list[Split]:
    """Return the splits with their seeds; with groups, none is on both sides of a split.

    With ``stratify``, y holds classes: folds keep their shares, and each must be learnable.
    """
    cv = _list_pairs(cv)
    check_folds(cv, y, groups, stratify=stratify)
    splits = [
        Split(
            (
                PackedRows(_row_numbers(train, len(y), j, "training"), len(y)),
                PackedRows(_row_numbers(test, len(y), j, "test"), len(y)),
            ),
            tuple(run_seed(seed, j, s) for s in range(n_seeds)),
        )
        for j, (train, test) in enumerate(_split_rows(cv, X, y, groups, seed, stratify))
    ]
    if not splits:
        raise ValueError(
            f"cv={cv!r} gives no splits: give a number of folds, a splitter, or pairs of "
            "training and test rows."
        )
    for j, split in enumerate(splits):
        _check_split(split, j, y if stratify else None, groups)
    return splits


def add_inner_splits(
    splits, tuning: Tuning | None, y, groups, *, stratify: bool = True
) -> list[Split]:
    """Return splits that set an inner part of their training rows aside for each seed."""
    if tuning is None:
        return splits
    return [
        replace(
            split,
            inner=tuple(
                make_inner_split(split.train, y, groups, seed, tuning.size, j, stratify=stratify)
                for seed in split.seeds
            ),
        )
        for j, split in enumerate(splits)
    ]


def _list_pairs(cv):
    """Return what `cv` yields as a list where it is not a splitter; refuse what are not pairs."""
    if hasattr(cv, "split") or not isinstance(cv, Iterable) or isinstance(cv, str):
        return cv
    pairs = [tuple(pair) for pair in cv]
    for j, pair in enumerate(pairs):
        if len(pair) != 2:
            raise ValueError(
                f"Split {j} of cv must be a pair (training rows, test rows), got "
                f"{write_count(len(pair), 'part')}."
            )
    return pairs


def _split_rows(cv, X, y, groups, seed, stratify):
    """Yield training and test rows of every split, as the splitter gives them."""
    if groups is None:
        if cv is None:
            repeated = RepeatedStratifiedKFold if stratify else RepeatedKFold
            cv = repeated(n_splits=N_FOLDS, n_repeats=N_REPEATS, random_state=seed % 2**32)
        yield from check_cv(cv, y, classifier=stratify).split(X, y)
        return
    of_groups = StratifiedGroupKFold if stratify else GroupKFold
    if cv is None:
        for repeat in range(N_REPEATS):
            folds = of_groups(N_FOLDS, shuffle=True, random_state=(seed + repeat) % 2**32)
            yield from folds.split(X, y, groups)
    else:
        cv = of_groups(cv) if isinstance(cv, Integral) else cv
        yield from check_cv(cv, y, classifier=stratify).split(X, y, groups)


def check_folds(cv, y, groups=None, *, stratify: bool = True) -> None:
    """Refuse more folds than there are groups, rows, or rows of the smallest class."""
    if stratify:
        _check_classes(cv, y)
    elif (n_folds := _count_folds(cv, (KFold,))) > len(y):
        raise ValueError(
            f"{n_folds} folds need {n_folds} rows, but there are {len(y)}: use fewer folds."
        )
    if groups is not None:
        n_folds, n_groups = _count_folds(cv, (GroupKFold, StratifiedGroupKFold)), len(set(groups))
        if n_groups < n_folds:
            raise ValueError(
                f"{n_folds} folds need {n_folds} groups, but there are {n_groups}: use fewer folds."
            )


def _check_classes(cv, y) -> None:
    n_folds = _count_folds(cv, (StratifiedKFold, StratifiedGroupKFold))
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < n_folds:
        raise ValueError(
            f"{n_folds} folds need {n_folds} rows of every class, but class "
            f"{str(classes[counts.argmin()])!r} has {counts.min()}: use "
            f"{max(2, counts.min())} folds or fewer, or leave the class out."
        )


def _count_folds(cv, kinds) -> int:
    """Return the number of folds of some kinds of splitters; 0 for others."""
    if cv is None:
        return N_FOLDS
    if isinstance(cv, Integral):
        return int(cv)
    if isinstance(cv, (RepeatedKFold, RepeatedStratifiedKFold)):
        return cv.cvargs["n_splits"] if cv.cv in kinds else 0
    return cv.n_splits if isinstance(cv, kinds) else 0


def _row_numbers(part, n_samples, j, what) -> np.ndarray:
    """Return row numbers from 0, also of a mask and of numbers that count from the end."""
    part, name = np.asarray(part), f"The {what} part of split {j}"
    if part.size == 0:
        raise ValueError(f"{name} is empty: give rows to both parts.")
    if part.dtype == bool:
        if part.shape != (n_samples,):
            raise ValueError(
                f"{name} is a mask of {len(part)} entries, but there are {n_samples} rows."
            )
        part = np.flatnonzero(part)
    if part.dtype.kind not in "iu" or part.ndim != 1:
        raise ValueError(f"{name} must hold row numbers or a mask, got {part[:1]!r}.")
    outside = part[(part < -n_samples) | (part >= n_samples)]
    if len(outside):
        raise ValueError(f"{name} names row {outside[0]}, but there are {n_samples}.")
    return np.where(part < 0, part + n_samples, part)


def _check_split(split, j, y, groups) -> None:
    """Refuse parts that share rows or groups, and a class (of `y`) that could not be learned."""
    shared = np.intersect1d(split.test, split.train)
    if len(shared):
        raise ValueError(
            f"Training and test part of split {j} share rows, the first is row {shared[0]}: give "
            "each row to one part alone."
        )
    if groups is not None:
        _check_groups(split, j, np.asarray(groups))
    missing = [] if y is None else list(np.setdiff1d(y, y[split.train]))
    if missing:
        cure = "use stratified splits" if groups is None else "all its rows are in other groups"
        raise ValueError(
            f"The training part of split {j} has no row of class {str(missing[0])!r}: {cure}."
        )


def _check_groups(split, j, groups) -> None:
    """Refuse a group on both sides: whoever gives groups wants none, and tables say so."""
    shared = np.intersect1d(groups[split.train], groups[split.test])
    if len(shared):
        raise ValueError(
            f"group {str(shared[0])!r} is in both parts of split {j}: this cv ignores groups. Use "
            "cv=None, a number of folds, or a splitter such as StratifiedGroupKFold or GroupKFold."
        )


def run_seed(seed, j, s) -> int:
    """Return a seed that depends on split and seed number alone, never on a candidate."""
    return int(np.random.SeedSequence(seed, spawn_key=(j, s)).generate_state(1)[0])
