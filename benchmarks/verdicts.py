"""Measure what the verdicts of `skinit.diagnosis` are worth: diagnose, then train, and compare.

Four tables in Markdown, those of ``docs/verdicts/calibration.md``:

- the grid: initializers x activations x depths x widths x data, every cell diagnosed at its start
  and then trained, with Adam and with SGD;
- good starts, which should get no verdict;
- learning rates for gradient descent, every cell diagnosed and then trained for 100 steps;
- what a diagnosis costs beside an epoch.

    python -m benchmarks.verdicts --quick
    python -m benchmarks.verdicts
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose
from skinit.fitting import fit_stack
from skinit.initializers import Constant, Normal, VarianceScaling
from skinit.propagation import RULES, InitializationWarning, judge

FAILS = 0.9  # a loss above this part of the class prior's entropy has learned next to nothing
LAGS = 3.0  # a loss above this multiple of the best start's, and above LAGS_FLOOR
LAGS_FLOOR = 0.1
RISE = 1.01  # of the loss in one step, or with momentum above its first value


def dead_biases(fan_in, fan_out, rng):
    """Draw he's weights and biases so negative that relu never fires."""
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.full(fan_out, -50.0)


INITS = {
    "zeros": "zeros",
    "constant .1": Constant(0.1),
    "normal .01": Normal(0.01),
    "random": "random",
    "xavier": "xavier",
    "glorot_uniform": "glorot_uniform",
    "he": "he",
    "he x 3": VarianceScaling(18.0),
    "orthogonal": "orthogonal",
    "lsuv": "lsuv",
    "sklearn": "sklearn",
    "torch": "torch",
    "biases -50": dead_biases,
}
ACTIVATIONS = ["tanh", "relu", "logistic", "selu", "gelu"]
GOOD = {
    "tanh": ["xavier", "glorot_normal", "glorot_uniform", "lecun_normal", "orthogonal", "lsuv"],
    "relu": ["he", "he_uniform", "lsuv"],
    "leaky_relu": ["he", "he_uniform", "lsuv"],
    "elu": ["he", "lsuv"],
    "gelu": ["he", "lsuv"],
    "silu": ["he", "lsuv"],
    "selu": ["lecun_normal", "lsuv"],
    # Not lsuv: logistic's outputs are all near 1/2, and scaling what varies makes large ones.
    "logistic": ["glorot_normal", "glorot_uniform"],
}


