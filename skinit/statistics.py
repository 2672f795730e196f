"""Statistics of a comparison: pure functions on tables of scores.

One number per candidate and split goes in (seeds are averaged inside the split before any test),
tests, intervals and verdicts come out. Conventions, stated once:

- ``scores`` has one row per split (or dataset) and one column per candidate. Higher is better, as
  for every scikit-learn scorer: negate a loss first.
- ``rho`` is the ratio of test to training rows, see `split_ratio`. Training sets of different
  splits overlap, so their scores are correlated; ``rho`` is what the corrected t-test [1]_ adds
  to 1/J. With ``rho=0`` everything here is the ordinary, uncorrected t-test.
- ``rope`` is the half width of the region of practical equivalence [2]_, in the metric's unit.
- A missing score makes whatever depends on it NaN, and the verdict "undecided". Nothing is dropped.

No unbiased estimator of the variance of cross-validation exists [3]_, so none of this comes with
a guarantee; ``benchmarks/calibration.py`` measures what it is worth.

References
----------
.. [1] Nadeau and Bengio (2003), "Inference for the generalization error", Machine Learning 52.
.. [2] Benavoli, Corani, Demsar and Zaffalon (2017), "Time for a change: a tutorial for comparing
   multiple classifiers through Bayesian analysis", JMLR 18.
.. [3] Bengio and Grandvalet (2004), "No unbiased estimator of the variance of K-fold
   cross-validation", JMLR 5.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
CERTAINTY = 0.95
ROPE = 0.01  # a hundredth of a score that ends at 1: little to most users
FEW_SPLITS = 5
FEW_DATASETS = 5

# Scores that are equal on paper differ by rounding after averaging; these say what counts as equal.
ZERO, ZERO_VARIANCE, DECIMALS = 1e-12, 1e-20, 12


# One mean, or one mean difference, over correlated splits


def split_ratio(n_test, n_train) -> float:
    """Return the mean ratio of test to training rows over the splits.

    Parameters
    ----------
    n_test, n_train : array-like of shape (n_splits,)
        Rows of each split as they really are. Rows set aside for early stopping count as
        training rows.

    Examples
    --------
    >>> split_ratio([20, 20], [80, 80])
    0.25
    """
    return float(np.mean(np.asarray(n_test) / np.asarray(n_train)))


@dataclass(frozen=True)
class CorrectedT:
    """Student's law of a mean over correlated splits: location, scale, degrees of freedom.

    Test, interval and posterior are three questions to this one distribution. Create it with
    `corrected_t`. Fields may be arrays: one entry per mean.

    Attributes
    ----------
    mean : float or ndarray
        Mean over the splits.
    scale : float or ndarray
        ``sqrt((1/J + rho) * variance)``; 0 where all values are equal, NaN with fewer than two
        splits.
    df : int
        Degrees of freedom, ``J - 1``.
    """

    mean: np.ndarray
    scale: np.ndarray
    df: int

    @property
    def constant(self):
        """Whether all splits gave the same value, so that there is no variance to test with."""
        return self.scale == 0

    @property
    def t(self):
        """Test statistic; 0 for values that are all zero, infinite for another constant."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.constant & (self.mean == 0), 0.0, self.mean / self.scale)[()]

    @property
    def p(self):
        """Two-sided p-value of "the mean is zero"."""
        return 2 * stats.t.sf(np.abs(self.t), self.df)

    @property
    def p_greater(self):
        """One-sided p-value of "the mean is not above zero"."""
        return stats.t.sf(self.t, self.df)

    def interval(self, level: float = 0.95, bounds: tuple[float, float] = (-np.inf, np.inf)):
        """Return the ends ``(low, high)`` of the central interval, clipped to ``bounds``.

        For the scores of one candidate this is the interval of the score to expect when
        training on as many rows as one split trains on. Two such intervals that overlap say
        nothing about the difference: ask the differences themselves.
        """
        half = stats.t.ppf((1 + level) / 2, self.df) * self.scale
        return np.clip(self.mean - half, *bounds), np.clip(self.mean + half, *bounds)

    def probabilities(self, rope: float):
        """Return the posterior probabilities ``(worse, equivalent, better)``, which sum to 1.

        Worse is below ``-rope``, better above ``rope``. Without variance all the mass is on the
        mean, and a mean exactly at an end of the region counts as equivalent.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            worse = stats.t.cdf(-rope, self.df, self.mean, self.scale)
            better = stats.t.sf(rope, self.df, self.mean, self.scale)
        worse = np.where(self.constant, self.mean < -rope - ZERO, worse)[()]
        better = np.where(self.constant, self.mean > rope + ZERO, better)[()]
        return worse, np.maximum(1 - worse - better, 0), better


def corrected_t(x, rho: float) -> CorrectedT:
    """Fit the corrected t distribution to the mean of ``x`` over its last axis.

    Parameters
    ----------
    x : array-like of shape (..., n_splits)
        Differences between two candidates, or the scores of one.
    rho : float
        Ratio of test to training rows; 0 gives the uncorrected t-test.

    Examples
    --------
    >>> difference = corrected_t([0.02, 0.05, 0.03, 0.04, 0.01], rho=0.25)
    >>> round(float(difference.mean), 3), round(float(difference.p), 3)
    (0.03, 0.047)
    """
    x = np.asarray(x, dtype=float)
    n_splits = x.shape[-1]
    mean = x.mean(axis=-1)
    mean = np.where(np.abs(mean) < ZERO, 0.0, mean)[()]
    if n_splits < 2:
        return CorrectedT(mean, np.full_like(mean, np.nan)[()], n_splits - 1)
    variance = x.var(axis=-1, ddof=1)
    variance = np.where(variance < ZERO_VARIANCE, 0.0, variance)[()]
    return CorrectedT(mean, np.sqrt((1 / n_splits + rho) * variance), n_splits - 1)


# Families of pairs


def holm(p) -> np.ndarray:
    """Adjust the p-values of one family by Holm's step-down method, in their given order.

    NaN stays NaN and does not count as a member of the family.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p, dtype=float)
    adjusted = np.full_like(p, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1)
    return adjusted


