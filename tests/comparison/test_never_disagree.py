"""Sentence, chips, heat map, terminal and table of one comparison never contradict each other."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skinit._wording import name_label
from skinit.comparison.result import InitComparison
from skinit.comparison.schema import Scores
from skinit.report import format_summary
from skinit.statistics.outcomes import WORDS
from tests.comparison.comparison_tools import compare

LABELS = ["first", "second", "third"]
# What a candidate's held-out scores look like beside those of all others.
KINDS = {
    "close": lambda rng, common: common + rng.normal(scale=0.02, size=len(common)),
    "equal": lambda rng, common: common,
    "mirrored": lambda rng, common: common[::-1],  # the same mean, and other scores
    "trifle": lambda rng, common: common - 0.004 + rng.normal(scale=1e-4, size=len(common)),
    "noisy": lambda rng, common: common - 0.01 + 0.1 * (-1) ** np.arange(len(common)),
    "hopeless": lambda rng, common: common - 0.5 + rng.normal(scale=0.01, size=len(common)),
    "missing": lambda rng, common: np.where(np.arange(len(common)) == 0, np.nan, common),
    "infinite": lambda rng, common: np.where(np.arange(len(common)) == 0, -np.inf, common),
}


@pytest.fixture(scope="module")
def finished():
    """Return a finished comparison, whose scores the tests replace."""
    init = dict.fromkeys(LABELS, "he")
    return compare(init=init, activation=["tanh", "relu"], cv=10, curves=False, progress=False)


@st.composite
def tables(draw):
    """Return kinds of candidates, a number of splits, a seed, and the place of a control."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=6, max_size=6))
    n_splits = draw(st.sampled_from([2, 3, 5, 10]))
    return kinds, n_splits, draw(st.integers(0, 2**16)), draw(st.sampled_from([None, 0, 3, 5]))


