from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.estimators.estimator_cases import (
    KINDS,
    SETTINGS,
    assert_same_fit,
    gaussian_with_bias,
    see_rows,
    small,
)

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::sklearn.exceptions.ConvergenceWarning",  # short on purpose
        "ignore::skinit.InitializationWarning",  # zeros are meant to fail
    ),
    pytest.mark.usefixtures("engine"),
]


@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)
def test_the_same_random_state_gives_the_same_bits(make_problem, params):
    X, y = make_problem("multiclass")
    first = small(**params).fit(X, y)
    assert_same_fit(first, small(**params).fit(X, y))
    assert_same_fit(first, first.fit(X, y))
    other = small(**params | {"random_state": 4}).fit(X, y)
    assert not np.array_equal(other.coefs_[0], first.coefs_[0])


def test_an_instance_and_none_are_drawn_from_once_in_a_fit(make_problem):
    X, y = make_problem("multiclass")
    rng, twin = np.random.RandomState(5), np.random.RandomState(5)
    first = small(random_state=rng).fit(X, y)
    seed = twin.randint(np.iinfo(np.int32).max)
    assert_array_equal(rng.get_state()[1], twin.get_state()[1])
    assert_same_fit(first, small(random_state=seed).fit(X, y))
    second = first.coefs_[0].copy()
    assert not np.array_equal(first.fit(X, y).coefs_[0], second)
    for _ in range(2):
        first.partial_fit(X, y)
    twin.randint(np.iinfo(np.int32).max)
    assert_array_equal(rng.get_state()[1], twin.get_state()[1])


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_without_a_seed_fits_differ(make_problem, random_state):
    X, y = make_problem("multiclass")
    first, second = (small(random_state=random_state).fit(X, y) for _ in range(2))
    assert not np.array_equal(first.coefs_[0], second.coefs_[0])


@pytest.mark.parametrize("params", [{}, SETTINGS["early"], {"shuffle": False}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_estimators_that_differ_in_init_see_the_same_batches_and_split(make_problem, kind, params):
    X, y = make_problem(kind)
    seen = [see_rows(init, X, y, **params) for init in ("he", "zeros", "lsuv", gaussian_with_bias)]
    # some look at the rows before training too, and here it is the training that counts
    in_training = [np.concatenate(blocks)[-3 * len(X) :] for blocks in seen]
    for rows in in_training[1:]:
        assert_array_equal(rows, in_training[0])
    epochs = np.split(in_training[0], 3)
    for epoch in epochs:  # every epoch brings each row once, for training or for validation
        assert_array_equal(np.sort(epoch, axis=0), np.sort(X, axis=0))
    assert np.array_equal(epochs[0], epochs[1]) == (params.get("shuffle") is False)
    if params.get("early_stopping"):
        aside = [epoch[-14:] for epoch in epochs]
        assert_array_equal(aside[0], aside[1])
    other_seed = np.concatenate(see_rows("he", X, y, random_state=4, **params))[-3 * len(X) :]
    assert np.array_equal(other_seed, in_training[0]) == (params.get("shuffle") is False)


def test_the_validation_split_is_stratified(make_problem):
    X, y = make_problem("multiclass", n=90)
    blocks = see_rows("he", X, y, early_stopping=True, validation_fraction=0.2, max_iter=1)
    rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in np.concatenate(blocks)[-18:]]
    expected = np.bincount(y) * 0.2
    assert np.abs(np.bincount(y[rows]) - expected).max() < 1
