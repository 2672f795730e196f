"""Diagnose a start, train it, and write down both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import numpy as np
import pandas as pd

from benchmarks.verdicts.starts import Spec, load_data
from skinit.diagnosis import diagnose

FAILS, LAGS = 0.9, 0.3  # of the entropy of the class shares, for the loss at the end
LAST = 3  # epochs whose mean loss is the loss at the end
MILD = "~"  # follows the code of a mild verdict


def class_entropy(y) -> float:
    """Return the entropy of the class shares, in nats."""
    shares = np.bincount(y) / len(y)
    return float(-(shares * np.log(shares)).sum())


def outcome_of(loss: float, entropy: float) -> str:
    """Say whether a loss at the end is that of a start that fails, lags or trains."""
    if not loss < FAILS * entropy:  # as NaN and infinity are
        return "fails"
    return "lags" if loss > LAGS * entropy else "trains"


def final_loss(estimator, X, y) -> float:
    """Return the mean loss of the last epochs of a training, infinite if it diverged."""
    try:
        return float(np.mean(estimator.fit(X, y).loss_curve_[-LAST:]))
    except ValueError as error:
        if "diverged" not in str(error) and "finite" not in str(error):
            raise
        return math.inf


def record(specs: Iterable[Spec]) -> Iterator[dict]:
    """Yield a row for every start: what it is, its verdicts, and what became of it."""
    data = load_data()
    for spec in specs:
        X, y = data[spec.data]
        verdicts = diagnose(spec.make_estimator(), X, y, random_state=0).verdicts
        loss = final_loss(spec.make_estimator(), X, y) / class_entropy(y)
        yield asdict(spec) | {
            "usual": spec.is_usual,
            "codes": " ".join(v.code + MILD * (v.severity == "mild") for v in verdicts),
            "loss_ratio": float(f"{loss:.3g}"),
            "outcome": outcome_of(loss, 1.0),
        }


def read_records(path) -> pd.DataFrame:
    """Read a table of records."""
    return pd.read_csv(
        path, keep_default_na=False, dtype={"batch": str, "codes": str, "codes_scaled": str}
    )
