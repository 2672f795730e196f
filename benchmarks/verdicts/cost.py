"""What a diagnosis costs beside an epoch."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from itertools import product

import pandas as pd
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier

from benchmarks.verdicts.starts import load_data
from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose
from skinit.propagation import find_verdicts


def measure_cost(repeats: int) -> pd.DataFrame:
    """Time a diagnosis beside `fit` with one epoch, on 1,000 rows; best of several, in ms."""
    X, y = load_data(1000)["digits"]
    rows = []
    # The larger learning rates are those that are tried.
    settings = [("adam", 0.001), ("adam", 0.3), ("sgd", 0.001), ("sgd", 1.0)]
    for (solver, rate), hidden in product(settings, [(100,), (100, 100)]):
        params = {"solver": solver, "learning_rate_init": rate, "max_iter": 1, "random_state": 0}
        ours, theirs = InitMLPClassifier(hidden, **params), MLPClassifier(hidden, **params)
        case = diagnose(ours, X, y, random_state=0).case
        tried = bool(case.trial and case.trial.was_run)
        spent = [
            best_time(partial(diagnose, ours, X, y, random_state=0), repeats),
            best_time(lambda ours=ours: clone(ours).fit(X, y), repeats),
            best_time(lambda theirs=theirs: clone(theirs).fit(X, y), repeats),
            # A copy has measured nothing yet.
            best_time(lambda case=case: find_verdicts(replace(case, _findings={})), repeats),
            best_epoch(ours, X, y, repeats),
        ]
        said = "yes" if tried else "no"
        rows.append((solver, hidden, said, *(f"{1000 * t:.1f}" for t in spent)))
    names = ["solver", "hidden", "trial", "diagnose", "fit, one epoch"]
    names += ["fit of MLPClassifier, one epoch", "diagnose: measuring", "fit: the epoch"]
    return pd.DataFrame(rows, columns=names)


def best_time(function, repeats) -> float:
    """Return the shortest of several durations, in seconds of this process on one thread."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        spent.append(time.process_time() - start)
    return min(spent)


def best_epoch(estimator, X, y, repeats) -> float:
    """Return the duration of an epoch: that of 21 epochs less that of one, over 20."""
    long, short = (
        best_time(lambda n=n: clone(estimator).set_params(max_iter=n).fit(X, y), repeats)
        for n in (21, 1)
    )
    return (long - short) / 20
