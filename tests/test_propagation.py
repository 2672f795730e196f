from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skinit import propagation
from skinit.activations import ACTIVATIONS, Activation
from skinit.losses import LOSSES
from skinit.network import Parameters, Workspace, loss_and_gradient
from skinit.optimizers import SGD, Adam, Schedule
from skinit.propagation import (
    EXPLAINS,
    OF_FITTED,
    OF_START,
    RULES,
    Case,
    InitializationWarning,
    Propagation,
    describe_layers,
    draw_batch,
    judge,
    largest_curvature,
    stability_limit,
    warn_if_cannot_learn,
)
from skinit.training import Samples

TANH, RELU, LOGISTIC = (ACTIVATIONS[name] for name in ("tanh", "relu", "logistic"))
SOFTMAX, BINARY = LOSSES["multiclass"], LOSSES["binary"]


def make_layers(sizes, *, gain=1.0, seed=0, bias=0.0):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, gain / np.sqrt(n), (n, m)), np.full(m, bias)) for n, m in pairwise(sizes)
    ]


def make_samples(n=60, d=6, n_classes=3, *, seed=0, weighted=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = np.eye(n_classes)[(X @ rng.normal(size=(d, n_classes))).argmax(axis=1)]
    weight = rng.uniform(0.5, 2, (n, 1)) if weighted else None
    return Samples(X, y if n_classes > 2 else y[:, :1], weight)


def make_case(layers=None, samples=None, activation=TANH, loss=SOFTMAX, optimizer=None, **kwargs):
    layers = layers or make_layers((6, 8, 8, 3))
    samples = samples or make_samples()
    return Case(layers, activation, loss, samples, samples, optimizer, **kwargs)


def codes(case, asked=None):
    return [verdict.code for verdict in judge(case, asked)]


def mean_loss(layers, activation, loss, samples):
    return Propagation(layers, activation, loss, samples).loss


# --- The batch --------------------------------------------------------------------------------


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


# --- The measurement --------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "logistic", "elu", "gelu", "mish"])
def test_gradients_agree_with_finite_differences(activation, weighted):
    activation, samples = ACTIVATIONS[activation], make_samples(weighted=weighted)
    layers = make_layers((6, 5, 4, 3), bias=0.1)
    start = Propagation(layers, activation, SOFTMAX, samples)
    for i, (W, b) in enumerate(layers):
        for array, gradient in [
            (W, start.gradient.coefs[i][0]),
            (b, start.gradient.intercepts[i][0, 0]),
        ]:
            place = tuple(size // 2 for size in array.shape)
            losses, kept = [], array[place]
            for step in (1e-5, -1e-5):
                array[place] = kept + step
                losses.append(mean_loss(layers, activation, SOFTMAX, samples))
            array[place] = kept
            assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-5)


def test_deltas_are_those_of_single_samples():
    samples, layers = make_samples(4), make_layers((6, 5, 4, 3))
    start = Propagation(layers, TANH, SOFTMAX, samples)
    alone = Propagation(layers, TANH, SOFTMAX, Samples(samples.X[2:3], samples.y[2:3]))
    for together, single, (_, b) in zip(start.delta, alone.delta, layers, strict=True):
        np.testing.assert_allclose(together[2], single[0], atol=1e-15)
        assert together.shape == (4, len(b))
    for i, delta in enumerate(start.delta):
        np.testing.assert_allclose(delta.mean(axis=0), start.gradient.intercepts[i][0, 0])


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_the_measurement_is_what_the_formulas_say(name):
    activation, samples = ACTIVATIONS[name], make_samples()
    layers = make_layers((6, 5, 4, 3), bias=0.1)
    start, a = Propagation(layers, activation, SOFTMAX, samples), samples.X
    for i, (W, b) in enumerate(layers):
        z = a @ W + b
        np.testing.assert_allclose(start.z[i], z, atol=1e-12)
        if i < 2:
            a = activation.function(z, z.copy())
            np.testing.assert_allclose(start.a[i], a, atol=1e-12)
            assert start.q[i + 1] == pytest.approx(np.mean(a**2))


def test_sparse_rows_are_measured_like_dense_ones():
    samples = make_samples()
    samples = samples._replace(X=np.where(samples.X > 0.5, samples.X, 0))
    optimizer = SGD(Schedule("constant", 0.1))
    dense, sparse = (
        describe_layers(make_case(samples=samples._replace(X=X), optimizer=optimizer))
        for X in (samples.X, csr_matrix(samples.X))
    )
    for name, values in dense.items():
        np.testing.assert_allclose(sparse[name], values, err_msg=name)


def test_the_table_has_a_row_per_layer_and_known_numbers():
    layers = make_layers((6, 8, 8, 3))
    layers[0][0][:, 1] = layers[0][0][:, 0]
    case = make_case(layers, optimizer=SGD(Schedule("constant", 0.1), momentum=0))
    table, start = describe_layers(case), case.propagation
    assert {name: len(values) for name, values in table.items()} == dict.fromkeys(table, 3)
    for i, (W, _) in enumerate(layers):
        singular = np.linalg.svd(W)[1]
        assert table["rank"][i] == np.linalg.matrix_rank(W)
        assert table["stable_rank"][i] == pytest.approx(
            np.linalg.norm(W) ** 2 / np.linalg.norm(W, 2) ** 2
        )
        shares = singular[singular > 0] / singular.sum()
        assert table["effective_rank"][i] == pytest.approx(np.exp(-(shares @ np.log(shares))))
        expected = 0.1 * np.linalg.norm(start.gradient.coefs[i]) / np.linalg.norm(W)
        assert table["update_ratio"][i] == pytest.approx(expected)
    assert table["rank"][0] == 6
    a = start.a[0]
    cosines = (a @ a.T) / np.outer(*[np.linalg.norm(a, axis=1)] * 2)
    assert table["cosine"][0] == pytest.approx(cosines[~np.eye(len(a), dtype=bool)].mean())
    assert table["q_ratio"][1] == pytest.approx(start.q[2] / start.q[1])


def test_without_an_optimizer_there_are_no_updates():
    assert np.isnan(describe_layers(make_case())["update_ratio"]).all()


# --- Dead, saturated, copies ------------------------------------------------------------------


def test_dead_units_are_counted_over_the_rows():
    layers = make_layers((6, 4, 3))
    layers[0][1][:] = [-100, -100, 0, 100]
    start = Propagation(layers, RELU, SOFTMAX, make_samples())
    assert start.dead.tolist() == [0.5]
    assert start.always_on.tolist() == [0.25]
    assert np.isnan(start.saturated).all()


def test_units_that_are_zero_are_unset_and_not_dead():
    assert Propagation(make_layers((6, 4, 3), gain=0), RELU, SOFTMAX, make_samples()).dead == [0]


def test_units_on_a_plateau_are_saturated_and_not_dead():
    start = Propagation(make_layers((6, 4, 3), gain=1e4), TANH, SOFTMAX, make_samples())
    assert start.dead.tolist() == [0]
    assert start.saturated[0] > 0.99


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_very_negative_units_of_any_activation_without_plateaus_die(name):
    activation = ACTIVATIONS[name]
    start = Propagation(make_layers((6, 4, 3), bias=-1000.0), activation, SOFTMAX, make_samples())
    dies = name not in {"identity", "leaky_relu", "tanh", "logistic"}
    assert start.dead.tolist() == [float(dies)]


def test_dead_units_must_be_dead_on_all_rows_before_it_is_said():
    layers, samples = make_layers((6, 4, 3), bias=-5.0), make_samples(60)
    shown = samples._replace(X=samples.X * np.where(np.arange(60) < 30, 0.1, 10)[:, None])
    batch = Samples(shown.X[:30], shown.y[:30])
    case = Case(layers, RELU, SOFTMAX, shown, batch)
    assert case.propagation.dead.tolist() == [1.0]
    assert "INIT06" not in codes(case)
    alone = Case(layers, RELU, SOFTMAX, batch, batch)
    assert judge(alone)[0].evidence.startswith("100% of layer 1 never fires on 30 rows")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copies_are_found_whatever_blas_does_to_the_last_bits(dtype):
    layers = [(W.astype(dtype), b.astype(dtype)) for W, b in make_layers((6, 8, 3))]
    (W, _), (out, _) = layers
    W[:, 1], out[1] = W[:, 0] * (1 + 2 * np.finfo(dtype).eps), out[0]
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [7]


def test_equal_incoming_weights_with_different_outgoing_ones_are_no_copies():
    layers = make_layers((6, 8, 3))
    layers[0][0][:] = 0.3
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [8]
    layers[1][0][:] = 0.3
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [1]


def test_different_biases_part_units():
    layers = [(np.ones((6, 5)), np.arange(5.0)), (np.ones((5, 3)), np.zeros(3))]
    assert Propagation(layers, TANH, SOFTMAX, make_samples()).distinct.tolist() == [5]


# --- Gradients that are zero ------------------------------------------------------------------


def balanced():
    """Two classes of equal size, so that the residuals of a constant network sum to 0."""
    X = np.random.default_rng(0).normal(size=(20, 6))
    return Samples(X, np.repeat([[0.0], [1.0]], 10, axis=0))


def test_no_gradient_means_none_for_any_sample():
    case = make_case(make_layers((6, 5, 1), gain=0), balanced(), LOGISTIC, BINARY)
    # The mean gradient is 0, but only because the classes balance: the next batch will not.
    assert all(np.abs(G).max() < 1e-16 for G in case.propagation.gradient.coefs)
    assert case.propagation.has_gradient
    assert codes(case) == ["INIT02"]


def test_no_gradient_must_hold_on_all_rows_before_it_is_said():
    samples = make_samples(3000)
    samples.X[:2999] *= 0.01
    samples.X[2999] = 100
    layers = make_layers((6, 8, 3), bias=-1.0)
    first = samples._replace(X=samples.X[:256], y=samples.y[:256])
    case = Case(layers, RELU, SOFTMAX, samples, first)
    assert not case.propagation.has_gradient
    assert not {"INIT01", "INIT06"} & set(codes(case))


def test_a_signal_that_fades_to_almost_nothing_is_not_called_zero():
    case = make_case(make_layers((6, *[8] * 20, 3), gain=0.03))
    assert not case.propagation.has_gradient
    assert codes(case) == ["INIT04"]


@pytest.mark.parametrize("activation", [TANH, RELU])
def test_zeros_pass_no_gradient(activation):
    case = make_case(make_layers((6, 5, 1), gain=0), balanced(), activation, BINARY)
    assert not case.propagation.has_gradient
    assert codes(case) == ["INIT01"]


def test_nothing_left_to_learn_is_not_no_gradient():
    samples = Samples(np.ones((4, 1)), np.ones((4, 1)))
    layers = [(np.full((1, 2), [1.0, 2.0]), np.zeros(2)), (np.full((2, 1), 1e3), np.zeros(1))]
    case = make_case(layers, samples, TANH, BINARY, fitted=True)
    assert case.propagation.loss == 0
    assert "INIT01" not in codes(case)


@pytest.mark.parametrize("zero", [0, 1, 2])
def test_one_layer_of_zeros_opens_with_the_first_step_and_gets_no_verdict(zero):
    layers = make_layers((6, 8, 8, 3))
    layers[zero][0][:] = 0
    assert codes(make_case(layers, optimizer=Adam(Schedule("constant", 0.001)))) == []


# --- The trial of a learning rate -------------------------------------------------------------


def hessian(layers, activation, loss, samples):
    """Return the Hessian by central differences of the engine's gradient."""
    at = Parameters.stack([layers], np.float64)
    gradient = Parameters(at.layer_sizes, np.empty_like(at.flat))
    work, base = Workspace(at, activation, len(samples.y)), at.flat.copy()

    def slope(x):
        at.flat[:] = x
        loss_and_gradient(at, gradient, work, loss, *samples)
        return gradient.flat[0].copy()

    steps = 1e-5 * np.eye(base.size)
    H = np.array([(slope(base + e) - slope(base - e)) / 2e-5 for e in steps])
    return (H + H.T) / 2


@pytest.mark.parametrize("activation", [TANH, LOGISTIC, ACTIVATIONS["gelu"]])
def test_curvature_is_the_largest_eigenvalue_of_the_hessian(activation):
    layers, samples = make_layers((6, 4, 3), gain=1.5), make_samples(40)
    exact = np.linalg.eigvalsh(hessian(layers, activation, SOFTMAX, samples))[-1]
    found = propagation._curvature(layers, activation, SOFTMAX, samples)
    assert found == pytest.approx(exact, rel=0.03)
    assert found <= exact * (1 + 1e-4)


def test_lanczos_of_a_quadratic_is_exact_and_grows_from_below():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, 12))
    A = A + A.T
    b = rng.normal(size=12)

    def gradient(x):
        return x @ A + b

    bounds = [largest_curvature(gradient, np.zeros(12), 1e-3, steps) for steps in range(1, 13)]
    assert np.all(np.diff(bounds) > -1e-9)
    assert bounds[-1] == pytest.approx(np.linalg.eigvalsh(A)[-1])


