from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skinit import statistics
from skinit.statistics import HeldOutRows
from tests.statistics.score_tables import RHO, four_words, judge, table

NOT_SEPARATED = "highest mean (not separated)"


def test_each_of_the_four_words_where_it_is_due(rng):
    words = judge(four_words(rng))
    assert words.outcome.to_dict() == {
        "best": "undecided",  # it has the highest mean, and another one may be better
        "tie": "tied",
        "trifle": "tied",
        "undecided": "undecided",
        "worse": "worse",
    }
    assert words.index[0] == "best"
    assert words.note.to_dict() == {"best": NOT_SEPARATED} | dict.fromkeys(words.index[1:], "")
    decided = judge(four_words(rng).drop(columns="undecided"))
    assert decided.outcome.to_dict() == {
        "best": "best", "tie": "tied", "trifle": "tied", "worse": "worse"
    }  # fmt: skip
    assert set(decided.note) == {""}
    assert words.loc["trifle", "p_holm"] < 0.001  # a detectable trifle is a tie all the same
    assert words.loc["undecided", "p"] > 0.05
    assert words.loc["best", ["difference", "p", "p_holm", "p_equivalent"]].isna().all()


def test_equal_candidates_behind_the_best_show_their_tie(rng):
    scores = table(rng, labels="ab", shift=0.3)
    scores["b again"] = scores["b"]
    same = {"identical": [frozenset(["b", "b again"])]}
    words = judge(scores, rope=0.0, **same)
    assert words.ties_with.to_dict() == {"a": (), "b": ("b again",), "b again": ("b",)}
    assert list(words.outcome) == ["best", "worse", "worse"]
    pairs = statistics.pairwise(scores, RHO, 0.0, **same)
    assert pairs.p.iloc[-1] == pairs.p_holm.iloc[-1] == 1


def test_p_holm_of_an_outcome_is_the_pairs_own(rng):
    scores = table(rng)
    pairs, words = statistics.pairwise(scores, RHO, 0.01), judge(scores)
    reference = words.index[0]
    for row in pairs[(pairs.a == reference) | (pairs.b == reference)].itertuples():
        other = row.b if row.a == reference else row.a
        assert words.loc[other, "p_holm"] == row.p_holm


def test_equal_means_are_ordered_by_log_loss_then_by_position():
    scores = pd.DataFrame(0.5, index=range(5), columns=list("abc"))
    assert judge(scores).index.tolist() == ["a", "b", "c"]
    log_loss = pd.Series({"c": 0.3, "a": 0.4, "b": 0.3})
    assert judge(scores, log_loss=log_loss).index.tolist() == ["b", "c", "a"]
    many = {"log_loss": log_loss, "rows": HeldOutRows(300, step=1)}
    assert judge(scores, **many).outcome.tolist() == ["tied"] * 3
    assert judge(scores, **many).note.tolist() == ["equal highest mean"] * 3
    few = many | {"rows": HeldOutRows(299, step=1)}
    assert judge(scores, **few).outcome.tolist() == ["undecided"] * 3
    assert judge(scores, **few).note.tolist() == [f"equal {NOT_SEPARATED}"] * 3


@pytest.mark.parametrize("n_splits", [1, 2, 10])
def test_what_cannot_be_tested_is_undecided(rng, n_splits):
    scores = table(rng, n_splits=n_splits, labels="abc", shift=0.5)
    scores.loc[0, "c"] = np.nan
    words = judge(scores)
    assert words.loc["c", "outcome"] == "failed"
    assert words.loc["b", "outcome"] == ("undecided" if n_splits < 3 else "worse")
    assert words.loc["a", "outcome"] == ("undecided" if n_splits < 3 else "best")
    assert judge(scores * np.nan).outcome.tolist() == ["failed"] * 3


def test_one_candidate_is_the_best_of_itself(rng):
    words = judge(table(rng, labels="a"))
    assert words.outcome.to_dict() == {"a": "best"}
    assert words.ties_with.to_dict() == {"a": ()}


@pytest.mark.parametrize("score", [np.inf, -np.inf])
def test_an_infinite_score_fails_and_changes_nothing_for_the_others(rng, score):
    scores = table(rng, labels="ab", shift=0.2)
    with np.errstate(invalid="ignore"):
        words, alone = judge(scores.assign(c=score)), judge(scores)
    assert words.index.tolist() == ["a", "b", "c"]
    assert words.outcome.tolist() == [*alone.outcome, "failed"] == ["best", "worse", "failed"]


def test_who_is_best_of_nobody_else_is_noted_as_the_only_one(rng):
    alone = table(rng, labels="a")
    for scores in (alone, alone.assign(b=np.nan)):
        assert judge(scores).note["a"] == "the only one with a score"


def test_two_splits_of_the_same_network_are_tied_and_neither_is_best(rng):
    scores = table(rng, n_splits=2, labels="a")
    words = judge(scores.assign(b=scores["a"]), identical=[frozenset("ab")])
    assert words.outcome.tolist() == ["tied", "tied"]
    assert words.note.tolist() == ["equal highest mean"] * 2


def test_a_sure_difference_inside_the_rope_is_called_a_trifle(rng):
    scores = table(rng, labels="a")
    scores["b"] = scores["a"] - 0.009 + 0.0055 * np.tile([1, -1], 5)
    (_, word) = judge(scores, rope=0.01).itertuples()
    assert word.outcome == "worse" and word.p_worse < 0.5 < word.p_equivalent < 0.95
    assert word.note == "by less than you care about"


def test_of_losses_the_lowest_mean_is_told(rng):
    words = judge(four_words(rng), greater_is_better=False)
    assert words.note.iloc[0] == "lowest mean (not separated)"


def test_nobody_beats_a_control_without_being_sure_of_it(rng):
    scores = four_words(rng)
    assert judge(scores, control="best").outcome["best"] == "undecided"
    scores = scores.drop(columns="undecided")
    assert judge(scores, control="best").outcome["best"] == "best"
    words = judge(scores, control="tie")
    assert words.loc["tie", ["outcome", "note"]].tolist() == ["tied", "control"]
    assert words.loc["best", "outcome"] == "tied"
    assert np.isnan(words.loc["tie", "difference"])
    scores = four_words(rng)
    words = judge(scores.drop(columns="undecided"), control="worse")
    assert words.outcome.to_dict() == {
        "best": "best",
        "tie": "tied",
        "trifle": "tied",
        "worse": "worse",
    }
    better = "better than the control"
    assert words.note.to_dict() == {"best": "", "tie": better, "trifle": better, "worse": "control"}
    assert words.loc["best", "difference"] == pytest.approx(0.2)


def test_loser_to_the_control_is_worse_also_when_the_control_is_beaten(rng):
    words = judge(table(rng, labels="abc", shift=0.2, spread=0.01), control="b")
    assert words.outcome.to_dict() == {"a": "best", "b": "worse", "c": "worse"}