def pairwise(
    scores: pd.DataFrame, rho: float, rope: float, control: Hashable = None
) -> pd.DataFrame:
    """Compare every pair of candidates.

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_candidates)
        One score per split and candidate, higher is better.
    rho : float
        Ratio of test to training rows.
    rope : float
        Half width of the region of practical equivalence, in the metric's unit.
    control : label, default=None
        The candidate named before the results were seen. Holm's family is then its pairs alone,
        and ``p_holm`` of every other pair is NaN. Without one, the reference will be picked from
        the data, and only the family of all pairs keeps the error below 5%.

    Returns
    -------
    DataFrame
        Columns ``a, b, difference, low, high, p, p_holm, p_worse, p_equivalent, p_better``; all of
        them tell of ``a`` seen from ``b``, so a positive difference means that ``a`` is better.

    Raises
    ------
    ValueError
        If ``control`` is not a candidate.
    """
    import pandas as pd

    labels = list(scores.columns)
    if control is not None and control not in labels:
        raise ValueError(f"control={control!r} is not a candidate; choose one of {labels}.")
    values = scores.to_numpy(dtype=float)
    first, second = np.triu_indices(len(labels), k=1)
    test = corrected_t((values[:, first] - values[:, second]).T, rho)
    a, b = [labels[i] for i in first], [labels[i] for i in second]
    in_family = [control is None or control in pair for pair in zip(a, b, strict=True)]
    low, high = test.interval()
    worse, equivalent, better = test.probabilities(rope)
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "difference": test.mean,
            "low": low,
            "high": high,
            "p": test.p,
            "p_holm": holm(np.where(in_family, test.p, np.nan)),
            "p_worse": worse,
            "p_equivalent": equivalent,
            "p_better": better,
        }
    )


