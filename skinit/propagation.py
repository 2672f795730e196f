"""What signal and gradient do in a network that has not been trained, and what that means.

One forward and one backward pass of a batch are measured (`Propagation`), and rules turn the
measurements into verdicts (`judge`): what is wrong, the evidence, the cure. A `Case` is all that
the rules may look at. Arrays in, verdicts out; nothing here knows estimators.

Layers count from 1; the output layer is the last one. q is the mean square of a layer's outputs,
q_0 that of the inputs. The loss never includes the L2 penalty.

Thresholds were calibrated by training what they judge: ``benchmarks/verdicts.py`` and
``docs/verdicts/calibration.md``.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from scipy.special import entr
from sklearn.preprocessing import StandardScaler

from skinit.network import (
    Parameters,
    Stack,
    Workspace,
    backward,
    evaluate,
    forward,
    loss_and_gradient,
)
from skinit.optimizers import SGD, Adam, Optimizer
from skinit.rowspace import RowSpace, pays
from skinit.training import History, Samples, StochasticTraining, Task, assess

NO_GRADIENT = 1e-14  # of what the layer's inputs and the residual would let expect
DEAD = 0.90  # share of a layer's units
DISTINCT = 0.90  # share of a layer's units
COPIES = {"float64": 1e-9, "float32": 1e-4}  # of the weights' size; training rounds copies apart
SATURATED = 0.50  # share of a layer's outputs
EXPLODED = 100.0  # q_l / q_0
FADED = 1e-5  # q_H / q_0
GRADIENT_RATIO = 1e3  # between the first and the last layer, either way
SURE_LOGITS, SURE_LOSS = 5.0, 3.0  # root mean square; times the loss of equal probabilities
TINY_INPUTS = 0.01  # root mean square
NO_BETTER = 0.01  # nats
SCREEN_ROWS, PROBE_STEPS = 64, 10
BLOCK_ROWS = 1024  # where all rows must be looked at
RISE = 1.001  # a loss that rises by more than .1 % in full-batch descent is no rounding
ADAM_STEP = 1.0  # learning rate / root mean square of a layer's weights

Layers = list[tuple[np.ndarray, np.ndarray]]


class InitializationWarning(UserWarning):
    """The weights start in a place from which they cannot learn."""


@dataclass(frozen=True)
class Verdict:
    """Say what is wrong with a start, why we think so, and what to do.

    Parameters
    ----------
    code : str
        "INIT01" to "INIT11".
    title : str
        The verdict in two or three words.
    layer : int or None
        The layer it is about, from 1; None where it is about all of them.
    evidence : str
        What was measured, in words.
    cure : str
        What to do about it.
    url : str
        The page of the documentation that explains it.
    """

    code: str
    title: str
    layer: int | None
    evidence: str
    cure: str
    url: str

    def __str__(self) -> str:
        return f"{self.code}, {self.title}: {self.evidence} {self.cure}"


class Finding(NamedTuple):
    """What a rule has found: the layer, from 1, or None; the evidence; the cure."""

    layer: int | None
    evidence: str
    cure: str


# --- The batch --------------------------------------------------------------------------------


def draw_batch(samples: Samples, n_rows: int, rng: np.random.Generator) -> Samples:
    """Return about ``n_rows`` of the samples, stratified by class, every class at least once."""
    n = len(samples.y)
    if n <= n_rows:
        return samples
    shuffled = rng.permutation(n)
    y = samples.y[shuffled]
    # One row with and one without each label: for a class, the first of it and of the others.
    needed = np.unique([y.argmax(axis=0), y.argmin(axis=0)])
    by_class = np.argsort(y @ np.arange(1.0, y.shape[1] + 1), kind="stable")
    others = by_class[~np.isin(by_class, needed)]
    even = np.linspace(0, len(others) - 1, max(0, n_rows - len(needed))).round().astype(int)
    return _take(samples, np.sort(shuffled[np.concatenate([needed, others[even]])]))


def _take(samples, rows) -> Samples:
    X, y, weight = samples
    return Samples(X[rows], y[rows], None if weight is None else weight[rows])


def _in_double(samples) -> Samples:
    X, y, weight = samples
    return Samples(
        X.astype(np.float64, copy=False),
        y.astype(np.float64, copy=False),
        None if weight is None else weight.astype(np.float64, copy=False),
    )


def _mean_square(a) -> float:
    """Return the mean of squares of an array or a sparse matrix."""
    values = (a.data if issparse(a) else a).ravel()
    return float(values @ values) / math.prod(a.shape)


def _row_norms(a) -> np.ndarray:
    if issparse(a):
        return np.sqrt(np.asarray(a.multiply(a).sum(axis=1)).ravel())
    return np.sqrt(np.einsum("ij,ij->i", a, a))


# --- The measurement --------------------------------------------------------------------------


class Propagation:
    """Measure one forward and one backward pass of a batch.

    Parameters
    ----------
    layers : list of (W, b)
        The network; W is (fan_in, fan_out).
    activation : Activation
        Of the hidden layers.
    loss : Loss
        On the raw outputs.
    samples : Samples
        The batch.

    Attributes
    ----------
    loss : float
        Mean loss of the batch.
    z, a : list of ndarray of shape (n, units)
        Pre-activations of all layers, and outputs of the hidden ones.
    delta : list of ndarray of shape (n, units)
        Derivative of each sample's loss by its pre-activations, all layers.
    gradient : Parameters
        Derivative of the mean loss by the weights and biases.
    """

    def __init__(self, layers: Layers, activation, loss, samples: Samples):
        self.activation = activation
        self.inputs, y, weight = _in_double(samples)
        self.precision = np.result_type(*(W.dtype for W, _ in layers)).name
        self.parameters = Parameters.stack([layers], np.float64)
        self.gradient = Parameters(self.parameters.layer_sizes, np.empty_like(self.parameters.flat))
        work = Workspace(self.parameters, activation, len(y), keep=True)
        with np.errstate(all="ignore"):
            raw = forward(self.parameters, work, self.inputs)
            self.z = [*(z[0] for z in work.pre_activations), raw[0].copy()]
            value, residual = loss.value_and_gradient(raw, y, weight)
            backward(self.parameters, self.gradient, work, self.inputs, residual)
            total = len(y) if weight is None else weight.sum()
            self.gradient.flat /= total
        self.loss = float(value[0] / total)
        self.a = [a[0] for a in work.outputs]
        self.delta = [*(delta[0] for delta in work.deltas), residual[0]]

    @property
    def weights(self) -> list[np.ndarray]:
        """W of every layer."""
        return [W[0] for W in self.parameters.coefs]

    @cached_property
    def q(self) -> np.ndarray:
        """Mean squares of the inputs and of the outputs of the hidden layers, (H + 1,)."""
        return np.array([_mean_square(a) for a in (self.inputs, *self.a)])

    @cached_property
    def growth(self) -> np.ndarray:
        """q_l / q_0 of the hidden layers, (H,).

        What an activation gives for 0, such as logistic's 1/2, is no signal that has grown.
        """
        at_zero = float(self.activation.function(np.zeros(1), np.zeros(1))[0])
        return self.q[1:] / max(self.q[0], at_zero**2)

    @cached_property
    def gradient_norms(self) -> np.ndarray:
        """Frobenius norms of dL/dW, (H + 1,)."""
        return np.array([np.linalg.norm(G[0]) for G in self.gradient.coefs])

    @cached_property
    def has_gradient(self) -> bool:
        """Whether any sample has a gradient at any weight.

        A sample's gradient at W is the outer product of the layer's input and its delta, so its
        norm is the product of theirs. Samples are looked at one by one, because gradients of a
        balanced batch may cancel where those of the next one do not.
        """
        residual = math.sqrt(_mean_square(self.delta[-1]))
        for a, delta in zip((self.inputs, *self.a), self.delta, strict=True):
            largest = (_row_norms(a) * _row_norms(delta)).max()
            if not largest <= NO_GRADIENT * (1 + math.sqrt(_mean_square(a))) * residual:
                return True
        return residual == 0  # nothing is left to learn

    @cached_property
    def has_zero_layer(self) -> bool:
        """Whether all weights of some layer are 0: a start that opens with its first step."""
        return not all(W.any() for W in self.weights)

    @cached_property
    def distinct(self) -> np.ndarray:
        """Numbers of units of the hidden layers that are no copies of others, (H,)."""
        biases = [b[0, 0] for b in self.parameters.intercepts]
        tolerance = COPIES[self.precision]
        return np.array(
            [
                _count_distinct((W, b[None], outgoing.T), tolerance)
                for W, b, outgoing in zip(self.weights, biases, self.weights[1:], strict=False)
            ]
        )

    @cached_property
    def saturated(self) -> np.ndarray:
        """Shares of outputs on a plateau, (H,); NaN for activations without two plateaus."""
        if self.activation.saturation is None:
            return np.full(len(self.a), np.nan)
        low, high = self.activation.saturation
        return np.array([np.mean((a < low) | (a > high)) for a in self.a])

    @cached_property
    def _firing(self) -> list[np.ndarray]:
        return [_fires(self.activation, z) for z in self.z[:-1]]

    @cached_property
    def dead(self) -> np.ndarray:
        """Shares of dead units, (H,): no slope on any row, and not because all z are 0."""
        layers = zip(self._firing, self.z, strict=False)
        return np.array([_dead(fires.any(axis=0), z.any(axis=0)) for fires, z in layers])

    @cached_property
    def always_on(self) -> np.ndarray:
        """Shares of units with a slope on every row, (H,); NaN for those with two plateaus."""
        if self.activation.saturation is not None:
            return np.full(len(self.a), np.nan)
        return np.array([fires.all(axis=0).mean() for fires in self._firing])


def _fires(activation, z) -> np.ndarray:
    """Return where the slope is not exactly 0; on a plateau of two, rounding makes it 0."""
    if activation.saturation is not None:
        return np.ones(z.shape, bool)
    a = activation.function(z, np.empty_like(z))
    return activation.derivative(z, a, np.empty_like(z)) != 0


def _dead(fires, is_set) -> float:
    return float(np.mean(~fires & is_set))


def _count_distinct(parts: Iterable[np.ndarray], tolerance: float) -> int:
    """Count the columns that differ, by where they fall on a line of random direction.

    The parts (incoming weights, bias, outgoing weights) are compared each on its own scale. Units
    that agree in all three have equal gradients too, and stay copies; with equal incoming
    but different outgoing weights the first step parts them.
    """
    rng = np.random.default_rng(0)
    places: Any = 0.0
    for part in parts:
        places = places + rng.standard_normal(len(part)) @ part / (np.abs(part).max() or 1.0)
    return 1 + int((np.diff(np.sort(places)) > tolerance).sum())


@np.errstate(all="ignore")
def describe_layers(case: Case) -> dict[str, list]:
    """Return what was measured, one list a quantity with one entry a layer.

    See `skinit.diagnosis.Diagnosis.to_frame` for the quantities. The outputs of the output layer
    are probabilities; what only hidden layers have is NaN there.
    """
    start = case.propagation
    outputs = [*start.a, case.loss.probability(start.z[-1][None].copy())[0]]
    q = np.array([start.q[0], *map(_mean_square, outputs)])
    spectra = [np.linalg.svd(W, compute_uv=False) for W in start.weights]
    table = {
        "layer": range(1, len(outputs) + 1),
        "units": [a.shape[1] for a in outputs],
        "z_mean": [z.mean() for z in start.z],
        "z_std": [z.std() for z in start.z],
        "a_mean": [a.mean() for a in outputs],
        "a_std": [a.std() for a in outputs],
        "q": q[1:],
        "q_ratio": q[1:] / q[:-1],
        "delta_rms": [math.sqrt(_mean_square(delta)) for delta in start.delta],
        "gradient_rms": [math.sqrt(_mean_square(G[0])) for G in start.gradient.coefs],
        "update_ratio": _first_updates(case),
        "saturated": [*start.saturated, math.nan],
        "dead": [*start.dead, math.nan],
        "always_on": [*start.always_on, math.nan],
        "distinct": [*start.distinct, math.nan],
        "rank": [_rank(s, W.shape) for s, W in zip(spectra, start.weights, strict=True)],
        "stable_rank": [np.square(s / s[0]).sum() for s in spectra],
        "effective_rank": [math.exp(entr(s / s.sum()).sum()) for s in spectra],
        "cosine": [_mean_cosine(a) for a in outputs],
    }
    return {name: list(values) for name, values in table.items()}


def _first_updates(case) -> list[float]:
    """Return the size of the first step of every layer's weights over theirs."""
    start = case.propagation
    if case.optimizer is None:
        return [math.nan] * len(start.weights)
    moved = start.parameters.take([0])
    optimizer = copy.deepcopy(case.optimizer)
    optimizer.bind(moved.flat, start.gradient.flat.copy(), moved.n_weights)
    optimizer.step(0.0)
    return [
        float(np.linalg.norm(new - old) / np.linalg.norm(old))
        for new, old in zip(moved.coefs, start.parameters.coefs, strict=True)
    ]


