"""Networks that train together, and those that cannot."""

from __future__ import annotations

import numpy as np
import pytest

from skinit import InitMLPClassifier
from skinit.comparison import stacks
from skinit.comparison.stacks import train_stacks
from tests.comparison.comparison_tools import X, y

RATES = [0.001, 0.003, 0.01, 0.03]


def make_networks(n_owners=5):
    return [
        InitMLPClassifier((4,), init=init, learning_rate_init=rate, max_iter=5, random_state=0)
        for init in ["he", "xavier", "torch", "random", "lsuv"][:n_owners]
        for rate in RATES
    ]


def spy(monkeypatch):
    sizes, train = [], stacks.train_together
    monkeypatch.setattr(
        stacks, "train_together", lambda n, *a, **k: (sizes.append(len(n)), train(n, *a, **k))[1]
    )
    return sizes


def test_large_stacks_are_cut_and_owners_stay_together(monkeypatch):
    whole = make_networks()
    train_stacks(whole, X, y, n_outputs=3)
    monkeypatch.setattr(stacks, "OF_CACHE", 10 * (5 * 4 + 5 * 3))  # ten networks
    sizes = spy(monkeypatch)
    cut = make_networks()
    train_stacks(cut, X, y, n_outputs=3, owners=np.repeat(range(5), 4).tolist())
    assert sizes == [8, 8, 4]
    sizes.clear()
    train_stacks(make_networks(), X, y, n_outputs=3)
    assert sizes == [10, 10]
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one.coefs_[0], other.coefs_[0], rtol=1e-9, atol=1e-12)


def test_few_stay_together_unless_memory_forbids_it(monkeypatch):
    monkeypatch.setattr(stacks, "OF_CACHE", 1)
    sizes = spy(monkeypatch)
    train_stacks(make_networks(2), X, y, n_outputs=3)
    assert sizes == [8]
    sizes.clear()
    monkeypatch.setattr(stacks, "OF_MEMORY", 3 * (5 * 4 + 5 * 3))
    train_stacks(make_networks(2), X, y, n_outputs=3)
    assert sizes == [3, 3, 2]


def test_an_error_is_that_of_the_network_whose_it_is():
    networks = make_networks(1)
    networks[1].init = "no such"
    trainings = train_stacks(networks, X, y)
    assert [training.error is None for training in trainings] == [True, False, True, True]
    assert "no such" in str(trainings[1].error)


def test_unknown_parameters_of_fit_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'x_val'"):
        train_stacks(make_networks(1), X, y, x_val=X)
