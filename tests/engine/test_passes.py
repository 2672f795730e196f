from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from scipy.special import expit

from skinit import _blas
from skinit.activations import ACTIVATIONS, get_activation
from skinit.engine import passes
from skinit.engine.losses import LOSSES
from skinit.engine.optimizers import SGD, Schedule
from skinit.engine.passes import (
    Workspace,
    Workspaces,
    backward,
    evaluate,
    forward,
    loss_and_gradient,
)
from skinit.engine.stack import Parameters, Stack, layers_of

# Of several squared errors the value is a mean and the gradient that of a sum: see `SquaredLoss`.
N_OUTPUTS = {
    "binary": 1, "multilabel-indicator": 3, "multiclass": 3, "squared_error": 1, "poisson": 3,
}  # fmt: skip
HIDDEN = {"none": (), "one": (5,), "two": (5, 4), "three": (4, 5, 3)}
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.names())
every_depth = pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)


def samples(kind, *, n=9, d=4, sparse=False, weighted=False, dtype=np.float64):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(n, d)).astype(dtype)
    if sparse:
        X[rng.random(X.shape) < 0.5] = 0
        X = csr_matrix(X)
    if kind == "multiclass":
        y = np.eye(N_OUTPUTS[kind])[rng.integers(N_OUTPUTS[kind], size=n)]
    elif kind == "squared_error":
        y = rng.normal(size=(n, N_OUTPUTS[kind]))
    else:
        y = rng.integers(4 if kind == "poisson" else 2, size=(n, N_OUTPUTS[kind]))
    weight = rng.uniform(0, 2, (n, 1)).astype(dtype) if weighted else None
    return X, y.astype(dtype), weight


def networks(sizes, k=3, dtype=np.float64):
    rng = np.random.default_rng(3)
    empty = Parameters.empty(sizes, k, dtype)
    empty.flat[:] = rng.normal(0, 0.7, empty.flat.shape)
    return empty


def penalized_gradient(parameters, activation, loss, alpha, X, y, weight):
    """Return the gradient with L2, read off a step of plain gradient descent at rate 1."""
    moved = Parameters(parameters.layer_sizes, parameters.flat.copy())
    gradient = Parameters(parameters.layer_sizes, np.empty_like(moved.flat))
    optimizer = SGD(Schedule("constant", 1.0, k=len(moved)), momentum=0)
    optimizer.bind(moved.flat, gradient.flat, moved.n_weights)
    work = Workspace(moved, activation, len(y), gradient=gradient)
    _, total_weight = loss_and_gradient(work, loss, X, y, weight)
    optimizer.step([alpha / total_weight] * len(parameters))
    return Parameters(parameters.layer_sizes, parameters.flat - moved.flat)


def penalized_loss(parameters, activation, loss, alpha, X, y, weight):
    gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
    work = Workspace(parameters, activation, len(y), gradient=gradient)
    value, total = loss_and_gradient(work, loss, X, y, weight)
    squares = sum(np.square(W).sum(axis=(-2, -1)) for W in parameters.coefs)
    return value + alpha / 2 * squares / total


def assert_gradient_is_right(sizes, activation, kind, alpha, X, y, weight):
    """Compare with central differences, layer by layer and network by network."""
    activation, loss = get_activation(activation), LOSSES[kind]
    task = activation, loss, alpha, X, y, weight
    parameters, step = networks(sizes), 1e-5
    expected = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
    for i in range(parameters.flat.shape[1]):
        losses = []
        for sign in (1, -1):
            moved = Parameters(parameters.layer_sizes, parameters.flat.copy())
            moved.flat[:, i] += sign * step
            losses.append(penalized_loss(moved, *task))
        expected.flat[:, i] = (losses[0] - losses[1]) / (2 * step)
    found = penalized_gradient(parameters, *task)
    pairs = zip(found.coefs + found.intercepts, expected.coefs + expected.intercepts, strict=True)
    for ours, theirs in pairs:
        for j in range(len(parameters)):
            assert np.linalg.norm(theirs[j]) > 1e-6  # otherwise there would be nothing to compare
            error = np.linalg.norm(ours[j] - theirs[j])
            assert error < 1e-6 * np.linalg.norm(theirs[j])