def against(pairs: pd.DataFrame, reference: Hashable) -> pd.DataFrame:
    """Return the rows of `pairwise` in which the others are seen from ``reference``.

    Indexed by label, with the interval named ``difference_low`` and ``difference_high``.
    """
    import pandas as pd

    mirrored = pairs.rename(
        columns={"a": "b", "b": "a", "low": "high", "high": "low"}
        | {"p_worse": "p_better", "p_better": "p_worse"}
    )
    # 0 - x and not -x: a difference of zero is never printed as -0.
    mirrored[["difference", "low", "high"]] = 0 - mirrored[["difference", "low", "high"]]
    both = pd.concat([pairs, mirrored], ignore_index=True)
    seen_from = np.array([b == reference for b in both["b"]], dtype=bool)
    rows = both.loc[seen_from].set_index("a").drop(columns="b")
    return rows.rename(columns={"low": "difference_low", "high": "difference_high"})


# From tests to words


def rank_candidates(scores: pd.DataFrame, log_loss: pd.Series | None = None) -> list:
    """Return the labels, highest mean first; ties: lower mean log loss, then their given order."""
    means = scores.mean(skipna=False).round(DECIMALS)
    losses = np.zeros(len(means)) if log_loss is None else log_loss.reindex(means.index)
    order = np.lexsort((np.round(losses, DECIMALS), -means))
    return [scores.columns[i] for i in order]


def mean_ranks(scores: pd.DataFrame) -> pd.Series:
    """Return each candidate's rank (1 is best, ties share their average), averaged over rows."""
    return scores.round(DECIMALS).rank(axis=1, ascending=False).mean(skipna=False)


def _relations(rows: pd.DataFrame) -> pd.Series:
    """Say how each row stands to the reference; a tie is asked first: a sure trifle is a tie."""
    import pandas as pd

    sure = rows["p_holm"] < ALPHA
    tie = rows["p_equivalent"] >= CERTAINTY
    conditions = [tie, sure & (rows["difference"] < 0), sure & (rows["difference"] > 0)]
    words = np.select(conditions, ["tie", "worse", "better"], default="undecided")
    return pd.Series(words, index=rows.index, dtype=object)


def verdicts(
    scores: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    log_loss: pd.Series | None = None,
    control: Hashable = None,
) -> pd.DataFrame:
    """Give each candidate one of four words: best, tie, worse, undecided.

    - best: the reference, which is the highest mean or the control;
    - tie: we are sure (95%) that its difference to the best is inside the rope;
    - worse: we are sure (adjusted p < .05) that it loses;
    - undecided: we do not know. A p-value above .05 is never a tie.

    A control stays "best" until a candidate is sure to beat it. Then the highest of these is the
    best and the control worse; the others are tested against the control alone, so that between
    them and this new best only a tie can be found.

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_candidates)
        Higher is better.
    pairs : DataFrame
        What `pairwise` returned for the same scores and control.
    log_loss : Series, default=None
        Mean log loss by label, which decides between equal means.
    control : label, default=None
        As given to `pairwise`.

    Returns
    -------
    DataFrame
        Indexed by label, best first. Against the reference: ``difference, difference_low,
        difference_high, p, p_holm, p_worse, p_equivalent, p_better`` (NaN for itself); then
        ``verdict`` and ``ties_with``, a tuple of all labels it ties with.
    """
    ranking = rank_candidates(scores, log_loss)
    reference = ranking[0] if control is None else control
    rows = against(pairs, reference)
    relations = _relations(rows)
    best = next((label for label in ranking if relations.get(label) == "better"), reference)
    words = _relations(against(pairs, best)).to_dict()
    words |= dict.fromkeys(relations.index[relations == "worse"], "worse")
    if not np.isnan(scores[best].mean(skipna=False)):
        words[best] = "best"
    table = rows.reindex(scores[ranking].columns)
    table["verdict"] = [words.get(label, "undecided") for label in ranking]
    ties = _ties(pairs)
    table["ties_with"] = [
        tuple(other for other in ranking if {label, other} in ties) for label in ranking
    ]
    return table


def _ties(pairs: pd.DataFrame) -> list[set]:
    tied = pairs[pairs["p_equivalent"] >= CERTAINTY]
    return [{a, b} for a, b in zip(tied["a"], tied["b"], strict=True)]


