"""The compiled engine: when it is used, and one epoch of it.

NumPy is the reference. The same epoch exists once more as one function that numba compiles
(`skinit.engine.kernels`), for the solvers, activations and losses that are listed here. It works
on the same parameters, moments and streams, so that a training can go on in either.

Which of the two is used follows from the arguments of a call and from what is installed, never
from what has been compiled before: the same call gives the same bits.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skinit._blas import has_small_kernels
from skinit._wording import ask_to_install, join_words
from skinit.activations import is_built_in
from skinit.engine.losses import LogisticLoss, PoissonLoss, SoftmaxLoss, SquaredLoss
from skinit.engine.optimizers import SGD, Adam, Optimizer
from skinit.engine.rows import as_matrix
from skinit.engine.stack import Parameters
from skinit.engine.task import Samples, Task, TrainingConfig

# "preferred" is for callers that decide once for many trainings: compiled wherever possible,
# whatever the amount of work.
ENGINES = ("auto", "numpy", "compiled", "preferred")

# The names in `skinit.engine.kernels` of what it knows.
ACTIVATION_KERNELS = {
    "identity": "IDENTITY",
    "logistic": "LOGISTIC",
    "tanh": "TANH",
    "relu": "RELU",
    "leaky_relu": "LEAKY_RELU",
    "elu": "ELU",
}
LOSS_KERNELS: dict[type, str] = {
    LogisticLoss: "LOG_LOSS",
    SoftmaxLoss: "SOFTMAX",
    SquaredLoss: "SQUARED_ERROR",
    PoissonLoss: "POISSON",
}
SOLVER_KERNELS = {"adam": "ADAM", "sgd": "SGD"}

# Seconds of NumPy's engine, as `estimate_seconds` expects them, from which on "auto" compiles. A
# process needs 0.4 s to import numba and to load what was compiled, which is paid back from 0.5 s
# (ten layers of 8 units) to 2.2 s (100 units in float32) on, in the geometric mean from 1.0 s:
# ``python -m benchmarks.worthwhile``, with a table in docs/decisions/0018-two-engines.md.
WORTHWHILE = 1.0

# Ctrl-C waits for the end of a call, so that one call takes a fraction of a second at most.
LONGEST_CALL = 0.2


# --- Which engine -----------------------------------------------------------------------------


def choose_engine(task: Task, layer_sizes: Sequence[int], k: int, config: TrainingConfig) -> str:
    """Return "numpy" or "compiled" for one training.

    Parameters
    ----------
    task : Task
        In the coordinates of training.
    layer_sizes : sequence of int
        Units of every layer, input and output included.
    k : int
        Networks of the stack.
    config : TrainingConfig
        Its `engine` is one of `ENGINES`.

    Raises
    ------
    ValueError
        For "compiled" where the compiled engine does not know what is asked for.
    ModuleNotFoundError
        For "compiled" without numba.
    """
    unknown = find_unknown(task, config)
    if config.engine == "compiled":
        if unknown:
            raise ValueError(
                f"engine='compiled' does not know {unknown}. Use engine='auto', which then trains "
                "with NumPy."
            )
        require_numba()
        return "compiled"
    if config.engine == "numpy" or unknown:
        return "numpy"
    if config.engine == "auto":
        seconds = estimate_seconds(len(task.train.y), layer_sizes, k, config)
        if seconds < WORTHWHILE:
            return "numpy"
    return "compiled" if is_available() else "numpy"


def find_unknown(task: Task, config: TrainingConfig) -> str | None:
    """Say what the compiled engine does not know of a task; None if it knows everything."""
    activation = task.activation
    if config.solver not in SOLVER_KERNELS:
        return f"the solver {config.solver!r}, only {join_words(map(repr, SOLVER_KERNELS))}"
    if not is_built_in(activation, ACTIVATION_KERNELS):
        return f"the activation {activation.name!r}, only {join_words(ACTIVATION_KERNELS)}"
    if type(task.loss) not in LOSS_KERNELS:
        return f"the loss {type(task.loss).__name__}"
    if issparse(task.train.X):
        return "sparse rows"
    return None


def estimate_seconds(
    n_rows: int, layer_sizes: Sequence[int], k: int, config: TrainingConfig
) -> float:
    """Return roughly how long NumPy's engine takes on one core, to the last epoch.

    Examples
    --------
    >>> from skinit.engine.task import TrainingConfig
    >>> estimate_seconds(1797, (64, 100, 10), 1, TrainingConfig(max_iter=200)) < 1
    True
    """
    batch_rows = config.batch_rows(n_rows)
    n_steps = config.max_iter * -(-n_rows // batch_rows)
    n_weights = sum(a * b for a, b in pairwise(layer_sizes))
    n_units = sum(layer_sizes[1:])
    # Calls; for each network products of matrices, passes over activations and over parameters.
    return n_steps * (
        5e-5 + k * (1e-10 * batch_rows * n_weights + 3e-9 * (batch_rows * n_units + n_weights))
    )


@cache
def is_available() -> bool:
    """Whether numba is installed, works with this NumPy, and is not switched off."""
    if find_spec("numba") is None or os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return False
    try:
        _kernels()
    except ImportError:  # numba refuses versions of NumPy that are newer than itself
        return False
    return True


def require_numba() -> None:
    """Raise where numba is missing, cannot be imported, or is switched off."""
    if not is_available():
        _kernels()  # says why it cannot be imported
        raise ValueError("engine='compiled' needs numba, which NUMBA_DISABLE_JIT switches off.")


@cache
def _kernels() -> Any:
    if find_spec("numba") is None:
        raise ModuleNotFoundError(
            f"engine='compiled' needs {ask_to_install('numba', 'fast')}", name="numba"
        )
    from skinit.engine import kernels

    return kernels


# --- One epoch --------------------------------------------------------------------------------


class CompiledEpoch:
    """Trains the networks of a stack for an epoch, over and over.

    Parameters
    ----------
    task : Task
        What is learned.
    batches : Batches
        The training rows and the stream that shuffles them.
    parameters : Parameters
        The stack; changed in place.
    optimizer : Optimizer
        Bound to the stack; its state is changed.
    """

    def __init__(self, task: Task, batches, parameters: Parameters, optimizer: Optimizer):
        self._kernels = kernels = _kernels()
        self._batches, self._parameters, self._optimizer = batches, parameters, optimizer
        self._rows = _make_rows(kernels, batches.samples, batches.batch_size, parameters.dtype)
        self._network = _make_network(kernels, task, parameters)
        self._rule = _make_rule(kernels, optimizer)
        self._buffers = _make_buffers(kernels, parameters, batches.batch_size)
        self._gradient = np.empty(parameters.flat.shape[1], parameters.dtype)
        self._rows_of_a_call = self._count_rows_of_a_call()

    def _count_rows_of_a_call(self) -> int:
        """Return so many whole batches that a call takes a fraction of a second."""
        size, k = self._batches.batch_size, len(self._parameters)
        n_weights, n_units = self._network.n_weights, sum(self._parameters.layer_sizes[1:])
        # Three products a layer, on a slow core; functions of all units, passes of a step.
        seconds = 1e-9 * k * (size * (3 * n_weights + 20 * n_units) + 20 * n_weights)
        return size * max(1, int(LONGEST_CALL / seconds))

    def run(self, alphas: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Train for one epoch; return each network's mean loss and its mean L2 penalty."""
        optimizer, batches = self._optimizer, self._batches
        rows = self._rows
        if batches.shuffle is not None:
            order = batches.shuffle.permutation(batches.n_samples).astype(np.int64, copy=False)
            rows = rows._replace(order=_read_only(order))
        sums = np.zeros((len(alphas), 2))
        m, v = self._moments()
        for first in range(0, batches.n_samples, self._rows_of_a_call):
            stop = min(first + self._rows_of_a_call, batches.n_samples)
            optimizer.t = _call(
                self._kernels, rows, self._network, self._rule, self._parameters.flat,
                self._gradient, m, v, np.array(alphas), optimizer.schedule.rates, optimizer.t,
                first, stop, self._buffers, sums,
            )  # fmt: skip
        return sums[:, 0], sums[:, 1]

    def mean_loss(self, samples: Samples) -> np.ndarray:
        """Return the mean loss of every network on dense ``samples``, (k,)."""
        kernels, n_rows, flat = self._kernels, len(samples.y), self._parameters.flat
        rows = _make_rows(kernels, samples, self._batches.batch_size, flat.dtype)
        look = kernels.Rule(kernels.LOOK, 0.0, 0.0, 0.0, False)
        none, zeros, sums = flat[:, :0], np.zeros(len(flat)), np.zeros((len(flat), 2))
        for first in range(0, n_rows, self._rows_of_a_call):
            stop = min(first + self._rows_of_a_call, n_rows)
            _call(
                kernels, rows, self._network, look, flat, self._gradient, none, none, zeros, zeros,
                0, first, stop, self._buffers, sums,
            )  # fmt: skip
        return sums[:, 0] / samples.total_weight

    def _moments(self) -> list[np.ndarray]:
        """Return two moments; those that the rule does not have are empty."""
        moments = self._optimizer.plain_moments()
        none = self._parameters.flat[:, :0]
        return [*moments, *[none] * (2 - len(moments))]


