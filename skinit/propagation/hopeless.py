"""What `fit` warns of: starts that cannot learn, and inputs that are not scaled."""

from __future__ import annotations

import math

import numpy as np

from skinit.engine.losses import NumberLoss
from skinit.engine.passes import Workspace, forward
from skinit.engine.stack import Stack
from skinit.engine.task import Layers, Samples, TrainingConfig
from skinit.propagation.batch import draw_batch
from skinit.propagation.case import Case
from skinit.propagation.inputs import find_unscaled_rows
from skinit.propagation.measure import COPIES, count_distinct
from skinit.propagation.rules import find_verdicts, make_verdict
from skinit.propagation.scaling import TargetScaling
from skinit.propagation.units import DISTINCT
from skinit.propagation.verdict import Verdict

CANNOT_LEARN = ("INIT01", "INIT02", "INIT13")
# Targets that need no closer look: their standard deviation, of the square root of `tol`, and the
# distance of the first predictions from them.
SOME_SPREAD, NEAR = 10.0, 10.0


def find_hopeless(
    layers: Layers, activation, loss, train: Samples, config: TrainingConfig | None = None
) -> list[Verdict]:
    """Return the verdicts on a start that cannot learn: INIT01, 02 or 13, otherwise none.

    Eight rows tell whether to look closer: copies have pre-activations that are equal up to their
    signs, and without any gradient the last hidden layer is 0. That costs about one part in a
    hundred of an epoch. Numbers of a usual scale need no closer look either.

    Parameters
    ----------
    layers : list of (W, b)
        The start.
    activation : Activation
        Of the hidden layers.
    loss : Loss
        On the raw outputs.
    train : Samples
        The training rows, in the coordinates of the layers.
    config : TrainingConfig, default=None
        How the network is to be trained; without it, nothing is said about the targets.
    """
    asks_targets = config is not None and _may_be_unscaled(layers, loss, train, config)
    if not (asks_targets or _may_be_hopeless(layers, activation, train.X[:8])):
        return []
    batch = draw_batch(train, 256, np.random.default_rng(0))
    case = Case(layers, activation, loss, train, batch, config if asks_targets else None)
    # INIT06 is asked for too, because it explains the others.
    verdicts = find_verdicts(case, ("INIT06", *CANNOT_LEARN))
    return [
        verdict
        for verdict in verdicts
        if verdict.code in CANNOT_LEARN
        and (verdict.code != "INIT13" or verdict.severity == "fatal")
    ]


def _may_be_unscaled(layers, loss, train, config) -> bool:
    """Whether the targets hardly vary, or lie far from where the output biases are."""
    if not isinstance(loss, NumberLoss):
        return False
    scaling = TargetScaling.of(loss, train)
    first = loss.prediction(np.array(layers[-1][1], dtype=np.float64))
    distance = np.hypot(first - scaling.mean, scaling.spread)
    # Written so that what is not finite is looked at.
    usual = (scaling.spread > SOME_SPREAD * math.sqrt(config.tol)) & (distance < NEAR)
    return not usual[scaling.spread != 0].all()  # of a constant there is nothing to learn


def find_unscaled(train: Samples) -> list[Verdict]:
    """Return the verdict on training rows that are not scaled, INIT10, otherwise none.

    It looks at the inputs alone, which costs a few thousandths of an epoch.
    """
    finding = find_unscaled_rows(train)
    return [] if finding is None else [make_verdict("INIT10", finding)]


def _may_be_hopeless(layers, activation, X) -> bool:
    """Whether pre-activations of a layer are equal up to signs, or the last hidden layer is 0."""
    stack = Stack.of_one(*map(list, zip(*layers, strict=True)))
    work = Workspace(stack, activation, X.shape[0], keep=True)
    if not work.outputs:
        return False
    with np.errstate(all="ignore"):
        forward(work, X)
        equal = any(
            count_distinct([z[0]], COPIES[z.dtype.name], signed=False) < DISTINCT * z.shape[-1]
            for z in work.pre_activations
        )
    return equal or not work.outputs[-1].any()
