"""The plots of an InitComparison: which of its tables each display shows, and under which names."""

from __future__ import annotations

import numpy as np

from skinit.displays import (
    DifferencesDisplay,
    HeatmapDisplay,
    LossCurvesDisplay,
    ScoresDisplay,
    TuningDisplay,
)


def show_curves(comparison, *, order=None) -> LossCurvesDisplay:
    """Return the display of `InitComparison.plot_curves`, not drawn yet."""
    settings = comparison.settings
    return LossCurvesDisplay.from_frame(
        comparison.curves(),
        prior_loss=_baseline_of_curves(comparison),
        loss=settings.curve_loss,
        baseline=settings.kind.baseline,
        order=order,
    )


def _baseline_of_curves(comparison) -> float | None:
    """Return the baseline's mean loss, where it is known in the unit of the curves."""
    curve_loss, known = comparison.settings.curve_loss, comparison.settings.kind.loss.name
    losses = comparison.baseline[f"test_{known}"]
    if curve_loss == known:
        return losses.mean()
    return np.square(losses).mean() if curve_loss == "squared_error" else None


def show_scores(comparison, metric: str | None = None, *, order=None) -> ScoresDisplay:
    """Return the display of `InitComparison.plot_scores`, not drawn yet."""
    name = comparison._analyze(metric).metric.name
    summary = comparison.summary(name)
    return ScoresDisplay.from_frame(comparison._runs, summary, metric=name, order=order)


def show_differences(comparison, metric: str | None = None, *, order=None) -> DifferencesDisplay:
    """Return the display of `InitComparison.plot_differences`, not drawn yet."""
    analysis = comparison._analyze(metric)
    return DifferencesDisplay.from_frame(
        comparison.summary(metric),
        rope=analysis.rope,
        n_splits=len(comparison.records),
        metric=analysis.metric.name,
        reference=analysis.reference,
        order=order,
    )


def show_heatmap(comparison, metric: str | None = None, *, order=None) -> HeatmapDisplay:
    """Return the display of `InitComparison.plot_heatmap`, not drawn yet."""
    found = comparison._analyze(metric).metric
    return HeatmapDisplay.from_frame(
        comparison._runs,
        summary=comparison.candidates(metric),
        metric=found.name,
        greater_is_better=found.greater_is_better,
        order=order,
    )


def show_tuning(comparison, parameter: str | None = None, *, order=None) -> TuningDisplay:
    """Return the display of `InitComparison.plot_tuning`, not drawn yet."""
    trials = comparison.tuning()
    names = list(comparison.settings.tuning.values)
    if parameter is not None and parameter not in names:
        raise ValueError(f"{parameter!r} was not tuned; this comparison tuned {names}.")
    return TuningDisplay.from_frame(trials, parameter=parameter or names[0], order=order)