def _rank(spectrum, shape) -> int:
    """Return the rank, by the tolerance of `numpy.linalg.matrix_rank`."""
    return int((spectrum > spectrum[0] * max(shape) * np.finfo(float).eps).sum())


def _mean_cosine(a) -> float:
    """Return the mean cosine between the rows of a, those of zeros left out."""
    norms = _row_norms(a)
    directions = a[norms > 0] / norms[norms > 0, None]
    n = len(directions)
    return (np.square(directions.sum(axis=0)).sum() - n) / (n * (n - 1)) if n > 1 else math.nan


# --- The trial of a learning rate -------------------------------------------------------------


def largest_curvature(
    gradient: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float, n_steps: int = 5
) -> float:
    """Return a lower bound of the largest positive eigenvalue of the Hessian, or 0.

    Lanczos with full reorthogonalisation, from the direction of the gradient. Products with
    the Hessian are differences of gradients.

    Parameters
    ----------
    gradient : callable ``(x) -> gradient``
        Both of shape (n_parameters,); the result must be a fresh array.
    x : ndarray of shape (n_parameters,)
        Where the curvature is asked for.
    step : float
        The distance over which gradients are compared.
    n_steps : int, default=5
        Products with the Hessian.
    """
    here = gradient(x)
    v = here
    basis = np.empty((n_steps, x.size))
    diagonal: list[float] = []
    off: list[float] = []
    for i in range(n_steps):
        norm = float(np.linalg.norm(v))
        if norm <= (1e-6 * max(map(abs, diagonal)) if diagonal else 0):
            break
        np.divide(v, norm, out=basis[i])
        v = (gradient(x + step * basis[i]) - here) / step
        off.append(norm)
        diagonal.append(float(basis[i] @ v))
        for _ in range(2):  # twice is enough
            v -= (basis[: i + 1] @ v) @ basis[: i + 1]
    if not diagonal:
        return 0.0
    if not np.isfinite([*diagonal, *off]).all():
        return math.inf
    T = np.diag(diagonal) + np.diag(off[1:], 1) + np.diag(off[1:], -1)
    return max(0.0, float(np.linalg.eigvalsh(T)[-1]))


