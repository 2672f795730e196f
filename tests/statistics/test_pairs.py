from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skinit import statistics
from skinit.statistics import HeldOutRows, corrected_t, holm
from skinit.statistics.outcomes import rank_candidates, relate
from tests.statistics.score_tables import RHO, table


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.6, 0.5], [1, 1]),
        ([0.01, np.nan, 0.02], [0.02, np.nan, 0.02]),
        ([np.nan, np.nan], [np.nan, np.nan]),
        ([], []),
    ],
)
def test_holm_by_hand(p, adjusted):
    np.testing.assert_allclose(holm(p), adjusted, rtol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.randoms())
def test_holm_properties(p, random):
    p = np.array(p)
    adjusted = holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(1, len(p) * p))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(adjusted[order]) >= 0)
    shuffled = random.sample(range(len(p)), len(p))
    np.testing.assert_array_equal(holm(p[shuffled]), adjusted[shuffled])


def test_pairwise_rows_are_the_tests_of_the_differences(rng):
    scores = table(rng)
    pairs = statistics.pairwise(scores, RHO, 0.01)
    columns = "a b difference scale low high p p_holm p_worse p_equivalent p_better"
    assert list(pairs.columns) == columns.split()
    assert len(pairs) == 6
    for row in pairs.itertuples():
        fitted = corrected_t(scores[row.a] - scores[row.b], RHO)
        assert row.p == pytest.approx(fitted.p, rel=1e-10)
        assert (row.low, row.high) == pytest.approx(fitted.interval(1 - 0.05 / 6), rel=1e-10)
        values = (row.p_worse, row.p_equivalent, row.p_better)
        assert values == pytest.approx(fitted.probabilities(0.01), abs=1e-12)
    np.testing.assert_allclose(pairs.p_holm, holm(pairs.p))


def test_named_control_has_a_family_of_its_own_pairs(rng):
    pairs = statistics.pairwise(table(rng), RHO, 0.01, control="b")
    mine = (pairs.a == "b") | (pairs.b == "b")
    assert mine.sum() == 3
    np.testing.assert_allclose(pairs.p_holm[mine], holm(pairs.p[mine]))
    assert pairs.p_holm[~mine].isna().all()
    assert pairs.p.notna().all()


def test_unknown_control_is_named_with_the_alternatives(rng):
    with pytest.raises(ValueError, match=r"control='x' is not a candidate.*'a', 'b', 'c', 'd'"):
        statistics.pairwise(table(rng), RHO, 0.01, control="x")


def test_seen_from_turns_the_pairs_round(rng):
    scores = table(rng, labels="abc")
    rows = statistics.seen_from(statistics.pairwise(scores, RHO, 0.01), "b")
    assert set(rows.index) == {"a", "c"}
    reversed_pairs = statistics.pairwise(scores[["c", "b", "a"]], RHO, 0.01)
    for label, reference in [("a", "b"), ("c", "b")]:
        fitted = corrected_t(scores[label] - scores[reference], RHO)
        row = rows.loc[label]
        assert row.difference == pytest.approx(fitted.mean)
        assert (row.difference_low, row.difference_high) == pytest.approx(
            fitted.interval(1 - 0.05 / 3)
        )
        values = (row.p_worse, row.p_equivalent, row.p_better)
        assert values == pytest.approx(fitted.probabilities(0.01))
    again = statistics.seen_from(reversed_pairs, "b")
    pd.testing.assert_frame_equal(rows.sort_index(), again.sort_index()[rows.columns])


def test_intervals_with_a_control_share_the_error_among_its_pairs(rng):
    scores = table(rng)
    pairs = statistics.pairwise(scores, RHO, 0.01, control="b")
    for row in pairs.itertuples():
        expected = corrected_t(scores[row.a] - scores[row.b], RHO).interval(1 - 0.05 / 3)
        sure = row.p_holm < 0.05
        assert sure or (row.low, row.high) == pytest.approx(expected)


def test_interval_stops_at_zero_where_only_holm_is_sure():
    """Three pairs: the two other p-values are so small that .05 / 1 is enough for the third."""
    wobble = np.array([0.9, -1.1, 1.0, -0.8, 1.05, -1.0, 0.7, -0.9, 1.1, -0.95])
    scores = pd.DataFrame({"a": 1.0 + 0.01 * wobble, "b": 0.985 + 0 * wobble, "c": 0 * wobble})
    pair = statistics.pairwise(scores, RHO, 0.0).iloc[0]
    assert 0.05 / 3 < pair.p < 0.05
    assert pair.p_holm == pytest.approx(pair.p)
    assert pair.low == 0 < pair.high


def test_identical_candidates_tie_whatever_the_rope(rng):
    scores = table(rng, labels="ab")
    scores["c"] = scores["b"]
    pairs = statistics.pairwise(scores, RHO, 0.0, identical=[frozenset("bc")])
    same = pairs.set_index(["a", "b"]).loc[("b", "c")]
    assert (same.low, same.high, same.p, same.p_equivalent) == (0, 0, 1, 1)


SCORES = st.integers(3, 12).flatmap(
    lambda n_splits: st.lists(
        st.lists(st.integers(0, 10), min_size=n_splits, max_size=n_splits),
        min_size=2,
        max_size=5,
    )
)


@settings(deadline=None)
@given(
    SCORES,
    st.sampled_from([None, HeldOutRows(60, step=1), HeldOutRows(2000, step=1), HeldOutRows(60)]),
    st.booleans(),
    st.sampled_from([0.0, 0.01, 0.1]),
)
def test_interval_and_outcome_never_contradict_each_other(columns, rows, has_control, rope):
    scores = pd.DataFrame(np.array(columns, dtype=float).T / 10)
    control = 0 if has_control else None
    pairs = statistics.pairwise(scores, RHO, rope, control, rows=rows)
    reference = rank_candidates(scores)[0] if control is None else control
    seen = statistics.seen_from(pairs, reference)
    for label, word in relate(seen).items():
        low, high = seen.loc[label, ["difference_low", "difference_high"]]
        if word == "worse":
            assert high <= 0
        elif word == "better":
            assert low >= 0
        elif word == "undecided":
            assert np.isnan(low) or (low <= 1e-12 and high >= -1e-12)
