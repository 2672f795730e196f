"""The rule about inputs that are not scaled, and the part of it that ``fit`` can afford."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import issparse

from skinit.engine.rows import as_matrix
from skinit.engine.task import Samples
from skinit.propagation.batch import mean_square
from skinit.propagation.case import Case
from skinit.propagation.signal import (
    find_faded_signal,
    find_gradient_ratio,
    find_large_signal,
    find_overconfidence,
    find_overflow,
)
from skinit.propagation.verdict import Finding

# Root mean squares. Digits from 0 to 16 have 8 and train as well as standardized; from 30 on, many
# networks failed in the trials of docs/verdicts/init10.md. Standardized inputs have 1, always.
TINY_INPUTS, LARGE_INPUTS = 0.01, 20.0
GLANCE = 1 << 14  # numbers that ``fit`` looks at before it looks at all
# What inputs of another scale may cause. A learning rate that is too large is no such symptom.
SYMPTOMS = (
    find_large_signal,
    find_faded_signal,
    find_gradient_ratio,
    find_overflow,
    find_overconfidence,
)


def find_unscaled_inputs(case: Case) -> Finding | None:
    """INIT10: standardized inputs would cure all symptoms, or the inputs are close to 0 or large.

    Large inputs without any symptom are a mild case. Where standardized inputs leave a symptom, the
    weights are at fault.
    """
    X = case.propagation.inputs
    shows = shows_in_the_network(case)
    if not (shows or (_is_large(X) and _is_large(as_matrix(case.train.X)))):
        return None
    cured = not any(map(_judged(case).standardized.find, SYMPTOMS))
    if not (cured or _is_tiny(X)):
        return None
    fine = "; with standardized inputs the same weights are fine" if cured else ""
    return Finding(
        None,
        f"The inputs are not scaled (root mean square {_stored_size(X):.3g}){fine}.",
        "Put a StandardScaler first: not the initializer's fault.",
        "mild" if case.survives or not shows else "fatal",
    )


def shows_in_the_network(case: Case) -> bool:
    """Whether the inputs may be the cause of something: there are symptoms, or they are tiny."""
    return any(map(_judged(case).find, SYMPTOMS)) or _is_tiny(case.propagation.inputs)


def _judged(case: Case) -> Case:
    """Return the case without what is not the inputs' fault: targets of another scale."""
    return case.with_scaled_targets if case.of_numbers else case


@np.errstate(over="ignore")  # what overflows is large
def find_unscaled_rows(train: Samples) -> Finding | None:
    """INIT10 as ``fit`` gives it: the inputs are close to 0 or large, whatever the weights are.

    A few rows tell whether to look at all of them.

    Parameters
    ----------
    train : Samples
        The training rows.
    """
    n, n_features = train.X.shape
    n_rows = min(max(GLANCE // n_features, 8), n)
    for rows in (train.X[:: n // n_rows], train.X):
        X = as_matrix(rows)
        if not (_is_large(X) or 0 < _stored_size(X) < TINY_INPUTS):
            return None
    return Finding(
        None,
        f"The inputs are not scaled (root mean square {_stored_size(X):.3g}).",
        "Put a StandardScaler first.",
    )


def _is_tiny(X) -> bool:
    return _stored_size(X) < TINY_INPUTS


def _is_large(X) -> bool:
    return mean_square(X) > LARGE_INPUTS**2


def _stored_size(X) -> float:
    """Return the root mean square of what is stored.

    Texts have unit rows and thousands of zeros; it is what they hold that may be small.
    """
    return math.sqrt(mean_square(X.data[None] if issparse(X) and X.nnz else X))