def split_means(runs: pd.DataFrame) -> pd.DataFrame:
    """Average the seeds of each split: what every test is allowed to see.

    Parameters
    ----------
    runs : DataFrame of shape (n_splits * n_seeds, n_candidates)
        Index levels ``split`` and ``seed``.
    """
    return runs.groupby(level="split").apply(lambda split: split.mean(skipna=False))


def sd_seeds(runs: pd.DataFrame) -> pd.Series:
    """Return each candidate's standard deviation over seeds, pooled over splits; NaN for one seed.

    ``sqrt(mean_j var_s(score_js))``, the seed noise of a single run.
    """
    return np.sqrt(runs.groupby(level="split").var(ddof=1).mean(skipna=False))


def summarize(
    runs: pd.DataFrame,
    rho: float,
    rope: float,
    *,
    control: Hashable = None,
    log_loss: pd.Series | None = None,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    greater_is_better: bool = True,
) -> pd.DataFrame:
    """Summarize one metric: a row per candidate, best first.

    Parameters
    ----------
    runs : DataFrame of shape (n_splits * n_seeds, n_candidates)
        The metric as it is (a loss need not be negated here), index levels ``split``, ``seed``.
    rho, rope, control, log_loss
        As in `pairwise` and `verdicts`.
    bounds : (low, high), default=(-inf, inf)
        The metric's range; intervals of means are clipped to it.
    greater_is_better : bool, default=True
        False for a loss. Means and their intervals stay in the metric's own sign; differences are
        turned so that positive always means better.

    Returns
    -------
    DataFrame
        Indexed by label: ``mean, sd_splits, sd_seeds, ci_low, ci_high, mean_rank``, then the
        columns of `verdicts`.
    """
    import pandas as pd

    means = split_means(runs)
    scores = means if greater_is_better else -means
    pairs = pairwise(scores, rho, rope, control)
    words = verdicts(scores, pairs, log_loss=log_loss, control=control)
    low, high = corrected_t(means.to_numpy(dtype=float).T, rho).interval(bounds=bounds)
    table = pd.DataFrame(
        {
            "mean": means.mean(skipna=False),
            "sd_splits": means.std(ddof=1, skipna=False),
            "sd_seeds": sd_seeds(runs),
            "ci_low": low,
            "ci_high": high,
            "mean_rank": mean_ranks(scores),
        }
    )
    return table.reindex(words.index).join(words)


# What else a reader should know


def find_repeats(test_rows: Sequence[np.ndarray], n_samples: int) -> np.ndarray | None:
    """Tell, from its test rows, which repeat of a repeated K-fold each split belongs to.

    Returns
    -------
    ndarray of shape (n_splits,) or None
        The repeat each split belongs to, counted from 0; None where the splits do not, one repeat
        after the other, test every row once (as with ``ShuffleSplit``).

    Examples
    --------
    >>> find_repeats([[0, 1], [2, 3], [0, 2], [1, 3]], n_samples=4)
    array([0, 0, 1, 1])
    """
    times_tested = np.zeros(n_samples, dtype=int)
    repeats = []
    for rows in test_rows:
        repeats.append(times_tested.min())
        if np.any(times_tested[rows] != repeats[-1]):
            return None
        times_tested[rows] += 1
    return np.array(repeats) if np.ptp(times_tested) == 0 else None


def honest_best(scores: pd.DataFrame, repeat) -> float:
    """Estimate the score of "compare, then take the best" with little of the winner's optimism.

    For each split the candidate is chosen by the other folds of the same repeat, and its score
    recorded on the split itself. Choosing by other repeats would hardly help: they test the same
    rows. (Six equal learners on 200 rows, 5 x 2 folds: the winner's mean is 4.1 points too high,
    choosing by other repeats 3.7, this estimate 0.5; on 100 rows 6.1, 5.3 and 1.3.)

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_candidates)
        Higher is better.
    repeat : array-like of shape (n_splits,) or None
        What `find_repeats` returned.

    Returns
    -------
    float
        NaN where the splits are no partition, or a repeat has one fold only.
    """
    if repeat is None or np.unique(repeat, return_counts=True)[1].min() < 2:
        return math.nan
    values = scores.to_numpy(dtype=float)
    recorded = []
    for one in np.unique(repeat):
        folds = values[np.asarray(repeat) == one]
        others = (folds.sum(axis=0) - folds).round(DECIMALS)
        chosen = np.where(np.isnan(others), -np.inf, others).argmax(axis=1)
        recorded.extend(folds[np.arange(len(folds)), chosen])
    return float(np.mean(recorded))


