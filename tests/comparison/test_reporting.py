"""The report of a comparison says the same as its tables and sentences."""

from __future__ import annotations

import re

import numpy as np
import pytest

from skinit.comparison.provenance import Provenance
from skinit.comparison.reporting import detectable_sentences, name_report
from skinit.displays.base import name_metric
from tests.comparison.comparison_tools import compare


@pytest.fixture(scope="module")
def flaky():
    """Return a comparison in which one candidate cannot be drawn on some splits."""

    def draw(fan_in, fan_out, rng):
        if rng.random() < 0.5:  # by the seed of the run
            raise RuntimeError("no eigenvalues")
        return rng.normal(size=(fan_in, fan_out))

    return compare(
        init={"he": "he", "flaky": draw, "zeros": "zeros"},
        cv=5,
        scoring=["accuracy", "roc_auc_ovr", "f1_macro"],
    )


def rows_of(page, heading):
    """Return the text of each row of the first table below a heading."""
    section = page[page.index(f"<h2>{heading}</h2>") :]
    body = section[section.index("<tbody") : section.index("</tbody>")]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_a_candidate_that_failed_in_some_runs_says_in_how_many(flaky):
    table = flaky.candidates()
    n_failed, n_runs = table.loc["flaky", ["failed_runs", "n_runs"]]
    assert 0 < n_failed < n_runs == 5
    assert np.isnan(table.loc["flaky", "train_mean"])
    words = f"{n_failed} of 5 runs"
    (row,) = [row for row in rows_of(flaky.to_html(), "Summary") if row.startswith("flaky")]
    assert f"failed {words}" in row
    assert f"flaky failed in {words} and has no score" in flaky.sentence()


def test_every_metric_that_was_asked_for_is_in_the_report(flaky):
    page = flaky.to_html()
    for metric in flaky.metrics[1:]:
        assert f'data-label="{name_metric(metric)} (95% interval)"' in page
    means = flaky.candidates("f1_macro")["mean"]
    (row,) = [row for row in rows_of(page, "Other metrics") if row.startswith("he ")]
    assert f"{means['he']:.3f}" in row
    assert "Outcomes are exploratory: the primary metric is accuracy." in page


def test_epochs_ends_and_times_are_in_the_report(comparison):
    rows = rows_of(comparison.to_html(), "Loss curves")
    assert [row.split()[0] for row in rows] == ["zeros", "he", "again"]
    table = comparison.trainings()
    n_ended = round(table.loc["he", "unconverged_rate"] * 6)
    assert f" {n_ended} of 6 0 of 6 " in rows[1]
    assert rows[1].count(" ms") + rows[1].count(" s") == 2


def test_the_title_has_the_name_of_the_data_and_the_date(comparison, monkeypatch):
    monkeypatch.setattr(comparison, "provenance", Provenance("iris", "2026-01-31"))
    assert name_report(comparison) == "Initializers compared on iris, 31 January 2026"
    page = comparison.to_html(title="Mine & yours")
    assert "<title>Mine &amp; yours</title>" in page
    assert "<h1>Mine &amp; yours</h1>" in page
    monkeypatch.setattr(comparison, "provenance", Provenance())
    assert name_report(comparison) == "Initializers compared"


def test_a_code_leads_to_its_page_within_the_file(comparison):
    page = comparison.to_html()
    assert '<a href="#init01">INIT01</a>' in page
    assert 'id="init01"' in page
    assert "No gradient reaches any weight" in page[page.index('id="init01"') :]


def test_the_methods_can_be_copied_from_the_report(comparison):
    page = comparison.to_html()
    methods = comparison.methods()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert methods.paragraph.replace("'", "&#39;") in text
    for value in comparison.configuration.values():
        assert value.split("\n")[0].replace("'", "&#39;") in text


def test_power_is_told_of_each_pair_with_the_reference_and_not_of_hopeless_ones():
    close = compare(init=["he", "xavier", "zeros"], cv=5)
    sizes = close.resolution()
    assert list(sizes.index) == list(close.candidates().index[1:])
    (text,) = detectable_sentences(close)
    worse = close.candidates().query("outcome == 'worse'").index
    for key in sizes.index:
        assert (f"{sizes[key]:.3f}" in text) == (key not in worse)
    without = compare(init=["he", "xavier"], cv=5)
    assert sizes.drop("zeros").to_dict() == pytest.approx(without.resolution().to_dict())


def test_a_single_candidate_has_a_report_too():
    page = compare(init=["he"], cv=2).to_html()
    for heading in ("Differences", "Verdicts explained", "What went wrong"):
        assert f"<h2>{heading}</h2>" not in page
    assert "<h2>Methods</h2>" in page
