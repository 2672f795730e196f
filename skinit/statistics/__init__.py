"""Statistics of a comparison: pure functions on tables of scores.

One number per candidate and split goes in (seeds are averaged inside the split before any test),
tests, intervals and outcomes come out. Conventions, stated once:

- ``scores`` has one row per split (or dataset) and one column per candidate. Higher is better, as
  for every scikit-learn scorer: negate a loss first.
- ``rho`` is the ratio of test to training rows, see `split_ratio`. Training sets of different
  splits overlap, so their scores are correlated; ``rho`` is what the corrected t-test [1]_ adds
  to 1/J. With ``rho=0`` everything here is the ordinary, uncorrected t-test.
- ``rope`` is the half width of the region of practical equivalence [2]_, in the metric's unit.
- The number of rows that were tested, ``HeldOutRows``, says how little a variance can mean. Without
  it, a difference that is the same in every split is worth no more than its signs.
- Fewer than three splits decide nothing.
- A missing score makes whatever depends on it NaN, and the outcome "undecided". Nothing is dropped.

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

from skinit.statistics.corrected_t import CorrectedT, corrected_t, mean_of_scores, split_ratio
from skinit.statistics.epochs import describe_epochs, epoch_quartiles, first_epoch
from skinit.statistics.held_out_rows import HeldOutRows
from skinit.statistics.needs import what_is_needed
from skinit.statistics.outcomes import outcomes, rank_candidates
from skinit.statistics.pairs import holm, pairwise, seen_from
from skinit.statistics.prior import beats_prior, same_answer
from skinit.statistics.ranks import FriedmanTest, cliques, friedman, mean_ranks, nemenyi_cd
from skinit.statistics.rates import rate_interval
from skinit.statistics.resolution import resolution
from skinit.statistics.sentences import sentences
from skinit.statistics.signed_ranks import (
    pairwise_signed_ranks,
    rank_biserial,
    signed_rank_p,
    signed_rank_probabilities,
    signed_rank_sentences,
)
from skinit.statistics.summary import sd_seeds, split_means, summarize
from skinit.statistics.thresholds import (
    ALPHA,
    CERTAINTY,
    FEW_DATASETS,
    FEW_SPLITS,
    MIN_SPLITS,
    ROPE,
)
from skinit.statistics.winner import find_repeats, honest_best

__all__ = [
    "ALPHA",
    "CERTAINTY",
    "FEW_DATASETS",
    "FEW_SPLITS",
    "MIN_SPLITS",
    "ROPE",
    "CorrectedT",
    "FriedmanTest",
    "HeldOutRows",
    "beats_prior",
    "cliques",
    "corrected_t",
    "describe_epochs",
    "epoch_quartiles",
    "find_repeats",
    "first_epoch",
    "friedman",
    "holm",
    "honest_best",
    "mean_of_scores",
    "mean_ranks",
    "nemenyi_cd",
    "outcomes",
    "pairwise",
    "pairwise_signed_ranks",
    "rank_biserial",
    "rank_candidates",
    "rate_interval",
    "resolution",
    "same_answer",
    "sd_seeds",
    "seen_from",
    "sentences",
    "signed_rank_p",
    "signed_rank_probabilities",
    "signed_rank_sentences",
    "split_means",
    "split_ratio",
    "summarize",
    "what_is_needed",
]
