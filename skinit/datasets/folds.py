"""Folds of a repeated cross-validation: of whole groups, and with enough rows of each class."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold


class RepeatedGroupKFold:
    """Folds of whole groups, shuffled anew for each repeat.

    Parameters
    ----------
    n_splits : int, default=5
        Folds.
    n_repeats : int, default=2
        Repeats.
    random_state : int, default=0
        Seed of the first repeat.

    Examples
    --------
    >>> folds = RepeatedGroupKFold(n_splits=2, n_repeats=1)
    >>> X, y, groups = np.zeros((4, 1)), [0, 1, 0, 1], [0, 0, 1, 1]
    >>> sorted(test.tolist() for _, test in folds.split(X, y, groups))
    [[0, 1], [2, 3]]
    """

    _folds: type = GroupKFold

    def __init__(self, n_splits: int = 5, n_repeats: int = 2, random_state: int = 0):
        self.n_splits = n_splits
        self.n_repeats = n_repeats
        self.random_state = random_state

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(n_repeats={self.n_repeats}, n_splits={self.n_splits}, "
            f"random_state={self.random_state})"
        )

    def get_n_splits(self, X=None, y=None, groups=None) -> int:
        """Return the number of splits."""
        return self.n_splits * self.n_repeats

    def split(self, X, y, groups):
        """Yield training and test rows; no group is in both."""
        n_groups = len(np.unique(groups))
        if n_groups < self.n_splits:
            raise ValueError(
                f"{self.n_splits} folds need {self.n_splits} groups, but there are {n_groups}: use "
                "fewer folds."
            )
        for repeat in range(self.n_repeats):
            folds = self._folds(
                self.n_splits, shuffle=True, random_state=(self.random_state + repeat) % 2**32
            )
            yield from folds.split(X, y, groups)


class RepeatedStratifiedGroupKFold(RepeatedGroupKFold):
    """Stratified folds of whole groups, shuffled anew for each repeat.

    Parameters
    ----------
    n_splits, n_repeats, random_state
        As of `RepeatedGroupKFold`.
    """

    _folds = StratifiedGroupKFold


def check_folds(labels: np.ndarray, folds: int, *, source: str = "", option: str = "") -> None:
    """Raise a ValueError that names the class with too few rows.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Class labels.
    folds : int
        Number of folds.
    source : str, default=""
        Where the data come from, for the message.
    option : str, default=""
        What was asked for in other words, such as "--cv", for the message.

    Raises
    ------
    ValueError
        If a class has fewer rows than there are folds.

    Examples
    --------
    >>> check_folds(np.array(["cat", "cat", "dog", "dog"]), 2)
    >>> check_folds(np.array(["cat", "cat", "cat", "dog", "dog"]), 3)
    Traceback (most recent call last):
        ...
    ValueError: 3 folds need at least 3 rows of each class, but there are only 2 of 'dog'. Use ...
    """
    classes, counts = np.unique(labels, return_counts=True)
    rare = counts.argmin()
    if folds > counts[rare]:
        in_words = f" ({option})" if option else ""
        where = f" ({source})" if source else ""
        verb = "is" if counts[rare] == 1 else "are"
        raise ValueError(
            f"{folds} folds{in_words} need at least {folds} rows of each class, but there {verb} "
            f"only {counts[rare]} of {str(classes[rare])!r}{where}. Use fewer folds or more data."
        )