@dataclass(frozen=True)
class Trial:
    """What a learning rate does in the first steps of gradient descent.

    Attributes
    ----------
    sharpness : float
        Learning rate times curvature at the start.
    calm_rate : float
        The learning rate at which no trial is asked for.
    losses : list of float
        Before the first step, after it, ...; empty where no trial is asked for.
    rise : (int, float, float) or None
        The first step that raised the loss, and the loss before and after.
    """

    sharpness: float
    calm_rate: float
    losses: list[float] = field(default_factory=list)
    rise: tuple[int, float, float] | None = None


def stability_limit(optimizer: SGD) -> float:
    """Return the sharpness beyond which gradient descent leaves a quadratic valley."""
    look_ahead = 2 * optimizer.momentum if optimizer.nesterov else 0
    return 2 * (1 + optimizer.momentum) / (1 + look_ahead)


def try_learning_rate(layers, activation, loss, batch: Samples, optimizer: SGD) -> Trial:
    """Estimate the sharpness on 64 rows; where it nears the limit, try a few steps."""
    layers, batch = _narrow(layers, _in_double(batch))
    screen = draw_batch(batch, SCREEN_ROWS, np.random.default_rng(0))
    curvature, rate = _curvature(layers, activation, loss, screen), optimizer.schedule.initial
    calm_rate = stability_limit(optimizer) / 4 / curvature if curvature else math.inf
    if not rate > calm_rate:
        return Trial(rate * curvature, calm_rate)
    history = History()
    StochasticTraining(
        Task(activation, loss, 0.0, batch),
        Parameters.stack([layers], np.float64),
        copy.deepcopy(optimizer),
        [history],
        batch_size=len(batch.y),
        shuffle=None,
        max_iter=PROBE_STEPS + 1,  # a step's loss is recorded by the next one
        tol=0.0,
        n_iter_no_change=math.inf,
    ).run()
    losses = history.loss_curve
    return Trial(rate * curvature, calm_rate, losses, _first_rise(losses, optimizer.momentum))