def with_scores(comparison, kinds, n_splits, seed, control):
    """Return the comparison with other held-out scores, of its first splits."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.8, 0.05, size=n_splits)
    scores = {
        (candidate.label, candidate.activation): KINDS[kind](rng, common)
        for candidate, kind in zip(comparison.settings.candidates, kinds, strict=True)
    }
    records = []
    for record in comparison.records[:n_splits]:
        runs = []
        for run in record.runs:
            score = float(scores[run.label, run.activation][record.split])
            test = run.scores.test | {"accuracy": score}
            fingerprint = f"{run.label} {run.activation}"  # none predicts what another does
            new = Scores(test, run.scores.train)
            runs.append(replace(run, scores=new, predictions=fingerprint))
        records.append(replace(record, runs=tuple(runs)))
    # Of many rows, on which a small difference is no accident.
    splits = replace(comparison.settings.splits, n_tested=1_000_000)
    settings = replace(comparison.settings, splits=splits)
    key = None if control is None else comparison.settings.keys[control]
    return InitComparison(settings, records, control=key)


def sentence_with(text, *words):
    return [part for part in re.split(r"(?<=[.;]) ", text) if all(word in part for word in words)]


def check_sentence(comparison, table):
    """The sentence calls nobody best while somebody is undecided, and says who is what."""
    text = comparison.sentence()
    names = {name_label(key): row for key, row in table.iterrows()}
    for name, row in names.items():
        if row["outcome"] == "failed":
            assert sentence_with(text, name, "see the failures"), text
        if row["outcome"] == "best":
            assert "No candidate can be called best" not in text
            assert comparison.control is not None or sentence_with(text, name, "has the highest")
    undecided = table.index[table["outcome"] == "undecided"]
    if comparison.control is None and len(undecided):
        assert "No candidate can be called best" in text
    if len(undecided):
        assert "undecided" in text


def check_table(table):
    """At most one is best; it has the highest mean, which no other equals; none is undecided."""
    assert set(table["outcome"]) <= set(WORDS)
    best = table[table["outcome"] == "best"]
    assert len(best) <= 1
    for label, row in best.iterrows():
        others = table.drop(index=[label])
        others = others[others["outcome"] != "failed"]
        assert not (others["mean"] >= row["mean"]).any()
        assert set(others["outcome"]) <= {"tied", "worse"}
    finite = table[table["outcome"] != "failed"]
    assert np.isfinite(finite["mean"]).all()
    marked = finite.index[finite["note"].str.contains("highest mean")]
    assert set(marked) <= set(finite.index[np.isclose(finite["mean"], finite["mean"].max())])


def check_written(comparison, table):
    """Report, Markdown and terminal print the outcome that the table has."""
    written = format_summary(comparison.summary()).set_index("Candidate")["Outcome"]
    for key, row in table.iterrows():
        assert written[name_label(key)].split(";")[0] == row["outcome"]
    lines = str(comparison).splitlines()
    for key, row in table.iterrows():
        shown = [line for line in lines if line.startswith(name_label(key))]
        assert any(row["outcome"] in line for line in shown), shown


def check_heatmap(comparison, table):
    """A frame is solid only where everybody is decided, and it holds the highest mean."""
    display = comparison.plot_heatmap()
    (frames,) = [[*display.ax_.patches]]
    scored = table[np.isfinite(table["mean"])]
    assert len(frames) == len(scored[np.isclose(scored["mean"], scored["mean"].max(), rtol=0)])
    for frame in frames:
        column, row = round(frame.get_x() + 0.47), round(frame.get_y() + 0.45)
        key = display.means.index[row], display.means.columns[column]
        assert table.loc[key, "mean"] == pytest.approx(scored["mean"].max(), abs=1e-12)
        is_solid = frame.get_linestyle() in ("-", "solid")
        assert is_solid == (not (table["outcome"] == "undecided").any())
    plt.close(display.figure_)


# The highest mean ties with the control, and yet another candidate may be better than both.
@example((["trifle", "equal", "noisy", "noisy", "hopeless", "missing"], 10, 0, 0))
@settings(max_examples=20)
@given(table=tables())
def test_what_is_said_in_one_place_is_not_denied_in_another(finished, table):
    comparison = with_scores(finished, *table)
    candidates = comparison.candidates()
    check_table(candidates)
    check_sentence(comparison, candidates)
    check_written(comparison, candidates)
    check_heatmap(comparison, candidates)


CHIP = re.compile(  # in a row of the table, after its name
    r'rowheader">([^<]*) <small>[^<]*</small></th>\n<td[^>]*><span class="outcome (\w+)">'
)


@pytest.mark.parametrize("control", [None, 0])
@pytest.mark.parametrize(
    "kinds",
    [
        ["equal", "hopeless", "trifle", "hopeless", "trifle", "missing"],
        ["close", "mirrored", "equal", "hopeless", "infinite", "trifle"],
    ],
)
def test_chips_of_the_report_are_the_outcomes(finished, kinds, control):
    comparison = with_scores(finished, kinds, 10, 0, control)
    chips = dict(CHIP.findall(comparison.to_html()))
    outcomes = comparison.candidates()["outcome"]
    assert chips == {name_label(key): word for key, word in outcomes.items()}


@settings(max_examples=15)
@given(
    kinds=st.lists(st.sampled_from(["close", "mirrored", "trifle"]), min_size=5, max_size=5),
    seed=st.integers(0, 2**16),
)
def test_a_hopeless_candidate_can_only_make_the_others_harder_to_tell_apart(finished, kinds, seed):
    full = with_scores(finished, [*kinds, "hopeless"], 10, seed, None)
    others = replace(full.settings, candidates=full.settings.candidates[:-1])
    records = [replace(record, runs=record.runs[:-1]) for record in full.records]
    alone = InitComparison(others, records).candidates()["outcome"]
    together = full.candidates()["outcome"][alone.index]
    assert set(together[together != alone]) <= {"undecided"}