def load_data(n_rows: int = 400) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return data sets of at most ``n_rows`` rows by name; digits are also kept as pixels."""
    data = {}
    for name, load in [("breast_cancer", load_breast_cancer), ("digits", load_digits)]:
        X, y = load(return_X_y=True)
        rows = np.random.default_rng(0).permutation(len(y))[:n_rows]
        data[name] = StandardScaler().fit_transform(X[rows]), y[rows]
        if name == "digits":
            data["digits, 0 to 255"] = X[rows] * (255 / 16), y[rows]
    return data


def entropy(y) -> float:
    """Return the entropy of the class shares, in nats."""
    shares = np.bincount(y) / len(y)
    return float(-(shares * np.log(shares)).sum())


def first_code(estimator, X, y) -> str:
    """Return the code of the first verdict, or "none"."""
    verdicts = diagnose(estimator, X, y, random_state=0).verdicts
    return verdicts[0].code if verdicts else "none"


def table(frame: pd.DataFrame) -> str:
    """Return a frame as a Markdown table."""
    rows = [frame.columns, ["---"] * frame.shape[1], *frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows) + "\n"


# --- The grid ---------------------------------------------------------------------------------


def run_grid(solver, rate, depths, widths, activations) -> pd.DataFrame:
    """Diagnose and train every cell; the initializers of a cell are trained as one stack."""
    rows = []
    for (name, (X, y)), activation, depth, width in product(
        load_data().items(), activations, depths, widths
    ):
        base = InitMLPClassifier(
            (width,) * depth,
            activation,
            solver=solver,
            learning_rate_init=rate,
            batch_size=64,
            max_iter=40,
            random_state=depth,
        )
        estimators = [clone(base).set_params(init=init) for init in INITS.values()]
        codes = [first_code(estimator, X, y) for estimator in estimators]
        histories = fit_stack(estimators, X, y)
        losses = np.array([history.data_loss_curve[-1] for history in histories])
        for init, code, outcome in zip(INITS, codes, outcomes(losses, entropy(y)), strict=True):
            rows.append((name, activation, depth, width, init, code, outcome))
    names = ["data", "activation", "depth", "width", "init", "code", "outcome"]
    return pd.DataFrame(rows, columns=names)


def outcomes(losses, prior) -> list[str]:
    """Say of each of the final losses of a group whether it fails, lags or trains."""
    losses = np.where(np.isfinite(losses), losses, np.inf)
    lag = max(LAGS_FLOOR, LAGS * losses.min())
    return ["fails" if x > FAILS * prior else "lags" if x > lag else "trains" for x in losses]


def confusion(grid: pd.DataFrame) -> pd.DataFrame:
    """Count what became of the cells of every first verdict."""
    counts = grid.groupby("code")["outcome"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=["fails", "lags", "trains"], fill_value=0)
    counts = counts.reindex([c for c in ["none", *sorted(RULES)] if c in counts.index])
    counts.insert(0, "cells", counts.sum(axis=1))
    return counts.reset_index(names="first verdict")


def most_frequent(grid: pd.DataFrame) -> pd.DataFrame:
    """Say where verdict and outcome disagree most often: depths, for activation and init."""
    silent = (grid["code"] == "none") & (grid["outcome"] == "fails")
    wrong = grid[silent | ((grid["code"] != "none") & (grid["outcome"] == "trains"))]
    where = wrong.groupby(["code", "init", "activation"])
    counts = where["depth"].agg(cells="size", depths=lambda d: f"{d.min()} to {d.max()}")
    return counts.sort_values("cells", ascending=False).head(15).reset_index()


# --- Good starts ------------------------------------------------------------------------------


def run_good(seeds: int) -> pd.DataFrame:
    """Diagnose starts that are known to be good; logistic is one only up to three layers."""
    data = load_data()
    rows = []
    for solver, depth in product(["adam", "sgd"], [1, 3, 5, 10]):
        codes: Counter[str] = Counter()
        for (activation, inits), width, name in product(
            GOOD.items(), [16, 100], ["breast_cancer", "digits"]
        ):
            if activation == "logistic" and depth > 3:
                continue
            for init, seed in product(inits, range(seeds)):
                estimator = InitMLPClassifier(
                    (width,) * depth, activation, init=init, solver=solver, random_state=seed
                )
                codes[first_code(estimator, *data[name])] += 1
        alarms = {code: n for code, n in sorted(codes.items()) if code != "none"}
        total = sum(codes.values())
        said = ", ".join(f"{code} {n}" for code, n in alarms.items()) or "-"
        rate = sum(alarms.values()) / total
        rows.append((solver, depth, total, sum(alarms.values()), f"{rate:.2%}", said))
    return pd.DataFrame(rows, columns=["solver", "depth", "starts", "alarms", "rate", "which"])


# --- Learning rates ---------------------------------------------------------------------------


def run_rates(seeds: int) -> pd.DataFrame:
    """Diagnose full-batch descent at several learning rates, then train it for 100 steps."""
    rows = []
    for (name, (X, y)), (activation, init), momentum, rate in product(
        load_data(256).items(),
        [("tanh", "xavier"), ("relu", "he")],
        [0.0, 0.9],
        [0.001, 0.01, 0.1, 0.3, 1.0, 10.0],
    ):
        if name == "digits, 0 to 255":
            X = X / 255  # pixels as one usually scales them: not standardized, not large
        for hidden, seed in product([(16,), (32, 32)], range(seeds)):
            estimator = InitMLPClassifier(
                hidden,
                activation,
                init=init,
                solver="sgd",
                momentum=momentum,
                learning_rate_init=rate,
                batch_size="full",
                max_iter=101,
                n_iter_no_change=1000,
                random_state=seed,
            )
            codes = [v.code for v in diagnose(estimator, X, y, random_state=0).verdicts]
            (history,) = fit_stack([estimator], X, y)
            losses = np.array(history.data_loss_curve)
            before = losses[0] if momentum else losses[:-1]
            rises = not np.all(losses[1:] <= RISE * before)
            rows.append((momentum, rate, "INIT11" in codes or "INIT07" in codes, rises))
    frame = pd.DataFrame(rows, columns=["momentum", "rate", "says", "rises"])
    counts = frame.groupby(["momentum", "rate"]).apply(
        lambda g: pd.Series(
            {
                "runs": len(g),
                "rises, INIT11": (g["rises"] & g["says"]).sum(),
                "rises, silent": (g["rises"] & ~g["says"]).sum(),
                "smooth, INIT11": (~g["rises"] & g["says"]).sum(),
                "smooth, silent": (~g["rises"] & ~g["says"]).sum(),
            }
        ),
        include_groups=False,
    )
    return counts.reset_index()


# --- Cost -------------------------------------------------------------------------------------


def run_cost(repeats: int) -> pd.DataFrame:
    """Time a diagnosis beside `fit` with one epoch, on 1,000 rows; best of several, in ms."""
    X, y = load_data(1000)["digits"]
    rows = []
    for solver, hidden in product(["adam", "sgd"], [(100,), (100, 100)]):
        ours = InitMLPClassifier(hidden, solver=solver, max_iter=1, random_state=0)
        theirs = MLPClassifier(hidden, solver=solver, max_iter=1, random_state=0)
        case = diagnose(ours, X, y, random_state=0)._case
        spent = [
            best_time(partial(diagnose, ours, X, y, random_state=0), repeats),
            best_time(lambda ours=ours: clone(ours).fit(X, y), repeats),
            best_time(lambda theirs=theirs: clone(theirs).fit(X, y), repeats),
            # A copy has measured nothing yet.
            best_time(lambda case=case: judge(replace(case, _findings={})), repeats),
            best_epoch(ours, X, y, repeats),
        ]
        rows.append((solver, hidden, *(f"{1000 * t:.1f}" for t in spent)))
    names = ["solver", "hidden", "diagnose", "fit, one epoch", "fit of MLPClassifier, one epoch"]
    return pd.DataFrame(rows, columns=[*names, "diagnose: measuring", "fit: the epoch"])


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


# --- All of it --------------------------------------------------------------------------------


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of many")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", InitializationWarning)
    started = time.perf_counter()
    with threadpool_limits(limits=1):
        for solver, rate in [("adam", 0.001), ("sgd", 0.05)]:
            grid = run_grid(
                solver,
                rate,
                depths=[1, 10] if quick else [1, 3, 5, 10, 30],
                widths=[16] if quick else [8, 32],
                activations=ACTIVATIONS[:2] if quick else ACTIVATIONS,
            )
            print(f"The grid with {solver}, {len(grid)} cells\n\n{table(confusion(grid))}")
            print(f"Where verdict and outcome disagree\n\n{table(most_frequent(grid))}")
        print(f"Good starts\n\n{table(run_good(1 if quick else 10))}")
        print(f"Learning rates\n\n{table(run_rates(1 if quick else 5))}")
        print(f"Cost in milliseconds\n\n{table(run_cost(5 if quick else 30))}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