def _narrow(layers, batch):
    """Return network and batch in the batch's row space, where that is cheaper."""
    (W, b), *above = layers
    n, d = batch.X.shape
    visits = n * (PROBE_STEPS + 1) + 6 * SCREEN_ROWS
    if issparse(batch.X) or not pays(n, d, W.shape[1], visits):
        return layers, batch
    space = RowSpace(batch.X)
    return [(space.project(W), b), *above], batch._replace(X=space.rows)


def _curvature(layers, activation, loss, samples):
    at = Parameters.stack([layers], np.float64)
    gradient = Parameters(at.layer_sizes, np.empty_like(at.flat))
    work = Workspace(at, activation, len(samples.y))

    def gradient_at(x):
        at.flat[0] = x
        loss_and_gradient(at, gradient, work, loss, *samples)
        return gradient.flat[0].copy()

    # Small enough to move no pre-activation far, whatever the scale of the inputs.
    step = 1e-6 / max(1.0, math.sqrt(np.square(_row_norms(samples.X)).mean()))
    return largest_curvature(gradient_at, at.flat[0].copy(), step)


def _first_rise(losses, momentum) -> tuple[int, float, float] | None:
    """Return the first step that raised the loss; with momentum, above its first value."""
    for step, after in enumerate(losses[1:], 1):
        before = losses[0] if momentum else losses[step - 1]
        if not after <= RISE * before:
            return step, before, after
    return None


