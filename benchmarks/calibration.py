"""Measure what the tests and intervals of `skinit.statistics` are worth, by simulation.

Two kinds of learners that are equally good by construction, so that whoever calls a difference is
wrong:

- Exchangeable learners: each sees its own block of features, all blocks follow the same law, and
  every replicate draws fresh data. They are linear classifiers by ridge regression, whose closed
  form allows all splits of many replicates to be fitted at once.
- A/A: one initializer against itself, on real data, through `compare_initializers`. Two calls
  with the same splits and different seeds are joined.

Small tables, where scores move in steps, have a module to themselves, `benchmarks.small_tables`, as
have numbers, `benchmarks.number_null`.

    python -m benchmarks.calibration --replicates 2000
    python -m benchmarks.calibration --data wine iris breast_cancer --replicates 500
    python -m benchmarks.calibration --small --replicates 2000
    python -m benchmarks.calibration --networks --replicates 100
    python -m benchmarks.calibration --data wine --tuned --replicates 100
    python -m benchmarks.calibration --numbers --replicates 2000
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline

from benchmarks.number_null import number_lines
from benchmarks.small_tables import fold_masks, network_lines, table_lines
from benchmarks.tuned_null import tuned_lines
from skinit import InitMLPClassifier, compare_initializers
from skinit.datasets.named import SHIPPED, load_dataset
from skinit.statistics import corrected_t, outcomes, pairwise, rate_interval

N_FEATURES = 5
SEPARATION = 0.25  # distance of each class mean from 0, in every feature, in standard deviations
CHUNK = 100  # replicates held in memory at once


def exchangeable_scores(
    replicates: int,
    *,
    learners: int = 2,
    n_samples: int = 100,
    folds: int = 5,
    repeats: int = 2,
    seed: int = 0,
) -> np.ndarray:
    """Return accuracies of shape (replicates, repeats * folds, learners) under the null.

    Splits are in the order of ``RepeatedKFold``.
    """
    rng = np.random.default_rng(seed)
    sizes = [min(CHUNK, replicates - start) for start in range(0, replicates, CHUNK)]
    return np.concatenate(
        [_chunk(rng, size, learners, n_samples, folds, repeats) for size in sizes]
    )


def _chunk(rng, replicates, learners, n_samples, folds, repeats):
    y = rng.choice([-1.0, 1.0], size=(replicates, n_samples))
    shape = (replicates, learners, n_samples, N_FEATURES)
    X = rng.standard_normal(shape) + SEPARATION * y[:, None, :, None]
    X = np.concatenate([X, np.ones((*shape[:-1], 1))], axis=-1)  # intercept
    test = fold_masks(rng, replicates, n_samples, folds, repeats)
    return np.stack([_accuracies(X[:, j], y, test) for j in range(learners)], axis=-1)


def _accuracies(X, y, test):
    """Fit on the training rows of every split, return accuracies on its test rows."""
    n_columns = X.shape[-1]
    squares = (X[..., :, None] * X[..., None, :]).reshape(*X.shape[:-1], -1)
    train = (~test).astype(float)
    gram = (train @ squares).reshape(*test.shape[:2], n_columns, n_columns) + np.eye(n_columns)
    weights = np.linalg.solve(gram, (train @ (X * y[..., None]))[..., None])[..., 0]
    right = np.sign(weights @ X.swapaxes(-1, -2)) == y[:, None, :]
    return (right & test).sum(axis=-1) / test.sum(axis=-1)


def false_positive_rates(scores: np.ndarray, rho: float) -> dict[str, float]:
    """Return how often two equal learners are called different at p < .05.

    ``scores`` has shape (replicates, splits, 2); "naive" is the paired t-test without correction.
    """
    x = scores[..., 0] - scores[..., 1]
    return {
        "naive": float(np.mean(corrected_t(x, 0.0).p < 0.05)),
        "corrected": float(np.mean(corrected_t(x, rho).p < 0.05)),
    }


def family_error(scores: np.ndarray, rho: float) -> float:
    """Return how often any of several equal learners is called worse than the luckiest of them.

    ``scores`` has shape (replicates, splits, learners).
    """
    wrong = 0
    for replicate in map(pd.DataFrame, scores):
        words = outcomes(replicate, pairwise(replicate, rho, rope=0.01))
        wrong += int("worse" in set(words["outcome"]))
    return wrong / len(scores)


def coverage(scores: np.ndarray, rho: float) -> float:
    """Return how often the 95% interval of one mean holds the expected score.

    The truth is the mean over all replicates: the score to expect of a model trained on as many
    rows as one split trains on. One learner is counted, so that replicates are independent.
    """
    low, high = corrected_t(scores[..., 0], rho).interval(bounds=(0, 1))
    return float(np.mean((low <= scores.mean()) & (scores.mean() <= high)))


def aa_scores(
    name: str, replicates: int, *, folds: int = 5, repeats: int = 2, seed: int = 0, jobs: int = 1
) -> tuple[dict[str, np.ndarray], float]:
    """Return the scores of one initializer in two comparisons that differ in their seeds alone.

    Each comparison trains ``replicates`` networks on every split, all with seeds of their own. The
    r-th networks of all splits are the r-th replicate, so that seeds differ from split to split as
    they do in any comparison. Data and splits are the same in all replicates.

    Returns
    -------
    scores : dict of metric to ndarray of shape (replicates, repeats * folds, 2)
        Accuracy and log loss.
    rho : float
        Ratio of test to training rows.
    """
    data = load_dataset(name)
    network = InitMLPClassifier((4,), "tanh", solver="lbfgs", max_iter=20)
    comparisons = [
        compare_initializers(
            make_pipeline(data.preprocessing, network),
            data.X,
            data.y,
            init=["xavier"],
            cv=RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed),
            n_seeds=replicates,
            curves=False,
            n_jobs=jobs,
            random_state=random_state,
        )
        for random_state in (2 * seed, 2 * seed + 1)
    ]
    frames = [comparison.to_frame() for comparison in comparisons]
    scores = {
        metric: np.stack([_by_replicate(frame, f"test_{metric}") for frame in frames], axis=-1)
        for metric in ("accuracy", "log_loss")
    }
    return scores, comparisons[0].rho


def _by_replicate(frame, column):
    """Return an array of shape (replicates, splits)."""
    replicate = frame.groupby("split").cumcount()
    return frame.assign(replicate=replicate).pivot(
        index="replicate", columns="split", values=column
    ).to_numpy()  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """Print the rates, with Clopper-Pearson limits."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, nargs="+", default=[1, 2, 5])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n-samples", type=int, default=100, help="of exchangeable learners")
    parser.add_argument("--data", nargs="+", choices=SHIPPED, help="run A/A on these instead")
    parser.add_argument("--jobs", type=int, default=1, help="of A/A")
    parser.add_argument("--small", action="store_true", help="the table of small tables instead")
    parser.add_argument("--networks", action="store_true", help="the same network, six seeds")
    parser.add_argument("--tuned", action="store_true", help="tuned candidates on --data")
    parser.add_argument("--numbers", action="store_true", help="regressors instead")
    args = parser.parse_args(argv)
    if args.numbers:
        _print_lines(number_lines(args.replicates, seed=args.seed, jobs=args.jobs))
    elif args.tuned:
        for name in args.data or ["wine"]:
            _print_lines(tuned_lines(name, args.replicates, seed=args.seed, jobs=args.jobs))
    elif args.small:
        _print_lines(table_lines(args.replicates, exchangeable_scores))
    elif args.networks:
        _print_lines(network_lines(args.replicates))
    else:
        for repeats in args.repeats:
            (_print_aa if args.data else _print_exchangeable)(repeats, args)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _print_exchangeable(repeats: int, args: argparse.Namespace) -> None:
    rho = 1 / (args.folds - 1)
    design = {"n_samples": args.n_samples, "folds": args.folds, "repeats": repeats}
    scores = exchangeable_scores(args.replicates, seed=args.seed, **design)
    print(f"{args.folds} folds x {repeats}, {args.replicates} replicates")
    for name, rate in false_positive_rates(scores, rho).items():
        _print_rate(f"false positives, {name}", rate, args.replicates)
    six = exchangeable_scores(args.replicates, learners=6, seed=args.seed, **design)
    _print_rate("any of 6 called worse", family_error(six, rho), args.replicates)
    _print_rate("coverage, naive", coverage(scores, 0.0), args.replicates)
    _print_rate("coverage, corrected", coverage(scores, rho), args.replicates)


def _print_aa(repeats: int, args: argparse.Namespace) -> None:
    design = {"folds": args.folds, "repeats": repeats, "seed": args.seed, "jobs": args.jobs}
    for name in args.data:
        scores, rho = aa_scores(name, args.replicates, **design)
        print(f"A/A on {name}, {args.folds} folds x {repeats}, {args.replicates} replicates")
        for metric, table in scores.items():
            for test, rate in false_positive_rates(table, rho).items():
                _print_rate(f"{metric}, {test}", rate, args.replicates)


def _print_rate(name: str, rate: float, n: int) -> None:
    low, high = rate_interval(round(rate * n), n)
    print(f"  {name:<26} {rate:6.1%}  ({low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main()