def test_curvature_without_a_gradient_or_without_a_valley_is_zero():
    assert largest_curvature(np.zeros_like, np.zeros(3), 1e-3) == 0
    assert largest_curvature(lambda x: -x - 1, np.zeros(3), 1e-3) == 0


def test_curvature_that_overflows_is_infinite():
    with np.errstate(all="ignore"):
        assert largest_curvature(lambda x: np.exp(1e6 * x), np.zeros(3), 1e-3) == np.inf


@pytest.mark.parametrize("size", [1e30, 1e60, 1e100, 1e150, 1e300])
@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_absurd_scales_are_judged_without_a_warning(name, size):
    optimizer = SGD(Schedule("constant", 0.1))
    layers = make_layers((6, 8, 8, 3), gain=size)
    assert judge(make_case(layers, activation=ACTIVATIONS[name], optimizer=optimizer))
    inputs = make_samples()._replace(X=make_samples().X * size)
    case = make_case(samples=inputs, activation=ACTIVATIONS[name], optimizer=optimizer)
    assert judge(case)
    describe_layers(case)


@pytest.mark.parametrize(
    ("momentum", "nesterov", "limit"), [(0, True, 2), (0.9, False, 3.8), (0.9, True, 3.8 / 2.8)]
)
def test_beyond_the_stability_limit_a_quadratic_grows_and_below_it_falls(momentum, nesterov, limit):
    optimizer = SGD(Schedule("constant", 1.0), momentum, nesterov)
    assert stability_limit(optimizer) == pytest.approx(limit)
    for factor in (0.98, 1.02):
        x, gradient = np.array([[1.0]]), np.empty((1, 1))
        optimizer = SGD(Schedule("constant", 1.0), momentum, nesterov)
        optimizer.bind(x, gradient, 0)
        for _ in range(3000):
            gradient[:] = factor * limit * x
            optimizer.step(0.0)
        assert (abs(x[0, 0]) > 1) == (factor > 1)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_trial_runs_only_where_the_screen_asks_for_it(momentum):
    layers, samples = make_layers((6, 8, 3)), make_samples(100)

    def trial(rate):
        optimizer = SGD(Schedule("constant", rate), momentum)
        return make_case(layers, samples, optimizer=optimizer).trial

    assert trial(0.01).losses == []
    assert trial(0.01).rise is None
    high = trial(30.0)
    step, before, after = high.rise
    assert high.sharpness == pytest.approx(3000 * trial(0.01).sharpness)
    assert before == high.losses[0 if momentum else step - 1]
    assert after == high.losses[step] > 1.001 * before
    assert trial(0.99 * high.calm_rate).losses == []
    assert len(trial(1.01 * high.calm_rate).losses) == 11