# --- The case ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """All that the rules may look at.

    Attributes
    ----------
    layers : list of (W, b)
        The network.
    activation, loss
        Of the hidden layers; on the raw outputs.
    train : Samples
        All training rows, or the given ones of a fitted network.
    batch : Samples
        The rows that are measured.
    optimizer : Optimizer or None
        A fresh one, as training would use; None for L-BFGS.
    init : str
        What the user calls the start.
    fitted : bool
        Whether the network has been trained.
    """

    layers: Layers
    activation: Any
    loss: Any
    train: Samples
    batch: Samples
    optimizer: Optimizer | None = None
    init: str = "this init"
    fitted: bool = False
    _findings: dict[str, Finding | None] = field(default_factory=dict, repr=False)

    @cached_property
    def propagation(self) -> Propagation:
        """What happens on the batch."""
        return Propagation(self.layers, self.activation, self.loss, self.batch)

    @cached_property
    def trial(self) -> Trial | None:
        """What the learning rate does; None but for SGD from a finite start."""
        start = self.propagation
        finite = math.isfinite(start.loss) and np.isfinite(start.gradient.flat).all()
        if not isinstance(self.optimizer, SGD) or not finite:
            return None
        return try_learning_rate(
            self.layers, self.activation, self.loss, self.batch, self.optimizer
        )

    @cached_property
    def standardized(self) -> Case:
        """The same weights, had the inputs been standardized (sparse ones: scaled)."""
        scaler = StandardScaler(with_mean=not issparse(self.batch.X))
        X = scaler.fit_transform(self.batch.X.astype(np.float64))
        return replace(self, batch=self.batch._replace(X=X), _findings={})

    def find(self, code: str) -> Finding | None:
        """Return what the rule of this code finds, whatever takes precedence."""
        if code not in self._findings:
            self._findings[code] = RULES[code].find(self)
        return self._findings[code]


# --- The rules --------------------------------------------------------------------------------


def find_dead(case: Case) -> Finding | None:
    """INIT06: almost all units of a layer never fire, on any training row."""
    shares = case.propagation.dead
    if max(shares, default=0.0) < DEAD:
        return None
    layer = int(shares.argmax()) + 1
    share = _dead_share(case, layer)
    if share < DEAD:
        return None
    rows = len(case.train.y)
    return Finding(
        layer,
        f"{share:.0%} of layer {layer} never fires on {rows} rows, so no gradient passes.",
        "Check negative biases; use he or leaky_relu.",
    )


def _dead_share(case, layer):
    """Return the share of a layer's units that are dead on all rows, block by block."""
    coefs, intercepts = zip(*case.layers[:layer], strict=True)
    fires, is_set = np.zeros((2, len(intercepts[-1])), bool)
    for _, z in evaluate(Stack.of_one(coefs, intercepts), case.activation, case.train.X):
        fires |= _fires(case.activation, z[0]).any(axis=0)
        is_set |= z[0].any(axis=0)
    return _dead(fires, is_set)