def resolution(scores: pd.DataFrame, rho: float) -> float:
    """Return the smallest difference that would be found 4 times in 5 (unadjusted test).

    The median over pairs of ``(t_.975 + t_.80) * scale``, in the metric's unit. More repeats soon
    stop lowering it; more seeds lower the noise, and only more data lowers ``rho``'s share.
    """
    values = scores.to_numpy(dtype=float)
    first, second = np.triu_indices(values.shape[1], k=1)
    test = corrected_t((values[:, first] - values[:, second]).T, rho)
    scale = test.scale[~np.isnan(test.scale)]
    factor = stats.t.ppf(0.975, test.df) + stats.t.ppf(0.80, test.df)
    return float(factor * np.median(scale)) if scale.size else math.nan


def same_answer(probabilities) -> bool:
    """Tell whether a model predicts the same for every row, of shape (n_rows, n_classes)."""
    return bool(np.ptp(probabilities, axis=0).max() < 1e-9)


def beats_prior(
    improvements: Mapping[str, pd.DataFrame],
    rho: float,
    rope: Mapping[str, float],
    same: Collection[Hashable] = (),
) -> pd.Series:
    """Compare each candidate with the class prior, in several metrics at once.

    One metric alone misleads: accuracy calls a good ranker of an 80/20 table useless, log loss an
    accurate but over-confident network.

    Parameters
    ----------
    improvements : mapping of metric to DataFrame of shape (n_splits, n_candidates)
        Score minus the score of the class prior on the same split, positive is better; usually
        the primary metric and log loss.
    rho : float
        Ratio of test to training rows.
    rope : mapping of metric to float
        Half width of the region of practical equivalence.
    same : collection of labels, default=()
        Candidates known to answer the same for every row, see `same_answer`.

    Returns
    -------
    Series
        Indexed by label. "worse": sure to lose by more than the rope, in every metric; "beats":
        adjusted one-sided p < .05 and a mean above the rope, in at least one; "predicts like":
        sure not to win by more than the rope, in every metric; else "not shown".
    """
    import pandas as pd

    worse, beats, like = [], [], []
    for metric, improvement in improvements.items():
        test = corrected_t(improvement.to_numpy(dtype=float).T, rho)
        p_worse, _, p_better = test.probabilities(rope[metric])
        worse.append(p_worse >= CERTAINTY)
        beats.append((holm(test.p_greater) < ALPHA) & (test.mean > rope[metric]))
        like.append(p_better <= 1 - CERTAINTY)
    labels = improvement.columns
    is_same = np.array([label in same for label in labels])
    conditions = [np.all(worse, axis=0), np.any(beats, axis=0), is_same | np.all(like, axis=0)]
    words = np.select(conditions, ["worse", "beats", "predicts like"], default="not shown")
    return pd.Series(words, index=labels, dtype=object, name="beats_prior")


def first_epoch(curve, target: float) -> float:
    """Return the first epoch (from 1) whose loss is at or below ``target``; NaN if there is none.

    For a score that should rise, negate both.
    """
    arrived = np.flatnonzero(np.asarray(curve, dtype=float) <= target)
    return float(arrived[0] + 1) if arrived.size else math.nan


def epoch_quartiles(epochs) -> tuple[float, float, float]:
    """Return the quartiles of epochs to target, where NaN is a run that never arrived.

    Every run that did not arrive, for whatever reason, is censored at the whole budget of epochs
    (stopping early is no accident), and with one common censoring time Kaplan-Meier is the
    empirical distribution. A quartile among the runs that did not arrive is infinite.
    """
    ordered = np.sort(np.nan_to_num(np.asarray(epochs, dtype=float), nan=np.inf))
    places = (math.ceil(len(ordered) * quarter / 4) - 1 for quarter in (1, 2, 3))
    q1, median, q3 = (float(ordered[place]) for place in places)
    return q1, median, q3


