"""Tables of scores for the tests of statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skinit import statistics

RHO = 0.25


def table(rng, n_splits=10, labels="abcd", spread=0.03, shift=0.02):
    """Return correlated scores in which later labels are worse by ``shift`` each."""
    split = rng.normal(0.8, 0.05, size=(n_splits, 1))
    noise = rng.normal(scale=spread, size=(n_splits, len(labels)))
    return pd.DataFrame(split + noise - shift * np.arange(len(labels)), columns=list(labels))


def as_runs(scores, n_seeds=1):
    index = pd.MultiIndex.from_product([range(len(scores)), range(n_seeds)])
    runs = pd.DataFrame(np.repeat(scores.to_numpy(), n_seeds, axis=0), index, scores.columns)
    return runs.rename_axis(index=["split", "seed"])


def judge(scores, rope=0.01, rows=None, identical=(), **options):
    control = options.get("control")
    pairs = statistics.pairwise(scores, RHO, rope, control, rows=rows, identical=identical)
    return statistics.outcomes(scores, pairs, **options)


def four_words(rng):
    """Return scores for which each of the four words is the right one."""
    best = rng.normal(0.8, 0.03, size=10)
    wobble = np.tile([1, -1], 5)
    return pd.DataFrame(
        {
            "worse": best - 0.2 + 0.01 * wobble,
            "undecided": best - 0.01 + 0.1 * wobble,
            "best": best,
            "tie": best - 0.002 + 0.001 * wobble,
            "trifle": best - 0.005 + 0.0001 * wobble,
        }
    )
