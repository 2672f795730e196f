"""Rules about units: dead ones, copies, and weights that no gradient reaches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skinit._wording import write_count, write_share
from skinit.engine.passes import evaluate
from skinit.engine.stack import Stack
from skinit.propagation.batch import take_rows
from skinit.propagation.case import Case
from skinit.propagation.measure import Propagation, dead_share, has_slope
from skinit.propagation.signal import find_faded_signal
from skinit.propagation.verdict import Finding

DEAD = 0.90  # share of a layer's units
DISTINCT = 0.90  # share of a layer's units
BLOCK_ROWS = 1024  # where all rows must be looked at


def find_dead(case: Case) -> Finding | None:
    """INIT06: almost all units of a layer are dead, or the layer is silent on almost all rows."""
    start = case.propagation
    return _find_layer(case, start.dead, _dead_units) or _find_layer(
        case, start.silent_rows * ~start.is_unset, _silent_rows
    )


def _find_layer(case, shares, look_closer) -> Finding | None:
    """Return the finding on the worst layer, if all rows confirm what the batch shows."""
    if max(shares, default=0.0) < DEAD:
        return None
    layer = int(shares.argmax()) + 1
    share, evidence = look_closer(case, layer)
    if share < DEAD:
        return None
    return Finding(layer, evidence, "Check negative biases; use he or leaky_relu.")


def _dead_units(case, layer) -> tuple[float, str]:
    """Return the share of a layer's units that are dead on all rows, and what that means."""
    fires, is_set = np.zeros((2, len(case.layers[layer - 1][1])), bool)
    for z in _sums(case, layer):
        fires |= has_slope(case.activation, z).any(axis=0)
        is_set |= z.any(axis=0)
    share, rows = dead_share(fires, is_set), len(case.train.y)
    return share, (
        f"{write_share(share)} of layer {layer} never fires on {rows} rows, so no gradient passes."
    )


def _silent_rows(case, layer) -> tuple[float, str]:
    """Return the share of all rows that a layer gives nothing but 0 for, and what that means."""
    silent = sum(
        int((~case.activation.function(z, np.empty_like(z)).any(axis=1)).sum())
        for z in _sums(case, layer)
    )
    rows = len(case.train.y)
    return silent / rows, (
        f"All units of layer {layer} are 0 on {silent} of {rows} rows, which therefore pass no "
        "gradient and look alike."
    )


def _sums(case, layer) -> Iterator[np.ndarray]:
    """Yield the pre-activations of a layer on all rows, block by block."""
    coefs, intercepts = zip(*case.layers[:layer], strict=True)
    for _, z in evaluate(Stack.of_one(coefs, intercepts), case.activation, case.train.X):
        yield z[0]


def find_no_gradient(case: Case) -> Finding | None:
    """INIT01: every sample's gradient is 0 at every weight."""
    # A signal that has faded to 1e-30 is not 0, and random already: INIT04 says so.
    faded = case.find(find_faded_signal) and case.propagation.growth[-1] > 0
    if case.propagation.has_gradient or faded or any(_have_gradient(case)):
        return None
    moment = "here" if case.fitted else "at the start"
    return Finding(
        None,
        f"No gradient reaches any weight: only the output bias can move. All dL/dW are 0 {moment}.",
        "Use a random init: he, xavier or orthogonal.",
    )


def _have_gradient(case):
    """Yield for one block of all rows after the other whether it has a gradient."""
    for start in range(0, len(case.train.y), BLOCK_ROWS):
        rows = take_rows(case.train, slice(start, start + BLOCK_ROWS))
        yield Propagation(case.layers, case.activation, case.loss, rows).has_gradient


def find_copies(case: Case) -> Finding | None:
    """INIT02: units of a layer are copies of one another."""
    widths = np.array([a.shape[1] for a in case.propagation.a])
    shares = np.where(widths > 1, case.propagation.distinct / widths, 1.0)
    if min(shares, default=1.0) >= DISTINCT:
        return None
    i = int(shares.argmin())
    return Finding(
        i + 1,
        f"Units are copies: layer {i + 1} has only "
        f"{write_count(case.propagation.distinct[i], 'distinct unit')} of {widths[i]}, and copies "
        "stay equal under gradient descent.",
        "Break the tie with a random init.",
        "mild",
    )
