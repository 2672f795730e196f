"""The HTML page."""

from __future__ import annotations

import base64
import os
import re
from itertools import pairwise

import pytest

from skinit.report import page, render_page
from skinit.report.blocks import Disclosure, Markdown, Plot, Section, Table, Text
from tests.report.report_tools import EVIL, LABELS, Page, make_figure, make_page, make_summary


@pytest.fixture(scope="module")
def evil():
    return make_page()


def test_the_page_is_well_formed_and_has_one_first_heading(evil):
    parsed = Page(evil)
    tags = [tag for tag, _ in parsed.tags]
    assert evil.startswith("<!DOCTYPE html>")
    assert tags[:2] == ["html", "head"]
    assert tags.count("h1") == tags.count("title") == tags.count("main") == 1
    assert parsed.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_whatever_is_passed_in_comes_out_as_text(evil):
    parsed = Page(evil)
    assert parsed.all("script") == []
    assert len(parsed.all("img")) == 1
    assert not any(name.startswith("on") for _, attrs in parsed.tags for name in attrs)
    # title, heading, subtitle, 2 sentences, header cells (metric, reference, extra column), rows
    # (summary, pairs), note, facts (2), caption, reference, code, 5 headings, a page (its text)
    assert sum(text.count(EVIL) for text in parsed.text) >= 22


def test_the_page_loads_nothing_and_runs_nothing(evil):
    plain = make_page(text="plain", summary=make_summary().drop(index=EVIL))
    assert "http" not in plain.replace("http-equiv", "").replace("https://evil.example", "")
    for source in (plain, evil):
        style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
        assert len(style) > 1000
        assert "url(" not in style
        assert "@import" not in style
        parsed = Page(source)
        assert {tag for tag, _ in parsed.tags} & {"script", "link", "iframe", "object"} == set()
        links = [
            attrs[name] for _, attrs in parsed.tags for name in ("src", "href") if name in attrs
        ]
        assert links
        assert all(link.startswith(("data:image/", "#")) for link in links)
        policy = next(m["content"] for m in parsed.all("meta") if "http-equiv" in m)
        assert policy.startswith("default-src 'none'")


def test_codes_are_links_within_the_file_where_their_page_is_there():
    frame = make_summary()[["outcome"]].reset_index().astype(str)
    frame["Diagnosis"] = ["INIT03", "INIT01", "–", "INIT031", "–"]
    page_of_init03 = "# INIT03: saturated\n\nSee [INIT03](init03.md) and [INIT10](init10.md).\n"
    blocks = [
        Table("t", frame),
        Text("INIT03, saturated; not INIT01"),
        Disclosure("INIT03: saturated", [Markdown("init03", page_of_init03)]),
    ]
    source = render_page(None, title="T", sentences=["S"], sections=[Section("H", blocks)])
    parsed = Page(source)
    assert [a["href"] for a in parsed.all("a")] == ["#init03"] * 3
    assert [d["id"] for d in parsed.all("div") if "id" in d] == ["init03"]
    assert "See " in "".join(parsed.text) and "INIT10." in "".join(parsed.text)
    assert "INIT03: saturated</summary>" in source


def test_it_is_made_for_dark_screens_phones_and_paper(evil):
    for part in ("prefers-color-scheme: dark", "@media print", "max-width: 46rem"):
        assert part in evil
    viewport = [m for m in Page(evil).all("meta") if m.get("name") == "viewport"]
    assert viewport[0]["content"] == "width=device-width, initial-scale=1"


def test_outcomes_are_words_with_a_sign_and_not_colours_alone():
    source = make_page(text="plain")
    table = source[source.index("<tbody") : source.index("</tbody>")]
    assert "</span> undecided</span> <small>highest mean (not separated)</small>" in table
    table += make_page(text="plain", summary=make_summary(labels=["he", "zeros"]))
    for word, mark in [("best", "★"), ("worse", "▼"), ("undecided", "?")]:
        assert f'class="outcome {word}"><span aria-hidden="true">{mark}</span> {word}<' in table
    for word in ("best", "tied", "worse", "undecided", "failed"):
        assert f'"outcome {word}"' in source[source.index("<dt>") :]


def test_the_formula_stands_below_the_name():
    table = make_page()
    assert table.count("<small>N(0, 2/fan_in)</small>") == len(LABELS)
    assert ">Weights<" not in table


def test_figures_have_their_caption_as_alternative_text_and_their_size():
    plot = Plot("Scores", "How good", make_figure())
    source = render_page(None, title="T", sentences=["S"], sections=[Section("Scores", [plot])])
    (image,) = Page(source).all("img")
    assert image["alt"] == "Scores. How good"
    assert (image["width"], image["height"]) == ("384", "192")
    kind, _, data = image["src"].partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert b"<svg" in base64.b64decode(data)


def test_a_heavy_drawing_is_embedded_as_pixels(monkeypatch):
    monkeypatch.setattr(page, "LARGEST_SVG", 1000)
    (image,) = Page(make_page()).all("img")
    kind, _, data = image["src"].partition(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(data).startswith(b"\x89PNG")


def test_the_same_comparison_gives_the_same_page():
    assert make_page() == make_page()


def test_a_section_without_blocks_is_left_out():
    source = render_page(None, title="T", sentences=["he is best."], sections=[Section("H", [])])
    Page(source)
    assert '<p class="lead">he is best.</p>' in source
    assert "<h2>" not in source
    assert 'class="note"' not in source  # nor is there a subtitle


def test_the_page_is_written_to_a_file(tmp_path):
    path = tmp_path / "report.html"
    assert make_page(path) == path.read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skinit._files.os.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        make_page(path)
    assert path.read_text() == "old"
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        make_page(tmp_path / "nowhere" / "report.html")


def test_every_block_is_shown_once():
    from matplotlib.figure import Figure

    def plot(name):
        return Plot(name, f"Caption of {name}.", Figure(figsize=(1, 1)))

    sections = [
        Section("First", [plot("one"), Text("text one"), plot("two")]),
        Section("Second", [plot("three"), Text("text two")]),
        Section("Third", [Text("text three"), plot("four")]),
    ]
    page = render_page(None, title="t", sentences=["s"], sections=sections)
    for word in ("one", "two", "three", "four"):
        assert page.count(f"<figcaption>Caption of {word}.</figcaption>") == 1
    for word in ("one", "two", "three"):
        assert page.count(f"<p>text {word}</p>") == 1
