"""Pages, Markdown and LaTeX: results for people who read them elsewhere."""

from __future__ import annotations

from skinit.report.page import render_page
from skinit.report.tables import (
    format_estimates,
    format_pairwise,
    format_summary,
    summary_to_latex,
    summary_to_markdown,
)

__all__ = [
    "format_estimates",
    "format_pairwise",
    "format_summary",
    "render_page",
    "summary_to_latex",
    "summary_to_markdown",
]
