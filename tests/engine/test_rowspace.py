"""Training in the row space and training in the features must be the same training.

Three judges: algebra (products, norms and round trips), a plain NumPy network written here, and
scikit-learn's MLPClassifier started from given weights.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPClassifier

from skinit.engine import rowspace
from skinit.engine.rowspace import RowSpace, is_worthwhile

N, D, H = 12, 60, 4


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def with_spectrum(smallest):
    """Singular values from 1 down to `smallest`."""
    U, V = np.linalg.qr(normal(N, N))[0], np.linalg.qr(normal(D, N, seed=1))[0]
    return (U * np.geomspace(1, smallest, N)) @ V.T


X = normal(N, D)
BLANK = X * (np.arange(D) % 3 > 0)
GRAM = {
    "wide": X,
    "duplicated rows": X[np.arange(N) // 2],
    "low rank": normal(N, 3) @ normal(3, D),
    "centred": X - X.mean(axis=0),
    "zero columns": BLANK,
    "a zero row": X * (np.arange(N) > 0)[:, None],
    "all zero": np.zeros((N, D)),
    "all ones": np.ones((N, D)),
    "one row": X[:1],
    "one feature": X[:1, :1],
    "square": X[:, :N],
    "square and centred": X[:, :N] - X[:, :N].mean(axis=0),
    "uncentred by 10": X + 10,
    "condition 9e3": with_spectrum(1.1e-4),
    "Fortran order": np.asfortranarray(X),
}
QR = {
    "uncentred by 1e6": X + 1e6,
    "rows 1e-5 apart": X[np.arange(N) // 2] + 1e-5 * normal(N, D, seed=1),
    "rows 1e-9 apart": X[np.arange(N) // 2] + 1e-9 * normal(N, D, seed=1),
    "one entry 1e-9 apart": X[np.arange(N) // 2] + 1e-9 * np.eye(N, D),
    "rows of every size": X * np.geomspace(1e-6, 1e6, N)[:, None],
    "condition 1.1e4": with_spectrum(0.9e-4),
    "more rows than features": X.T.copy(),
    "more rows, low rank": (normal(N, 3) @ normal(3, D)).T,
}
CASES = GRAM | QR
every_case = pytest.mark.parametrize("X", CASES.values(), ids=CASES.keys())


def weights_for(X, n_units=H):
    """Weights that give pre-activations of order one, whatever the size of X."""
    size = np.linalg.norm(X, 2) / np.sqrt(len(X)) or 1.0
    return normal(X.shape[1], n_units, seed=2) / size


def assert_close(actual, expected, rtol, scale=None):
    """Compare norms, relative to the expected one unless another scale is given."""
    scale = np.linalg.norm(expected) if scale is None else scale
    assert np.linalg.norm(actual - expected) <= rtol * scale


def through_qr(*parts, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(rowspace, "_factorize_gram", lambda parts: None)
        return RowSpace(*parts)


# --- algebra -----------------------------------------------------------------------------------


@pytest.mark.parametrize("X", GRAM.values(), ids=GRAM.keys())
def test_clean_spectra_take_the_fast_way(X):
    assert rowspace._factorize_gram([X]) is not None


@pytest.mark.parametrize("X", QR.values(), ids=QR.keys())
def test_doubtful_spectra_take_householders_way(X):
    assert rowspace._factorize_gram([X]) is None


def assert_same_algebra(X, W, space, rtol, rtol_norm=None):
    start = space.project(W)
    n_coordinates = space.rows.shape[1]
    assert space.rows.dtype == start.dtype == X.dtype
    assert n_coordinates <= min(X.shape) + 1
    assert start.shape == (n_coordinates, W.shape[1])
    assert_array_equal(space.rows[:, -1], 0)
    assert_array_equal(space.lift(start, start, W), W)
    # float32 is judged in float64: the judge should not round more than the judged
    X, W, rows, start = (a.astype(np.float64) for a in (X, W, space.rows, start))
    scale = np.linalg.norm(X, 2)
    assert_close(rows @ start, X @ W, rtol, scale * np.linalg.norm(W))
    assert_close(rows @ rows.T, X @ X.T, rtol, scale**2)
    norms = np.linalg.norm(W, axis=0)
    assert_allclose(np.linalg.norm(start, axis=0), norms, rtol=rtol_norm or rtol)


@every_case
def test_products_norms_and_round_trip(X, monkeypatch):
    W = weights_for(X)
    assert_same_algebra(X, W, RowSpace(X), 1e-10)
    assert_same_algebra(X, W, through_qr(X, monkeypatch=monkeypatch), 1e-10)


@every_case
def test_float32(X, monkeypatch):
    X, W = X.astype(np.float32), weights_for(X).astype(np.float32)
    assert_same_algebra(X, W, RowSpace(X), 1e-6)
    assert_same_algebra(X, W, through_qr(X, monkeypatch=monkeypatch), 1e-6)


def test_float32_is_factorized_in_float64():
    X32 = X.astype(np.float32)
    exact = RowSpace(X32.astype(np.float64)).rows
    assert_close(RowSpace(X32).rows, exact, 1e-7)


numbers = st.floats(-1000, 1000).map(lambda value: round(value, 6))


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 7), st.integers(1, 20))
def test_algebra_of_any_matrix(data, n, d):
    X = data.draw(arrays(np.float64, (n, d), elements=numbers))
    W = data.draw(arrays(np.float64, (d, 2), elements=numbers))
    # in very few features a nearly singular X shows that Q is orthonormal to 1e-9 only
    assert_same_algebra(X, W, RowSpace(X), 1e-10, rtol_norm=1e-8)


@every_case
def test_weights_without_an_outside(X):
    """Zeros, and combinations of the rows: nothing to rescale, no 0/0."""
    space = RowSpace(X)
    zeros = np.zeros((X.shape[1], H))
    assert_array_equal(space.project(zeros), 0)
    W = X.T @ normal(len(X), H)
    start = space.project(W)
    assert_close(start[-1], 0, 1e-7, np.linalg.norm(W))
    assert_close(space.lift(0.5 * start, start, W), 0.5 * W, 1e-10)
    moved = np.vstack([start[:-1], np.zeros((1, H))])
    assert_close(space.lift(moved, np.zeros_like(start), zeros), W, 1e-8)


def test_the_outside_part_is_rescaled():
    space, W = RowSpace(X), weights_for(X)
    start = space.project(W)
    inside = X.T @ np.linalg.lstsq(X.T, W, rcond=None)[0]
    assert_allclose(start[-1], np.linalg.norm(W - inside, axis=0), rtol=1e-12)
    trained = start * np.r_[np.ones(N), -0.25][:, None]
    assert_close(space.lift(trained, start, W), inside - 0.25 * (W - inside), 1e-13)


@pytest.mark.parametrize("row", [0, -1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("offset", [0, 1e6], ids=["gram", "qr"])
def test_a_diverged_unit_stays_so_and_alone(offset, bad, row):
    space, W = RowSpace(X + offset), weights_for(X)
    start = space.project(W)
    trained = start.copy()
    trained[row, 1] = bad
    lifted = space.lift(trained, start, W)
    assert not np.isfinite(lifted[:, 1]).any()
    assert_array_equal(np.delete(lifted, 1, axis=1), np.delete(W, 1, axis=1))


@every_case
def test_networks_side_by_side(X):
    space = RowSpace(X)
    members = [weights_for(X) * (j + 1) for j in range(3)]
    W = np.hstack(members)
    wide = space.project(W)
    alone = [space.project(member) for member in members]
    assert_close(wide, np.hstack(alone), 1e-12)
    lifted = [space.lift(0.9 * start, start, W) for start, W in zip(alone, members, strict=True)]
    assert_close(space.lift(0.9 * wide, wide, W), np.hstack(lifted), 1e-12)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-6), (np.float64, 1e-10)])
@pytest.mark.parametrize("offset", [0, 1e6], ids=["gram", "qr"])
def test_very_many_features(offset, dtype, rtol):
    wide, W = (normal(3, 2**20) + offset).astype(dtype), normal(2**20, 2, seed=1).astype(dtype)
    assert_same_algebra(wide, W, RowSpace(wide), rtol)


@every_case
def test_parts_are_rows_below_each_other(X, monkeypatch):
    for cuts in ([1], [2, 5], [0, len(X)]):
        parts, W = np.split(X, cuts), weights_for(X)
        for space in (RowSpace(*parts), through_qr(*parts, monkeypatch=monkeypatch)):
            assert_same_algebra(X, W, space, 1e-10)
            start = space.project(W)
            moved = 0.5 * start
            moved[:-1] += normal(*moved[:-1].shape, seed=4) * np.linalg.norm(W)
            scale = np.linalg.norm(X, 2) * np.linalg.norm(moved)
            assert_close(X @ space.lift(moved, start, W), space.rows @ moved, 1e-10, scale)


@pytest.mark.parametrize(("offset", "copies"), [(0, 0.8), (1e6, 2.5)], ids=["gram", "qr"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_grows_with_the_data_not_with_its_square(offset, copies, dtype):
    """The fast way does not even copy X, not even from float32 to float64."""
    n, d = 20, 200_000
    X, W = (normal(n, d) + offset).astype(dtype), normal(d, 2).astype(dtype)
    tracemalloc.start()
    try:
        space = RowSpace(X)
        start = space.project(W)
        space.lift(start, start, W)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < copies * 8 * n * d


def test_products_may_leave_the_range_of_floats():
    space, W = RowSpace(X * 1e160), weights_for(X)
    start = space.project(W)
    assert_close(space.rows / 1e160 @ start, X @ W, 1e-10)
    assert_close(space.lift(start, start, W), W, 1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("shape", [(3, 9), (9, 3)])
def test_non_finite_data_are_refused(bad, shape):
    X = normal(*shape)
    X[1, 1] = bad
    with pytest.raises(ValueError, match="infs or NaNs"), np.errstate(invalid="ignore"):
        RowSpace(X)


# --- the same training: a plain network ----------------------------------------------------------


def train(X, targets, W, *, alpha, nesterov=False, batch_size=None, n_epochs=60, momentum=0.9):
    """Train a tanh layer and a logistic output; return the loss curve and all parameters."""
    batch_size = batch_size or len(X)
    params = [W.copy(), np.zeros(W.shape[1]), normal(W.shape[1], 1, seed=3), np.zeros(1)]
    velocities = [np.zeros_like(p) for p in params]
    # A learning rate for inputs of any size: the curvature of the first layer grows with theirs.
    rates = [0.1 / (np.square(X).sum() / len(X) or 1), 0.1, 0.1, 0.1]
    curve = []
    for _ in range(n_epochs):
        for i in range(0, len(X), batch_size):
            batch, target = X[i : i + batch_size], targets[i : i + batch_size, None]
            W1, b1, W2, b2 = params
            hidden = np.tanh(batch @ W1 + b1)
            raw = hidden @ W2 + b2
            penalty = alpha / 2 * (np.square(W1).sum() + np.square(W2).sum())
            curve.append((np.logaddexp(0, raw) - target * raw).mean() + penalty / len(batch))
            error = (1 / (1 + np.exp(-raw)) - target) / len(batch)
            delta = error @ W2.T * (1 - hidden**2)
            decay = alpha / len(batch)
            gradients = [batch.T @ delta + decay * W1, delta.sum(0)]
            gradients += [hidden.T @ error + decay * W2, error.sum(0)]
            for p, v, g, rate in zip(params, velocities, gradients, rates, strict=True):
                v[:] = momentum * v - rate * g
                p += momentum * v - rate * g if nesterov else v
    return curve, params


def assert_same_training(X, fit, rtol):
    """Fit on the features and on the rows; `fit(X, W)` gives the loss curve and parameters."""
    space, W = RowSpace(X), weights_for(X)
    start = space.project(W)
    curve, (expected, *others) = fit(X, W)
    reduced_curve, (trained, *reduced_others) = fit(space.rows, start)
    assert np.linalg.norm(expected - W) > 1e-6 * np.linalg.norm(W) or not X.any()  # it did train
    assert_allclose(reduced_curve, curve, rtol=rtol)
    assert_close(space.lift(trained, start, W), expected, rtol)
    for reduced, direct in zip(reduced_others, others, strict=True):
        assert_close(reduced, direct, rtol, max(1, np.linalg.norm(direct)))


VARIANTS = {
    "full batch": {"alpha": 0, "momentum": 0},
    "full batch, weight decay": {"alpha": 0.5, "momentum": 0},
    "momentum, mini-batches": {"alpha": 0.5, "batch_size": 5},
    "nesterov, mini-batches": {"alpha": 0.01, "batch_size": 5, "nesterov": True},
    "nesterov, row by row": {"alpha": 0.5, "batch_size": 1, "nesterov": True, "n_epochs": 5},
}


@every_case
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_same_training_of_a_plain_network(X, variant):
    targets = (normal(len(X), seed=4) > 0).astype(float)
    assert_same_training(X, lambda X, W: train(X, targets, W, **variant), 1e-9)


def test_held_out_rows_are_seen_in_the_same_basis():
    space, W = RowSpace(X), weights_for(X)
    start, targets = space.project(W), np.arange(8) % 2.0
    _, (trained, *_) = train(space.rows[:8], targets, start, alpha=0.5)
    _, (expected, *_) = train(X[:8], targets, W, alpha=0.5)
    assert_close(space.rows[8:] @ trained, X[8:] @ expected, 1e-12)


# --- the same training: scikit-learn --------------------------------------------------------------


def sklearn_fit(X, W, **params):
    """Let MLPClassifier train from W; return its loss curve and all parameters."""
    y = np.arange(len(X)) % 3
    model = MLPClassifier(
        hidden_layer_sizes=(W.shape[1], 3),
        activation="tanh",
        shuffle=False,
        random_state=0,
        warm_start=True,
        learning_rate_init=0.05,
        **params | {"max_iter": 1},
    ).fit(X, y)
    model.coefs_ = [W.copy(), *(normal(*c.shape, seed=5) for c in model.coefs_[1:])]
    model.intercepts_ = [np.zeros_like(b) for b in model.intercepts_]
    model.loss_curve_, model.best_loss_, model.t_ = [], np.inf, 0
    model.set_params(**params).fit(X, y)
    curve = model.loss_curve_ or [model.loss_]
    return curve, [*model.coefs_, *model.intercepts_]


short_on_purpose = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
MODERATE = [
    "wide",
    "duplicated rows",
    "low rank",
    "centred",
    "zero columns",
    "square",
    "condition 9e3",
    "rows 1e-5 apart",
    "rows 1e-9 apart",
    "more rows than features",
]


@short_on_purpose
@pytest.mark.parametrize("name", MODERATE)
@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("nesterovs_momentum", [True, False])
@pytest.mark.parametrize("batch_size", [5, 60])
def test_same_training_by_sklearns_sgd(name, learning_rate, nesterovs_momentum, batch_size):
    def fit(X, W):
        # the coarse tol makes "adaptive" lower its rate several times on the way
        return sklearn_fit(
            X, W, solver="sgd", alpha=0.5, max_iter=40, tol=1e-2, n_iter_no_change=3,
            learning_rate=learning_rate, nesterovs_momentum=nesterovs_momentum,
            batch_size=min(batch_size, len(X)),
        )  # fmt: skip

    assert_same_training(CASES[name], fit, 1e-9)


@short_on_purpose
@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 0.5])
@pytest.mark.parametrize("name", MODERATE)
def test_same_training_by_sklearns_lbfgs(name, alpha):
    """15 steps: from there on rounding grows so fast that permuting the features shows as much."""

    def fit(X, W):
        return sklearn_fit(X, W, solver="lbfgs", alpha=alpha, max_iter=15, tol=0)

    assert_same_training(CASES[name], fit, 1e-9)


# --- pictures and costs --------------------------------------------------------------------------


def test_first_steps_on_pictures(pictures_folder):
    image = pytest.importorskip("PIL.Image")
    pixels = np.array(
        [
            np.asarray(image.open(file).convert("RGB").resize((150, 150)))
            for file in sorted(pictures_folder.glob("*.jpg"))
        ]
    )
    X = pixels.reshape(len(pixels), -1) / 255
    assert rowspace._factorize_gram([X]) is not None
    targets = (np.arange(len(X)) < len(X) / 2).astype(float)
    assert_same_training(X, lambda X, W: train(X, targets, W, alpha=0.5, n_epochs=20), 1e-9)


@pytest.mark.parametrize(
    ("expected", "n", "d", "n_units", "n_epochs"),
    [
        (True, 100, 67_500, 5, 1000),
        (True, 100, 67_500, 4 * 5, 200),
        (False, 100, 67_500, 5, 1),
        (False, 1797, 64, 100, 200),
        (False, 500, 600, 100, 10_000),
        (False, 20_000, 25_000, 256, 20),
    ],
)
def test_is_worthwhile_only_for_wide_data_seen_often(expected, n, d, n_units, n_epochs):
    assert is_worthwhile(n, d, n_units, n * n_epochs) is expected