def _read_only(values) -> np.ndarray:
    """Return values as plain, aligned, read-only memory: of one type for numba, whoever made it."""
    values = np.require(np.asarray(values), requirements=["C", "A"]).view()
    values.flags.writeable = False
    return values


def _make_rows(kernels, samples, batch_size, dtype):
    X, y, weight = samples
    X = as_matrix(X)
    in_columns = not X.flags.c_contiguous and X.flags.f_contiguous
    return kernels.Rows(
        X=_read_only(X.T if in_columns else X),
        in_columns=in_columns,
        y=_read_only(y.T),
        weight=_read_only(np.empty(0, dtype) if weight is None else weight[:, 0].astype(dtype)),
        order=_read_only(np.empty(0, np.int64)),
        batch_size=batch_size,
    )


def _make_network(kernels, task, parameters):
    sizes = parameters.layer_sizes
    return kernels.Network(
        sizes=np.array(sizes, np.int64),
        n_weights=parameters.n_weights,
        n_hidden=sum(sizes[1:-1]),
        activation=getattr(kernels, ACTIVATION_KERNELS[task.activation.name]),
        loss=getattr(kernels, LOSS_KERNELS[type(task.loss)]),
        halves=has_small_kernels(),
    )


def _make_rule(kernels, optimizer):
    if isinstance(optimizer, Adam):
        numbers = (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon, False)
        return kernels.Rule(kernels.ADAM, *numbers)
    assert isinstance(optimizer, SGD)
    return kernels.Rule(kernels.SGD, optimizer.momentum, 0.0, 0.0, bool(optimizer.nesterov))