def test_a_trial_changes_neither_weights_nor_optimizer():
    layers, optimizer = make_layers((6, 8, 3)), SGD(Schedule("constant", 30.0), 0.9)
    kept = [(W.copy(), b.copy()) for W, b in layers]
    first, second = (make_case(layers, optimizer=optimizer).trial for _ in range(2))
    assert first == second
    np.testing.assert_equal(layers, kept)


def test_trials_of_wide_data_agree_with_the_direct_way(monkeypatch):
    samples, layers = make_samples(30, 2000), make_layers((2000, 8, 3))
    optimizer = SGD(Schedule("constant", 0.05), 0.0)
    trials = []
    for pays in (True, False):
        monkeypatch.setattr(propagation, "pays", lambda *args, answer=pays: answer)
        trials.append(make_case(layers, samples, optimizer=optimizer).trial)
    assert len(trials[0].losses) > 5
    assert trials[0].sharpness == pytest.approx(trials[1].sharpness, rel=1e-6)
    np.testing.assert_allclose(trials[0].losses, trials[1].losses, rtol=1e-9)


def test_adam_overshoots_where_its_step_is_larger_than_the_weights():
    layers = make_layers((6, 8, 3))
    layers[1][0][:] = 0  # excluded: any step is larger than zero
    size = np.sqrt(np.mean(layers[0][0] ** 2))
    for factor, expected in [(0.9, []), (1.1, ["INIT11"])]:
        case = make_case(layers, optimizer=Adam(Schedule("constant", factor * size)))
        assert codes(case) == expected