def find_no_gradient(case: Case) -> Finding | None:
    """INIT01: every sample's gradient is 0 at every weight."""
    # A signal that has faded to 1e-30 is not 0, and random already: INIT04 says so.
    faded = case.find("INIT04") and case.propagation.growth[-1] > 0
    if case.propagation.has_gradient or faded or any(_have_gradient(case)):
        return None
    moment = "here" if case.fitted else "at the start"
    return Finding(
        None,
        f"No gradient reaches any weight: only the output bias can move. All dL/dW are 0 {moment}.",
        "Use any random init.",
    )


def _have_gradient(case):
    """Yield for one block of all rows after the other whether it has a gradient."""
    for start in range(0, len(case.train.y), BLOCK_ROWS):
        rows = _take(case.train, slice(start, start + BLOCK_ROWS))
        yield Propagation(case.layers, case.activation, case.loss, rows).has_gradient


def find_copies(case: Case) -> Finding | None:
    """INIT02: units of a layer are copies of one another."""
    widths = np.array([a.shape[1] for a in case.propagation.a])
    shares = np.where(widths > 1, case.propagation.distinct / widths, 1.0)
    if min(shares, default=1.0) >= DISTINCT:
        return None
    i = int(shares.argmin())
    return Finding(
        i + 1,
        f"Units are copies: layer {i + 1} has {case.propagation.distinct[i]} different units of "
        f"{widths[i]}, and they stay equal under gradient descent.",
        "Break the tie with a random init.",
    )


def find_unscaled_inputs(case: Case) -> Finding | None:
    """INIT10: standardized inputs would cure all symptoms, or the inputs are close to 0."""
    X = case.propagation.inputs
    # Texts have unit rows and thousands of zeros; it is what they hold that may be small.
    size = math.sqrt(_mean_square(X.data[None] if issparse(X) and X.nnz else X))
    symptoms = any(map(case.find, INPUT_SYMPTOMS))
    if not symptoms and not size < TINY_INPUTS:
        return None
    cured = not any(map(case.standardized.find, INPUT_SYMPTOMS))
    if not cured and not size < TINY_INPUTS:
        return None
    fine = "; with standardized inputs the same weights are fine" if cured else ""
    return Finding(
        None,
        f"The inputs are not scaled (root mean square {size:.3g}){fine}.",
        "Put a StandardScaler first: not the initializer's fault.",
    )


def find_divergence(case: Case) -> Finding | None:
    """INIT07: the signal, the loss or a gradient is not finite, or becomes so at once."""
    start = case.propagation
    cure = "Lower the scale or the learning rate."
    moment = "on these rows" if case.fitted else "at the start"
    for layer, z in enumerate(start.z, 1):
        if not np.isfinite(z).all():
            return Finding(layer, f"The signal is not finite {moment}, in layer {layer}.", cure)
    if not math.isfinite(start.loss):
        return Finding(None, f"The loss is not finite {moment}.", cure)
    if not np.isfinite(start.gradient.flat).all():
        return Finding(None, f"The gradient is not finite {moment}.", cure)
    losses = [] if case.fitted or case.trial is None else case.trial.losses
    lost = [step for step, loss in enumerate(losses) if not math.isfinite(loss)]
    return Finding(None, f"The loss is not finite at trial step {lost[0]}.", cure) if lost else None


def find_large_signal(case: Case) -> Finding | None:
    """INIT03: outputs sit on a plateau, or grow from layer to layer."""
    saturated, growth = case.propagation.saturated, case.propagation.growth
    cure = "Scale the weights by 1/sqrt(fan_in)."
    if max(saturated, default=0.0) > SATURATED:
        i = int(saturated.argmax())
        evidence = f"Layer {i + 1} is saturated: {saturated[i]:.0%} of its units are at the limit."
        return Finding(i + 1, evidence, cure)
    if max(growth, default=0.0) > EXPLODED:
        i = int(growth.argmax())
        return Finding(i + 1, f"The signal grows {growth[i]:.0e} times by layer {i + 1}.", cure)
    return None


def find_faded_signal(case: Case) -> Finding | None:
    """INIT04: the last hidden layer's outputs are close to 0."""
    growth = case.propagation.growth
    if case.propagation.has_zero_layer or not len(growth) or not growth[-1] < FADED:
        return None
    name, better = case.activation.name, case.activation.default_init
    # lsuv measures the scale that is needed, where the usual law is already in use.
    better = "lsuv" if case.init in (better, "auto") else better
    return Finding(
        len(growth),
        f"The signal fades: its mean square falls to {growth[-1]:.0e} of the inputs' over "
        f"{len(growth)} layers.",
        f"{case.init} is too small for {name}; use {better}.",
    )


