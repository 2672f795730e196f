"""Compare the default start of regressors with what people have (a few minutes on one core).

    python -m benchmarks.auto_numbers [--solver adam|sgd|lbfgs] [--learning-rate-init RATE]

Four tables come with scikit-learn: diabetes and Friedman's three functions. Inputs are
standardized, targets standardized or raw; networks have relu or tanh, one layer of 100 units or two
of 50; all else is at the defaults of `InitMLPRegressor`. Of every cell, the share of the variance
that is left on held-out rows is averaged over four folds (at most 1 is counted, what the mean
leaves). Printed are geometric means of the ratios to each other initializer (below 1, auto is
better), and the share of cells in which auto is better.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3
from sklearn.model_selection import KFold
from sklearn.preprocessing import scale

from skinit import InitMLPRegressor
from skinit.estimators.base import fit_stack

OTHERS = ["sklearn", "torch", "keras", "he", "xavier", "mup"]
TABLES = {
    "diabetes": partial(load_diabetes, return_X_y=True),
    "friedman 1": partial(make_friedman1, 500, noise=1, random_state=0),
    "friedman 2": partial(make_friedman2, 500, noise=100, random_state=0),
    "friedman 3": partial(make_friedman3, 500, noise=0.1, random_state=0),
}


def compare_cell(table, scaled, activation, hidden, **params) -> dict:
    """Return the mean share of the held-out variance that every initializer leaves."""
    X, y = TABLES[table]()
    X, y = scale(X), scale(y) if scaled else y
    left = []
    for seed, (train, test) in enumerate(KFold(4, shuffle=True, random_state=0).split(X)):
        make = partial(InitMLPRegressor, "squared_error", hidden, activation, random_state=seed)
        networks = {init: make(init=init, **params) for init in ["auto", *OTHERS]}
        fit_stack(list(networks.values()), X[train], y[train])
        left.append({init: _left(network, X[test], y[test]) for init, network in networks.items()})
    targets = "standardized" if scaled else "raw"
    return {"targets": targets, "table": table, **pd.DataFrame(left).mean()}


def _left(network, X, y) -> float:
    predicted = network.predict(X)
    return min(1.0, 1 - network.score(X, y)) if np.isfinite(predicted).all() else 1.0


def summarize(cells: pd.DataFrame) -> pd.DataFrame:
    """Return ratios to each other initializer, and how often auto is better."""
    ratios = np.log(cells[["auto"]].to_numpy() / cells[OTHERS]).groupby(cells["targets"])
    means = ratios.mean().pipe(np.exp).round(2)
    shares = ratios.agg(lambda ratio: np.mean(ratio < 0)).round(2)
    return pd.concat({"ratio": means, "better in": shares}).swaplevel().sort_index()


def main() -> None:
    """Run all cells and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--solver", default="adam")
    parser.add_argument("--learning-rate-init", type=float, default=0.001)
    params = vars(parser.parse_args())
    warnings.simplefilter("ignore")
    cells = product(TABLES, (True, False), ("relu", "tanh"), ((100,), (50, 50)))
    print(summarize(pd.DataFrame([compare_cell(*cell, **params) for cell in cells])).to_string())


if __name__ == "__main__":
    main()
