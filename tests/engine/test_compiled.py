"""The compiled engine against NumPy's: the same epoch, and who decides which of them trains."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skinit import InitMLPClassifier
from skinit.activations import ACTIVATIONS, Activation, get_activation
from skinit.engine import compiled, losses, training
from skinit.engine.compiled import (
    ACTIVATION_KERNELS,
    LOSS_KERNELS,
    choose_engine,
    estimate_seconds,
)
from skinit.engine.losses import LOSSES
from skinit.engine.optimizers import SGD, Adam, Schedule
from skinit.engine.stack import Parameters
from skinit.engine.stochastic import StochasticTraining
from skinit.engine.task import History, Samples, Start, Task, TrainingConfig
from tests.engine.engine_cases import start_weights

needs_numba = pytest.mark.skipif(
    not compiled.is_available(), reason='the compiled engine needs the extra "fast"'
)
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
D, N_OUTPUTS, N = 6, 3, 45

every_activation = pytest.mark.parametrize("activation", ACTIVATION_KERNELS)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)

# Adam divides by the size of the gradient: where this nearly cancels, rounding decides about a step
# of the size of the rate.
RATES = {"adam": 0.001}

OPTIMIZERS = {
    "adam": lambda schedule: Adam(schedule, beta_1=0.8),
    "sgd": lambda schedule: SGD(schedule, momentum=0),
    "momentum": lambda schedule: SGD(schedule, nesterov=False),
    "nesterov": SGD,
}


def targets(loss, n, rng):
    """Return targets that a loss is made for, and the number of outputs."""
    if loss == "multiclass":
        return np.eye(N_OUTPUTS)[rng.integers(N_OUTPUTS, size=n)]
    if loss == "binary":
        return rng.integers(2, size=(n, 1)).astype(float)
    if loss == "poisson":
        return rng.poisson(1.0, size=(n, N_OUTPUTS)).astype(float)
    if loss == "squared_error":
        return rng.normal(size=(n, N_OUTPUTS))
    return rng.integers(2, size=(n, N_OUTPUTS)).astype(float)


def make_task(loss="multiclass", activation="relu", dtype="float64", weight=None, n=N):
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n, D)).astype(dtype)
    y = np.asarray(targets(loss, n, rng), dtype=dtype, order="F")
    weight = None if weight is None else weight.astype(dtype)[:, None]
    return Task(get_activation(activation), LOSSES[loss], Samples(X, y, weight))


def make_training(engine, task, hidden=(8, 5), k=3, optimizer="adam", rates=None, **options):
    sizes = (D, *hidden, task.train.y.shape[1])
    options = {"batch_size": 10, "max_iter": 1, "alpha": 0.1, "tol": 0.0} | options
    return StochasticTraining(
        task,
        Parameters.stack([start_weights(sizes, seed=j) for j in range(k)], task.train.X.dtype),
        TrainingConfig(engine=engine, **options),
        [History() for _ in range(k)],
        OPTIMIZERS[optimizer](
            Schedule("constant", RATES.get(optimizer, 0.02) if rates is None else rates, k=k)
        ),
        np.random.default_rng(8),
    )


def train_both(task, **options):
    trainings = []
    for engine in ("numpy", "compiled"):
        trainings.append(make_training(engine, task, **options))
        trainings[-1].run()
    return trainings


def assert_same(ours, expected, tolerance):
    for j in range(len(expected.histories)):
        one, other = ours.histories[j], expected.histories[j]
        assert (one.n_iter, one.stopped) == (other.n_iter, other.stopped)
        assert one.divergence == other.divergence
        assert_allclose(one.loss_curve, other.loss_curve, rtol=tolerance)
        assert_allclose(one.data_loss_curve, other.data_loss_curve, rtol=tolerance)
        weights = expected.weights(j)
        scale = np.abs(weights[np.isfinite(weights)]).max()
        assert_allclose(ours.weights(j), weights, rtol=tolerance, atol=tolerance * scale)
    assert ours.n_samples_seen == expected.n_samples_seen


# --- The same epoch ---------------------------------------------------------------------------


@needs_numba
@every_activation
@every_dtype
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_epoch_is_numpys(activation, dtype, optimizer):
    """288 trainings in all with two and with one hidden layer and with none."""
    weights = [None, np.random.default_rng(3).uniform(0.1, 3, N)]
    names = [name for name, loss in LOSSES.items() if type(loss) in LOSS_KERNELS]
    for loss, hidden, weight in product(names, [(8, 5), (7,), ()], weights):
        task = make_task(loss, activation, dtype, weight)
        expected, ours = train_both(task, optimizer=optimizer, hidden=hidden)
        assert_same(ours, expected, TOLERANCE[dtype])


def test_every_loss_is_compiled():
    ours = {type(loss) for _, loss in LOSSES.items() if type(loss).__module__ == losses.__name__}
    assert ours == LOSS_KERNELS.keys()


@needs_numba
@every_dtype
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_many_epochs_with_rates_and_penalties_of_their_own_are_numpys(dtype, optimizer):
    options = {"rates": [1e-4, 1e-2, 0.05], "alpha": np.array([0.0, 0.5, 2.0]), "max_iter": 30}
    expected, ours = train_both(make_task(dtype=dtype), optimizer=optimizer, **options)
    assert_same(ours, expected, 100 * TOLERANCE[dtype])
    assert ours.optimizer.t == expected.optimizer.t
    pairs = zip(ours.optimizer.plain_moments(), expected.optimizer.plain_moments(), strict=True)
    for moment, other in pairs:
        tolerance = 100 * TOLERANCE[dtype] * np.abs(other).max()
        assert_allclose(moment, other, rtol=0, atol=tolerance)


@needs_numba
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_batch_of_zero_weights_takes_no_step(optimizer, shuffle):
    weight = np.ones(N)
    weight[10:20] = weight[40:] = 0  # unshuffled, these are whole batches
    task = make_task(weight=weight)
    options = {"optimizer": optimizer, "shuffle": shuffle, "max_iter": 5, "batch_size": 5}
    expected, ours = train_both(task, **options)
    assert_same(ours, expected, 1e-12)
    assert ours.optimizer.t == expected.optimizer.t


@needs_numba
@every_dtype
@pytest.mark.parametrize("loss", ["multiclass", "binary", "multilabel-indicator"])
@pytest.mark.parametrize("activation", ["relu", "identity", "tanh", "elu"])
def test_networks_diverge_where_numpys_do(activation, loss, dtype):
    task = make_task(loss, activation, dtype)
    rates = [0.01, 1e30 if dtype == "float64" else 1e15, 0.01]
    with np.errstate(all="ignore"):
        expected, ours = train_both(task, optimizer="sgd", rates=rates, max_iter=20)
    assert expected.histories[1].stopped == ours.histories[1].stopped
    assert expected.histories[1].divergence == ours.histories[1].divergence
    for j in (0, 2):
        assert ours.histories[j].stopped == "max_iter"
        assert_allclose(ours.weights(j), expected.weights(j), rtol=1e-3, atol=1e-4)


@needs_numba
@every_activation
def test_nan_is_never_lost(activation):
    task = make_task(activation=activation)
    task.train.X[3, 2] = np.nan
    for either in train_both(task, max_iter=3, optimizer="sgd"):
        assert [history.stopped for history in either.histories] == ["diverged"] * 3
        assert [history.n_iter for history in either.histories] == [1] * 3


@needs_numba
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_wide_layers_and_products_in_parts_are_numpys(dtype):
    """The first layer's product has just above, and twice, a million multiply-adds."""
    rng = np.random.default_rng(0)
    for n, hidden in ((300, (700,)), (300, (1200, 40))):
        X, y = rng.normal(size=(n, D)).astype(dtype), targets("multiclass", n, rng).astype(dtype)
        task = Task(get_activation("tanh"), LOSSES["multiclass"], Samples(X, np.asfortranarray(y)))
        expected, ours = train_both(task, hidden=hidden, k=1, batch_size=250)
        assert_same(ours, expected, TOLERANCE[dtype])