# --- Rules ------------------------------------------------------------------------------------


def test_every_rule_is_asked_somewhere_and_explains_known_codes():
    assert set(OF_START) | set(OF_FITTED) == set(RULES)
    assert set(RULES) == {f"INIT{i:02}" for i in range(1, 12)}
    for code, explained in EXPLAINS.items():
        assert code in RULES
        order = list(RULES)
        assert all(order.index(other) > order.index(code) for other in explained)


def test_causes_hide_their_symptoms():
    findings = {code: propagation.Finding(None, code, "") for code in RULES}
    case = make_case()
    case._findings.update(findings | {"INIT10": None})
    assert codes(case) == ["INIT06", "INIT07"]
    case._findings["INIT06"] = None
    assert codes(case) == ["INIT01", "INIT07"]
    case._findings["INIT01"] = None
    assert codes(case) == ["INIT02", "INIT07"]
    case._findings["INIT02"] = None
    assert codes(case) == ["INIT07", "INIT03", "INIT04", "INIT11"]
    case._findings["INIT03"] = case._findings["INIT04"] = None
    assert codes(case) == ["INIT07", "INIT05", "INIT08", "INIT11"]


def test_after_unscaled_inputs_only_what_standardizing_leaves_is_said():
    samples = make_samples(100)
    samples = samples._replace(X=300 * samples.X)
    layers = make_layers((6, 8, 3))
    assert codes(make_case(layers, samples)) == ["INIT10"]
    for rate, expected in [(1e-9, ["INIT10"]), (30.0, ["INIT10", "INIT11"])]:
        optimizer = SGD(Schedule("constant", rate), 0.0)
        assert codes(make_case(layers, samples, optimizer=optimizer)) == expected


