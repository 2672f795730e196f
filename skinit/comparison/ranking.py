"""rank_initializers: initializers across datasets."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from skinit import statistics
from skinit._wording import name_label, name_labels, write_count, write_p
from skinit.comparison.fingerprints import look_alike
from skinit.comparison.result import InitComparison
from skinit.comparison.ropes import check_width
from skinit.displays import CriticalDifferenceDisplay

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
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
    rope : float, default=0.01
        Half width of the region of practical equivalence, in the metric's unit.
    greater_is_better : bool, default=True
        False for an error.

    Examples
    --------
    >>> import pandas as pd
    >>> from skinit import InitRanking, statistics
    >>> scores = pd.DataFrame({"he": [0.9, 0.8, 0.7], "zeros": [0.5, 0.4, 0.6]}, ["a", "b", "c"])
    >>> ranking = InitRanking(scores, statistics.friedman(scores), metric="accuracy")
    >>> ranking.mean_ranks.to_dict()
    {'he': 1.0, 'zeros': 2.0}
    """

    scores: pd.DataFrame
    test: statistics.FriedmanTest
    metric: str
    rope: float = statistics.ROPE
    greater_is_better: bool = True

    def __repr__(self) -> str:
        names = ", ".join(map(name_label, self.mean_ranks.index))
        return (
            f"<InitRanking of {names} on {write_count(len(self.scores), 'dataset')}: use "
            ".sentence(), .to_frame(), .pairwise(), .plot()>"
        )

    def __str__(self) -> str:
        return self.sentence()

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

    def pairwise(self) -> pd.DataFrame:
        """Compare every pair of candidates by its own scores, whoever else was compared.

        Returns
        -------
        DataFrame
            A row per pair, the better mean rank first, all of ``a`` seen from ``b``: ``a, b,
            median_difference, rank_biserial`` (effect size, from -1 to 1), ``p`` and ``p_holm``
            of Wilcoxon's signed-rank test, ``p_worse, p_equivalent, p_better`` of the Bayesian
            signed-rank test. With fewer than five datasets there are no tests.
        """
        scores = self.scores if self.greater_is_better else -self.scores
        return statistics.pairwise_signed_ranks(scores[list(self.mean_ranks.index)], self.rope)

    def sentence(self) -> str:
        """Return what the ranks allow to say, in words."""
        ranks = ", ".join(f"{name_label(key)} {rank:.2f}" for key, rank in self.mean_ranks.items())
        n = len(self.scores)
        texts = [f"Mean ranks over {write_count(n, 'dataset')}: {ranks}."]
        if n < statistics.FEW_DATASETS:
            texts.append(f"Fewer than {statistics.FEW_DATASETS} datasets are too few for a test.")
            return " ".join(texts)
        texts += [
            f"That all rank alike: Friedman p {write_p(self.test.p)}, Iman-Davenport p "
            f"{write_p(self.test.p_f)}.",
            *statistics.signed_rank_sentences(self.pairwise(), n, self.rope),
            "By Nemenyi's test, which looks at all candidates together, mean ranks that differ by "
            f"less than {self.critical_difference:.2f} are not separated.",
        ]
        return " ".join(texts)

    def plot(self, ax=None, *, title=None, figsize=None) -> CriticalDifferenceDisplay:
        """Draw the critical-difference diagram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        title : str, default=None
            Title of the figure.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure: "page", the default, is 7.2 inches wide, "column" 3.5. With
            an `ax` it is an error.

        Returns
        -------
        CriticalDifferenceDisplay
            What was drawn; it has ``ax_`` and ``figure_``.
        """
        display = CriticalDifferenceDisplay(self.mean_ranks, len(self.scores))
        return display.plot(ax, title=title, figsize=figsize)


def rank_initializers(
    comparisons: Mapping[str, InitComparison],
    *,
    rope: float | None = None,
    independent: bool = False,
) -> InitRanking:
    """Rank initializers across datasets.

    The tests need datasets that are independent of each other. Folds or samples of one dataset
    are not: for those there is `compare_initializers`.

    Parameters
    ----------
    comparisons : mapping of dataset name to InitComparison
        Comparisons of the same candidates by the same primary metric. Fewer than five datasets
        give ranks, and no test.
    rope : float, default=None
        Half width of the region of practical equivalence; None takes that of the comparisons.
    independent : bool, default=False
        Whether you know the datasets to be independent. Otherwise a warning names those that
        seem to hold the same rows.

    Returns
    -------
    InitRanking
        Mean ranks, tests of all candidates and of all pairs, and the critical-difference diagram.

    Raises
    ------
    ValueError
        Where candidates or metrics differ, and where ropes differ and none is given.

    Warns
    -----
    UserWarning
        Where two datasets look alike, and ``independent`` is False.

    References
    ----------
    .. [1] Demsar (2006), "Statistical comparisons of classifiers over multiple datasets", JMLR 7.
    .. [2] Benavoli, Corani and Mangili (2016), "Should we really use post-hoc tests based on
       mean-ranks?", JMLR 17.

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

    if independent not in (True, False):
        raise ValueError(f"independent must be True or False, got {independent!r}.")
    _check_comparisons(comparisons)
    for (name, first), (other, second) in combinations(comparisons.items(), 2):
        _check_pair(name, first, other, second)
        reason = look_alike(first.settings.data, second.settings.data)
        if reason and not independent:
            warnings.warn(_warn_of_the_same_rows(name, other, reason), stacklevel=2)
    means = {name: comparison.candidates()["mean"] for name, comparison in comparisons.items()}
    scores = pd.DataFrame(means).T[list(next(iter(means.values())).index)]
    metric = next(iter(comparisons.values())).settings.scoring[0]
    rope = _common_rope(comparisons) if rope is None else check_width(rope)
    test = statistics.friedman(metric.turn(scores))
    return InitRanking(scores, test, metric.name, rope, metric.greater_is_better)


def _check_comparisons(comparisons) -> None:
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


def _check_pair(name, first, other, second) -> None:
    """Refuse two comparisons that cannot stand side by side."""
    if first.metrics[0] != second.metrics[0]:
        raise ValueError(
            f"{name!r} is scored by {first.metrics[0]!r} and {other!r} by {second.metrics[0]!r}: "
            "use one scorer for all."
        )
    mine, theirs = (
        {(c.label, c.activation) for c in comparison.settings.candidates}
        for comparison in (first, second)
    )
    if mine != theirs:
        raise ValueError(
            f"{name!r} and {other!r} compare different candidates; only in one of them: "
            f"{name_labels(sorted(mine ^ theirs))}. Compare the same ones on each dataset."
        )


def _warn_of_the_same_rows(name, other, reason) -> str:
    return (
        f"{name!r} and {other!r} look like one dataset: {reason}. Parts of one dataset are "
        "compared with compare_initializers; if they are independent, say so with "
        "independent=True."
    )


def _common_rope(comparisons) -> float:
    ropes = {name: each._rope_of(each.metrics[0]) for name, each in comparisons.items()}
    if len(set(ropes.values())) > 1:
        raise ValueError(f"The comparisons have different ropes, {ropes}: give rope= for all.")
    return next(iter(ropes.values()))
