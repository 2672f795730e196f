"""One cell: all initializers at one rate, and each at the rate that suits it."""

from __future__ import annotations

import warnings
from pathlib import Path

from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import (
    InitComparison,
    InitializationWarning,
    InitMLPClassifier,
    compare_initializers,
)
from skinit.comparison.metrics import log_loss
from studies.does_it_matter.data import Table
from studies.does_it_matter.design import (
    BATCH,
    FOLDS,
    INITS,
    ONE_RATE,
    RATES,
    WIDTH,
    Cell,
    n_epochs,
)

PROTOCOLS = {"one rate": None, "tuned": {"learning_rate_init": RATES}}


def minus_log_loss(estimator, X, y) -> float:
    """Return the mean log probability of the classes in `y`: the primary score."""
    return -log_loss(estimator, X, y)


def accuracy(estimator, X, y) -> float:
    """Return the share of rows whose class is predicted."""
    return float((estimator.predict(X) == y).mean())


def make_estimator(cell: Cell, n_rows: int):
    """Return what a cell trains: standardized inputs, a fixed number of updates, no stopping."""
    epochs = n_epochs(n_rows)
    network = InitMLPClassifier(
        (WIDTH,) * cell.depth,
        cell.activation,
        learning_rate_init=ONE_RATE,
        batch_size=BATCH,
        max_iter=epochs,
        n_iter_no_change=epochs,
        tol=0.0,
        engine="numpy",  # the same numbers wherever it is repeated
    )
    return make_pipeline(StandardScaler(), network)


def run_cell(cell: Cell, table: Table, folder: Path | None = None) -> dict[str, InitComparison]:
    """Compare all initializers of a cell, by protocol; finished splits are kept in a folder."""
    return {name: _compare(cell, table, name, folder) for name in PROTOCOLS}


def checkpoint_path(folder: Path, cell: Cell, protocol: str) -> Path:
    """Return where the splits of a cell are kept."""
    parts = [*map(str, cell), protocol]
    return folder / f"{'-'.join(parts).replace(' ', '_')}.jsonl"


def _compare(cell, table, protocol, folder) -> InitComparison:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", InitializationWarning)
        return compare_initializers(
            make_estimator(cell, len(table.y)),
            table.X,
            table.y,
            init=list(INITS[cell.activation]),
            cv=StratifiedKFold(FOLDS, shuffle=True, random_state=cell.repeat),
            scoring={"minus_log_loss": minus_log_loss, "accuracy": accuracy},
            tune=PROTOCOLS[protocol],
            curves=False,
            random_state=cell.repeat,
            checkpoint=None if folder is None else checkpoint_path(folder, cell, protocol),
            progress=False,
        )
