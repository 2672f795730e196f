"""Plots and the report of a comparison."""

from __future__ import annotations

import numpy as np
import pytest

from tests.comparison.comparison_tools import compare


def test_plots_show_what_the_tables_say(comparison):
    import matplotlib as mpl

    mpl.use("Agg")
    for display in (
        comparison.plot_curves(),
        comparison.plot_scores(),
        comparison.plot_differences(),
    ):
        axes = np.ravel(display.ax_)
        assert all(ax.get_xlabel() for ax in axes[-1:])
        mpl.pyplot.close(display.figure_)
    several = compare(init=["he", "xavier"], activation=["tanh", "relu"], cv=3)
    display = several.plot_heatmap()
    assert display.means.loc["he", "tanh"] == several.summary().loc[("he", "tanh"), "mean"]
    mpl.pyplot.close(display.figure_)


def test_the_report_says_everything_and_escapes_labels(tmp_path):
    label = "<script>alert(1)</script>"
    comparison = compare(init={label: "he", "zeros": "zeros"}, cv=3)
    page = comparison.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for text in ("Loss curves", "Differences", "random_state=0", "class prior", "scikit-learn"):
        assert text in page
    assert label not in comparison.to_markdown()
    assert "toprule" in comparison.to_latex()
    with pytest.raises(OSError, match="there is no folder"):
        comparison.to_html(tmp_path / "missing" / "report.html")