def describe_epochs(epochs, max_iter: int) -> str:
    """Say how many runs reached the target, and when: "reached 3/5, median 30 [12, > 200]".

    Examples
    --------
    >>> describe_epochs([9, 12, 30, float("nan"), float("nan")], max_iter=200)
    'reached 3/5, median 30 [12, > 200]'
    """
    quartiles = epoch_quartiles(epochs)
    q1, median, q3 = (f"> {max_iter}" if np.isinf(q) else f"{q:g}" for q in quartiles)
    return f"reached {np.isfinite(epochs).sum()}/{len(epochs)}, median {median} [{q1}, {q3}]"


def rate_interval(count: int, n: int) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) 95% interval of a rate, such as that of divergence.

    Examples
    --------
    >>> low, high = rate_interval(0, 10)
    >>> round(high, 2)
    0.31
    """
    low, high = stats.binomtest(count, n).proportion_ci(confidence_level=0.95, method="exact")
    return float(low), float(high)


# Across datasets


@dataclass(frozen=True)
class FriedmanTest:
    """Mean ranks over datasets, and the tests of "all candidates rank alike".

    Attributes
    ----------
    mean_ranks : Series
        By label, best (lowest) first.
    n_datasets : int
        With fewer than five the ranks are all there is; the rest is NaN.
    chi2, p : float
        Friedman's statistic, without correction for ties, and its p-value.
    f, p_f : float
        Iman and Davenport's less conservative version, and its p-value.
    """

    mean_ranks: pd.Series
    n_datasets: int
    chi2: float
    p: float
    f: float
    p_f: float


def friedman(scores: pd.DataFrame) -> FriedmanTest:
    """Test whether candidates rank alike over datasets.

    ``chi2 = 12 N / (k (k + 1)) * (sum R_j^2 - k (k + 1)^2 / 4)`` for the mean ranks ``R_j`` of
    ``k`` candidates on ``N`` datasets, and ``F = (N - 1) chi2 / (N (k - 1) - chi2)``. Datasets are
    independent of each other; folds of one dataset are not, and do not belong here.

    Parameters
    ----------
    scores : DataFrame of shape (n_datasets, n_candidates)
        Mean score per dataset and candidate, higher is better.

    Raises
    ------
    ValueError
        If a score is missing, or there are fewer than two candidates.

    References
    ----------
    Demsar (2006), "Statistical comparisons of classifiers over multiple data sets", JMLR 7.
    """
    _check_complete(scores)
    n, k = scores.shape
    ranks = mean_ranks(scores).sort_values(kind="stable")
    if n < FEW_DATASETS:
        return FriedmanTest(ranks, n, math.nan, math.nan, math.nan, math.nan)
    chi2 = 12 * n / (k * (k + 1)) * (float((ranks**2).sum()) - k * (k + 1) ** 2 / 4)
    left = n * (k - 1) - chi2
    f = (n - 1) * chi2 / left if left > ZERO else math.inf
    p = float(stats.chi2.sf(chi2, k - 1))
    return FriedmanTest(ranks, n, chi2, p, f, float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))))


def _check_complete(scores: pd.DataFrame) -> None:
    if scores.shape[1] < 2:
        raise ValueError(f"Ranks need two candidates or more, got {list(scores.columns)}.")
    missing = np.argwhere(scores.isna().to_numpy())
    if len(missing):
        cells = ", ".join(f"{scores.columns[j]!r} on {scores.index[i]!r}" for i, j in missing)
        raise ValueError(
            f"Ranks need every candidate on every dataset; missing: {cells}. "
            "Run what is missing, or leave out the candidate or the dataset."
        )


def nemenyi_cd(k: int, n_datasets: int, alpha: float = ALPHA) -> float:
    """Return the critical difference of mean ranks of ``k`` candidates; NaN below five datasets.

    ``q sqrt(k (k + 1) / (6 N))`` with ``q`` the studentized range over ``sqrt(2)``.

    Examples
    --------
    >>> round(nemenyi_cd(4, 14), 2)
    1.25
    """
    if n_datasets < FEW_DATASETS:
        return math.nan
    q = stats.studentized_range.ppf(1 - alpha, k, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(k * (k + 1) / (6 * n_datasets)))


def cliques(mean_ranks: pd.Series, cd: float) -> list[list]:
    """Return the largest groups of labels whose mean ranks differ by less than ``cd``.

    These are the bars of a critical-difference diagram. Groups may overlap; a label that stands
    alone is in none.
    """
    ranks = mean_ranks.sort_values(kind="stable")
    groups: list[list] = []
    reach = 0
    for start, rank in enumerate(ranks):
        stop = int(np.count_nonzero(ranks.to_numpy() - rank < cd))
        if stop > max(reach, start + 1):
            groups.append(list(ranks.index[start:stop]))
        reach = max(reach, stop)
    return groups


# Sentences


def format_p(p: float) -> str:
    """Write a p-value with its relation sign, as in "= .012" or "< .001".

    Examples
    --------
    >>> format_p(0.0123), format_p(0.00001), format_p(1)
    ('= .012', '< .001', '= 1.000')
    """
    return "< .001" if p < 0.001 else f"= {p:.3f}".replace("= 0.", "= .")


def name_label(label: Hashable) -> str:
    """Write a label; one of several parts reads "he (tanh)"."""
    if not isinstance(label, tuple):
        return str(label)
    first, *rest = (str(part) for part in label if part != "")
    return f"{first} ({', '.join(rest)})" if rest else first


def format_score(value: float, sign: str = "") -> str:
    """Write a score or a difference, never as a negative zero.

    Examples
    --------
    >>> format_score(0.98765), format_score(-0.0001), format_score(0.0123, "+"), format_score(2e9)
    ('0.988', '0.000', '+0.012', '2e+09')
    """
    return format(value, f"{sign}z.3f" if abs(value) < 1000 else f"{sign}.3g")


def _join(parts) -> str:
    """Join as in "a, b and c"."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def name_labels(labels) -> str:
    """Write several labels, as in "he, xavier and zeros"."""
    return _join([name_label(label) for label in labels])


