"""What comes from outside is data: nothing is unpickled, and nothing is obeyed."""

from __future__ import annotations

import html
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import category

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.text import Text

import skinit
from skinit import InitMLPClassifier, compare_initializers
from skinit._wording import printable
from skinit.cli.tables import print_table
from skinit.cli.terminal import Terminal
from skinit.displays.base import wrap_label
from skinit.report import format_summary, render_page, summary_to_latex, summary_to_markdown
from skinit.report.blocks import Code, Facts, Section, Table

SOURCES = sorted(Path(skinit.__file__).parent.rglob("*.py"))
# What would run code from a file, or fetch one.
FORBIDDEN = (
    r"\b(?:c?[pP]ickle|dill|cloudpickle|shelve|marshal)\b(?!d)|joblib\.load|read_pickle"
    r"|allow_pickle=True|\beval\(|\bexec\(|urlopen|yaml\.load|\bos\.system|shell=True"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_nothing_unpickles_evaluates_or_fetches(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    code = "\n".join(line for line in lines if "import" in line or "(" in line)
    assert re.findall(FORBIDDEN, code) == []


@pytest.mark.parametrize("line", ["import pickle", "joblib.load(f)", "from dill import x"])
def test_a_planted_line_is_found(line):
    assert re.findall(FORBIDDEN, line)


# --- Hostile words in every writer ------------------------------------------------------------

NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", "{{ 7*7 }}",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "\u202eabc\u202c", "\u2066x\u2069",
    "a\nb", "a\r\nb", "\u2028", "\x00", "caf\udce9", "a|b", "`x`", "[x](javascript:alert(1))",
    r"\input{/etc/passwd}", r"\write18{id}", "$x$", "50%", "a & b", "#1", "{", "}", "~^_", "[red]x",
    "-1+1", "_hidden", "%(x)s", "\\", "日本", "\U0001f600",
]  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), min_size=1, max_size=3).map("".join),
    st.text(st.characters(), min_size=1, max_size=20),
).filter(lambda word: word.strip() not in ("", "class prior"))
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def is_harmless(text: str, keep: str = "\n") -> bool:
    """Whether a terminal shows a text from left to right, as it is, and UTF-8 can hold it."""
    text.encode()
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return all(c in keep + "\u200c\u200d" or category(c) not in bad for c in text)


def make_summary(label, formula, error="") -> pd.DataFrame:
    values = {"outcome": ["best", "worse"], "mean": [0.9, 0.8], "formula": [formula, "0"]}
    return pd.DataFrame(values | {"needs": ["", ""]}, index=[label, "another candidate"])


@FEW
@given(st.text(st.characters()))
def test_what_is_printable_is_harmless_and_stays_so(text):
    assert is_harmless(printable(text), keep="")
    assert printable(printable(text)) == printable(text)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.words = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        self.words.append(data)


def read_page(label, formula, error, repeat):
    blocks = [
        Table("Summary", format_summary(make_summary(label, formula))),
        Facts([(label, error), ("Network", formula)]),
        Code(repeat),
    ]
    page = render_page(
        None,
        title="Initializers compared",
        sentences=[f"{label} is best.", error],
        sections=[Section("Summary", blocks)],
    )
    tags = Tags()
    tags.feed(page)
    return page, tags


@FEW
@given(WORDS, WORDS, WORDS, WORDS)
def test_a_page_has_the_same_tags_whatever_the_words(label, formula, error, repeat):
    page, tags = read_page(label, formula, error, repeat)
    assert is_harmless(page, keep="\n\t")
    assert tags.found == read_page("label", "formula", "error", "repeat")[1].found
    assert printable(error, keep="\n\t").strip() in html.unescape(page)


@FEW
@given(WORDS, WORDS)
def test_a_markdown_table_keeps_its_shape_whatever_the_words(label, formula):
    text = summary_to_markdown(make_summary(label, formula))
    assert is_harmless(text)
    lines = text.split("\n")
    assert len(lines) == 4
    bars = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines}
    assert len(bars) == 1
    for sign in "<`[":  # none that would begin HTML, code or a link
        assert re.findall(rf"(?<!\\)(?:\\\\)*\{sign}", text) == []


@FEW
@given(WORDS, WORDS)
def test_a_latex_table_knows_only_its_own_commands(label, formula):
    text = summary_to_latex(make_summary(label, formula))
    assert is_harmless(text)
    commands = set(re.findall(r"\\([a-zA-Z]+|.)", text.replace("\\\\\n", "\n")))
    assert commands <= {
        "begin", "end", "toprule", "midrule", "bottomrule", "textbackslash", "textasciitilde",
        "textasciicircum", "pm", "&", "%", "$", "#", "_", "{", "}",
    }  # fmt: skip
    rows = text.split("\n")
    assert len(rows) == 8
    cells = {len(re.findall(r"(?<!\\)&", row)) for row in rows if row.endswith(r"\\")}
    assert len(cells) == 1


@FEW
@given(WORDS, WORDS, st.sampled_from([40, 80]), st.sampled_from(["utf-8", "ascii", "latin-1"]))
def test_a_terminal_shows_words_and_obeys_none(word, title, width, encoding):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    console = Terminal(file=file, width=width, force_terminal=False, legacy_windows=False)
    console.print(Text(word))
    print_table(console, title, [word, "b"], [[Text(word, "bold"), word], None, ["x", "y"]])
    file.flush()
    text = file.buffer.getvalue().decode(encoding)
    assert is_harmless(text)


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")  # the font has no Japanese
@pytest.mark.filterwarnings("ignore:Matplotlib currently does not support:UserWarning")
@FEW
@given(WORDS)
def test_a_plot_can_be_drawn_whatever_the_label(word):
    from matplotlib.figure import Figure

    text = wrap_label(word)
    assert is_harmless(text)
    figure = Figure(figsize=(1, 1))
    figure.text(0.5, 0.5, text)
    figure.savefig(io.BytesIO(), format="svg")


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
@pytest.mark.parametrize("word", ["\x1b[31mred\u202e\n<b>", "caf\udce9 $x$"])
def test_hostile_words_go_through_a_whole_comparison(word, make_problem, tmp_path):
    X, y = make_problem("binary")
    y = np.where(y == 0, word, "other")

    def broken(fan_in, fan_out, rng):
        raise ValueError(word)

    comparison = compare_initializers(
        InitMLPClassifier((3,), max_iter=3, solver="lbfgs"),
        X,
        y,
        init={word: "he", "broken": broken},
        cv=3,
        random_state=0,
    )
    comparison.save(tmp_path / "a.json")
    loaded = type(comparison).load(tmp_path / "a.json")
    assert list(loaded.settings.data.classes) == sorted({word, "other"})
    texts = [
        *comparison.sentences(),
        comparison.to_html(tmp_path / "a.html"),
        comparison.to_markdown(),
        comparison.to_latex(),
    ]
    assert all(is_harmless(text, keep="\n\t") for text in texts)
    assert "<b>" not in (tmp_path / "a.html").read_text(encoding="utf-8")
