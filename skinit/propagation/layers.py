"""Everything that is measured, as a table with a row per layer."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import entr

from skinit.propagation.batch import mean_square, row_norms
from skinit.propagation.measure import effective_rank

if TYPE_CHECKING:
    from skinit.propagation.case import Case


@np.errstate(all="ignore")
def describe_layers(case: Case) -> dict[str, list]:
    """Return what was measured, one list a quantity with one entry a layer.

    See `skinit.diagnosis.Diagnosis.to_frame` for the quantities. The outputs of the output layer
    are probabilities; what only hidden layers have is NaN there.
    """
    start = case.propagation
    outputs = [*start.a, case.loss.prediction(start.z[-1][None].copy())[0]]
    q = np.array([start.q[0], *map(mean_square, outputs)])
    spectra = [np.linalg.svd(W, compute_uv=False) for W in start.weights]
    table = {
        "layer": range(1, len(outputs) + 1),
        "units": [a.shape[1] for a in outputs],
        "z_mean": [z.mean() for z in start.z],
        "z_std": [z.std() for z in start.z],
        "a_mean": [a.mean() for a in outputs],
        "a_std": [a.std() for a in outputs],
        "q": q[1:],
        "q_ratio": q[1:] / q[:-1],
        "delta_rms": [math.sqrt(mean_square(delta)) for delta in start.delta],
        "gradient_rms": [math.sqrt(mean_square(G[0])) for G in start.gradient.coefs],
        "gradient_ratio": start.gradient_norms / start.gradient_norms[-1],
        "update_ratio": _first_updates(case),
        "saturated": [*start.saturated, math.nan],
        "dead": [*start.dead, math.nan],
        "silent_rows": [*start.silent_rows, math.nan],
        "always_on": [*start.always_on, math.nan],
        "distinct": [*start.distinct, math.nan],
        "rank": [_rank(s, W.shape) for s, W in zip(spectra, start.weights, strict=True)],
        "stable_rank": [np.square(s / s[0]).sum() for s in spectra],
        "effective_rank": [math.exp(entr(s / s.sum()).sum()) for s in spectra],
        "signal_rank": [*start.signal_rank, effective_rank(outputs[-1])],
        "cosine": [_mean_cosine(a) for a in outputs],
        "loss_ratio": [*([math.nan] * len(start.a)), np.divide(start.loss, start.neutral_loss)],
    }
    return {name: list(values) for name, values in table.items()}


def _first_updates(case) -> list[float]:
    """Return the size of the first step of every layer's weights over theirs."""
    start = case.propagation
    if case.optimizer is None:
        return [math.nan] * len(start.weights)
    moved = start.parameters.take([0])
    optimizer = copy.deepcopy(case.optimizer)
    optimizer.bind(moved.flat, start.gradient.flat.copy(), moved.n_weights)
    optimizer.step([0.0])
    return [
        float(np.linalg.norm(new - old) / np.linalg.norm(old))
        for new, old in zip(moved.coefs, start.parameters.coefs, strict=True)
    ]


def _rank(spectrum, shape) -> int:
    """Return the rank, by the tolerance of `numpy.linalg.matrix_rank`."""
    return int((spectrum > spectrum[0] * max(shape) * np.finfo(float).eps).sum())


def _mean_cosine(a) -> float:
    """Return the mean cosine between the rows of a, those of zeros left out."""
    norms = row_norms(a)
    directions = a[norms > 0] / norms[norms > 0, None]
    n = len(directions)
    return (np.square(directions.sum(axis=0)).sum() - n) / (n * (n - 1)) if n > 1 else math.nan
