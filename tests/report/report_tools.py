"""Summaries to write, and a page to read."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from skinit import statistics
from skinit.report import format_pairwise, format_summary, render_page
from skinit.report.blocks import (
    Code,
    Disclosure,
    Facts,
    Markdown,
    Plot,
    References,
    Section,
    Table,
    Terms,
    Text,
)

EVIL = "<script>alert('1')</script>\"><img src=https://evil.example/x onerror=alert(2)> & $x_1$"
LABELS = ["he", "xavier", EVIL, "zeros"]
VOID = {"meta", "img", "br"}


def make_scores(n_splits=10, labels=LABELS):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, size=(n_splits, len(LABELS)))
    return pd.DataFrame(noise + [0.91, 0.905, 0.88, 0.5], columns=LABELS)[[*labels]]


def make_summary(n_splits=10, labels=LABELS):
    scores = make_scores(n_splits, labels)
    runs = scores.set_axis(pd.MultiIndex.from_product([range(n_splits), [0]]), axis=0)
    table = statistics.summarize(runs.rename_axis(index=["split", "seed"]), 0.25, 0.01)
    table["beats_prior"] = ["beats", "not shown", "worse", "predicts like"][: len(labels)]
    table["diverged_rate"] = [0.0, 0.001, 0.25, 1.0][: len(labels)]
    table["train_mean"] = 0.99
    table["formula"] = "N(0, 2/fan_in)"
    prior = pd.DataFrame({"mean": [0.5], "sd_splits": [0.01]}, index=["class prior"])
    return pd.concat([table, prior])


def make_figure(n_points=3):
    figure = Figure(figsize=(4, 2))
    x = np.random.default_rng(0).normal(size=n_points)
    figure.subplots().plot(x, x**2, ".")
    return figure


def make_page(path=None, text=EVIL, summary=None, figure=None):
    """Return a page with a block of every kind, all of them with the same text."""
    summary = make_summary().assign(**{text: 1.0}) if summary is None else summary
    first, rest = (
        format_summary(summary, metric=text, reference=text, columns=columns)
        for columns in ("first", "rest")
    )
    pairs = format_pairwise(statistics.pairwise(make_scores(), 0.25, 0.01))
    more = [Disclosure(text, [Table(text, rest, text)]), Disclosure(text, [Terms()])]
    blocks = [
        Text(text, is_note=True),
        Facts([(text, text)]),
        Plot(text, text, make_figure() if figure is None else figure),
        References([text]),
        Code(text),
        Disclosure(text, [Markdown("init03", f"# {text}\n\n{text}")]),
    ]
    sections = [
        Section("Summary", [Table("Summary", first), *more]),
        Section(text, [Table(text, pairs), *blocks]),
        Section("Nothing", []),
    ]
    return render_page(path, title=text, subtitle=text, sentences=[text, text], sections=sections)


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
