"""Tables as text, Markdown and LaTeX."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from skinit import statistics
from skinit.report import (
    format_pairwise,
    format_summary,
    summary_to_latex,
    summary_to_markdown,
)
from tests.report.report_tools import make_scores, make_summary


def test_cells_hold_the_rounded_numbers_of_the_summary():
    summary = make_summary()
    table = format_summary(summary, metric="accuracy")
    row, values = table.iloc[3], summary.loc["zeros"]
    low, high = values["difference_low"], values["difference_high"]
    expected = {
        "Candidate": "zeros",
        "Weights": "N(0, 2/fan_in)",
        "Outcome": "worse",
        "Held-out accuracy (95% interval)": f"{values['mean']:.3f} ({values['ci_low']:.3f} to "
        f"{values['ci_high']:.3f})",
        "Training accuracy": "0.990",
        "Difference from he (95% interval)": (
            f"{values['difference']:.3f} ({low:.3f} to {high:.3f})"
        ),
        "Adjusted p": "< .001",
        "Worse / equivalent / better": "> 99% / < 1% / < 1%",
        "Ties with": "–",
        "Needs more": "–",
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
    summary = make_summary()[["mean", "outcome", "note"]].assign(epochs_to_target=epochs, deep=2)
    table = format_summary(summary)
    assert list(table.columns) == ["Candidate", "Outcome", "Epochs to target", "deep"]
    gap = "\N{NO-BREAK SPACE}"
    count, quartiles = f"reached{gap}3/4", f"median{gap}9{gap}[8,{gap}>{gap}9]"
    outcome = "undecided; highest mean (not separated)"
    assert list(table.iloc[0]) == ["he", outcome, f"{count}, {quartiles}", "2"]


def test_candidates_with_activations_and_their_ties_are_named():
    index = [("he", "tanh"), ("he", "relu"), ("class prior", "")]
    summary = pd.DataFrame(
        {"outcome": ["best", "tie", None], "ties_with": [(index[1],), (index[0],), np.nan]},
        index=pd.MultiIndex.from_tuples(index, names=["label", "activation"]),
    )
    table = format_summary(summary)
    assert list(table["Candidate"]) == ["he (tanh)", "he (relu)", "class prior"]
    assert list(table["Ties with"]) == ["he (relu)", "he (tanh)", "–"]


def test_pairs_are_written_as_they_are():
    pairs = statistics.pairwise(make_scores(), 0.25, 0.01, control="he")
    table = format_pairwise(pairs)
    assert len(table) == 6
    assert list(table.columns[:2]) == ["Candidate", "Compared with"]
    assert list(table.iloc[0, :2]) == ["he", "xavier"]
    assert (table["Adjusted p"] == "–").sum() == 3


def test_markdown_keeps_its_columns_whatever_the_labels():
    summary = make_summary().rename(index={"he": "a|b\n*c*", "xavier": "`$x$` [l](u)"})
    lines = summary_to_markdown(summary, metric="accuracy").split("\n")
    assert len(lines) == 2 + len(summary)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {16}
    assert lines[2].startswith(
        r"| a\|b \*c\* | N(0, 2/fan\_in) | undecided; highest mean (not separated) |"
    )
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
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {4}


def test_latex_floats_with_a_caption_or_a_label():
    summary = make_summary()
    plain = summary_to_latex(summary)
    assert plain.startswith(r"\begin{tabular}") and plain.endswith(r"\end{tabular}")
    floating = summary_to_latex(summary, caption="Scores of $n = 3$.", label="tab:scores")
    assert floating.split("\n")[:5] == [
        r"\begin{table}", r"\centering", r"\caption{Scores of $n = 3$.}", r"\label{tab:scores}",
        r"\begin{tabular}{lllll}",
    ]  # fmt: skip
    assert floating.endswith("\\end{tabular}\n\\end{table}")
    assert "caption" not in summary_to_latex(summary, label="tab:scores")


def test_no_row_of_latex_begins_with_an_option_of_the_line_before():
    """After the end of a line LaTeX takes a bracket for a length, and a star for a variant."""
    summary = make_summary().rename(index={"he": "*a", "xavier": "['he', 'zeros']"})
    rows = summary_to_latex(summary, metric="accuracy").split("\n")
    assert any(row.startswith("{*}a &") for row in rows)
    assert any(row.startswith("{[}'he', 'zeros'] &") for row in rows)
