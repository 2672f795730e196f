"""Measure what outcomes and intervals are worth on small tables, where scores move in steps.

Two candidates are right or wrong on each of ``n`` rows, by a law that is known, and are scored by
accuracy over the splits of a repeated K-fold, fresh rows in every replicate. Two laws:

- alike: a row's difficulty is shared by both, and each fold's training adds a little noise of its
  own; accuracies .95 and .95 minus the true difference.
- nested: the worse one is wrong wherever the better one is, and on a few rows more. No pair of
  candidates with that difference looks more alike, so this is the hardest case for false ties.

Six candidates are the exchangeable learners of `benchmarks.calibration`, or the same network with
six different seeds, trained through `compare_initializers` on fresh rows.

    python -m benchmarks.calibration --small --replicates 2000
    python -m benchmarks.calibration --networks --replicates 100
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.datasets import make_classification
from sklearn.model_selection import RepeatedStratifiedKFold

from skinit import InitMLPClassifier, compare_initializers
from skinit.statistics import HeldOutRows, corrected_t, outcomes, pairwise, rate_interval
from skinit.statistics.thresholds import is_sure

SIZES = (30, 60, 100, 300)
DESIGNS = ((2, 1), (3, 1), (5, 1), (5, 2), (10, 1), (5, 5))  # folds, repeats
DIFFERENCE = 0.024
ROPE = 0.01
ACCURACY = 0.95
SHARED = 0.9  # of a row's difficulty, as a share of the variance
CHUNK = 250


@dataclass(frozen=True)
class Scores:
    """Accuracies over the splits of many replicates.

    Attributes
    ----------
    values : ndarray of shape (replicates, n_splits, n_candidates)
        Accuracies.
    rho : float
        Ratio of test to training rows.
    rows : HeldOutRows
        The rows that were tested.
    """

    values: np.ndarray
    rho: float
    rows: HeldOutRows


def fold_masks(rng, replicates: int, n: int, folds: int, repeats: int) -> np.ndarray:
    """Return masks of the test rows, of shape (replicates, repeats * folds, n)."""
    fold = np.broadcast_to(np.arange(n) % folds, (replicates, repeats, n))
    fold = rng.permuted(fold, axis=-1)
    masks = fold[:, :, None, :] == np.arange(folds)[:, None]
    return masks.reshape(replicates, repeats * folds, n)


def ratio(n: int, folds: int) -> float:
    """Return the mean ratio of test to training rows of a K-fold."""
    sizes = np.bincount(np.arange(n) % folds)
    return float(np.mean(sizes / (n - sizes)))


def paired_scores(
    law: str, n: int, folds: int, repeats: int, *, difference: float, replicates: int, seed: int = 0
) -> Scores:
    """Return the scores of two candidates; ``difference`` is what the first is better by."""
    rng = np.random.default_rng(seed)
    parts = []
    for start in range(0, replicates, CHUNK):
        size = min(CHUNK, replicates - start)
        test = fold_masks(rng, size, n, folds, repeats)
        right = _right(rng, law, test.shape, ACCURACY, ACCURACY - difference)
        parts.append(np.stack([(hits & test).sum(-1) / test.sum(-1) for hits in right], axis=-1))
    return Scores(np.concatenate(parts), ratio(n, folds), HeldOutRows(n, step=1))


def _right(rng, law, shape, *accuracies) -> list[np.ndarray]:
    """Return who is right on which row after the training of which split."""
    replicates, _, n = shape
    difficulty = np.sqrt(SHARED) * rng.standard_normal((replicates, 1, n))
    noise = np.sqrt(1 - SHARED)
    own = noise * rng.standard_normal(shape)
    hits = []
    for accuracy in accuracies:
        hits.append(difficulty + own < norm.ppf(accuracy))
        if law == "alike":
            own = noise * rng.standard_normal(shape)
    return hits


def judge_pairs(scores: Scores, truth: float) -> dict[str, np.ndarray]:
    """Say of every replicate of two candidates what came out, and whether the interval is right."""
    x = scores.values[..., 0] - scores.values[..., 1]
    test = corrected_t(x, scores.rho, scores.rows)
    tie = is_sure(test.probabilities(ROPE)[1])
    low, high = test.interval()
    constant = (np.ptp(x, axis=-1) < 1e-12) & (test.mean != 0)
    return {
        "tie": tie,
        "worse": ~tie & (test.p < 0.05),
        "missed": (low > truth + 1e-12) | (high < truth - 1e-12),
        "sure of a constant": constant & (test.p < 0.001),
    }


def judge_families(scores: Scores) -> dict[str, np.ndarray]:
    """Say of every replicate of equal candidates whether anything false is printed."""
    tables = [pd.DataFrame(values) for values in scores.values]
    pairs = [pairwise(table, scores.rho, ROPE, rows=scores.rows) for table in tables]
    words = [outcomes(*both)["outcome"] for both in zip(tables, pairs, strict=True)]
    return {
        "worse": np.array(["worse" in set(word) for word in words]),
        "missed": np.array([bool(((p["low"] > 0) | (p["high"] < 0)).any()) for p in pairs]),
    }


def network_scores(n: int, folds: int, repeats: int, *, replicates: int, seed: int = 0) -> Scores:
    """Return the accuracies of one network with six seeds, through `compare_initializers`.

    Each replicate draws fresh rows. One comparison trains six networks on every split, with six
    different seeds; the s-th of all splits are the s-th candidate.
    """
    network = InitMLPClassifier((4,), "tanh", solver="lbfgs", max_iter=20)
    tables = []
    for replicate in range(replicates):
        X, y = make_classification(n, 5, flip_y=0.05, random_state=seed + replicate)
        comparison = compare_initializers(
            network, X, y, init=["xavier"], n_seeds=6, curves=False, random_state=replicate,
            cv=RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=replicate),
        )  # fmt: skip
        frame = comparison.to_frame()
        frame = frame.assign(candidate=frame.groupby("split").cumcount())
        tables.append(frame.pivot(index="split", columns="candidate", values="test_accuracy"))
    return Scores(np.stack(tables), comparison.rho, HeldOutRows(n, step=1))


def measure(n: int, folds: int, repeats: int, replicates: int, six: np.ndarray) -> dict:
    """Return, for one cell of the table, what was false in which replicate.

    ``six`` holds the scores of six equal learners, of shape (replicates, n_splits, 6).
    """
    design = (n, folds, repeats)
    scores = {
        "alike": paired_scores("alike", *design, difference=DIFFERENCE, replicates=replicates),
        "nested": paired_scores("nested", *design, difference=DIFFERENCE, replicates=replicates),
    }
    unequal = {law: judge_pairs(each, DIFFERENCE) for law, each in scores.items()}
    equal = judge_pairs(paired_scores("alike", *design, difference=0, replicates=replicates), 0)
    family = judge_families(Scores(six, ratio(n, folds), HeldOutRows(n, step=1)))
    return {
        **{f"tie, {law}": found["tie"] for law, found in unequal.items()},
        "worse, A/A": equal["worse"],
        "p < .001 of a constant, A/A": equal["sure of a constant"],
        "worse, six": family["worse"],
        **{f"missed, {law}": found["missed"] for law, found in unequal.items()},
        "missed, six": family["missed"],
    }


def table_lines(replicates: int, exchangeable_scores) -> Iterator[str]:
    """Yield the lines of the published table: percentages with their Clopper-Pearson limits."""
    for j, (n, (folds, repeats)) in enumerate(product(SIZES, DESIGNS)):
        six = exchangeable_scores(
            replicates // 2, learners=6, n_samples=n, folds=folds, repeats=repeats
        )
        cell = measure(n, folds, repeats, replicates, six)
        if j == 0:
            yield _row("rows", "splits", *cell)
            yield _row(*["---"] * (2 + len(cell)))
        yield _row(n, f"{folds} x {repeats}", *map(write_rate, cell.values()))


def network_lines(replicates: int) -> Iterator[str]:
    """Yield the lines of the table of one network with six seeds."""
    yield _row("rows", "splits", "worse, six seeds", "missed, six seeds")
    yield _row(*["---"] * 4)
    for n, (folds, repeats) in product(SIZES, ((3, 1), (5, 1), (5, 2))):
        found = judge_families(network_scores(n, folds, repeats, replicates=replicates))
        yield _row(n, f"{folds} x {repeats}", *map(write_rate, found.values()))


def _row(*cells) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def write_rate(hits: np.ndarray) -> str:
    """Write a share in percent, with its limits: "2.0 (0.1-10.6)"."""
    low, high = rate_interval(int(np.sum(hits)), len(hits))
    return f"{100 * np.mean(hits):.1f} ({100 * low:.1f}-{100 * high:.1f})"
