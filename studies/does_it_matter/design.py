"""The design: what is trained on what, in which order. PLAN.md says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

FLOOR = "zeros"  # reported, but in no ranking and in no share of variance
INITS = {
    "relu": (
        FLOOR, "sklearn", "torch", "keras", "he", "xavier", "orthogonal", "gain", "mup", "lsuv",
        "rai", "edge_of_chaos", "isometric",
    ),
    "tanh": (
        FLOOR, "sklearn", "torch", "keras", "he", "xavier", "orthogonal", "gain", "mup", "lsuv",
        "nguyen_widrow", "edge_of_chaos", "isometric",
    ),
}  # fmt: skip
ALL_INITS = tuple(dict.fromkeys(name for names in INITS.values() for name in names))
AUTO = "isometric"  # what init="auto" stands for
# The tables that it was chosen on: docs/decisions/0012-auto-is-isometric.md.
CHOSEN_ON = (
    "iris", "wine", "breast cancer", "digits", "australian", "bupa", "german", "heart",
    "ionosphere", "pima", "saheart", "sonar", "vehicle", "vowel",
)  # fmt: skip
RATES = (1e-5, 5e-5, 2e-4, 1e-3, 5e-3, 2e-2, 1e-1)  # nearly equal steps of the logarithm
ONE_RATE = 1e-3  # everybody's default for Adam
DEPTHS = (1, 4, 2, 10)  # in the order in which they are run
WIDTH = 32
BATCH = 32
UPDATES = 300  # of the weights, on the training part of a split
FOLDS = 5
REPEATS = 2


class Cell(NamedTuple):
    """One table, one activation, one depth, one repetition of the five folds."""

    table: str
    activation: str
    depth: int
    repeat: int


def cells(
    tables: Iterable[str], depths: Sequence[int] = DEPTHS, repeats: int = REPEATS, seed: int = 0
) -> Iterator[Cell]:
    """Yield all cells, depth by depth, tables in an order that is random and always the same.

    If time ends early, depths that are finished have all tables, and the tables that the last
    depth has are a random sample of them. The second repetition comes when the first is done.
    """
    order = np.random.default_rng(seed).permutation(sorted(tables))
    for repeat, depth, table, activation in product(range(repeats), depths, order, INITS):
        yield Cell(str(table), activation, depth, repeat)


def n_epochs(n_rows: int) -> int:
    """Return the epochs that make 300 updates on four fifths of the rows.

    Examples
    --------
    >>> n_epochs(500), n_epochs(150)
    (23, 75)
    """
    n_train = n_rows - n_rows // FOLDS
    return max(1, round(UPDATES / -(-n_train // BATCH)))


def n_trainings(n_tables: int) -> int:
    """Return how many networks the study trains: all rates, the chosen one, the one rate.

    Examples
    --------
    >>> n_trainings(32)
    299520
    """
    n_inits = sum(map(len, INITS.values()))
    return n_tables * len(DEPTHS) * FOLDS * REPEATS * n_inits * (len(RATES) + 2)