def _make_buffers(kernels, parameters, batch_size):
    first, *hidden, n_outputs = parameters.layer_sizes
    rows, y, weight, outputs, deltas, raw, row_sums = (
        np.empty(shape, parameters.dtype)
        for shape in (
            (batch_size, first), batch_size * n_outputs, batch_size, batch_size * sum(hidden),
            2 * batch_size * max(hidden, default=0), batch_size * n_outputs, (2, batch_size),
        )
    )  # fmt: skip
    return kernels.Buffers(
        rows, y, weight, outputs, deltas, raw, row_sums, _read_only(rows), _read_only(outputs)
    )


# --- Compiling --------------------------------------------------------------------------------


_READY: set[np.dtype] = set()


def _call(kernels, *arguments) -> int:
    """Call the compiled function; the first time in a process it is compiled or loaded."""
    dtype = arguments[3].dtype
    if dtype in _READY:
        return kernels.train(*arguments)
    with _announce():
        try:
            steps = kernels.train(*arguments)
        except OSError:
            # It is compiled, but could not be kept, as on a full disk.
            steps = kernels.train(*arguments)
    _READY.add(dtype)
    return steps


@contextmanager
def _announce() -> Iterator[None]:
    """Say on a terminal that something is compiled, if it takes more than a second."""
    message = "Compiling the training loop once, about ten seconds ..."
    timer = threading.Timer(1.0, print, [message], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    in_worker = multiprocessing.parent_process() is not None
    if sys.stderr is not None and sys.stderr.isatty() and not in_worker:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
