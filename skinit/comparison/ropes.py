"""Regions of practical equivalence: what a user may give, and which one each metric gets.

A rope is the half width of such a region: differences below it do not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from skinit import statistics
from skinit._wording import is_number
from skinit.comparison.schema import Settings

if TYPE_CHECKING:
    import pandas as pd


def check_rope(rope, metrics) -> float | dict[str, float] | None:
    """Return regions of practical equivalence as plain floats, which JSON can hold."""
    if rope is None:
        return None
    if not isinstance(rope, Mapping):
        return check_width(rope)
    unknown = [name for name in rope if name not in metrics]
    if unknown:
        raise ValueError(f"rope: there is no metric {unknown[0]!r}; choose from {[*metrics]}.")
    return {name: check_width(value) for name, value in rope.items()}


def check_width(value) -> float:
    """Return the half width of a region of practical equivalence, or refuse what is none."""
    if not (is_number(value) and 0 <= float(value) < math.inf):
        raise ValueError(f"rope must be a difference of 0 or more, got {value!r}.")
    return float(value)


def rope_of(metric: str, rope, settings: Settings, baseline: pd.DataFrame) -> float:
    """Return the rope of a metric; where none is given, that of its unit.

    Parameters
    ----------
    metric : str
        Its name.
    rope : float, mapping of metric to float, or None
        As in `compare_initializers`. A number is for the primary metric, and for another one where
        neither of the two is an error in the unit of the target.
    settings : Settings
        Of the comparison.
    baseline : DataFrame
        As of `skinit.comparison.tables.baseline_table`: 1% of an error's mean there is its rope.
    """
    found, primary = settings.metrics[metric], settings.scoring[0]
    if isinstance(rope, Mapping):
        rope = rope.get(metric)
    elif found != primary and (found.in_unit_of_target or primary.in_unit_of_target):
        rope = None
    if rope is not None:
        return rope
    if not found.in_unit_of_target:
        return statistics.ROPE
    return float(f"{statistics.ROPE * baseline[f'test_{metric}'].mean():.2g}")


def inner_rope(
    loss: str, rope: float, settings: Settings, *, baseline: pd.DataFrame, losses: pd.Series
) -> float:
    """Return the rope of the loss that decides about tuned values; a square doubles shares.

    Parameters
    ----------
    loss : str
        What decides, a name in `skinit.comparison.metrics.LOSSES`.
    rope : float
        That of the loss that is recorded for every run, as of `rope_of`.
    settings : Settings
        Of the comparison.
    baseline : DataFrame
        As of `skinit.comparison.tables.baseline_table`.
    losses : Series
        Those of all trials.
    """
    recorded = settings.kind.loss.name
    if loss == recorded:
        return rope
    error = baseline[f"test_{recorded}"].mean()
    if loss == "squared_error":
        return 2 * error * rope
    return 2 * rope / error * float(losses.median())
