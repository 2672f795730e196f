"""Pairs of candidates across datasets: Wilcoxon's signed ranks, as a test and as a posterior."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from skinit._wording import name_label, write_count, write_number, write_p
from skinit.statistics.pairs import holm
from skinit.statistics.thresholds import ALPHA, CERTAINTY, DECIMALS, FEW_DATASETS, is_sure

if TYPE_CHECKING:
    import pandas as pd

PRIOR_STRENGTH = 0.5
POSTERIOR_DRAWS = 50_000


def pairwise_signed_ranks(scores: pd.DataFrame, rope: float) -> pd.DataFrame:
    """Compare every pair of candidates over datasets, each pair by its own scores alone.

    Nemenyi's test judges a pair by mean ranks, which depend on the other candidates [1]_. Here
    they matter only for the number of pairs that Holm's method adjusts for.

    Parameters
    ----------
    scores : DataFrame of shape (n_datasets, n_candidates)
        Mean score per dataset and candidate, higher is better; none is missing.
    rope : float
        Half width of the region of practical equivalence, in the metric's unit.

    Returns
    -------
    DataFrame
        A row per pair, all of ``a`` seen from ``b``: ``a, b``; ``median_difference``;
        ``rank_biserial``, see `rank_biserial`; ``p`` of Wilcoxon's signed-rank test, where data
        sets without a difference give half of their ranks to each side [2]_; ``p_holm``, adjusted
        for all pairs; ``p_worse, p_equivalent, p_better``, see `signed_rank_probabilities`. With
        fewer than five datasets all but the first four is NaN.

    References
    ----------
    .. [1] Benavoli, Corani and Mangili (2016), "Should we really use post-hoc tests based on
       mean-ranks?", JMLR 17.
    .. [2] Demsar (2006), "Statistical comparisons of classifiers over multiple datasets", JMLR 7.
    """
    import pandas as pd

    rows = []
    for a, b in combinations(scores.columns, 2):
        x = (scores[a] - scores[b]).to_numpy(dtype=float).round(DECIMALS)
        worse, equivalent, better = signed_rank_probabilities(x, rope)
        rows.append(
            {
                "a": a,
                "b": b,
                "median_difference": np.median(x),
                "rank_biserial": rank_biserial(x),
                "p": signed_rank_p(x),
                "p_holm": np.nan,
                "p_worse": worse,
                "p_equivalent": equivalent,
                "p_better": better,
            }
        )
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"])
    return table


def rank_biserial(x) -> float:
    """Return the matched-pairs rank-biserial correlation, an effect size from -1 to 1.

    The share of rank sums that speaks for the first candidate minus the share that speaks against
    it (Kerby, 2014): 1 if it is better on every dataset, 0 if both sides weigh the same.

    Examples
    --------
    >>> rank_biserial([0.03, 0.01, 0.02]), round(rank_biserial([0.03, -0.01, 0.02]), 2)
    (1.0, 0.67)
    """
    ranks = stats.rankdata(np.abs(x))
    return float(np.sum(np.sign(x) * ranks) / np.sum(ranks))


def signed_rank_p(x) -> float:
    """Return Wilcoxon's two-sided p-value of "the differences are symmetric about zero".

    Exact where scipy has an exact distribution. NaN with fewer than five datasets: with five,
    the smallest possible value is 2 / 2**5 = .06.
    """
    if len(x) < FEW_DATASETS:
        return np.nan
    if not np.any(x):
        return 1.0
    return float(stats.wilcoxon(x, zero_method="zsplit").pvalue)


def signed_rank_probabilities(x, rope: float) -> tuple[float, float, float]:
    """Return the probabilities (worse, equivalent, better) of a Bayesian signed-rank test.

    Each dataset's difference gets a random weight (a Dirichlet process, with one pseudo
    observation of weight 1/2 at 0). A draw of the weights says which of three regions, below
    ``-rope``, inside, above ``rope``, holds most of the pairwise means of differences; the share of
    draws that a region wins is its probability [1]_.

    Parameters
    ----------
    x : array-like of shape (n_datasets,)
        Differences, positive is better.
    rope : float
        Half width of the region of practical equivalence.

    Returns
    -------
    tuple of float
        They sum to 1; NaN with fewer than five datasets. Always the same draws.

    References
    ----------
    .. [1] Benavoli, Corani, Mangili, Zaffalon and Ruggeri (2014), "A Bayesian Wilcoxon signed-rank
       test based on the Dirichlet process", ICML.

    Examples
    --------
    >>> worse, equivalent, better = signed_rank_probabilities([0.03, 0.05, 0.02, 0.04, 0.06], 0.01)
    >>> better > 0.95
    True
    """
    if len(x) < FEW_DATASETS:
        return np.nan, np.nan, np.nan
    z = np.concatenate([[0.0], np.asarray(x, dtype=float)])
    strength = np.concatenate([[PRIOR_STRENGTH], np.ones(len(x))])
    weights = np.random.default_rng(0).dirichlet(strength, POSTERIOR_DRAWS)
    means = (z[:, None] + z) / 2
    below, above = _mass(weights, -means, rope), _mass(weights, means, rope)
    winner = np.argmax([below, 1 - below - above, above], axis=0)
    worse, equivalent, better = np.bincount(winner, minlength=3) / POSTERIOR_DRAWS
    return float(worse), float(equivalent), float(better)


def _mass(weights, means, rope) -> np.ndarray:
    """Return the share of pairwise means above ``rope``, for each draw of the weights."""
    beyond = np.heaviside((means - rope).round(DECIMALS), 0.5)
    return np.sum((weights @ beyond) * weights, axis=1)


def signed_rank_sentences(pairs: pd.DataFrame, n_datasets: int, rope: float) -> list[str]:
    """Say in words which pairs of candidates are separated, which are equivalent, and the rest.

    Parameters
    ----------
    pairs : DataFrame
        What `pairwise_signed_ranks` returned.
    n_datasets : int
        Number of datasets, five or more.
    rope : float
        Half width of the region of practical equivalence.
    """
    tied = is_sure(pairs["p_equivalent"])
    separated = (pairs["p_holm"] < ALPHA) & ~tied
    texts = [_say_better(pair) for _, pair in pairs[separated].iterrows()]
    texts += [
        f"{name_label(a)} and {name_label(b)} are tied: the difference is within ±{rope:g} with "
        f"probability ≥ {CERTAINTY:g}."
        for a, b in zip(pairs["a"][tied], pairs["b"][tied], strict=True)
    ]
    n_undecided = int(np.sum(~tied & ~separated))
    if n_undecided:
        verb = "is" if n_undecided == 1 else "are"
        texts.append(
            f"{n_undecided} of {write_count(len(pairs), 'pair')} {verb} undecided by Wilcoxon's "
            "signed-rank test with Holm's correction."
        )
    needed = math.floor(1 + math.log2(len(pairs) / ALPHA)) + 1
    if n_undecided and n_datasets < needed:
        texts.append(
            f"For an adjusted p below {ALPHA:g} the first of {write_count(len(pairs), 'pair')} "
            f"needs {needed} datasets or more."
        )
    return texts


def _say_better(pair: pd.Series) -> str:
    a, b = name_label(pair["a"]), name_label(pair["b"])
    sign = np.sign(pair["rank_biserial"])
    better, worse = (a, b) if sign > 0 else (b, a)
    return (
        f"{better} is better than {worse}: median difference "
        f"{write_number(sign * pair['median_difference'])}, rank-biserial correlation "
        f"{abs(pair['rank_biserial']):.2f}, adjusted p {write_p(pair['p_holm'])}."
    )
