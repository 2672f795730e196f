"""What a notebook shows of an InitComparison: the conclusion, and what is behind it."""

from __future__ import annotations

from skinit.comparison import pictures
from skinit.report.notebook import render_fragment
from skinit.report.tables import format_summary


def write_html(comparison) -> str:
    """Return the sentences, the first columns of the summary and the scores as HTML."""
    summary = comparison.summary()
    metric = comparison.settings.metrics[comparison.metrics[0]]
    table = format_summary(
        summary,
        metric=metric.name,
        reference=comparison.reference,
        greater_is_better=metric.greater_is_better,
        columns="first",
    )
    figure = pictures.show_scores(comparison).to_figure()
    return render_fragment(comparison.sentences(), table, "Scores", figure)