def test_a_large_learning_rate_alone_is_not_the_inputs_fault():
    samples = make_samples(100)
    shifted = samples._replace(X=0.3 * samples.X + 1)  # like pixels: far from centred
    layers, optimizer = make_layers((6, 8, 3)), SGD(Schedule("constant", 2.0), 0.0)
    assert codes(make_case(layers, shifted, optimizer=optimizer)) == ["INIT11"]
    assert codes(make_case(layers, samples, optimizer=optimizer)) == []


def test_tiny_inputs_are_unscaled_and_rare_ones_are_not():
    samples = make_samples(100)
    tiny = samples._replace(X=1e-3 * samples.X)
    (verdict,) = judge(make_case(samples=tiny))
    assert verdict.code == "INIT10"
    assert "with standardized inputs the same weights are fine" in verdict.evidence
    # Texts: rows of norm 1 among thousands of zeros.
    rng = np.random.default_rng(0)
    X = csr_matrix((np.full(1000, 0.1), rng.integers(0, 50_000, 1000), np.arange(0, 1001, 10)))
    X.resize((100, 50_000))
    for activation in (RELU, TANH, LOGISTIC):
        texts = make_case(make_layers((50_000, 8, 3)), samples._replace(X=X), activation)
        assert np.sqrt(texts.propagation.q[0]) < 0.01
        assert codes(texts) == []


def test_what_logistic_gives_for_zero_is_no_growth():
    samples = make_samples(100)
    small = samples._replace(X=0.03 * samples.X)
    assert codes(make_case(samples=small, activation=LOGISTIC)) == []


@pytest.mark.parametrize(
    ("layers", "where"),
    [([1e200, 1e200, 1.0], "The signal is not finite at the start, in layer 2."),
     ([1.0, 1e200, 1e200], "The signal is not finite at the start, in layer 3.")],
)  # fmt: skip
def test_numbers_that_overflow_are_a_divergence(layers, where):
    start = [
        (W * scale, b) for (W, b), scale in zip(make_layers((6, 8, 8, 3)), layers, strict=True)
    ]
    first = judge(make_case(start, activation=ACTIVATIONS["identity"]))[0]
    assert (first.code, first.evidence) == ("INIT07", where)


def test_a_learning_rate_can_diverge_at_once():
    optimizer = SGD(Schedule("constant", 1e200), 0.0)
    verdicts = judge(make_case(activation=RELU, optimizer=optimizer))
    assert [v.code for v in verdicts] == ["INIT07", "INIT11"]
    assert verdicts[0].evidence.startswith("The loss is not finite at trial step ")


def test_the_loss_of_equal_probabilities_is_what_a_sure_start_is_measured_by():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 6))
    for kind, y, said in [
        ("binary", (X[:, :1] > 0) * 1.0, "ln K = 0.69"),
        ("multiclass", np.eye(4)[rng.integers(0, 4, 100)], "ln K = 1.39"),
        ("multilabel-indicator", (X[:, :4] > 0) * 1.0, "4 ln 2 = 2.77"),
    ]:
        layers = make_layers((6, 8, y.shape[1]))
        layers[1][0][:] *= 300
        (verdict,) = judge(make_case(layers, Samples(X, y), loss=LOSSES[kind]))
        assert (verdict.code, verdict.layer) == ("INIT08", 2)
        assert verdict.evidence.endswith(f"{said}.")


