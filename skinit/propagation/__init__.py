"""What signal and gradient do in a network that has not been trained, and what that means.

One forward and one backward pass of a batch are measured (`Propagation`), and rules turn the
measurements into verdicts (`find_verdicts`): what is wrong, the evidence, the cure. Arrays in,
verdicts out; nothing here knows estimators.
"""

from __future__ import annotations

from skinit.propagation.batch import draw_batch
from skinit.propagation.case import Case
from skinit.propagation.hopeless import find_hopeless, find_unscaled
from skinit.propagation.layers import describe_layers
from skinit.propagation.measure import Propagation
from skinit.propagation.rules import RULES, find_verdicts
from skinit.propagation.verdict import InitializationWarning, Verdict

__all__ = [
    "RULES",
    "Case",
    "InitializationWarning",
    "Propagation",
    "Verdict",
    "describe_layers",
    "draw_batch",
    "find_hopeless",
    "find_unscaled",
    "find_verdicts",
]