def find_gradient_ratio(case: Case) -> Finding | None:
    """INIT05: the gradients of the first and of the last layer are far apart."""
    first, last = case.propagation.gradient_norms[[0, -1]]
    if case.propagation.has_zero_layer:
        return None
    ratio = first / last
    # Written so that NaN, which is INIT07's, is no finding.
    if not (ratio > GRADIENT_RATIO or ratio < 1 / GRADIENT_RATIO):
        return None
    word = "of" if ratio < 1 else "times"
    return Finding(
        1,
        f"The first layer's gradient is {ratio:.0e} {word} the last one's.",
        "Use orthogonal, another activation, or fewer layers.",
    )


def find_overconfidence(case: Case) -> Finding | None:
    """INIT08: the raw outputs are large, and so is the loss."""
    raw, loss = case.propagation.z[-1], case.propagation.loss
    n_outputs = raw.shape[1]
    softmax = case.loss.out_activation == "softmax"
    equal = math.log(n_outputs) if softmax else n_outputs * math.log(2)
    if not (math.sqrt(_mean_square(raw)) > SURE_LOGITS and loss > SURE_LOSS * equal):
        return None
    name = f"{n_outputs} ln 2" if n_outputs > 1 and not softmax else "ln K"
    return Finding(
        len(case.layers),
        f"The untrained network is sure of itself: loss {loss:.1f} against {name} = {equal:.2f}.",
        "Scale the output layer down.",
    )


def find_large_steps(case: Case) -> Finding | None:
    """INIT11: the learning rate is too large for this start."""
    if isinstance(case.optimizer, Adam):
        return _find_large_adam_steps(case)
    if case.trial is None or case.trial.rise is None:
        return None
    step, before, after = case.trial.rise
    said = (
        f"rose from {before:.3f} to {after:.3f}" if math.isfinite(after) else "is no longer finite"
    )
    return Finding(
        None,
        f"Learning rate x curvature = {case.trial.sharpness:.2g} at the start; in trial step "
        f"{step} the loss {said}.",
        f"Lower learning_rate_init to about {case.trial.calm_rate:.1g}.",
    )


def _find_large_adam_steps(case):
    sizes = [math.sqrt(_mean_square(W)) or math.inf for W in case.propagation.weights]
    i, rate = int(np.argmin(sizes)), case.optimizer.schedule.initial
    if not rate / sizes[i] > ADAM_STEP:
        return None
    return Finding(
        i + 1,
        f"The first steps overshoot: adam moves each weight by {rate:.2g}, and those of layer "
        f"{i + 1} have a root mean square of {sizes[i]:.2g}.",
        f"Lower learning_rate_init to about {0.4 * sizes[i]:.1g}.",
    )


def find_no_better_than_prior(case: Case) -> Finding | None:
    """INIT09: after training, the loss is that of the class shares, or worse."""
    samples = case.train
    weight = None if samples.sample_weight is None else samples.sample_weight[:, 0]
    task = Task(case.activation, case.loss, 0.0, samples)
    stack = Stack.of_one(*map(list, zip(*case.layers, strict=True)))
    loss = float(assess(stack, task, samples)[0][0])
    shares = np.average(samples.y, axis=0, weights=weight)
    entropy = entr(shares).sum()
    if case.loss.out_activation == "logistic":
        entropy += entr(1 - shares).sum()
    if loss < entropy - NO_BETTER:
        return None
    accuracy = float(assess(stack, task, samples._replace(sample_weight=None))[1][0])
    largest = np.unique(samples.y, axis=0, return_counts=True)[1].max() / len(samples.y)
    return Finding(
        None,
        f"After training the loss {loss:.3f} is no better than the class shares alone "
        f"({entropy:.3f}), whatever the accuracy ({accuracy:.2f}; largest class {largest:.2f}).",
        "Diagnose the unfitted estimator, and train longer or with another learning rate.",
    )


class Rule(NamedTuple):
    """A verdict's title, and the function that looks for it."""

    title: str
    find: Callable[[Case], Finding | None]


