"""What the sentences of an InitComparison say."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from skinit import statistics
from skinit._wording import name_label
from skinit.comparison.analysis import Analysis
from skinit.comparison.choices import edge_sentences
from skinit.displays.base import word_metric

if TYPE_CHECKING:
    import pandas as pd

    from skinit.comparison.schema import Run


def sentences(comparison, analysis: Analysis) -> list[str]:
    """Return what the runs allow to say of one metric, the best first."""
    metric, primary = analysis.metric, comparison.metrics[0]
    table = comparison.candidates(metric.name)
    scored = table["outcome"] != "failed"
    texts = []
    if scored.any():
        n_splits = len(comparison.records)
        texts = statistics.sentences(
            table[scored],
            metric=word_metric(metric.name),
            rope=analysis.rope,
            n_splits=n_splits,
            n_runs=n_splits * comparison.settings.splits.n_seeds,
            control=analysis.control,
            honest=comparison.honest_best if metric.name == primary else math.nan,
            greater_is_better=metric.greater_is_better,
            baseline=comparison.settings.kind.baseline,
        )
    if comparison.control is not None and analysis.control is None:
        texts.append(
            f"The control {name_label(comparison.control)} has no score to compare with: the "
            "others are compared with the best of them instead."
        )
    for label, row in table[table["mean"].isna()].iterrows():
        texts.append(
            f"{name_label(label)} failed in {row['failed_runs']} of {row['n_runs']} runs and has "
            "no score: see the failures."
        )
    for label in table.index[np.isinf(table["mean"])]:
        texts.append(
            f"{name_label(label)} has an infinite {metric.name}, which no test can compare: see "
            "the failures."
        )
    learned = table.index[~table["beats_prior"].isin(["predicts like", "worse"])]
    texts += edge_sentences(comparison._runs, comparison.settings, learned)
    if metric.name != primary and len(table) > 1:
        texts.append(f"These tests are exploratory: the primary metric is {word_metric(primary)}.")
    return texts


def note_failures(table: pd.DataFrame, control: Hashable = None) -> list[str]:
    """Return the notes of a summary, with what is missing of those that failed."""
    return [
        _note_failure(row, label == control) if row["outcome"] == "failed" else row["note"]
        for label, row in table.iterrows()
    ]


def _note_failure(row: pd.Series, is_control: bool) -> str:
    failed, n = row["failed_runs"], row["n_runs"]
    why = f"{failed} of {n} runs" if failed else "infinite score"
    return f"control, {why}" if is_control else why


def describe_failures(runs: list[Run], baseline: str) -> str:
    """Return what went wrong in the runs of one candidate; nothing where all went well."""
    texts = list(dict.fromkeys(run.error for run in runs if run.error is not None))
    texts += _describe_not_finite([run for run in runs if not (run.error or run.diverged)])
    where = [run.divergence for run in runs if run.divergence is not None]
    if where:
        texts.append(
            f"diverged in {len(where)} of {len(runs)} runs, the first time at iteration "
            f"{where[0].iteration} in layer {where[0].layer}; those runs are scored as the "
            f"{baseline}"
        )
    return "; ".join(texts)


def _describe_not_finite(runs: list[Run]) -> list[str]:
    """Say how many held-out scores are infinite, or are missing although no scorer raised."""
    texts = []
    for name in runs[0].scores.test if runs else ():
        scores = np.array([run.scores.test[name] for run in runs])
        for word, found in (("infinite", np.isinf(scores)), ("not a number", np.isnan(scores))):
            if found.any():
                texts.append(f"{name} is {word} in {found.sum()} of {len(runs)} runs")
    return texts