@pytest.mark.parametrize("weighted", [False, True])
def test_no_better_than_the_class_shares(weighted):
    y = np.repeat([[0.0], [1.0]], [80, 20], axis=0)
    weight = np.where(y == 0, 0.5, 2.0) if weighted else None
    samples = Samples(np.random.default_rng(0).normal(size=(100, 6)), y, weight)
    shares = np.average(y, weights=weight)
    log_odds = np.log(shares / (1 - shares))
    layers = make_layers((6, 8, 1))
    layers[-1] = (np.zeros((8, 1)), np.array([log_odds]))
    (verdict,) = judge(make_case(layers, samples, loss=BINARY, fitted=True))
    entropy = 0.693 if weighted else 0.500
    assert verdict.code == "INIT09"
    assert verdict.evidence == (
        f"After training the loss {entropy:.3f} is no better than the class shares alone "
        f"({entropy:.3f}), whatever the accuracy (0.80; largest class 0.80)."
    )


def test_without_hidden_layers_there_is_little_to_say():
    for gain in (0.0, 1.0):
        case = make_case([make_layers((6, 3), gain=gain)[0]])
        assert codes(case) == []
        assert len(describe_layers(case)["layer"]) == 1


def test_an_activation_of_ones_own_is_judged_by_its_slopes():
    def clipped(z, out):
        return np.clip(z, 0, 6, out=out)

    def slope(z, a, out):
        return np.copyto(out, (a > 0) & (a < 6)) or out

    relu6 = Activation("relu6", clipped, slope, from_output=True)
    case = make_case(make_layers((6, 8, 3), bias=-100.0), activation=relu6)
    assert codes(case) == ["INIT06"]


# --- The warning of fit -----------------------------------------------------------------------


def warned(layers, activation, samples, loss=SOFTMAX):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_if_cannot_learn(layers, activation, loss, samples)
    return [(w.category, str(w.message).split(",")[0], w.filename) for w in caught]


@pytest.mark.parametrize(
    ("gain", "activation", "code"),
    [(0, TANH, "INIT01"), (0, RELU, "INIT01"), (0, LOGISTIC, "INIT02"), (None, TANH, "INIT02")],
)
def test_what_cannot_learn_is_warned_of_once(gain, activation, code):
    layers = make_layers((6, 8, 8, 3), gain=gain or 0)
    if gain is None:
        layers = [(np.full_like(W, 0.1), b) for W, b in layers]
    caught = warned(layers, activation, make_samples(600))
    assert caught == [(InitializationWarning, code, __file__)]


def test_copies_in_one_layer_alone_are_warned_of():
    layers = make_layers((6, 8, 8, 3))
    layers[1][0][:] = layers[1][0][:, :1]
    layers[2][0][:] = layers[2][0][:1]
    assert [code for _, code, _ in warned(layers, TANH, make_samples())] == ["INIT02"]


@pytest.mark.parametrize("name", ACTIVATIONS.names())
@pytest.mark.parametrize("seed", range(3))
def test_what_can_learn_is_not_warned_of(name, seed):
    samples = make_samples(300, seed=seed)
    for layers in (make_layers((6, 8, 8, 3), seed=seed), make_layers((6, 3), gain=0)):
        assert warned(layers, ACTIVATIONS[name], samples) == []
    opens = make_layers((6, 8, 3))
    opens[1][0][:] = 0
    assert warned(opens, ACTIVATIONS[name], samples) == []


def test_first_rows_that_look_stuck_are_looked_at_closely():
    samples = make_samples(300)
    X = samples.X.copy()
    X[:8] = 0
    assert warned(make_layers((6, 8, 3)), RELU, samples._replace(X=X)) == []
    assert warned(make_layers((6, 8, 3)), RELU, samples._replace(X=csr_matrix(X))) == []


def test_a_sound_start_costs_eight_rows(monkeypatch):
    seen = []
    original = propagation.forward

    def counting(stack, work, X):
        seen.append(X.shape[0])
        return original(stack, work, X)

    monkeypatch.setattr(propagation, "forward", counting)
    warn_if_cannot_learn(make_layers((6, 8, 8, 3)), TANH, SOFTMAX, make_samples(300))
    assert seen == [8]


def test_dead_units_are_not_warned_of():
    assert warned(make_layers((6, 8, 3), bias=-100.0), RELU, make_samples()) == []
