"""Whole comparisons of initializers, and the same number of fits elsewhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

from benchmarks import threads
from benchmarks.harness import Measurement, clock
from benchmarks.peers import jax_stack, parameters
from benchmarks.work import Fit, Layers, raw_outputs

# None of them fails, so that scores are comparable and no network leaves its stack early.
EIGHT = (
    "he", "he_uniform", "xavier", "glorot_normal", "glorot_uniform", "lecun_uniform", "sklearn",
    "torch",
)  # fmt: skip
FOUR = ("zeros", "random", "he", "xavier")


@contextmanager
def side_by_side():
    """Yield a number of jobs, one per core, each with one thread; workers have been started."""
    import joblib

    n_jobs = threads.count()
    with joblib.parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=1):
        joblib.Parallel()(joblib.delayed(_import)() for _ in range(4 * n_jobs))
        yield n_jobs


def _import():
    # Imported and not used: a worker that starts cold would be timed with its imports.
    import sklearn.neural_network  # noqa: F401

    import skinit.comparison  # noqa: F401
    from skinit.engine.compiled import is_available
    from skinit.engine.warmup import warm_up

    if is_available():
        warm_up("float64")


def splits(repeats: int) -> RepeatedStratifiedKFold:
    """Return five folds, repeated."""
    return RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=0)


def compare(
    fit: Fit, *, init=EIGHT, repeats: int, curves: bool, engine: str = "numpy"
) -> Measurement:
    """Time compare_initializers; the quality is the mean test accuracy of all networks."""
    from skinit import InitMLPClassifier, compare_initializers

    options = parameters(fit) | {"batch_size": fit.batch_size or "full", "engine": engine}
    network = InitMLPClassifier(**options)
    with side_by_side() as n_jobs:
        seconds, comparison = clock(
            lambda: compare_initializers(
                network,
                fit.X,
                fit.y,
                init=init,
                cv=splits(repeats),
                curves=curves,
                scoring="accuracy",
                n_jobs=n_jobs,
                random_state=0,
                progress=False,
            )
        )
    return Measurement(seconds, comparison.to_frame()["test_accuracy"].mean())


def grid_search(fit: Fit, *, k: int, repeats: int) -> Measurement:
    """Time as many fits in scikit-learn's grid search, which has seeds to vary in place of laws."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier

    search = GridSearchCV(
        MLPClassifier(**parameters(fit)),
        {"random_state": list(range(k))},
        cv=splits(repeats),
        refit=False,
    )
    with side_by_side() as n_jobs:
        search.set_params(n_jobs=n_jobs)
        seconds, _ = clock(lambda: search.fit(fit.X, fit.y))
    return Measurement(seconds, search.cv_results_["mean_test_score"].mean())


def compare_numbers(epochs: int, hidden, *, k: int, repeats: int) -> Measurement:
    """Time compare_initializers on the diabetes data; the quality is the mean test R²."""
    from skinit import InitMLPRegressor, compare_initializers

    regressor, X, y = _regressor(InitMLPRegressor, epochs, hidden)
    with side_by_side() as n_jobs:
        seconds, comparison = clock(
            lambda: compare_initializers(
                regressor,
                X,
                y,
                init=EIGHT[:k],
                cv=RepeatedKFold(n_splits=5, n_repeats=repeats, random_state=0),
                n_jobs=n_jobs,
                random_state=0,
                progress=False,
            )
        )
    return Measurement(seconds, comparison.to_frame()["test_r2"].mean())


def grid_search_numbers(epochs: int, hidden, *, k: int, repeats: int) -> Measurement:
    """Time as many fits in scikit-learn's grid search."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPRegressor

    regressor, X, y = _regressor(MLPRegressor, epochs, hidden)
    search = GridSearchCV(
        regressor,
        {"transformedtargetregressor__regressor__random_state": list(range(k))},
        cv=RepeatedKFold(n_splits=5, n_repeats=repeats, random_state=0),
        refit=False,
    )
    with side_by_side() as n_jobs:
        search.set_params(n_jobs=n_jobs)
        seconds, _ = clock(lambda: search.fit(X, y))
    return Measurement(seconds, search.cv_results_["mean_test_score"].mean())


def _regressor(kind, epochs: int, hidden):
    """Return a network on standardized features and targets, and the data."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.datasets import load_diabetes
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = kind(hidden_layer_sizes=hidden, max_iter=epochs, tol=0, n_iter_no_change=epochs)
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    return make_pipeline(StandardScaler(), scaled), *load_diabetes(return_X_y=True)


def jax_stacks(fit: Fit, *, k: int, repeats: int) -> Measurement:
    """Time the same stacks under jax's vmap, already compiled, one thread for each core.

    Every stack starts from `k` draws of one law.
    """
    starts = [fit.start(j) for j in range(k)]
    trains, tests = zip(*splits(repeats).split(fit.X, fit.y), strict=True)
    trainings = [jax_stack(fit, starts, train) for train in trains]
    for train in trainings:
        train(1)
    with side_by_side() as n_jobs, ThreadPoolExecutor(n_jobs) as pool:
        seconds, stacks = clock(lambda: list(pool.map(lambda train: train(), trainings)))
    accuracies = [
        np.mean(_classes(raw_outputs(fit.X[test], layers, fit.activation)) == fit.y[test])
        for test, stack in zip(tests, stacks, strict=True)
        for layers in members(stack, k)
    ]
    return Measurement(seconds, float(np.mean(accuracies)))


def members(stack: Layers, k: int) -> list[Layers]:
    """Return the layers of each network of a stack."""
    return [[(W[j], b[j]) for W, b in stack] for j in range(k)]


def _classes(raw):
    return raw[:, 0] > 0 if raw.shape[1] == 1 else raw.argmax(axis=1)


def scaled_fits(fit: Fit, *, n_fits: int) -> Measurement:
    """Time one fit of scikit-learn on each core, and scale to ``n_fits`` of them."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.utils.parallel import Parallel, delayed

    train, _ = next(splits(1).split(fit.X, fit.y))
    X, y = fit.X[train], fit.y[train]
    own = parameters(fit) | {"batch_size": len(train)}
    with side_by_side() as n_jobs:
        jobs = [
            delayed(MLPClassifier(**own | {"random_state": j}).fit)(X, y) for j in range(n_jobs)
        ]
        seconds, _ = clock(lambda: Parallel()(jobs))
    return Measurement(seconds * n_fits / n_jobs)