def sentences(
    summary: pd.DataFrame,
    *,
    metric: str,
    rope: float,
    n_splits: int,
    n_runs: int,
    control: Hashable = None,
    honest: float = math.nan,
    greater_is_better: bool = True,
) -> list[str]:
    """Say in words what a summary allows to say, one sentence per group of candidates.

    Parameters
    ----------
    summary : DataFrame
        What `summarize` returned, plus the columns ``beats_prior`` (of `beats_prior`) and
        ``diverged_rate``, the share of runs that diverged.
    metric : str
        Name to print.
    rope : float
        Half width of the region of practical equivalence.
    n_splits, n_runs : int
        Splits, and runs (splits times seeds), of each candidate.
    control : label, default=None
        The candidate named in advance; every comparison is then with it.
    honest : float, default=nan
        What `honest_best` returned; NaN is left out.
    greater_is_better : bool, default=True
        False for a loss, whose best mean is the lowest.

    Returns
    -------
    list of str
        In the order best, tie, better, worse, undecided, class prior, diverged, too few splits.
        Sentences without anybody to speak of are left out.
    """
    reference = summary.index[0] if control is None else control
    others = summary.drop(index=[reference])
    relations = _relations(others)
    extreme = "highest" if greater_is_better else "lowest"
    if control is not None:
        first = f"{name_label(control)} is the control: {metric} {_say_mean(summary.loc[control])}."
    elif len(others) and (relations == "undecided").all():
        verb = "is" if len(others) == 1 else "are"
        first = f"No candidate can be called best: {name_labels(others.index)} {verb} not "
        first += f"separated from {name_label(reference)} by {_count(n_splits, 'split')}."
    else:
        best = _say_mean(summary.loc[reference], honest)
        first = f"{name_label(reference)} has the {extreme} {metric}: {best}."
    texts = [
        first,
        *_say_ties(others[relations == "tie"], rope),
        *_say_sure(others[relations == "better"], "better"),
        *_say_sure(others[relations == "worse"], "worse"),
        *_say_undecided(others[relations == "undecided"], reference, not greater_is_better),
        *_say_prior(summary["beats_prior"]),
        *_say_diverged(summary["diverged_rate"], n_runs),
    ]
    if n_splits < FEW_SPLITS:
        texts.append(
            f"Too few splits to rely on a test: {_count(n_splits, 'split')}, "
            f"{FEW_SPLITS} or more are needed."
        )
    return texts


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def _say_mean(row: pd.Series, honest: float = math.nan) -> str:
    details = []
    if not math.isnan(row["ci_low"]):
        low, high = format_score(row["ci_low"]), format_score(row["ci_high"])
        details.append(f"95% interval {low} to {high}")
    if not math.isnan(honest):
        details.append(f"honest estimate of choosing this way {format_score(honest)}")
    return format_score(row["mean"]) + (f" ({'; '.join(details)})" if details else "")


