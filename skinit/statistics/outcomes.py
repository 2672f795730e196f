"""From tests to words: best, tied, worse, undecided, failed; never more than is earned."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from skinit.statistics.notes import notes
from skinit.statistics.pairs import seen_from
from skinit.statistics.thresholds import ALPHA, DECIMALS, MIN_SPLITS, are_equal, is_sure

if TYPE_CHECKING:
    import pandas as pd

WORDS = ("best", "tied", "worse", "undecided", "failed")


def rank_candidates(scores: pd.DataFrame, log_loss: pd.Series | None = None) -> list:
    """Return the labels, highest mean first; ties: lower mean log loss, then their given order.

    Candidates without a finite mean come last.
    """
    means = _finite_means(scores).round(DECIMALS)
    losses = np.zeros(len(means)) if log_loss is None else log_loss.reindex(means.index)
    order = np.lexsort((np.round(losses, DECIMALS), -means))
    return [scores.columns[i] for i in order]


def _finite_means(scores: pd.DataFrame) -> pd.Series:
    """Return the mean of each candidate, NaN where there is none to compare."""
    means = scores.mean(skipna=False)
    return means.where(np.isfinite(means))


def outcomes(
    scores: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    log_loss: pd.Series | None = None,
    control: Hashable = None,
    greater_is_better: bool = True,
) -> pd.DataFrame:
    """Give each candidate one of five words, and a note where there is more to say.

    Each is compared with the reference, which is the highest mean or the control.

    - best: the highest mean, which no other equals; all others are tied or worse;
    - tied: we are sure (95%) that the difference from the reference is inside the rope. The
      reference itself is tied where another mean equals it, and a control where a tied one is
      higher;
    - worse: we are sure (adjusted p < .05) that it loses;
    - undecided: we do not know. A p-value above .05 is never a tie. With fewer than three splits
      every candidate is undecided, unless it is identical to the reference. The reference is
      undecided while any other candidate is;
    - failed: it has no score, or an infinite one. It changes nothing for the others.

    Where candidates are sure to beat the control, the highest of them becomes the reference of
    these words, and the control is worse. The others are tested against the control alone, so that
    between them and the new reference only a tie can be found.

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_candidates)
        Higher is better.
    pairs : DataFrame
        What `pairwise` returned for the same scores and control.
    log_loss : Series, default=None
        Mean log loss by label, which orders equal means.
    control : label, default=None
        As given to `pairwise`.
    greater_is_better : bool, default=True
        False where the scores are losses with their sign turned; notes then say "lowest mean".

    Returns
    -------
    DataFrame
        Indexed by label, highest mean first. Against the reference: ``difference, scale,
        difference_low, difference_high, p, p_holm, p_worse, p_equivalent, p_better`` (NaN for
        itself); then ``outcome``; ``note``, see `notes`; and ``ties_with``, a tuple of all labels
        it ties with.
    """
    ranking = rank_candidates(scores, log_loss)
    reference = ranking[0] if control is None else control
    table = seen_from(pairs, reference).reindex(scores[ranking].columns)
    relations = relate(table)
    top = _top(scores, ranking)
    words = _words(scores, pairs, relations, reference, top)
    table["outcome"] = [words[label] for label in ranking]
    extreme = "highest" if greater_is_better else "lowest"
    table["note"] = notes(table, relations, top, control, extreme)
    ties = _ties(pairs)
    table["ties_with"] = [
        tuple(other for other in ranking if {label, other} in ties) for label in ranking
    ]
    return table


def _top(scores: pd.DataFrame, ranking: list) -> list:
    """Return the labels with the highest mean: the first, and all that equal it."""
    means = _finite_means(scores)
    return [label for label in ranking if are_equal(means[label], means[ranking[0]])]


def _words(scores, pairs, relations, reference, top) -> dict:
    """Return the word of each candidate; of the reference last, since it depends on all others."""
    means = _finite_means(scores)
    ranking = list(relations.index)
    first = next((label for label in ranking if relations[label] == "better"), reference)
    words = relate(seen_from(pairs, first)).to_dict()
    words |= dict.fromkeys(relations.index[relations == "worse"], "worse")
    words |= dict.fromkeys(means.index[means.isna()], "failed")
    is_alone = top == [first]
    is_untested = is_alone and len(scores) < MIN_SPLITS and len(ranking) > 1
    if "undecided" in words.values() or is_untested:
        earned = "undecided"
    else:
        earned = "best" if is_alone else "tied"
    return words | {first: "failed" if np.isnan(means[first]) else earned}


def relate(rows: pd.DataFrame) -> pd.Series:
    """Say how each row stands to the reference; a tie is asked first: a sure trifle is one."""
    import pandas as pd

    sure = rows["p_holm"] < ALPHA
    tie = is_sure(rows["p_equivalent"])
    conditions = [tie, sure & (rows["difference"] < 0), sure & (rows["difference"] > 0)]
    words = np.select(conditions, ["tied", "worse", "better"], default="undecided")
    return pd.Series(words, index=rows.index, dtype=object)


def _ties(pairs: pd.DataFrame) -> list[set]:
    tied = pairs[is_sure(pairs["p_equivalent"])]
    return [{a, b} for a, b in zip(tied["a"], tied["b"], strict=True)]
