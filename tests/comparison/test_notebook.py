"""A notebook shows the conclusion and the table, and obeys no label."""

from __future__ import annotations

from html import escape

from tests.comparison.comparison_tools import compare


def test_a_notebook_shows_sentences_and_table(comparison):
    html = comparison._repr_html_()
    for sentence in comparison.sentences():
        assert escape(sentence) in html
    table = html.partition("<table")[2]
    for label in ["zeros", "he", "again", "class prior"]:
        assert f"<td>{label}</td>" in table
    assert "color" not in html, "colours of one page do not suit the other"


def test_a_notebook_obeys_no_label():
    label = "<script>alert(1)</script>"
    html = compare(init={label: "he", "b": "xavier"}, cv=3)._repr_html_()
    assert label not in html
    assert escape(label) in html


def test_several_activations_and_a_control_are_shown():
    several = compare(init=["he", "xavier"], activation=["tanh", "relu"], cv=3)
    assert "relu" in several._repr_html_()
    assert "control" in compare(init=["he", "xavier"], control="he", cv=3)._repr_html_()


def test_a_figure_is_shown_on_demand(comparison):
    _, _, disclosed = comparison._repr_html_().partition("<details>")
    assert '<img src="data:image/svg+xml;base64,' in disclosed
    assert "<details open" not in comparison._repr_html_()
