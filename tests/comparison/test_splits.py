"""How rows are split."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skinit.comparison.splits import make_splits
from skinit.datasets.folds import RepeatedStratifiedGroupKFold
from tests.comparison.comparison_tools import TIMES, X, compare, y


def test_groups_stay_together():
    groups = np.arange(len(y)) // 2
    splits = compare(init=["he"], cv=GroupKFold(3), groups=groups, curves=False)
    assert splits.settings.splits.cv == repr(GroupKFold(3))
    with pytest.raises(ValueError, match="groups"):
        compare(init=["he"], cv=GroupKFold(3))


def test_repeated_folds_of_groups_have_repeats_and_an_honest_best():
    """Each repeat of whole groups tests every row once, as the command line's folds do."""
    for cv in (None, RepeatedStratifiedGroupKFold(n_splits=3, n_repeats=2, random_state=1)):
        found = compare(init=["he", "xavier"], cv=cv, groups=GROUPS, curves=False)
        n_folds = 5 if cv is None else 3
        assert found.settings.splits.repeats == (0,) * n_folds + (1,) * n_folds
        assert np.isfinite(found.honest_best)


def test_splits_may_be_masks():
    masks = [np.arange(150) % 3 == i for i in range(3)]
    by_mask = compare(init=["he"], cv=[(~mask, mask) for mask in masks])
    rows = [(np.flatnonzero(~mask), np.flatnonzero(mask)) for mask in masks]
    by_row = compare(init=["he"], cv=rows)
    assert by_mask.rho == by_row.rho == 0.5
    pd.testing.assert_frame_equal(
        by_mask.to_frame().drop(columns=TIMES), by_row.to_frame().drop(columns=TIMES)
    )


def parts_of(kwargs):
    """Return the splits that the arguments give."""
    return make_splits(**{"X": X, "y": y, "groups": None, "seed": 0, "n_seeds": 1} | kwargs)


GROUPS = np.random.default_rng(0).permutation(np.arange(len(y)) // 3)


@pytest.mark.parametrize(
    "cv", [None, 3, StratifiedGroupKFold(3), GroupKFold(4), LeaveOneGroupOut()]
)
@pytest.mark.parametrize("groups", [GROUPS, GROUPS.astype(str)], ids=["numbers", "words"])
def test_no_group_is_on_both_sides(cv, groups):
    groups = groups if not isinstance(cv, LeaveOneGroupOut) else np.arange(len(y)) % 5
    splits = parts_of({"cv": cv, "groups": groups})
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
        assert set(y[split.train]) == {0, 1, 2}


def test_groups_are_split_into_five_parts_twice_by_default():
    splits = parts_of({"cv": None, "groups": GROUPS})
    assert len(splits) == 10
    for repeat in (splits[:5], splits[5:]):
        tested = np.concatenate([split.test for split in repeat])
        assert sorted(tested) == list(range(len(y)))
    first, second = ({tuple(split.test) for split in part} for part in (splits[:5], splits[5:]))
    assert first != second, "the second time they are shuffled anew"
    comparison = compare(init=["he", "zeros"], groups=GROUPS, curves=False)
    assert "whole groups" in comparison.settings.splits.cv
    assert 0 < comparison.honest_best <= 1


@pytest.mark.parametrize(
    "cv",
    [
        KFold(3, shuffle=True),
        StratifiedKFold(3),
        RepeatedStratifiedKFold(n_splits=2),
        ShuffleSplit(3),
    ],
    ids=repr,
)
def test_a_splitter_that_ignores_groups_is_refused(cv):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn says of some that groups are ignored
        with pytest.raises(ValueError, match=r"group '\d+' is in both parts.*GroupKFold"):
            parts_of({"cv": cv, "groups": GROUPS})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"cv": None, "groups": np.arange(len(y)) % 4},
            "5 folds need 5 groups, but there are 4: use fewer folds",
        ),
        ({"cv": GroupKFold(4), "groups": np.arange(len(y)) % 3}, "4 folds need 4 groups"),
        ({"cv": None, "groups": y.repeat(2)[:150]}, "5 folds need 5 groups"),
        ({"cv": [(np.arange(100), [-51])]}, "split 0 share rows, the first is row 99"),
        ({"cv": [(np.arange(-149, 0), [-150])]}, None),
        (
            {"cv": [(np.arange(100), [150])]},
            "split 0 names row 150, but there are 150",
        ),
        ({"cv": [(np.arange(-151, 0), [0])]}, "training part of split 0 names row -151"),
        (
            {"cv": [(np.arange(100), [120.5])]},
            "test part of split 0 must hold row numbers",
        ),
        ({"cv": [(np.arange(100), ["a"])]}, "test part of split 0 must hold row numbers"),
        ({"cv": [(np.ones(7, bool), [120])]}, "mask of 7 entries, but there are 150 rows"),
        ({"cv": StratifiedKFold(60)}, "60 folds need 60 rows of every class"),
        ({"cv": RepeatedStratifiedKFold(n_splits=60)}, "60 folds need 60 rows of every class"),
    ],
)
def test_splits_that_cannot_be_are_refused(kwargs, message):
    if message is None:
        (split,) = parts_of(kwargs)
        assert sorted(split.train) == list(range(1, 150))
        assert set(split.test) == {0}
    else:
        with pytest.raises(ValueError, match=message):
            parts_of(kwargs)
