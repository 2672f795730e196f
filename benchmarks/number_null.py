"""What tests are worth for numbers: equally good regressors, by R² and by their errors.

Exchangeable learners are ridge regressions that each see their own block of features, all blocks
of the same law, on fresh data in every replicate. A/A is one initializer against itself on the
diabetes data, through `compare_initializers`: two calls with the same splits and other seeds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.model_selection import RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.small_tables import fold_masks
from skinit import InitMLPRegressor, compare_initializers
from skinit.statistics import corrected_t, outcomes, pairwise, rate_interval

N_SAMPLES, N_FEATURES, SIGNAL = 100, 5, 0.5  # R² of .55 with unlimited data
CHUNK = 100  # replicates held in memory at once
METRICS = ("r2", "root_mean_squared_error")


def exchangeable_scores(replicates: int, learners: int, folds: int, repeats: int, seed: int = 0):
    """Return R² and root mean squared errors, (replicates, splits, learners) each, by metric."""
    rng = np.random.default_rng(seed)
    sizes = [min(CHUNK, replicates - start) for start in range(0, replicates, CHUNK)]
    chunks = [_chunk(rng, size, learners, folds, repeats) for size in sizes]
    return {metric: np.concatenate([chunk[metric] for chunk in chunks]) for metric in METRICS}


def _chunk(rng, replicates, learners, folds, repeats) -> dict[str, np.ndarray]:
    y = rng.standard_normal((replicates, N_SAMPLES))
    shape = (replicates, learners, N_SAMPLES, N_FEATURES)
    X = rng.standard_normal(shape) + SIGNAL * y[:, None, :, None]
    X = np.concatenate([X, np.ones((*shape[:-1], 1))], axis=-1)  # intercept
    test = fold_masks(rng, replicates, N_SAMPLES, folds, repeats)
    found = [_score(X[:, j], y, test) for j in range(learners)]
    return {metric: np.stack([one[metric] for one in found], axis=-1) for metric in METRICS}


def _score(X, y, test) -> dict[str, np.ndarray]:
    """Fit on the training rows of every split, score on its test rows."""
    squares = (X[..., :, None] * X[..., None, :]).reshape(*X.shape[:-1], -1)
    train, n_columns = (~test).astype(float), X.shape[-1]
    gram = (train @ squares).reshape(*test.shape[:2], n_columns, n_columns) + np.eye(n_columns)
    weights = np.linalg.solve(gram, (train @ (X * y[..., None]))[..., None])[..., 0]
    n_rows = test.sum(axis=-1)
    error = (np.square(weights @ X.swapaxes(-1, -2) - y[:, None, :]) * test).sum(-1) / n_rows
    mean = (y[:, None, :] * test).sum(axis=-1) / n_rows
    variance = (np.square(y[:, None, :] - mean[..., None]) * test).sum(axis=-1) / n_rows
    return {"r2": 1 - error / variance, "root_mean_squared_error": np.sqrt(error)}


def aa_scores(replicates: int, folds: int, repeats: int, seed: int = 0, jobs: int = 1):
    """Return the scores of one initializer in two comparisons, and the ratio of their rows."""
    X, y = load_diabetes(return_X_y=True)
    network = InitMLPRegressor(
        hidden_layer_sizes=(4,), activation="tanh", solver="lbfgs", max_iter=20
    )
    regressor = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    )
    comparisons = [
        compare_initializers(
            regressor,
            X,
            y,
            init=["xavier"],
            cv=RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=seed),
            n_seeds=replicates,
            curves=False,
            n_jobs=jobs,
            random_state=random_state,
            progress=False,
        )
        for random_state in (2 * seed, 2 * seed + 1)
    ]
    scores = {metric: np.stack([_by_replicate(c, metric) for c in comparisons], axis=-1)
              for metric in METRICS}  # fmt: skip
    return scores, comparisons[0].rho


def _by_replicate(comparison, metric) -> np.ndarray:
    frame = comparison.to_frame()
    frame["replicate"] = frame.groupby("split").cumcount()
    table = frame.pivot(index="replicate", columns="split", values=f"test_{metric}")
    return table.to_numpy()


def number_lines(replicates: int, aa: int = 300, folds=5, seed=0, jobs=1) -> Iterator[str]:
    """Yield the rates of false outcomes, with Clopper-Pearson limits."""
    rho = 1 / (folds - 1)
    for repeats in (1, 2, 5):
        yield f"exchangeable regressors, {folds} x {repeats}, {replicates} replicates"
        pairs = exchangeable_scores(replicates, 2, folds, repeats, seed)
        six = exchangeable_scores(replicates, 6, folds, repeats, seed)
        for metric in METRICS:
            yield from _false_positives(metric, pairs[metric], rho)
            yield _rate(f"{metric}: any of 6 called worse", _any_worse(six[metric], rho, metric))
            yield _rate(f"{metric}: 95% interval of a mean misses", _misses(pairs[metric], rho))
    scores, rho = aa_scores(aa, folds, 2, seed, jobs)
    yield f"A/A on diabetes, {folds} x 2, {aa} replicates"
    for metric in METRICS:
        yield from _false_positives(metric, scores[metric], rho)


def _false_positives(metric, scores, rho) -> Iterator[str]:
    x = scores[..., 0] - scores[..., 1]
    yield _rate(f"{metric}: false positives, naive", corrected_t(x, 0.0).p < 0.05)
    yield _rate(f"{metric}: false positives, corrected", corrected_t(x, rho).p < 0.05)


def _any_worse(scores, rho, metric) -> list[bool]:
    """Return of each replicate whether any of several equal learners is called worse."""
    sign, words = (1 if metric == "r2" else -1), []
    for replicate in map(pd.DataFrame, sign * scores):
        words.append(set(outcomes(replicate, pairwise(replicate, rho, rope=0.01))["outcome"]))
    return ["worse" in found for found in words]


def _misses(scores, rho) -> np.ndarray:
    """Return of each replicate whether the interval of a mean misses the mean of all."""
    low, high = corrected_t(scores[..., 0], rho).interval()
    return ~((low <= scores.mean()) & (scores.mean() <= high))


def _rate(text: str, found) -> str:
    low, high = rate_interval(int(np.sum(found)), len(found))
    return f"  {text:<56} {np.mean(found):6.1%}  ({low:.1%} to {high:.1%})"
