from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error, r2_score

from skinit.engine.losses import LOSSES

CLASSES = ["binary", "multilabel-indicator", "multiclass"]
NUMBERS = ["squared_error", "poisson"]
every_loss = pytest.mark.parametrize("kind", CLASSES + NUMBERS)
of_classes = pytest.mark.parametrize("kind", CLASSES)
of_numbers = pytest.mark.parametrize("kind", NUMBERS)
weighted = pytest.mark.parametrize("with_weights", [False, True], ids=["plain", "weighted"])


def problem(kind, *, k=3, n=7, with_weights=True, dtype=np.float64, spread=3.0):
    """Return raw outputs of k networks, encoded targets and weights."""
    rng = np.random.default_rng(5)
    n_outputs = 1 if kind == "binary" else 4
    raw = rng.normal(0, spread, (k, n, n_outputs)).astype(dtype)
    if kind == "multiclass":
        y = np.eye(n_outputs)[rng.integers(n_outputs, size=n)]
    elif kind in CLASSES:
        y = rng.integers(2, size=(n, n_outputs))
    else:
        y = rng.poisson(2, size=(n, n_outputs)) - (kind == "squared_error") * 1.5
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
    assert LOSSES.names() == CLASSES + NUMBERS
    out_activations = [LOSSES[kind].out_activation for kind in LOSSES.names()]
    assert out_activations == ["logistic", "logistic", "softmax", "identity", "exp"]


@of_classes
@weighted
def test_value_equals_scikit_learns_log_loss(kind, with_weights):
    raw, y, weight = problem(kind, with_weights=with_weights)
    probability = softmax(raw, axis=-1) if kind == "multiclass" else expit(raw)
    expected = [sum_of_log_losses(kind, p, y, weight) for p in probability]
    value, _ = LOSSES[kind].value_and_gradient(raw, y, weight)
    assert_allclose(value, expected, rtol=1e-12)


@of_numbers
@weighted
def test_value_is_half_of_scikit_learns_error_or_deviance(kind, with_weights):
    raw, y, weight = problem(kind, with_weights=with_weights, spread=1.0)
    measure = mean_squared_error if kind == "squared_error" else mean_poisson_deviance
    flat, total = (None, len(y)) if weight is None else (weight[:, 0], weight.sum())
    predictions = LOSSES[kind].prediction(raw.copy())
    of_outputs = np.array(
        [[measure(y[:, j], p[:, j], sample_weight=flat) for j in range(4)] for p in predictions]
    )
    combined = of_outputs.mean(1) if kind == "squared_error" else of_outputs.sum(1)
    value, _ = LOSSES[kind].value_and_gradient(raw, y, weight)
    assert_allclose(value, combined * total / 2, rtol=1e-12)


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
    if kind == "squared_error":  # of the sum over 4 outputs, where the value is their mean
        expected *= 4
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


@of_classes
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
    arrays = [value, gradient, loss.prediction(raw.copy())]
    if kind in CLASSES:
        arrays += [loss.probability(raw.copy()), loss.log_probability(raw)]
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


@of_classes
def test_correct_means_every_label(kind):
    raw, y, _ = problem(kind)
    expected = {
        "binary": lambda: (raw[..., 0] > 0) == (y[:, 0] == 1),
        "multilabel-indicator": lambda: ((raw > 0) == (y == 1)).all(-1),
        "multiclass": lambda: raw.argmax(-1) == y.argmax(-1),
    }[kind]()
    assert 0 < expected.sum() < expected.size
    assert_array_equal(LOSSES[kind].correct(raw, y), expected)


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
def test_the_baseline_is_the_best_constant_prediction(kind, weighted):
    rng = np.random.default_rng(0)
    codes = rng.choice(3, 60, p=[0.6, 0.3, 0.1])
    y = np.eye(3)[codes] if kind == "multiclass" else (rng.random((60, 2)) < [0.2, 0.7]) * 1.0
    if kind in NUMBERS:
        y = rng.poisson([0.3, 5.0], (60, 2)).astype(float)
    weight = rng.uniform(0.5, 2.0, (60, 1)) if weighted else None
    loss = LOSSES[kind]

    def total(raw):
        return loss.value_and_gradient(np.tile(raw, (1, 60, 1)), y, weight)[0][0]

    baseline = loss.baseline(y, weight)
    found = minimize(total, np.zeros(y.shape[1]), tol=1e-12).x
    assert total(baseline) <= total(found) + 1e-9
    if kind != "multiclass":  # softmax is blind to a constant on all outputs
        np.testing.assert_allclose(baseline, found, atol=1e-4)


def test_the_baseline_of_a_class_without_rows_is_finite():
    y = np.eye(3)[[0, 1, 1, 0]]
    np.testing.assert_allclose(np.exp(LOSSES["multiclass"].baseline(y)), [0.5, 0.5, 0.125])
    assert np.isfinite(LOSSES["binary"].baseline(np.ones((4, 1)))).all()


def test_the_baseline_of_counts_that_are_all_zero_is_finite():
    assert_allclose(np.exp(LOSSES["poisson"].baseline(np.zeros((4, 2)))), [0.125, 0.125])


@of_numbers
@weighted
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_score_of_numbers_is_r2(kind, with_weights, n_outputs, dtype):
    raw, y, weight = problem(kind, with_weights=with_weights, spread=1.0, dtype=dtype)
    raw, y = raw[..., :n_outputs], y[:, :n_outputs]
    flat, kept = None if weight is None else weight[:, 0], raw.copy()
    predictions = LOSSES[kind].prediction(raw.astype(float))
    expected = [r2_score(y, p, sample_weight=flat) for p in predictions]
    assert_allclose(LOSSES[kind].score(raw, y, weight), expected, rtol=1e-9)
    assert_array_equal(raw, kept)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e6])
def test_the_score_of_a_constant_target_is_one_or_zero(level):
    """As r2_score, even where the mean of equal numbers is not exactly that number."""
    y = np.full((7, 2), level)
    raw = np.stack([y, y + [0.0, 1.0], y + 1.0])
    assert_array_equal(LOSSES["squared_error"].score(raw, y), [1.0, 0.5, 0.0])


def test_the_deviance_of_predictions_that_round_to_zero_is_finite():
    """Where scikit-learn divides by 0."""
    value, gradient = LOSSES["poisson"].value_and_gradient(
        np.full((1, 1, 1), -800.0), np.ones((1, 1))
    )
    assert_allclose(value, [799.0])
    assert_array_equal(gradient, [[[-1.0]]])