# --- Whatever the rows are --------------------------------------------------------------------


def strided(X):
    wide = np.zeros((len(X), 2 * X.shape[1]), X.dtype)
    wide[:, ::2] = X
    return wide[:, ::2]


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def mapped(X, path):
    X.tofile(path)
    return np.memmap(path, X.dtype, "r", shape=X.shape)


@needs_numba
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_layout_gives_the_same_bits_from_one_compilation(shuffle, tmp_path, monkeypatch):
    monkeypatch.setattr("skinit.engine.stochastic.SMALL", 0)  # no layout is changed on the way
    task = make_task()
    X = task.train.X
    for rows in (X, np.asfortranarray(X), strided(X), read_only(X), mapped(X, tmp_path / "X")):
        found = make_training(
            "compiled", replace(task, train=task.train._replace(X=rows)), shuffle=shuffle
        )
        found.run()
        if rows is X:
            expected = found
            n_compiled = len(compiled._kernels().train.signatures)
        assert_array_equal(found.weights(1), expected.weights(1))
    assert len(compiled._kernels().train.signatures) == n_compiled


# --- Between the two --------------------------------------------------------------------------


@needs_numba
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("first", ["numpy", "compiled"])
def test_a_training_goes_on_in_the_other_engine(solver, first):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.integers(3, size=60)
    options = {"hidden_layer_sizes": (7,), "solver": solver, "batch_size": 20, "random_state": 0}
    results = []
    for engines in (("numpy", "numpy"), (first, {"numpy": "compiled"}.get(first, "numpy"))):
        network = InitMLPClassifier(**options, engine=engines[0])
        for engine in [engines[0]] * 3 + [engines[1]] * 3:
            network.set_params(engine=engine).partial_fit(X, y, classes=[0, 1, 2])
        results.append(network)
    for one, other in zip(*(network.coefs_ for network in results), strict=True):
        assert_allclose(one, other, rtol=1e-11, atol=1e-13)
    assert_allclose(results[0].loss_curve_, results[1].loss_curve_, rtol=1e-12)


