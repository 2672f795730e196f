"""How sharply the loss bends at the start, and how sharply it may for a learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from skinit.engine.optimizers import SGD
from skinit.engine.passes import Workspace, loss_and_gradient
from skinit.engine.stack import Parameters
from skinit.engine.task import Samples
from skinit.propagation.batch import row_norms


def largest_curvature(
    gradient: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float, n_steps: int = 5
) -> float:
    """Return a lower bound of the largest positive eigenvalue of the Hessian, or 0.

    Lanczos with full reorthogonalisation, from the direction of the gradient. Products with
    the Hessian are differences of gradients.

    Parameters
    ----------
    gradient : callable ``(x) -> gradient``
        Both of shape (n_parameters,); the result must be a fresh array.
    x : ndarray of shape (n_parameters,)
        The point at which to measure it.
    step : float
        The distance over which gradients are compared.
    n_steps : int, default=5
        Products with the Hessian.
    """
    here = gradient(x)
    v = here
    basis = np.empty((n_steps, x.size))
    diagonal: list[float] = []
    off: list[float] = []
    for i in range(n_steps):
        norm = float(np.linalg.norm(v))
        if norm <= (1e-6 * max(map(abs, diagonal)) if diagonal else 0):
            break
        np.divide(v, norm, out=basis[i])
        v = (gradient(x + step * basis[i]) - here) / step
        off.append(norm)
        diagonal.append(float(basis[i] @ v))
        for _ in range(2):  # twice is enough
            v -= (basis[: i + 1] @ v) @ basis[: i + 1]
    if not diagonal:
        return 0.0
    if not np.isfinite([*diagonal, *off]).all():
        return math.inf
    T = np.diag(diagonal) + np.diag(off[1:], 1) + np.diag(off[1:], -1)
    return max(0.0, float(np.linalg.eigvalsh(T)[-1]))


def network_curvature(layers, activation, loss, samples: Samples) -> float:
    """Return a lower bound of the largest curvature of the mean loss over the samples."""
    at = Parameters.stack([layers], np.float64)
    gradient = Parameters(at.layer_sizes, np.empty_like(at.flat))
    work = Workspace(at, activation, len(samples.y), gradient=gradient)

    def gradient_at(x):
        at.flat[0] = x
        loss_and_gradient(work, loss, *samples)
        return gradient.flat[0].copy()

    # Small enough to move no pre-activation far, whatever the scale of the inputs.
    step = 1e-6 / max(1.0, math.sqrt(np.square(row_norms(samples.X)).mean()))
    return largest_curvature(gradient_at, at.flat[0].copy(), step)


def stability_limit(optimizer: SGD) -> float:
    """Return the sharpness beyond which gradient descent leaves a quadratic valley."""
    look_ahead = 2 * optimizer.momentum if optimizer.nesterov else 0
    return 2 * (1 + optimizer.momentum) / (1 + look_ahead)
