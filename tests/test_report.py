from __future__ import annotations

import base64
import os
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from skinit import statistics
from skinit.report import (
    format_pairwise,
    format_summary,
    page,
    render_report,
    summary_to_latex,
    summary_to_markdown,
)

EVIL = "<script>alert('1')</script>\"><img src=https://evil.example/x onerror=alert(2)> & $x_1$"
LABELS = ["he", "xavier", EVIL, "zeros"]
VOID = {"meta", "img", "br"}


def make_scores(n_splits=10):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, size=(n_splits, len(LABELS)))
    return pd.DataFrame(noise + [0.91, 0.905, 0.88, 0.5], columns=LABELS)


def make_summary(n_splits=10):
    scores = make_scores(n_splits)
    runs = scores.set_axis(pd.MultiIndex.from_product([range(n_splits), [0]]), axis=0)
    table = statistics.summarize(runs.rename_axis(index=["split", "seed"]), 0.25, 0.01)
    table["beats_prior"] = ["beats", "not shown", "worse", "predicts like"]
    table["diverged_rate"] = [0.0, 0.001, 0.25, 1.0]
    table["train_mean"] = 0.99
    table["formula"] = "N(0, 2/fan_in)"
    prior = pd.DataFrame({"mean": [0.5], "sd_splits": [0.01]}, index=["class prior"])
    return pd.concat([table, prior])


def make_figure(n_points=3):
    figure = Figure(figsize=(4, 2))
    x = np.random.default_rng(0).normal(size=n_points)
    figure.subplots().plot(x, x**2, ".")
    return figure


def make_page(path=None, text=EVIL, **options):
    arguments = {
        "title": text,
        "sentence": [text, text],
        "summary": make_summary().assign(**{text: 1.0}),
        "figures": [(text, text, make_figure())],
        "failures": [(text, text)],
        "method": {text: text},
        "repeat": text,
        "notes": [text],
        "pairwise": statistics.pairwise(make_scores(), 0.25, 0.01),
        "metric": text,
        "reference": text,
    }
    return render_report(path, **(arguments | options))