@needs_numba
def test_a_fitted_estimator_holds_nothing_of_numba():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 4)), rng.integers(2, size=40)
    network = InitMLPClassifier((5,), engine="compiled", random_state=0).partial_fit(
        X, y, classes=[0, 1]
    )
    content = pickle.dumps(network)
    assert b"numba" not in content
    copy = pickle.loads(content).partial_fit(X, y)
    network.partial_fit(X, y)
    assert_array_equal(copy.coefs_[0], network.coefs_[0])


# --- Ctrl-C -----------------------------------------------------------------------------------


@needs_numba
def test_an_epoch_in_many_calls_gives_the_same_bits(monkeypatch):
    whole = make_training("compiled", make_task(), max_iter=4)
    whole.run()
    monkeypatch.setattr(compiled, "LONGEST_CALL", 1e-9)
    parts = make_training("compiled", make_task(), max_iter=4)
    assert parts._compiled._rows_of_a_call == 10
    parts.run()
    assert_array_equal(parts.parameters.flat, whole.parameters.flat)
    assert parts.histories[0].loss_curve == whole.histories[0].loss_curve


@needs_numba
def test_a_call_is_short_however_long_an_epoch_is():
    """So that Ctrl-C is heard: 20,000 multiply-adds a microsecond are done on every machine."""
    task = make_task(n=200_000)
    epoch = make_training("compiled", task, hidden=(512, 512), k=2, batch_size=200)._compiled
    n_weights = D * 512 + 512 * 512 + 512 * 3
    assert epoch._rows_of_a_call * 3 * 2 * n_weights < 1e9
    assert epoch._rows_of_a_call % 200 == 0


# --- Who decides ------------------------------------------------------------------------------


def decide(task=None, engine="auto", **options):
    config = TrainingConfig(engine=engine, **options)
    return choose_engine(task or make_task(), (D, 8, N_OUTPUTS), 1, config)


LONG = {"max_iter": 10**6}


@needs_numba
def test_auto_compiles_long_trainings_only():
    assert decide(max_iter=5) == "numpy"
    assert decide(**LONG) == "compiled"
    assert decide(engine="numpy", **LONG) == "numpy"
    assert decide(engine="compiled", max_iter=1) == "compiled"
    assert decide(engine="preferred", max_iter=1) == "compiled"


def test_auto_does_not_depend_on_what_is_loaded_or_compiled():
    """Asked in a fresh process, and in one that has trained with the compiled engine."""
    before = [decide(max_iter=n) for n in (1, 10**3, 10**5, 10**6)]
    if compiled.is_available():
        make_training("compiled", make_task()).run()
    assert [decide(max_iter=n) for n in (1, 10**3, 10**5, 10**6)] == before


def test_the_estimate_grows_with_everything():
    config = TrainingConfig(max_iter=10)
    least = estimate_seconds(1000, (5, 10, 2), 1, config)
    assert estimate_seconds(2000, (5, 10, 2), 1, config) > least
    assert estimate_seconds(1000, (50, 10, 2), 1, config) > least
    assert estimate_seconds(1000, (5, 10, 2), 4, config) > least
    assert estimate_seconds(1000, (5, 10, 2), 1, replace(config, max_iter=20)) == 2 * least
    assert estimate_seconds(1000, (5, 10, 2), 1, replace(config, batch_size=10)) > least


def sparse_task():
    from scipy.sparse import csr_matrix

    task = make_task()
    return replace(task, train=task.train._replace(X=csr_matrix(task.train.X)))


