"""Write a comparison down: an HTML page, Markdown, LaTeX."""

from __future__ import annotations

from skinit.report.page import render_report
from skinit.report.tables import (
    format_pairwise,
    format_summary,
    summary_to_latex,
    summary_to_markdown,
)

__all__ = [
    "format_pairwise",
    "format_summary",
    "render_report",
    "summary_to_latex",
    "summary_to_markdown",
]
