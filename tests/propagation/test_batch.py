from __future__ import annotations

import numpy as np
import pytest

from skinit.engine.task import Samples
from skinit.propagation import (
    draw_batch,
)
from tests.propagation.propagation_cases import (
    make_samples,
)


def test_a_batch_of_all_rows_is_the_samples_themselves():
    samples = make_samples(30)
    assert draw_batch(samples, 30, np.random.default_rng(0)) is samples


@pytest.mark.parametrize("weighted", [False, True])
def test_a_batch_keeps_the_class_shares_and_its_rows_belong_together(weighted):
    rng = np.random.default_rng(0)
    y = np.eye(3)[rng.choice(3, 2000, p=[0.7, 0.25, 0.05])]
    X = np.column_stack([np.arange(2000.0), y])
    weight = np.arange(2000.0)[:, None] if weighted else None
    batch = draw_batch(Samples(X, y, weight), 200, rng)
    assert len(batch.y) == 200
    assert len(np.unique(batch.X[:, 0])) == 200
    np.testing.assert_array_equal(batch.X[:, 1:], batch.y)
    np.testing.assert_allclose(batch.y.mean(axis=0), y.mean(axis=0), atol=0.02)
    if weighted:
        np.testing.assert_array_equal(batch.sample_weight, batch.X[:, :1])


@pytest.mark.parametrize("kind", ["multiclass", "binary", "multilabel"])
def test_a_batch_has_every_label(kind):
    y = {
        "multiclass": np.eye(5)[[0] * 995 + [0, 1, 2, 3, 4]],
        "binary": np.array([[0.0]] * 999 + [[1.0]]),
        "multilabel": np.vstack([np.zeros((996, 4)), np.eye(4)]),
    }[kind]
    batch = draw_batch(Samples(np.zeros((1000, 1)), y), 32, np.random.default_rng(0))
    assert len(batch.y) == 32
    assert batch.y.any(axis=0).all()
    assert (batch.y == 0).any(axis=0).all()