def own_relu():
    """Return an activation that has the name of another one and is not the same."""
    relu = ACTIVATIONS["relu"]
    return Activation("relu", relu.derivative, relu.derivative)


@pytest.mark.parametrize(
    ("task", "options", "named"),
    [
        (make_task(activation="gelu"), {}, "activation 'gelu'"),
        (replace(make_task(), activation=own_relu()), {}, "activation 'relu'"),
        (make_task(), {"solver": "lbfgs"}, "solver 'lbfgs', only 'adam' and 'sgd'"),
        (sparse_task(), {}, "sparse rows"),
    ],
)
def test_what_is_not_compiled_is_trained_by_numpy_or_refused(task, options, named):
    assert decide(task, **options, **LONG) == "numpy"
    assert decide(task, engine="preferred", **options) == "numpy"
    with pytest.raises(ValueError, match=f"engine='compiled' does not know .*{named}"):
        decide(task, engine="compiled", **options)


@pytest.fixture
def without_numba(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    for function in (compiled.is_available, compiled._kernels):
        monkeypatch.setattr(compiled, function.__name__, function.__wrapped__)


@pytest.mark.usefixtures("without_numba")
def test_without_numba_everything_is_trained_by_numpy():
    assert decide(**LONG) == decide(engine="preferred") == "numpy"
    with pytest.raises(ModuleNotFoundError, match=r'pip install "skinit\[fast\]"'):
        decide(engine="compiled")


@needs_numba
@pytest.mark.usefixtures("without_numba")
def test_numba_that_is_switched_off_or_refuses_this_numpy_is_not_used(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: object())
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert decide(**LONG) == "numpy"
    with pytest.raises(ValueError, match="NUMBA_DISABLE_JIT"):
        decide(engine="compiled")
    monkeypatch.delenv("NUMBA_DISABLE_JIT")
    monkeypatch.setitem(sys.modules, "skinit.engine.kernels", None)  # its import fails
    monkeypatch.delattr("skinit.engine.kernels", raising=False)
    assert decide(**LONG) == "numpy"
    with pytest.raises(ImportError):
        decide(engine="compiled")


@needs_numba
def test_the_door_obeys(monkeypatch):
    """`train` asks `choose_engine`, and an estimator's parameter reaches it."""
    made = []
    monkeypatch.setattr(
        training, "choose_engine", lambda *args: made.append(args[-1].engine) or "numpy"
    )
    X, y = np.eye(4), [0, 1, 0, 1]
    for engine in ("auto", "numpy", "compiled"):
        InitMLPClassifier((2,), engine=engine).partial_fit(X, y, classes=[0, 1])
    training.train(make_task(), [Start(start_weights((D, 4, 3)))], TrainingConfig(max_iter=1))
    assert made == ["auto", "numpy", "compiled", "auto"]


# --- Compiling --------------------------------------------------------------------------------


@needs_numba
def test_a_function_that_cannot_be_kept_is_compiled_all_the_same():
    """numba finds no place for functions that come from no file, as in a read-only install."""
    from skinit.engine.kernels import cached

    namespace: dict = {}
    exec("def double(x):\n    return 2 * x\n", namespace)
    assert cached(namespace["double"])(21) == 42


@needs_numba
def test_a_full_disk_costs_the_cache_alone(monkeypatch):
    kernels, calls = compiled._kernels(), []
    monkeypatch.setattr(compiled, "_READY", set())
    train = kernels.train

    def fail_once(*arguments):
        calls.append(None)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        return train(*arguments)

    monkeypatch.setattr(kernels, "train", fail_once)
    make_training("compiled", make_task()).run()
    assert len(calls) == 2


@needs_numba
@pytest.mark.parametrize("is_terminal", [False, True])
def test_compiling_is_said_on_a_terminal(is_terminal, monkeypatch, capsys):
    timers = []

    class Timer:
        daemon = False

        def __init__(self, seconds, function, args, kwargs):
            self.say = lambda: function(*args, **kwargs)

        def start(self):
            timers.append(self)

        def cancel(self):
            pass

    monkeypatch.setattr(compiled, "_READY", set())
    monkeypatch.setattr(compiled.threading, "Timer", Timer)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal, raising=False)
    make_training("compiled", make_task()).run()
    for timer in timers:
        timer.say()
    assert ("Compiling the training loop once" in capsys.readouterr().err) == is_terminal


def test_numba_is_imported_when_it_is_used():
    code = (
        "import sys, numpy as np; from skinit import InitMLPClassifier; "
        "InitMLPClassifier((2,), max_iter=2).partial_fit(np.eye(4), [0, 1, 0, 1], classes=[0, 1]); "
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
