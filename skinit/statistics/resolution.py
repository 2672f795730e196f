"""How small a difference these splits can detect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from skinit.statistics.corrected_t import corrected_t
from skinit.statistics.held_out_rows import HeldOutRows

if TYPE_CHECKING:
    import pandas as pd


def resolution(scores: pd.DataFrame, rho: float, rows: HeldOutRows | None = None) -> float:
    """Return the difference that these splits detect with 80% power (unadjusted test).

    The median over pairs of ``(t_.975 + t_.80) * scale``, in the metric's unit. More repeats soon
    stop lowering it; more seeds lower the noise, and only more data lower ``rho``'s share.
    """
    values = scores.to_numpy(dtype=float)
    first, second = np.triu_indices(values.shape[1], k=1)
    test = corrected_t((values[:, first] - values[:, second]).T, rho, rows)
    scale = test.scale[~np.isnan(test.scale)]
    factor = stats.t.ppf(0.975, test.df) + stats.t.ppf(0.80, test.df)
    return float(factor * np.median(scale)) if scale.size else math.nan