@every_activation
@pytest.mark.parametrize("kind", LOSSES.names())
@pytest.mark.parametrize("alpha", [0, 0.7])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_equal_finite_differences(activation, kind, alpha, weighted):
    X, y, weight = samples(kind, weighted=weighted)
    assert_gradient_is_right((4, 5, 4, N_OUTPUTS[kind]), activation, kind, alpha, X, y, weight)


@every_depth
@pytest.mark.parametrize("kind", LOSSES.names())
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("activation", ["tanh", "mish"])
def test_gradients_equal_finite_differences_at_any_depth(activation, hidden, kind, sparse):
    X, y, weight = samples(kind, sparse=sparse, weighted=True)
    sizes = (4, *hidden, N_OUTPUTS[kind])
    assert_gradient_is_right(sizes, activation, kind, 0.7, X, y, weight)


@every_activation
@every_depth
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
def test_forward_is_a_chain_of_products(activation, hidden, sparse):
    X, _, _ = samples("multiclass", sparse=sparse)
    activation = get_activation(activation)
    stack = networks((4, *hidden, 3))
    raw = forward(Workspace(stack, activation, 9), X)
    for j in range(len(stack)):
        expected = X.toarray() if sparse else X
        for layer, (W, b) in enumerate(zip(stack.coefs, stack.intercepts, strict=True)):
            expected = expected @ W[j] + b[j]
            if layer < len(hidden):
                expected = activation.function(expected, np.empty_like(expected))
        assert_allclose(raw[j], expected, rtol=1e-12, atol=1e-14)


@every_activation
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
def test_each_network_of_a_stack_is_as_if_alone(activation, sparse):
    X, y, weight = samples("multiclass", sparse=sparse, weighted=True)
    activation, loss = get_activation(activation), LOSSES["multiclass"]
    together = networks((4, 6, 5, 3))
    values, gradients = gradient_of(together, activation, loss, X, y, weight)
    for j in range(len(together)):
        alone = together.take([j])
        value, gradient = gradient_of(alone, activation, loss, X, y, weight)
        assert_allclose(value, values[j : j + 1], rtol=1e-13)
        assert_allclose(gradient.flat[0], gradients.flat[j], rtol=1e-10, atol=1e-14)


def gradient_of(parameters, activation, loss, X, y, weight):
    gradient = Parameters(parameters.layer_sizes, np.full_like(parameters.flat, np.nan))
    work = Workspace(parameters, activation, len(y), gradient=gradient)
    value, _ = loss_and_gradient(work, loss, X, y, weight)
    return value, gradient


@pytest.mark.parametrize("block", [1, 7, 64])
def test_blocks_of_rows_are_invisible(block, monkeypatch):
    X, y, weight = samples("multiclass", weighted=True)
    parameters, silu = networks((4, 6, 5, 3)), get_activation("silu")
    expected = gradient_of(parameters, silu, LOSSES["multiclass"], X, y, weight)
    monkeypatch.setattr(passes, "BLOCK", block)
    value, gradient = gradient_of(parameters, silu, LOSSES["multiclass"], X, y, weight)
    assert_array_equal(value, expected[0])
    assert_allclose(gradient.flat, expected[1].flat, rtol=1e-13)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
