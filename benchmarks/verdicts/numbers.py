"""Starts of regressors on targets of many scales: diagnose, train, and compare.

Every start is trained a second time on standardized targets, with the same seed: what fails there
too is not the fault of the targets' scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.metrics import r2_score
from sklearn.preprocessing import scale

from benchmarks.verdicts.records import MILD
from benchmarks.verdicts.tables import count_outcomes
from skinit import InitMLPRegressor
from skinit.diagnosis import diagnose
from skinit.initializers import VarianceScaling

# Of the variance of the targets, what is left at the end.
FAILS, LAGS = 0.9, 0.6
INITS = {
    "auto": "auto",
    "he": "he",
    "sklearn": "sklearn",
    "torch": "torch",
    "xavier": "xavier",
    "large output": lambda depth: ["he"] * depth + [VarianceScaling(500.0)],
}
RATES = {
    "adam": [1e-4, 1e-3, 1e-3, 0.01, 0.1],
    "sgd": [1e-4, 1e-3, 1e-3, 0.01, 0.1],
    "lbfgs": [0.001],
}


@dataclass(frozen=True)
class NumberSpec:
    """One start of a regressor, and the targets that it is trained on.

    Attributes
    ----------
    data, init, activation, solver : str
        By name.
    loss : {"squared_error", "poisson"}
        Poisson with targets that are made positive.
    spread : float
        Standard deviation of the targets.
    offset : float
        Their mean, in standard deviations.
    rate : float
        The learning rate.
    depth, width, seed : int
        Hidden layers, their units, and the seed of weights and batches.
    """

    data: str
    loss: str
    spread: float
    offset: float
    init: str
    activation: str
    solver: str
    rate: float
    depth: int
    width: int
    seed: int

    def make_estimator(self) -> InitMLPRegressor:
        """Return the estimator, unfitted, with scikit-learn's defaults in all that is not named."""
        init = INITS[self.init]
        return InitMLPRegressor(
            self.loss,
            (self.width,) * self.depth,
            self.activation,
            init=init(self.depth) if callable(init) else init,
            solver=self.solver,
            learning_rate_init=self.rate,
            batch_size=64,
            random_state=self.seed,
        )

    def targets(self, z) -> np.ndarray:
        """Return targets of this scale from standardized ones."""
        if self.loss == "poisson":
            return self.spread * np.exp(0.7 * z)
        return self.spread * (z + self.offset)


def draw_number_spec(rng: np.random.Generator) -> NumberSpec:
    """Draw a start; a third of the targets are standardized."""
    solver = str(rng.choice(["adam", "sgd", "lbfgs"], p=[0.5, 0.35, 0.15]))
    spread = 1.0 if rng.random() < 0.33 else float(f"{10 ** rng.uniform(-5, 5):.2g}")
    return NumberSpec(
        data=str(rng.choice(["friedman", "diabetes"], p=[0.6, 0.4])),
        loss=str(rng.choice(["squared_error", "poisson"], p=[0.75, 0.25])),
        spread=spread,
        offset=float(rng.choice([0, 0, 2, 10, 100])),
        init=str(rng.choice(list(INITS), p=[0.35, 0.15, 0.15, 0.15, 0.1, 0.1])),
        activation=str(rng.choice(["relu", "tanh"])),
        solver=solver,
        rate=float(rng.choice(RATES[solver])),
        depth=int(rng.choice([1, 2, 3])),
        width=int(rng.choice([16, 32, 100])),
        seed=int(rng.integers(1000)),
    )


def load_numbers() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return standardized inputs and targets by name."""
    tables = {
        "friedman": make_friedman1(600, noise=0.5, random_state=0),
        "diabetes": load_diabetes(return_X_y=True),
    }
    return {name: (scale(X), scale(y)) for name, (X, y) in tables.items()}


def unexplained(spec: NumberSpec, X, y) -> float:
    """Return the share of the variance that is left after training; infinite if it diverged."""
    try:
        return 1 - r2_score(y, spec.make_estimator().fit(X, y).predict(X))
    except ValueError as error:
        if "finite" not in str(error):
            raise
        return math.inf


def outcome_of(left: float) -> str:
    """Say whether a start fails, lags or trains, by the share of the variance that is left."""
    if not left < FAILS:  # as NaN and infinity are
        return "fails"
    return "lags" if left > LAGS else "trains"


def record_numbers(specs: Iterable[NumberSpec]) -> Iterator[dict]:
    """Yield a row for every start: what it is, what became of it, and of the standardized one."""
    data = load_numbers()
    for spec in specs:
        X, z = data[spec.data]
        y = spec.targets(z)
        usual = y / y.std() if spec.loss == "poisson" else z
        row = asdict(spec)
        for suffix, targets in (("", y), ("_scaled", usual)):
            left = unexplained(spec, X, targets)
            verdicts = diagnose(spec.make_estimator(), X, targets, random_state=0).verdicts
            row |= {
                f"codes{suffix}": " ".join(
                    v.code + MILD * (v.severity == "mild") for v in verdicts
                ),
                f"left{suffix}": float(f"{left:.3g}"),
                f"outcome{suffix}": outcome_of(left),
            }
        yield row


def count_number_outcomes(records: pd.DataFrame) -> pd.DataFrame:
    """Count what became of the starts of every first verdict, solver by solver.

    Starts that fail on standardized targets too are left out.
    """
    records = records[records["outcome_scaled"] != "fails"]
    tables = [
        count_outcomes(part).assign(solver=solver) for solver, part in records.groupby("solver")
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["solver", *table.columns.drop("solver")]]