def _say_ties(rows: pd.DataFrame, rope: float) -> list[str]:
    if rows.empty:
        return []
    # Each with the reference: equivalence is not transitive. Rounded down, "or more" stays true.
    verb = "ties with it" if len(rows) == 1 else "each tie with it"
    sure = min(0.99, math.floor(100 * rows["p_equivalent"].min()) / 100)
    return [
        f"{name_labels(rows.index)} {verb}: any difference is below {rope:g} "
        f"(probability {sure:.2f} or more)."
    ]


def _say_sure(rows: pd.DataFrame, word: str) -> list[str]:
    """Say who is worse, or better, and by how much; sizes are printed without their sign."""
    if rows.empty:
        return []
    clauses: list[str] = []
    for label, row in rows.iterrows():
        low, high = sorted([abs(row["difference_low"]), abs(row["difference_high"])])
        limits = f"{format_score(low)} to {format_score(high)}"
        span = "the same in every split" if low == high else limits
        size = format_score(abs(row["difference"]))
        size += f" ({span}; adjusted p {format_p(row['p_holm'])})"
        clauses.append(f"{name_label(label)} {'' if clauses else f'is {word} '}by {size}")
    return ["; ".join(clauses) + "."]


def _say_undecided(rows: pd.DataFrame, reference: Hashable, is_loss: bool) -> list[str]:
    if rows.empty:
        return []
    text = f"{name_labels(rows.index)} {'is' if len(rows) == 1 else 'are'} undecided"
    tested = rows.dropna(subset=["difference_low", "difference_high"])
    if tested.empty:
        return [text + "."]
    spans = [
        f"from {format_score(row['difference_low'], '+')} to "
        + format_score(row["difference_high"], "+")
        + (f" for {name_label(label)}" if len(rows) > 1 else "")
        for label, row in tested.iterrows()
    ]
    return [
        f"{text}: the difference to {name_label(reference)}"
        f"{' (positive is better)' if is_loss else ''} may be anything {_join(spans)}; "
        "more seeds or data would tell."
    ]


PRIOR_CLAUSES = {
    "predicts like": ("predicts like the class prior", "predict like the class prior"),
    "not shown": (
        "was not shown to beat the class prior",
        "were not shown to beat the class prior",
    ),
    "worse": ("is worse than the class prior", "are worse than the class prior"),
}


def _say_prior(words: pd.Series) -> list[str]:
    texts = []
    for word, (one, several) in PRIOR_CLAUSES.items():
        labels = list(words.index[words == word])
        if labels:
            texts.append(f"{name_labels(labels)} {one if len(labels) == 1 else several}.")
    return texts


def _say_diverged(rates: pd.Series, n_runs: int) -> list[str]:
    clauses: list[str] = []
    for label, rate in rates[rates > 0].items():
        count = round(rate * n_runs)
        low, high = rate_interval(count, n_runs)
        verb = "" if clauses else "diverged "
        limits = f"{100 * low:.0f}-{100 * high:.0f}%"
        clauses.append(
            f"{name_label(label)} {verb}in {count} of {_count(n_runs, 'run')} ({limits})"
        )
    return [f"{_join(clauses)}; those runs are scored as the class prior."] if clauses else []