class Page(HTMLParser):
    """Check that tags are balanced; collect tags with their attributes, and the text."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


# The page


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
    # title, heading, 2 sentences, header cells (metric, reference, extra column, 2 regions),
    # rows (summary, ties or pairs), note, failure (2), figure (2), method (2), repeat
    assert sum(text.count(EVIL) for text in parsed.text) >= 17


def test_the_page_loads_nothing_and_runs_nothing(evil):
    plain = make_page(text="plain", summary=make_summary().drop(index=EVIL), pairwise=None)
    assert "http" not in plain.replace("http-equiv", "")
    for source in (plain, evil):
        style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
        assert len(style) > 1000
        assert "url(" not in style
        assert "@import" not in style
        parsed = Page(source)
        assert {tag for tag, _ in parsed.tags} & {
            "script",
            "link",
            "iframe",
            "object",
            "a",
        } == set()
        links = [
            attrs[name] for _, attrs in parsed.tags for name in ("src", "href") if name in attrs
        ]
        assert links
        assert all(link.startswith("data:image/") for link in links)
        policy = next(m["content"] for m in parsed.all("meta") if "http-equiv" in m)
        assert policy.startswith("default-src 'none'")


def test_it_is_made_for_dark_screens_phones_and_paper(evil):
    for part in ("prefers-color-scheme: dark", "@media print", "overflow-x: auto", "sticky"):
        assert part in evil
    viewport = [m for m in Page(evil).all("meta") if m.get("name") == "viewport"]
    assert viewport[0]["content"] == "width=device-width, initial-scale=1"


def test_verdicts_are_words_with_a_sign_and_not_colours_alone():
    source = make_page(text="plain")
    table = source[source.index("<tbody>") : source.index("</tbody>")]
    for word, mark in [("best", "★"), ("worse", "▼"), ("undecided", "?")]:
        assert f'class="verdict {word}"><span aria-hidden="true">{mark}</span> {word}<' in table
    assert set(make_summary()["verdict"].dropna()) == {"best", "worse", "undecided"}
    for word in ("best", "tie", "worse", "undecided"):
        assert f'"verdict {word}"' in source[source.index("What the words mean") :]


def test_the_law_stands_below_the_name():
    table = make_page()
    assert table.count("<small>N(0, 2/fan_in)</small>") == len(LABELS)
    assert ">Law<" not in table


def test_figures_have_their_caption_as_alternative_text_and_their_size():
    source = make_page(text="plain", figures=[("Scores", "How good", make_figure())])
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


def test_a_page_needs_no_more_than_title_sentence_and_summary():
    source = render_report(None, title="T", sentence="he is best.", summary=make_summary())
    Page(source)
    assert '<p class="lead">he is best.</p>' in source
    for part in ("What went wrong", "How it was done", "All pairs", "<figure>"):
        assert part not in source


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


# Tables


def test_cells_hold_the_rounded_numbers_of_the_summary():
    summary = make_summary()
    table = format_summary(summary, metric="accuracy")
    row, values = table.iloc[3], summary.loc["zeros"]
    low, high = values["difference_low"], values["difference_high"]
    expected = {
        "Candidate": "zeros",
        "Law": "N(0, 2/fan_in)",
        "Verdict": "worse",
        "Held-out accuracy (95% interval)": f"{values['mean']:.3f} ({values['ci_low']:.3f} to "
        f"{values['ci_high']:.3f})",
        "On training rows": "0.990",
        "Difference to he (95% interval)": f"{values['difference']:.3f} ({low:.3f} to {high:.3f})",
        "Adjusted p": "< .001",
        "Worse / equivalent / better": "> 99% / < 1% / < 1%",
        "Ties with": "–",
        "Class prior": "predicts like it",
        "Diverged": "100%",
        "SD over splits": f"{values['sd_splits']:.3f}",
        "SD over seeds": "–",
        "Mean rank": "4.0",
    }
    plain = {name: cell.replace("\N{NO-BREAK SPACE}", " ") for name, cell in row.items()}
    assert {name: cell.replace("−", "-") for name, cell in plain.items()} == expected
    assert list(table["Diverged"]) == ["0%", "<\N{NO-BREAK SPACE}1%", "25%", "100%", "–"]


def test_what_is_missing_is_a_dash():
    prior = format_summary(make_summary()).iloc[-1]
    assert prior["Candidate"] == "class prior"
    assert prior.drop(["Candidate", "SD over splits"]).iloc[2].startswith("0.500")
    assert (prior == "–").sum() == len(prior) - 3
    one_split = format_summary(make_summary(n_splits=1).drop(columns="ties_with"))
    assert not one_split.isin(["nan", "None"]).any(axis=None)
    assert "(" not in one_split.iloc[0, 3]


def test_further_columns_are_shown_and_missing_ones_left_out():
    epochs = "reached 3/4, median 9 [8, > 9]"
    summary = make_summary()[["mean", "verdict"]].assign(epochs_to_target=epochs, deep=2)
    table = format_summary(summary)
    assert list(table.columns) == ["Candidate", "Verdict", "Epochs to target", "deep"]
    gap = "\N{NO-BREAK SPACE}"
    count, quartiles = f"reached{gap}3/4", f"median{gap}9{gap}[8,{gap}>{gap}9]"
    assert list(table.iloc[0]) == ["he", "best", f"{count}, {quartiles}", "2"]


def test_candidates_with_activations_and_their_ties_are_named():
    index = [("he", "tanh"), ("he", "relu"), ("class prior", "")]
    summary = pd.DataFrame(
        {"verdict": ["best", "tie", None], "ties_with": [(index[1],), (index[0],), np.nan]},
        index=pd.MultiIndex.from_tuples(index, names=["label", "activation"]),
    )
    table = format_summary(summary)
    assert list(table["Candidate"]) == ["he (tanh)", "he (relu)", "class prior"]
    assert list(table["Ties with"]) == ["he (relu)", "he (tanh)", "–"]


def test_pairs_are_written_as_they_are():
    pairs = statistics.pairwise(make_scores(), 0.25, 0.01, control="he")
    table = format_pairwise(pairs)
    assert len(table) == 6
    assert list(table.columns[:2]) == ["Candidate", "against"]
    assert list(table.iloc[0, :2]) == ["he", "xavier"]
    assert (table["Adjusted p"] == "–").sum() == 3


def test_markdown_keeps_its_columns_whatever_the_labels():
    summary = make_summary().rename(index={"he": "a|b\n*c*", "xavier": "`$x$` [l](u)"})
    lines = summary_to_markdown(summary, metric="accuracy").split("\n")
    assert len(lines) == 2 + len(summary)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {15}
    assert lines[2].startswith(r"| a\|b \*c\* | N(0, 2/fan\_in) | best |")
    assert lines[3].startswith(r"| \`\$x\$\` \[l\](u) |")
    assert "<script" not in "".join(lines).replace(r"\<", "")


def test_latex_is_escaped_and_uses_signs_that_every_font_has():
    summary = make_summary().rename(index={"he": r"50% & #1_$x^2$ \input{x}", "xavier": "U(±b²)"})
    text = summary_to_latex(summary, metric="accuracy")
    assert r"50\% \& \#1\_\$x\textasciicircum{}2\$ \textbackslash{}input\{x\}" in text
    assert r"U($\pm$b$^2$)" in text
    assert r"$<$~.001" in text
    assert r"\toprule" in text
    assert text.isascii()
    rows = [line for line in text.split("\n") if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {7}


def test_no_row_of_latex_begins_with_an_option_of_the_line_before():
    """After the end of a line LaTeX takes a bracket for a length, and a star for a variant."""
    summary = make_summary().rename(index={"he": "*a", "xavier": "['he', 'zeros']"})
    rows = summary_to_latex(summary, metric="accuracy").split("\n")
    assert any(row.startswith("{*}a &") for row in rows)
    assert any(row.startswith("{[}'he', 'zeros'] &") for row in rows)
