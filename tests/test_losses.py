from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.metrics import log_loss

from skinit.losses import LOSSES

KINDS = ["binary", "multilabel-indicator", "multiclass"]
every_loss = pytest.mark.parametrize("kind", KINDS)
weighted = pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])


def problem(kind, *, k=3, n=7, with_weights=True, dtype=np.float64, spread=3.0):
    """Return raw outputs of k networks, coded labels and weights."""
    rng = np.random.default_rng(5)
    n_outputs = {"binary": 1, "multilabel-indicator": 4, "multiclass": 4}[kind]
    raw = rng.normal(0, spread, (k, n, n_outputs)).astype(dtype)
    if kind == "multiclass":
        y = np.eye(n_outputs)[rng.integers(n_outputs, size=n)]
    else:
        y = rng.integers(2, size=(n, n_outputs))
    weight = rng.uniform(0.2, 3, (n, 1)).astype(dtype) if with_weights else None
    return raw, y.astype(dtype), weight


def sum_of_log_losses(kind, probability, y, weight):
    """Let scikit-learn compute the summed loss of one network."""
    weight = None if weight is None else weight[:, 0]
    if kind == "multiclass":
        labels = range(y.shape[1])
        return log_loss(
            y.argmax(1), probability, labels=labels, normalize=False, sample_weight=weight
        )
    return sum(
        log_loss(y[:, j], probability[:, j], labels=[0, 1], normalize=False, sample_weight=weight)
        for j in range(y.shape[1])
    )


def test_the_table_is_complete():
    assert LOSSES.names() == KINDS
    assert [LOSSES[kind].out_activation for kind in KINDS] == ["logistic", "logistic", "softmax"]


@every_loss
@weighted
def test_value_equals_scikit_learns_log_loss(kind, with_weights):
    raw, y, weight = problem(kind, with_weights=with_weights)
    probability = softmax(raw, axis=-1) if kind == "multiclass" else expit(raw)
    expected = [sum_of_log_losses(kind, p, y, weight) for p in probability]
    value, _ = LOSSES[kind].value_and_gradient(raw, y, weight)
    assert_allclose(value, expected, rtol=1e-12)


@every_loss
@weighted
def test_gradient_equals_finite_differences(kind, with_weights):
    raw, y, weight = problem(kind, with_weights=with_weights)
    loss, step, expected = LOSSES[kind], 1e-5, np.empty_like(raw)
    for place in np.ndindex(raw.shape):
        values = []
        for sign in (1, -1):
            moved = raw.copy()
            moved[place] += sign * step
            values.append(loss.value_and_gradient(moved, y, weight)[0][place[0]])
        expected[place] = (values[0] - values[1]) / (2 * step)
    _, gradient = loss.value_and_gradient(raw.copy(), y, weight)
    assert np.linalg.norm(gradient - expected) < 1e-8 * np.linalg.norm(expected)


@every_loss
def test_each_network_of_a_stack_has_the_loss_it_has_alone(kind):
    raw, y, weight = problem(kind)
    value, gradient = LOSSES[kind].value_and_gradient(raw.copy(), y, weight)
    for j in range(len(raw)):
        alone = LOSSES[kind].value_and_gradient(raw[j : j + 1].copy(), y, weight)
        assert_allclose(value[j], alone[0][0], rtol=1e-14)
        assert_allclose(gradient[j], alone[1][0], rtol=1e-14)


@every_loss
def test_samples_may_be_last_in_memory(kind):
    raw, y, weight = problem(kind)
    last = np.ascontiguousarray(raw.swapaxes(-2, -1)).swapaxes(-2, -1)
    expected = LOSSES[kind].value_and_gradient(raw.copy(), y, weight)
    value, gradient = LOSSES[kind].value_and_gradient(last, np.asfortranarray(y), weight)
    assert gradient is last  # the engine counts on the buffer being used
    assert_allclose(value, expected[0], rtol=1e-14)
    assert_allclose(gradient, expected[1], rtol=1e-14)


@every_loss
def test_a_weight_of_two_is_the_row_twice_and_none_the_row_absent(kind):
    raw, y, _ = problem(kind)
    copies = np.array([2, 0, 1, 1, 3, 0, 1])
    value, _ = LOSSES[kind].value_and_gradient(raw.copy(), y, copies[:, None].astype(float))
    repeated = np.repeat(raw, copies, axis=1), np.repeat(y, copies, axis=0)
    assert_allclose(value, LOSSES[kind].value_and_gradient(*repeated)[0], rtol=1e-13)


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_that_is_sure_and_wrong_has_a_large_and_finite_loss(kind, dtype):
    """Of raw outputs 1e4 the loss is 1e4, where log(p) would be -inf."""
    _, y, _ = problem(kind, dtype=dtype)
    raw = np.where(y > 0, -1e4, 1e4).astype(dtype)[None]
    wrong_outputs = y.size if kind != "multiclass" else 2 * len(y)
    value, gradient = LOSSES[kind].value_and_gradient(raw.copy(), y)
    assert_allclose(value, [1e4 * wrong_outputs], rtol=1e-3)
    assert np.isfinite(gradient).all()
    assert np.isfinite(LOSSES[kind].log_probability(raw)).all()
    assert not LOSSES[kind].correct(raw, y).any()


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay(kind, dtype):
    raw, y, weight = problem(kind, dtype=dtype)
    loss = LOSSES[kind]
    value, gradient = loss.value_and_gradient(raw.copy(), y, weight)
    arrays = value, gradient, loss.probability(raw.copy()), loss.log_probability(raw)
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_probabilities_are_scipys():
    raw, _, _ = problem("multiclass", spread=300)
    assert_allclose(LOSSES["multiclass"].probability(raw.copy()), softmax(raw, -1), rtol=1e-13)
    assert_allclose(LOSSES["multiclass"].log_probability(raw), log_softmax(raw, -1), rtol=1e-13)
    assert_array_equal(LOSSES["binary"].probability(raw.copy()), expit(raw))
    several = LOSSES["multilabel-indicator"].log_probability(raw)
    assert_array_equal(several, log_expit(raw))


def test_binary_log_probabilities_have_a_column_for_each_class():
    raw = np.array([[[-800.0], [0.0], [30.0]]])
    expected = np.stack([log_expit(-raw[..., 0]), log_expit(raw[..., 0])], axis=-1)
    assert_array_equal(LOSSES["binary"].log_probability(raw), expected)


@every_loss
def test_correct_means_every_label(kind):
    raw, y, _ = problem(kind)
    expected = {
        "binary": lambda: (raw[..., 0] > 0) == (y[:, 0] == 1),
        "multilabel-indicator": lambda: ((raw > 0) == (y == 1)).all(-1),
        "multiclass": lambda: raw.argmax(-1) == y.argmax(-1),
    }[kind]()
    assert 0 < expected.sum() < expected.size
    assert_array_equal(LOSSES[kind].correct(raw, y), expected)
