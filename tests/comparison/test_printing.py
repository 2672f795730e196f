"""What `print` and a terminal show of a comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from skinit import InitMLPClassifier, compare_initializers
from skinit.comparison.printing import _note_ends, lay_out, write_text
from skinit.initializers import get_initializer

X, y = load_iris(return_X_y=True)
X = scale(X)


def broken_once(fan_in, fan_out, rng):
    if rng.random() < 0.5:
        raise ValueError("no weights today")
    return get_initializer("he").sample(fan_in, fan_out, rng)


def compare(init, network=None, **options):
    network = network or InitMLPClassifier((4,), "tanh", learning_rate_init=0.1, max_iter=9)
    options = {"cv": 4, "random_state": 0, "progress": False} | options
    return compare_initializers(network, X, y, init=init, **options)


@pytest.fixture(scope="module")
def comparison():
    return compare(["zeros", "he", "xavier"], scoring=["accuracy", "f1_macro"], n_seeds=2)


@pytest.mark.parametrize("width", [40, 60, 69, 70, 80, 120])
def test_every_width_shows_the_same_words(comparison, width):
    text = write_text(comparison, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.startswith(comparison.sentences()[0][:30])
    for word in ("zeros", "worse", "f1 macro", "class prior", "ended at max_iter", "INIT01"):
        assert word in text
    assert ("candidate  " in text) == (width >= 70)


def test_the_answer_stands_before_the_table(comparison):
    words = " ".join(write_text(comparison, 80).split())
    sentences = comparison.sentences()
    assert words.startswith(" ".join(sentences))
    assert words.index("half-width of the 95% CI") > len(" ".join(sentences))


def test_what_did_not_converge_is_said_with_the_advice(comparison):
    text = " ".join(write_text(comparison, 80).split())
    assert "ended at max_iter, after 9 epochs, before they had converged" in text
    assert "Raise max_iter" in text


def test_outcomes_and_scores_are_those_of_the_summary(comparison):
    screen = lay_out(comparison)
    summary = comparison.summary()
    for row, (label, values) in zip(screen.summary.rows, summary.iterrows(), strict=False):
        if row is None:
            break
        assert row[0].rstrip("*") == label
        assert row[3].startswith(f"{values['mean']:.3f}")
    assert screen.summary.rows[-1][0] == "class prior"


def test_problems_name_their_page(comparison):
    problems = dict(lay_out(comparison).problems)
    assert problems["zeros"].endswith("More: skinit explain INIT01.")


def test_a_candidate_that_raises_is_failed_and_counted():
    comparison = compare({"he": "he", "broken": broken_once}, cv=5, n_seeds=2)
    n_failed = int(comparison.candidates().loc["broken", "failed_runs"])
    assert 0 < n_failed < 10
    screen = lay_out(comparison)
    (row,) = [row for row in screen.summary.rows if row and row[0].startswith("broken")]
    assert row[1] == "failed"
    assert any(f"failed: {n_failed} of 10 runs" in note for note in screen.notes)
    assert "no weights today" in dict(screen.problems)["broken"]
    assert "optimistic" not in comparison.to_html()  # of one score, no winner was picked


def test_an_interval_that_ends_at_0_is_not_taken_for_plus_or_minus():
    ends = {"he": (np.nan, np.nan), "xavier": (-0.2, 0.1), "random": (-0.165, 0.0), "same": (0, 0)}
    summary = pd.DataFrame(ends, index=["difference_low", "difference_high"]).T
    (note,) = _note_ends(summary)
    assert note == "The interval of the difference ends at 0 for random; ± is its longer side."
    assert _note_ends(summary.drop(index="random")) == []


def test_activations_controls_and_rates_are_shown():
    comparison = compare(
        ["he", "zeros"],
        InitMLPClassifier((4,), max_iter=4),
        activation=["tanh", "relu"],
        control=("he", "relu"),
        tune={"learning_rate_init": [0.01, 0.1]},
    )
    text = write_text(comparison, 120)
    assert "he (relu)" in text
    assert "* control" in text or "** control" in text
    assert text.count("  rate\n") == 1


def test_one_candidate_is_enough():
    assert "he is the only candidate with a score: accuracy" in write_text(compare(["he"]), 80)


def test_a_loss_is_lowest():
    comparison = compare(["zeros", "he"], scoring={"minus log loss": "neg_log_loss"})
    assert "highest minus log loss" in write_text(comparison, 80)