# In order of precedence: causes before their symptoms.
RULES = {
    "INIT06": Rule("dead units", find_dead),
    "INIT01": Rule("no gradient", find_no_gradient),
    "INIT02": Rule("symmetric units", find_copies),
    "INIT10": Rule("unscaled inputs", find_unscaled_inputs),
    "INIT07": Rule("diverges", find_divergence),
    "INIT03": Rule("saturated or exploding", find_large_signal),
    "INIT04": Rule("signal vanishes", find_faded_signal),
    "INIT05": Rule("gradient vanishes or explodes", find_gradient_ratio),
    "INIT08": Rule("over-confident start", find_overconfidence),
    "INIT11": Rule("learning rate too large for this start", find_large_steps),
    "INIT09": Rule("no better than the class prior", find_no_better_than_prior),
}
CANNOT_LEARN = ("INIT01", "INIT02")
# Large outputs and saturation are normal after training.
OF_FITTED = ("INIT06", "INIT01", "INIT02", "INIT07", "INIT09")
OF_START = tuple(code for code in RULES if code != "INIT09")
INPUT_SYMPTOMS = ("INIT03", "INIT04", "INIT05", "INIT07", "INIT08")
_SYMPTOMS = {"INIT03", "INIT04", "INIT05", "INIT08", "INIT11"}
# What a verdict explains is not said again.
EXPLAINS = {
    "INIT06": {"INIT01", "INIT02"} | _SYMPTOMS,
    "INIT01": {"INIT02"} | _SYMPTOMS,
    "INIT02": _SYMPTOMS,
    "INIT03": {"INIT05", "INIT08"},
    "INIT04": {"INIT05", "INIT08"},
}


def page_of(code: str) -> str:
    """Return where a verdict is explained, relative to the project's root."""
    return f"docs/verdicts/{code.lower()}.md"


@np.errstate(all="ignore")  # what overflows is a finding
def judge(case: Case, codes: Iterable[str] | None = None) -> tuple[Verdict, ...]:
    """Return the verdicts of a case, the cause first, without the symptoms it explains.

    Parameters
    ----------
    case : Case
        The network and its rows.
    codes : iterable of str, default=None
        The rules to ask; by default those for a start, or for a fitted network.
    """
    wanted = set(codes or (OF_FITTED if case.fitted else OF_START))
    verdicts = []
    for code, rule in RULES.items():
        if code not in wanted or not (finding := case.find(code)):
            continue
        verdicts.append(Verdict(code, rule.title, *finding, page_of(code)))
        wanted -= EXPLAINS.get(code, set())
        if code == "INIT10":
            wanted -= {c for c in (*INPUT_SYMPTOMS, "INIT11") if not case.standardized.find(c)}
    return tuple(verdicts)


# --- The warning of fit -----------------------------------------------------------------------


def warn_if_cannot_learn(
    layers: Layers, activation, loss, train: Samples, *, stacklevel: int = 2
) -> None:
    """Warn about weights that cannot learn: INIT01 and INIT02.

    Eight rows tell whether to look closer: copies have equal pre-activations, and without
    any gradient the last hidden layer is 0. That costs about one part in a hundred of an epoch.

    Parameters
    ----------
    layers : list of (W, b)
        The start.
    activation, loss
        Of the hidden layers; on the raw outputs.
    train : Samples
        The training rows, in the coordinates of the layers.
    stacklevel : int, default=2
        As in `warnings.warn`: 2 is the caller of this function.
    """
    if not _looks_stuck(layers, activation, train.X[:8]):
        return
    batch = draw_batch(train, 256, np.random.default_rng(0))
    case = Case(layers, activation, loss, train, batch)
    # Asked for INIT06 too, because it explains the others.
    for verdict in judge(case, ("INIT06", *CANNOT_LEARN)):
        if verdict.code in CANNOT_LEARN:
            warnings.warn(f"{verdict} See {verdict.url}.", InitializationWarning, stacklevel)


def _looks_stuck(layers, activation, X) -> bool:
    """Whether units of a layer have equal pre-activations, or the last hidden layer is 0."""
    stack = Stack.of_one(*map(list, zip(*layers, strict=True)))
    work = Workspace(stack, activation, X.shape[0], backward=False, keep=True)
    if not work.outputs:
        return False
    with np.errstate(all="ignore"):
        forward(stack, work, X)
        equal = any(
            _count_distinct([z[0]], COPIES[z.dtype.name]) < DISTINCT * z.shape[-1]
            for z in work.pre_activations
        )
    return equal or not work.outputs[-1].any()
