"""Ranks over data sets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinit import statistics
from skinit.displays import (
    CriticalDifferenceDisplay,
)
from tests.displays.display_tools import LABELS, annotations_of, make_dataset_scores


def test_the_diagram_shows_ranks_cliques_and_critical_difference():
    scores = make_dataset_scores()
    display = CriticalDifferenceDisplay.from_frame(scores).plot()
    ranks = statistics.mean_ranks(scores)
    pd.testing.assert_series_equal(display.mean_ranks, ranks.sort_values(), check_names=False)
    expected = {f"{rank:.2f}" for rank in ranks}
    names = {text.get_text(): text.xy[0] for text in annotations_of(display.ax_)}
    assert {number for text in names for number in text.split() if "." in number} == expected
    for text, x in names.items():
        (label,) = (label for label in LABELS if label in text)
        assert x == ranks[label]
    bars = [line for line in display.ax_.get_lines() if line.get_linewidth() == 3.5]
    groups = statistics.cliques(ranks, statistics.nemenyi_cd(4, 14))
    assert len(bars) == len(groups) > 0
    for bar, group in zip(bars, groups, strict=True):
        low, high = bar.get_xdata()
        np.testing.assert_allclose([low, high], [ranks[group].min(), ranks[group].max()], atol=0.05)
    (scale,) = display.ax_.containers
    segment = scale[2][0].get_segments()[0][:, 0]
    assert np.ptp(segment) == pytest.approx(statistics.nemenyi_cd(4, 14))


def test_fewer_than_five_datasets_give_ranks_only():
    display = CriticalDifferenceDisplay.from_frame(make_dataset_scores(n=4)).plot()
    assert np.isnan(display.critical_difference)
    assert not [line for line in display.ax_.get_lines() if line.get_linewidth() == 3.5]
    assert "4 datasets: too few for a test" in [text.get_text() for text in display.ax_.texts]