def test_halves_of_a_product_are_invisible(sparse, monkeypatch):
    X, y, weight = samples("multiclass", weighted=True, sparse=sparse)
    parameters, tanh = networks((4, 6, 3)), get_activation("tanh")
    expected = gradient_of(parameters, tanh, LOSSES["multiclass"], X, y, weight)
    shapes, matmul = [], np.matmul

    def watch(a, b, out):
        shapes.append(a.shape)
        return matmul(a, b, out)

    monkeypatch.setattr(_blas, "SMALL_PRODUCT", 9 * 4 * 6 - 1)
    monkeypatch.setattr(_blas, "has_small_kernels", lambda: True)
    monkeypatch.setattr(passes.np, "matmul", watch)
    value, gradient = gradient_of(parameters, tanh, LOSSES["multiclass"], X, y, weight)
    assert ((4, 4) in shapes and (5, 4) in shapes and (2, 9) in shapes) == (not sparse)
    assert_allclose(value, expected[0], rtol=1e-13)
    assert_allclose(gradient.flat, expected[1].flat, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_networks_side_by_side_read_a_large_x_once(dtype, monkeypatch):
    """In training as in evaluation, whose weights may lie side by side already."""
    n, d = 32, passes.LARGE // 32 + 1
    X, y, _ = samples("multiclass", n=n, d=d, dtype=dtype)
    tanh, loss = get_activation("tanh"), LOSSES["multiclass"]
    together = networks((d, 8, 3), dtype=dtype)
    together.coefs[0][:] *= d**-0.5
    weights = [np.stack(W, axis=1).swapaxes(0, 1) for W in together.coefs]
    strided = Stack(weights, together.intercepts)
    shapes, matmul = [], np.matmul

    def watch(a, b, out):
        shapes.append((a.shape, b.shape))
        return matmul(a, b, out)

    monkeypatch.setattr(passes.np, "matmul", watch)
    values, gradients = gradient_of(together, tanh, loss, X, y, None)
    assert ((n, d), (d, 24)) in shapes and ((d, n), (n, 24)) in shapes
    raw = forward(Workspace(together, tanh, n), X)
    assert_array_equal(forward(Workspace(strided, tanh, n), X), raw)
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    for j in range(3):
        alone = together.take([j])
        value, gradient = gradient_of(alone, tanh, loss, X, y, None)
        assert_allclose(value, values[j : j + 1], rtol=rtol)
        scale = np.abs(gradient.flat[0]).max()
        assert_allclose(gradients.flat[j], gradient.flat[0], rtol=rtol, atol=rtol * scale)
    assert ((n, d), (1, d, 8)) in shapes  # alone, there is nothing to put side by side


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("values", [1, 60, 1 << 18])
def test_evaluate_covers_all_rows_once(sparse, values, monkeypatch):
    monkeypatch.setattr(passes, "EVALUATION_BLOCK", values)
    X, _, _ = samples("multiclass", n=11, sparse=sparse)
    stack, tanh = networks((4, 6, 5, 3)), get_activation("tanh")
    expected = forward(Workspace(stack, tanh, 11), X)
    blocks = [(rows, raw.copy()) for rows, raw in evaluate(stack, tanh, X)]
    assert_array_equal(np.concatenate([np.arange(11)[rows] for rows, _ in blocks]), np.arange(11))
    assert_allclose(np.concatenate([raw for _, raw in blocks], axis=-2), expected, rtol=1e-12)
    assert (len(blocks) > 1) == (values < 11 * 18)


@every_activation
def test_batches_of_all_sizes_share_their_memory(activation):
    X, y, weight = samples("multiclass", weighted=True)
    parameters, activation = networks((4, 6, 5, 7, 3)), get_activation(activation)
    gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
    workspaces = Workspaces(parameters, activation, gradient=gradient)
    assert np.shares_memory(workspaces[9].outputs[0], workspaces[4].outputs[0])
    for n in (9, 4, 6, 9):
        part = X[:n], y[:n], weight[:n]
        expected = gradient_of(parameters, activation, LOSSES["multiclass"], *part)
        value, _ = loss_and_gradient(workspaces[n], LOSSES["multiclass"], *part)
        assert_allclose(value, expected[0], rtol=1e-13)
        assert_allclose(gradient.flat, expected[1].flat, rtol=1e-12, atol=1e-15)


def test_what_is_kept_is_not_overwritten():
    """Pre-activations and the deltas of all layers, for who wants to look at them."""
    X, y, weight = samples("multiclass", weighted=True)
    parameters, tanh = networks((4, 6, 5, 7, 3)), get_activation("tanh")
    gradient = Parameters(parameters.layer_sizes, np.empty_like(parameters.flat))
    work = Workspace(parameters, tanh, 9, gradient=gradient, keep=True)
    loss_and_gradient(work, LOSSES["multiclass"], X, y, weight)
    expected = gradient_of(parameters, tanh, LOSSES["multiclass"], X, y, weight)[1]
    assert_allclose(gradient.flat, expected.flat, rtol=1e-12, atol=1e-15)
    inputs = [np.broadcast_to(X, (3, 9, 4)), *work.outputs]
    for layer, delta in enumerate(work.deltas):
        assert_allclose(np.tanh(work.pre_activations[layer]), work.outputs[layer], rtol=1e-13)
        product = inputs[layer].swapaxes(-2, -1) @ delta
        assert_allclose(product, gradient.coefs[layer], rtol=1e-12, atol=1e-15)


@every_activation
def test_float32_stays_float32(activation):
    X, y, weight = samples("multiclass", weighted=True, dtype=np.float32)
    parameters = networks((4, 6, 5, 3), dtype=np.float32)
    activation = get_activation(activation)
    value, gradient = gradient_of(parameters, activation, LOSSES["multiclass"], X, y, weight)
    work = Workspace(parameters, activation, 9, gradient=gradient)
    arrays = [value, gradient.flat, work.raw, *work.outputs, *work.pre_activations, *work.deltas]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    twice = Parameters(parameters.layer_sizes, parameters.flat.astype(np.float64))
    _, exact = gradient_of(twice, activation, LOSSES["multiclass"], X, y, weight)
    assert_allclose(gradient.flat, exact.flat, rtol=1e-3, atol=1e-5)


def test_a_batch_of_zero_weights_has_no_loss_and_no_gradient():
    X, y, _ = samples("multiclass")
    value, gradient = gradient_of(
        networks((4, 5, 3)), get_activation("relu"), LOSSES["multiclass"], X, y, np.zeros((9, 1))
    )
    assert_array_equal(value, 0)
    assert_array_equal(gradient.flat, 0)


def test_deltas_are_the_gradients_at_the_pre_activations():
    """The diagnosis reads them; here a network of one unit a layer, by hand."""
    X, y = np.array([[2.0]]), np.array([[1.0]])
    v, w = 0.3, -0.8
    layers = [(np.array([[weight]]), np.zeros(1)) for weight in (v, w)]
    one = Parameters.stack([layers], np.float64)
    gradient = Parameters(one.layer_sizes, np.empty_like(one.flat))
    work = Workspace(one, get_activation("tanh"), 1, gradient=gradient)
    work.raw[:] = expit(forward(work, X)) - y
    backward(work, X)
    a = np.tanh(2 * v)
    expected = (expit(w * a) - 1) * w * (1 - a**2)
    assert_allclose(work.deltas[0][0, 0, 0], expected, rtol=1e-14)
    assert_allclose(gradient.coefs[0][0, 0, 0], 2 * expected, rtol=1e-14)


def test_parameters_are_views_of_one_buffer():
    sizes = (4, 5, 2, 3)
    parameters = networks(sizes)
    assert parameters.layer_sizes == sizes
    assert parameters.n_weights == sum(rows * columns for rows, columns in pairwise(sizes))
    assert parameters.flat.shape == (3, parameters.n_weights + 5 + 2 + 3)
    parameters.flat[1] = 7
    for array in parameters.coefs + parameters.intercepts:
        assert np.shares_memory(array, parameters.flat)
        assert_array_equal(array[1], 7)
        assert not (array[0] == 7).any()


def test_networks_go_into_a_stack_and_come_out_again():
    rng = np.random.default_rng(0)
    shapes = list(pairwise((4, 5, 3)))
    members = [[(rng.normal(size=s), rng.normal(size=s[1])) for s in shapes] for _ in range(3)]
    stack = Parameters.stack(members, np.float64)
    assert len(stack) == 3
    for row, layers in zip(stack.flat, members, strict=True):
        for ours, (W, b) in zip(layers_of(row, (4, 5, 3)), layers, strict=True):
            assert_array_equal(ours[0], W)
            assert_array_equal(ours[1], b)
    kept = stack.take(np.array([True, False, True]))
    assert_array_equal(kept.flat, stack.flat[[0, 2]])
    assert not np.shares_memory(kept.flat, stack.flat)
    expected = [sum(np.square(W).sum() for W, _ in layers) for layers in members]
    assert_allclose(stack.squared_norms(), expected, rtol=1e-14)


def test_a_stack_of_one_copies_nothing():
    W, b = np.ones((4, 3)), np.zeros(3)
    stack = Stack.of_one([W], [b])
    assert stack.layer_sizes == (4, 3)
    assert len(stack) == 1
    assert np.shares_memory(stack.coefs[0], W)
    assert np.shares_memory(stack.intercepts[0], b)


def test_layers_of_different_precision_come_out_in_that_of_the_first():
    X, _, _ = samples("multiclass")
    single, double = networks((4, 6, 3), k=1, dtype=np.float32), networks((4, 6, 3), k=1)
    mixed = Stack([single.coefs[0], double.coefs[1]], single.intercepts)
    raw = forward(Workspace(mixed, get_activation("tanh"), 9), X)
    assert raw.dtype == np.float32
    expected = forward(Workspace(double, get_activation("tanh"), 9), X)
    assert_allclose(raw, expected, rtol=1e-5, atol=1e-6)
