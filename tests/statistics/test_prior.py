from __future__ import annotations

import numpy as np
import pandas as pd

from skinit import statistics
from skinit.statistics import HeldOutRows, corrected_t
from tests.statistics.score_tables import RHO


def test_words_about_the_class_prior(rng):
    noise = rng.normal(scale=0.01, size=10)
    accuracy = {
        "ranker": 0 * noise,  # no more hits than the prior, but it ranks
        "bold": 0.2 + noise,  # accurate and over-confident
        "zeros": 0 * noise,
        "wrong": -0.2 + noise,
        "noisy": 5 * noise,
        "half known": 0 * noise,
    }
    neg_log_loss = {
        "ranker": 0.1 + noise,
        "bold": -0.3 + noise,
        "zeros": 0.0005 + noise / 100,  # detectable, and of no use
        "wrong": -0.2 + noise,
        "noisy": 5 * noise,
        "half known": 5 * noise,
    }
    improvements = {
        "accuracy": pd.DataFrame(accuracy),
        "neg_log_loss": pd.DataFrame(neg_log_loss),
    }
    rope = {"accuracy": 0.01, "neg_log_loss": 0.01}
    assert corrected_t(improvements["neg_log_loss"]["zeros"], RHO).p_greater < 0.05
    expected = {
        "ranker": "beats",
        "bold": "beats",
        "zeros": "predicts like",
        "wrong": "worse",
        "noisy": "not shown",
        "half known": "not shown",
    }
    many = {"accuracy": HeldOutRows(1000, step=1), "neg_log_loss": HeldOutRows(1000)}
    assert statistics.beats_prior(improvements, RHO, rope, rows=many).to_dict() == expected
    few = {"accuracy": HeldOutRows(60, step=1), "neg_log_loss": HeldOutRows(60)}
    words = statistics.beats_prior(improvements, RHO, rope, rows=few)
    assert words["zeros"] == "not shown"  # 60 rows cannot tell that it wins less than one in 100
    known = statistics.beats_prior(improvements, RHO, rope, same=["noisy"])
    assert known["noisy"] == "predicts like"


def test_beating_the_prior_is_adjusted_for_the_number_of_candidates():
    x = np.array([0.02, 0.11, 0.05, 0.14, -0.01, 0.09, 0.03, 0.12, 0.06, 0.0])
    assert 0.01 < corrected_t(x, RHO).p_greater < 0.05
    alone, among = (
        pd.DataFrame(np.tile(x[:, None], k), columns=list("abcdefgh")[:k]) for k in (1, 8)
    )
    rope = {"accuracy": 0.01}
    assert statistics.beats_prior({"accuracy": alone}, RHO, rope)["a"] == "beats"
    assert statistics.beats_prior({"accuracy": among}, RHO, rope)["a"] == "not shown"


def test_two_metrics_are_two_chances_to_beat_the_prior_by_luck():
    x = np.array([0.02, 0.11, 0.05, 0.14, -0.01, 0.09, 0.03, 0.12, 0.06, 0.0])
    assert 0.025 < corrected_t(x, RHO).p_greater < 0.05
    tables = {"accuracy": pd.DataFrame({"a": x}), "neg_log_loss": pd.DataFrame({"a": 0 * x})}
    rope = dict.fromkeys(tables, 0.01)
    one = {"accuracy": tables["accuracy"]}
    assert statistics.beats_prior(one, RHO, rope)["a"] == "beats"
    assert statistics.beats_prior(tables, RHO, rope)["a"] == "not shown"


def test_nothing_is_shown_by_one_split():
    words = statistics.beats_prior(
        {"accuracy": pd.DataFrame({"a": [0.3]})}, RHO, {"accuracy": 0.01}
    )
    assert words["a"] == "not shown"


def test_same_answer_for_everybody():
    same = np.tile([0.2, 0.8], (5, 1))
    assert statistics.same_answer(same)
    assert not statistics.same_answer(same + 1e-6 * np.arange(5)[:, None])
