"""rank_initializers: initializers across datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from skinit import statistics
from skinit.comparison.result import InitComparison
from skinit.displays import CriticalDifferenceDisplay

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class InitRanking:
    """How candidates rank over datasets, and whether that can be chance.

    Parameters
    ----------
    scores : DataFrame of shape (n_datasets, n_candidates)
        Mean held-out score of every candidate on every dataset.
    test : FriedmanTest
        Mean ranks, Friedman's and Iman and Davenport's tests; NaN with fewer than five datasets.
    metric : str
        Name of the score.
    """

    scores: pd.DataFrame
    test: statistics.FriedmanTest
    metric: str

    @property
    def mean_ranks(self) -> pd.Series:
        """Mean rank of every candidate, best (lowest) first."""
        return self.test.mean_ranks

    @property
    def critical_difference(self) -> float:
        """Difference of two mean ranks that Nemenyi's test needs; NaN below five datasets."""
        return statistics.nemenyi_cd(self.scores.shape[1], len(self.scores))

    def to_frame(self) -> pd.DataFrame:
        """Return a row per candidate, best first: its mean rank, and its score on each dataset."""
        table = self.scores.T.loc[self.mean_ranks.index]
        table.insert(0, "mean_rank", self.mean_ranks)
        return table

    def sentence(self) -> str:
        """Return what the ranks allow to say, in words."""
        ranks = ", ".join(
            f"{statistics.name_label(label)} {rank:.2f}" for label, rank in self.mean_ranks.items()
        )
        n = len(self.scores)
        if n < statistics.FEW_DATASETS:
            return (
                f"Mean ranks over {n} datasets: {ranks}. Fewer than {statistics.FEW_DATASETS} "
                "datasets allow no test."
            )
        return (
            f"Mean ranks over {n} datasets: {ranks}. That all rank alike: Friedman p "
            f"{statistics.format_p(self.test.p)}, Iman-Davenport p "
            f"{statistics.format_p(self.test.p_f)}. Two candidates whose mean ranks differ by "
            f"less than {self.critical_difference:.2f} cannot be told apart (Nemenyi)."
        )

    def plot(self, ax=None) -> CriticalDifferenceDisplay:
        """Draw the critical-difference diagram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        CriticalDifferenceDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = CriticalDifferenceDisplay(self.mean_ranks, len(self.scores))
        return display.plot(ax)


def rank_initializers(comparisons: Mapping[str, InitComparison]) -> InitRanking:
    """Rank initializers across datasets.

    Datasets are independent of each other, folds of one dataset are not: for those there is
    `compare_initializers`.

    Parameters
    ----------
    comparisons : mapping of dataset name to InitComparison
        Comparisons of the same candidates by the same primary metric. Fewer than five datasets
        give ranks, and no test.

    Returns
    -------
    InitRanking
        Mean ranks, tests and the critical-difference diagram.

    Raises
    ------
    ValueError
        Where candidates or metrics differ, and where two of the datasets share rows.

    References
    ----------
    .. [1] Demsar (2006), Statistical comparisons of classifiers over multiple data sets.

    Examples
    --------
    >>> from sklearn.datasets import load_iris, load_wine
    >>> from skinit import InitMLPClassifier, compare_initializers, rank_initializers
    >>> network = InitMLPClassifier((4,), "tanh", solver="lbfgs", max_iter=20)
    >>> datasets = {"iris": load_iris(return_X_y=True), "wine": load_wine(return_X_y=True)}
    >>> rank_initializers({
    ...     name: compare_initializers(
    ...         network, X, y, init=["zeros", "he"], cv=2, random_state=0)
    ...     for name, (X, y) in datasets.items()
    ... }).mean_ranks.index[-1]
    'zeros'
    """
    import pandas as pd

    if not isinstance(comparisons, Mapping):
        raise ValueError(
            f"Give a mapping of dataset name to comparison, got {type(comparisons).__name__}."
        )
    if not comparisons:
        raise ValueError("There are no comparisons to rank: give a mapping of name to comparison.")
    for name, comparison in comparisons.items():
        if not isinstance(comparison, InitComparison):
            raise ValueError(
                f"{name!r} is {type(comparison).__name__} and no InitComparison: make one with "
                "compare_initializers for each dataset."
            )
    for (name, first), (other, second) in combinations(comparisons.items(), 2):
        _check_pair(name, first, other, second)
    metric = next(iter(comparisons.values())).metrics[0]
    means = {
        name: comparison.summary()["mean"].iloc[:-1] for name, comparison in comparisons.items()
    }
    scores = pd.DataFrame(means).T
    order = next(iter(means.values())).index
    return InitRanking(scores[list(order)], statistics.friedman(scores[list(order)]), metric)


def _check_pair(name, first, other, second):
    """Refuse two comparisons that cannot stand side by side."""
    shared = set(first.settings["data"]["sample"]) & set(second.settings["data"]["sample"])
    if len(shared) > 0.1 * min(len(c.settings["data"]["sample"]) for c in (first, second)):
        raise ValueError(
            f"{name!r} and {other!r} share rows: they are parts of one dataset and no two "
            "datasets. Compare within a dataset with compare_initializers alone."
        )
    if first.metrics[0] != second.metrics[0]:
        raise ValueError(
            f"{name!r} is scored by {first.metrics[0]!r} and {other!r} by {second.metrics[0]!r}: "
            "use one scorer for all."
        )
    mine, theirs = (
        {(c["label"], c["activation"]) for c in comparison.settings["candidates"]}
        for comparison in (first, second)
    )
    if mine != theirs:
        raise ValueError(
            f"{name!r} and {other!r} compare different candidates; only in one of them: "
            f"{sorted(mine ^ theirs)}."
        )
