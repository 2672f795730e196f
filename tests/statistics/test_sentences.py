from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from skinit import statistics
from skinit.statistics.sentences import _say_needs
from tests.statistics.score_tables import RHO, as_runs, four_words, table


def speak(scores, control=None, beats="beats", diverged=0.0, **options):
    summary = statistics.summarize(as_runs(scores), RHO, 0.01, control=control)
    summary["beats_prior"] = pd.Series(beats, index=summary.index)
    summary["diverged_rate"] = pd.Series(diverged, index=summary.index).fillna(0.0)
    settings = {"metric": "accuracy", "rope": 0.01, "n_splits": len(scores), "n_runs": len(scores)}
    return statistics.sentences(summary, control=control, **settings | options)


def test_one_sentence_per_group_in_order(rng):
    scores = four_words(rng)
    texts = speak(scores, honest=0.79)
    mean = scores["best"].mean()
    assert len(texts) == 5
    first, *texts = texts
    assert first == (
        "No candidate can be called best: undecided is not separated from best by 10 splits."
    )
    assert texts[0].startswith(f"best has the highest accuracy: {mean:.3f} (95% interval 0.")
    assert texts[0].endswith("; 0.790 after correcting for picking the winner).")
    sure = statistics.pairwise(scores, RHO, 0.01).query("a == 'best' or b == 'best'").p_equivalent
    least = math.floor(100 * sure[sure >= 0.95].min()) / 100
    assert texts[1] == (
        "tie and trifle each tie with it: the difference is within ±0.01 with probability "
        f"≥ {least:.2f}."
    )
    assert texts[2].startswith("worse is worse by 0.200 (0.177 to 0.223")
    assert texts[2].endswith("; adjusted p < .001).")
    assert texts[3].startswith("undecided is undecided: the difference from best may lie anywhere")
    assert texts[3].endswith("; more seeds or data are needed (more repeats are not enough).")


@np.errstate(invalid="ignore")  # as comparisons do
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_all_means_may_be_infinite_or_missing(value):
    scores = pd.DataFrame({"a": [value] * 6, "b": [value] * 6})
    assert any("a and b have the same mean, the highest" in text for text in speak(scores))
    scores = pd.DataFrame({"a": [value, -value] * 3, "b": [value, -value] * 3})
    assert any("has the highest accuracy" in text for text in speak(scores))


def test_nobody_is_called_best_where_all_is_undecided(rng):
    texts = speak(table(rng, labels="abc", spread=0.1, shift=0.0))
    said = r"No candidate can be called best: . and . are not separated from . by 10 splits\."
    assert re.fullmatch(said, texts[0])
    assert " has the highest accuracy: 0." in texts[1]
    assert "are undecided: the difference from" in texts[2]
    assert texts[2].count(" for ") == 2


def test_constant_difference_is_not_certain():
    x = np.linspace(0.7, 0.8, 10)
    texts = speak(pd.DataFrame({"a": x, "b": x - 0.1}))
    assert texts[1] == "b is worse by 0.100 (0.048 to 0.152; adjusted p = .002)."


def test_the_same_predictions_are_said_to_be_the_same(rng):
    scores = table(rng, labels="a")
    scores["b"] = scores["a"]
    summary = statistics.summarize(as_runs(scores), RHO, 0.01, identical=[frozenset("ab")]).assign(
        beats_prior="beats", diverged_rate=0.0
    )
    texts = statistics.sentences(summary, metric="accuracy", rope=0.01, n_splits=10, n_runs=10)
    mean = f"{scores['a'].mean():.3f}"
    assert texts[0] == f"a and b have the same mean, the highest accuracy: {mean}."
    assert texts[1] == "b ties with a: the predictions are the same, row by row."


def test_what_is_needed_is_said_once_for_all_or_for_each(rng):
    summary = pd.DataFrame({"needs": ["data", "data", "repeats"]}, index=list("abc"))
    alike = _say_needs(summary["needs"][:2])
    assert alike == "more data are needed (more repeats or seeds are not enough)"
    assert _say_needs(summary["needs"]) == (
        "more data are needed for a and b (more repeats or seeds are not enough); more repeats "
        "for c"
    )


def test_several_losers_share_a_sentence(rng):
    texts = speak(table(rng, labels="abc", shift=0.2, spread=0.01))
    assert texts[1].startswith("b is worse by 0.")
    assert "; c by 0." in texts[1]


