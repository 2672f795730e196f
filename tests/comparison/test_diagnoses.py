"""What `diagnose` says of the starts of a comparison."""

from __future__ import annotations


def test_every_candidate_carries_its_diagnosis(comparison):
    assert comparison.summary().loc["zeros", "diagnosis"] == "INIT01"
    assert comparison.summary().loc["he", "diagnosis"] == ""
    assert list(comparison.diagnoses) == ["zeros"]
    assert "only the output bias can move" in comparison.to_html()