def test_sentences_with_a_control(rng):
    texts = speak(table(rng, labels="abc", shift=0.2, spread=0.01), control="b", honest=0.7)
    assert texts[0].startswith("b is the control: accuracy 0.")
    assert "honest" not in texts[0]
    assert texts[1].startswith("a is better by 0.")
    assert texts[2].startswith("c is worse by 0.")


def test_sentences_about_prior_and_divergence(rng):
    texts = speak(
        table(rng, labels="abcd", shift=0.2),
        beats={"a": "beats", "b": "predicts like", "c": "predicts like", "d": "worse"},
        diverged={"d": 0.3, "c": 0.1},
    )
    assert texts[-3:] == [
        "b and c predict like the class prior.",
        "d is worse than the class prior.",
        "c diverged in 1 of 10 runs (0-45%) and d in 3 of 10 runs (7-65%); "
        "those runs are scored as the class prior.",
    ]
    assert speak(table(rng, labels="ab"), beats="not shown")[-1] == (
        "a and b were not shown to beat the class prior."
    )


def test_few_splits_and_one_candidate(rng):
    texts = speak(table(rng, n_splits=1, labels="ab", shift=0.5))
    assert texts[0].startswith("No candidate can be called best: ")
    assert texts[2] == "b is undecided."
    assert texts[-1] == "Too few splits to rely on a test: 1 split, 5 or more are needed."
    assert "nan" not in " ".join(texts)
    (alone,) = speak(table(rng, labels="a"))
    assert alone.startswith("a is the only candidate with a score: accuracy 0.")
    assert "picking the winner" not in alone


def test_lowest_is_best_for_a_loss(rng):
    assert speak(table(rng, shift=0.2), greater_is_better=False)[0].startswith("a has the lowest")


def test_a_hopeless_candidate_does_not_make_another_one_the_best(rng):
    scores = table(rng, labels="ab", spread=0.1, shift=0.0)
    scores["b"] = scores["a"].to_numpy()[::-1]  # equal means, and nothing is known of their order
    alone, beside = speak(scores), speak(scores.assign(zeros=0.1))
    for texts in (alone, beside):
        assert texts[0] == (
            "No candidate can be called best: b is not separated from a by 10 splits."
        )
        assert texts[1].startswith("a and b have the same mean, the highest accuracy: 0.")
    assert any(text.startswith("zeros is worse by 0.") for text in beside)


def test_a_control_and_its_equals_are_named(rng):
    scores = table(rng, labels="abc", shift=0.2, spread=0.01)
    scores["d"] = scores["b"].to_numpy()[::-1]
    assert speak(scores, control="b")[1] == "d has the same mean."


def test_a_probability_that_seems_to_contradict_undecided_is_explained(rng):
    summary = pd.DataFrame(
        {
            "mean": [0.9, 0.6, 0.59], "ci_low": 0.5, "ci_high": 0.95,
            "difference": [np.nan, -0.3, -0.31], "difference_low": [np.nan, -0.68, -0.7],
            "difference_high": [np.nan, 0.01, 0.02], "p_holm": [np.nan, 0.062, 0.4],
            "p_worse": [np.nan, 0.996, 0.9], "p_equivalent": [np.nan, 0.002, 0.05],
            "p_better": [np.nan, 0.002, 0.05], "needs": ["", "seeds", "seeds"],
            "beats_prior": "beats", "diverged_rate": 0.0,
        },
        index=["a", "b", "c"],
    )  # fmt: skip
    texts = statistics.sentences(summary, metric="accuracy", rope=0.01, n_splits=10, n_runs=10)
    assert texts[-1] == (
        "b is probably worse (> 99%) and yet undecided: its adjusted p = .062 is not below .05."
    )


def test_many_candidates_are_counted_and_not_listed(rng):
    labels = [f"c{i:02}" for i in range(30)]
    scores = table(rng, labels=labels, shift=0.0, spread=0.1)
    texts = speak(scores.assign(**{f"bad{i}": scores["c00"] - 0.5 - i / 100 for i in range(9)}))
    assert re.match(r"No candidate can be called best: \d+ candidates are not", texts[0])
    assert any(re.match(r"\d+ candidates are worse, by 0\.\d+ for bad0 to 0\.", t) for t in texts)
    assert any(", the closest of them; " in text for text in texts)
    assert max(map(len, texts)) < 350


def test_sentences_never_claim_what_statistics_cannot(rng):
    for shift in (0.0, 0.02, 0.2):
        text = " ".join(speak(table(rng, shift=shift), diverged=0.1, beats="not shown"))
        for word in ("significant", "prove", "no difference", "nan"):
            assert word not in text
