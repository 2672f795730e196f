"""Fit: validate the arguments, draw the starts, train, publish.

The engine trains, and `fitted_attributes` says what an estimator then knows; the estimator takes
all of it at once. So an exception, wherever it comes from, leaves an estimator as it was.
Estimators that differ in `init`, `learning_rate_init` or `alpha` alone are trained together
(`fit_stack`); the ``fit`` of one is the same for a stack of one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from functools import partial as bind
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skinit._sklearn import (
    CallbackSupportMixin,
    Interval,
    Options,
    StrOptions,
    callbacks_torn_down,
)
from skinit._wording import join_words
from skinit.activations import get_activation
from skinit.engine.evaluation import raw_outputs
from skinit.engine.optimizers import Optimizer
from skinit.engine.solvers import SOLVERS
from skinit.engine.stack import Stack
from skinit.engine.task import Divergence, Progress, Start, Trained
from skinit.engine.training import OnEpoch, train
from skinit.estimators.callbacks import FitTasks, follow_epochs, has_callbacks
from skinit.estimators.diagram import draw_estimator
from skinit.estimators.notices import notify
from skinit.estimators.onnx import make_onnx
from skinit.estimators.problem import (
    NO_VALIDATION,
    Problem,
    validate_features,
    validate_fit,
    without_fit,
)
from skinit.estimators.targets import Target
from skinit.initializers import Initializer, resolve_init, sample_layers
from skinit.propagation import InitializationWarning, Verdict, find_hopeless, find_unscaled

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class FitState:
    """What a fit leaves for the next one, beside the public attributes.

    Attributes
    ----------
    target : Target
        How y is encoded.
    seed : int
        What all random numbers grow from.
    rng : Generator
        The stream of the batches, where the last epoch left it.
    optimizer : Optimizer or None
        Its state, with which ``partial_fit`` goes on.
    no_improvement_count : int
        Epochs since the last improvement.
    n_rows : int
        Training rows.
    """

    target: Target
    seed: int
    rng: np.random.Generator
    optimizer: Optimizer | None
    no_improvement_count: int
    n_rows: int


class BaseInitMLP(CallbackSupportMixin, BaseEstimator):
    """Base class of the estimators: all that does not depend on the kind of target."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        # Their own errors name the closest names, and names may be registered later.
        "activation": "no_validation",
        "init": "no_validation",
        "solver": [StrOptions(set(SOLVERS.names()))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto", "full"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "row_space": ["boolean", StrOptions({"auto"})],
        "engine": [StrOptions({"auto", "numpy", "compiled"})],
    }

    # What fit finds out, for type checkers; no attribute is there before.
    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    initializers_: list[Initializer]
    n_layers_: int
    n_outputs_: int
    out_activation_: str
    n_iter_: int
    t_: int
    loss_: float
    best_loss_: float | None
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    validation_loss_curve_: list[float] | None
    best_validation_score_: float | None
    n_features_in_: int
    feature_names_in_: np.ndarray

    @classmethod
    @cache
    def _get_param_names(cls):
        """Return the names of the parameters; to read a signature takes a tenth of a small fit."""
        return super()._get_param_names()

    def __dir__(self) -> list[str]:
        """Return the names that are for users."""
        return [name for name in super().__dir__() if name[0] != "_" or name[:2] == "__"]

    def set_params(self, **params):
        """Set parameters, those of an Initializer in `init` too (``init__scale=2.0``).

        Parameters
        ----------
        **params : dict
            Parameters of the estimator.

        Returns
        -------
        self : estimator
            The estimator itself.

        Raises
        ------
        ValueError
            For an unknown parameter, and for ``init__...`` where `init` is not an Initializer.
        """
        nested = [name for name in params if name.startswith("init__")]
        init = params.get("init", self.init)
        if nested and (isinstance(init, type) or not hasattr(init, "set_params")):
            raise ValueError(
                f"{nested[0]!r} needs an Initializer in `init`, which is {init!r}: only an object "
                "has parameters to set. Write for example init=VarianceScaling(scale=2.0) or "
                f"init=get_initializer('he') in place of a name, and then {nested[0]!r}."
            )
        return super().set_params(**params)

    def _sk_visual_block_(self):
        """Return what a notebook shows: see `skinit.estimators.diagram`."""
        return draw_estimator(self)

    def _make_target(self, y) -> Target:
        """Return the target that fits y."""
        raise NotImplementedError

    def _fit(self, X, y, sample_weight=None, validation=NO_VALIDATION, *, partial=False, **known):
        """Fit this estimator alone, and tell its user what there is to know."""
        problem = validate_fit(self, X, y, sample_weight, validation, partial=partial, **known)
        initializers, start = draw_start(self, problem, partial)
        for note in problem.notes:
            notify(note)
        for verdict in _judge_start(problem, start, self.max_iter if partial else None):
            notify(InitializationWarning(f"{verdict} {verdict.hint}"), verdict.code)
        attributes_of = bind(fitted_attributes, problem, initializers)
        tasks = {}
        if has_callbacks(self) and not partial:
            max_iter = problem.config.max_iter
            tasks[0] = FitTasks(self, X, y, sample_weight, max_iter, attributes_of)
        on_epoch = follow_epochs(tasks, [print_epoch if self.verbose else None])
        (trained,) = train(
            problem.task, [start], problem.config, rng=problem.rng, on_epoch=on_epoch
        )
        _refuse_divergence(trained, problem.target)
        for note in _note_end(problem, trained, partial):
            notify(note)
        for task in tasks.values():
            task.end(trained)
        self._publish(attributes_of(trained))
        return self

    def _refuse_early_stopping(self) -> None:
        """Raise where ``partial_fit``, which is one epoch, is asked to decide when to stop."""
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True: who calls it decides when to "
                "stop. Set early_stopping=False, or call fit."
            )

    def _publish(self, attributes: dict[str, Any]) -> None:
        """Become fitted, in one assignment."""
        self.__dict__ = without_fit(self) | attributes

    def _raw_outputs(self, X) -> np.ndarray:
        """Return the raw outputs of X, (n_samples, n_outputs)."""
        check_is_fitted(self)
        return stack_outputs([self], X)[0][0]

    def to_onnx(self) -> ModelProto:
        """Return the fitted network as an ONNX model, for runtimes without Python.

        Its input ``X``, of shape (n_samples, n_features), and its weights are float32. A classifier
        returns ``label`` and ``probabilities``, as `predict` and `predict_proba` do, a regressor
        ``prediction``. Needs the extra ``onnx``.

        Returns
        -------
        onnx.ModelProto
            ``SerializeToString()`` makes bytes of it, and ``onnx.save`` a file.

        Raises
        ------
        ModuleNotFoundError
            Without onnx.
        NotFittedError
            Before ``fit``.
        ValueError
            For an activation of your own, and for classes that are neither numbers nor text.
        """
        check_is_fitted(self)
        return make_onnx(self)


def has_minibatches(estimator) -> bool:
    """Whether the estimator has ``partial_fit``; an AttributeError says why not."""
    if SOLVERS[estimator.solver].minibatches:
        return True
    others = [repr(name) for name, solver in SOLVERS.items() if solver.minibatches]
    raise AttributeError(
        f"partial_fit is only available for the solvers {join_words(others)}, not for "
        f"{estimator.solver!r}."
    )


def fit_stack(
    estimators: Sequence[BaseInitMLP],
    X,
    y,
    sample_weight=None,
    validation=NO_VALIDATION,
    *,
    watched=None,
    watched_after: int | None = None,
    on_epoch: OnEpoch | None = None,
    engine: str | None = None,
) -> list[Trained]:
    """Fit estimators that differ in `init`, `learning_rate_init` or `alpha` alone, as one stack.

    Each becomes what its own ``fit`` would have made of it, except that one which diverges is
    left as it came out, which its history tells, and nobody is warned. The optimizer's state is
    kept for ``partial_fit`` by a single estimator only; several always start anew.

    Parameters
    ----------
    estimators : sequence of BaseInitMLP
        All other parameters must be equal, `random_state` an integer.
    X, y, sample_weight
        As in ``fit``.
    validation : tuple (X_val, y_val, sample_weight_val)
        As in ``fit``.
    watched : tuple (X, y) or (X, y, sample_weight), default=None
        Rows whose loss is recorded and never used.
    watched_after : int, default=None
        The one epoch after which it is; None is the start and each epoch.
    on_epoch : callable ``(progress) -> bool or None``, default=None
        See `skinit.engine.training.train`.
    engine : str, default=None
        One of `skinit.engine.compiled.ENGINES`, in place of the estimators' `engine`.

    Returns
    -------
    list of Trained
        One per estimator.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C; no estimator is then fitted.
    """
    leader = estimators[0]
    problem = validate_fit(
        leader,
        X,
        y,
        sample_weight,
        validation,
        watched=watched,
        watched_after=watched_after,
        anew=len(estimators) > 1,
    )
    # Of one init there is one start, which training copies and does not change.
    starts = {id(e.init): _draw_timed(e, problem) for e in _distinct_inits(estimators)}
    drawn = [starts[id(estimator.init)] for estimator in estimators]
    config = replace(
        problem.config,
        alpha=np.array([float(estimator.alpha) for estimator in estimators]),
        learning_rate_init=np.array([float(e.learning_rate_init) for e in estimators]),
        engine=engine or problem.config.engine,
    )
    attributes_of = [bind(fitted_attributes, problem, initializers) for initializers, *_ in drawn]
    on_epoch = on_epoch or (print_epoch if leader.verbose else None)
    arguments = (X, y, sample_weight, config.max_iter)
    with _fit_tasks(estimators, arguments, attributes_of) as tasks:
        networks = train(
            problem.task,
            [start for _, start, _ in drawn],
            config,
            rng=problem.rng,
            on_epoch=follow_epochs(tasks, [on_epoch]),
        )
        if any(trained.history.stopped == "interrupted" for trained in networks):
            raise KeyboardInterrupt
        for i, task in tasks.items():
            task.end(networks[i])
    for estimator, attributes, trained in zip(estimators, attributes_of, networks, strict=True):
        estimator._publish(attributes(trained))
    return [
        replace(trained, start_seconds=seconds)
        for trained, (*_, seconds) in zip(networks, drawn, strict=True)
    ]


@contextmanager
def _fit_tasks(
    estimators, arguments: tuple[Any, Any, Any, int], attributes_of
) -> Iterator[dict[int, FitTasks]]:
    """Begin the task of each estimator with callbacks, by its number; tear all down in the end."""
    with ExitStack() as cleanup:
        tasks = {}
        for i, estimator in enumerate(estimators):
            if has_callbacks(estimator):
                cleanup.enter_context(callbacks_torn_down(estimator))
                tasks[i] = FitTasks(estimator, *arguments, attributes_of[i])
        yield tasks


def _distinct_inits(estimators) -> list[BaseInitMLP]:
    """Return one estimator for each object that is an `init`."""
    return list({id(estimator.init): estimator for estimator in estimators}.values())


def _draw_timed(estimator, problem: Problem) -> tuple[list[Initializer], Start, float]:
    """Return what `draw_start` does, and the seconds that it took."""
    began = time.perf_counter()
    initializers, start = draw_start(estimator, problem)
    return initializers, start, time.perf_counter() - began


def draw_start(
    estimator, problem: Problem, partial: bool = False
) -> tuple[list[Initializer], Start]:
    """Return an estimator's initializers, and its weights at the start or where it stands."""
    sizes, earlier = problem.layer_sizes, problem.earlier
    if earlier:
        return earlier["initializers_"], _continue(problem, partial)
    X, y, weight = problem.task.train
    initializers = resolve_init(estimator.init, len(sizes) - 1, problem.task.activation)
    layers = sample_layers(
        initializers,
        sizes,
        activation=problem.task.activation,
        out_activation=problem.task.loss.out_activation,
        seed=problem.seed,
        inputs=X,
        sample_weight=None if weight is None else weight[:, 0],
        output_baseline=problem.task.loss.baseline(y, weight),
    )
    return initializers, Start(layers)


def _continue(problem: Problem, partial: bool) -> Start:
    """Return the start of a training that goes on from an earlier one."""
    earlier, sizes = problem.earlier, problem.layer_sizes
    coefs, intercepts = earlier["coefs_"], earlier["intercepts_"]
    present = [len(coefs[0]), *map(len, intercepts)]
    if present != sizes:
        raise ValueError(
            "warm_start and partial_fit go on with the network as it is, with layers of "
            f"{present} units; the parameters now ask for {sizes}. Use a fresh estimator."
        )
    if problem.config.early_stopping:
        best = earlier["best_validation_score_"]
    else:
        best = None if earlier["best_loss_"] is None else -earlier["best_loss_"]
    return Start(
        list(zip(coefs, intercepts, strict=True)),
        earlier["_state"].optimizer if partial else None,
        -np.inf if best is None else best,
        earlier["_state"].no_improvement_count,
        earlier["t_"],
    )


def fitted_attributes(
    problem: Problem, initializers: Sequence[Initializer], trained: Trained
) -> dict[str, Any]:
    """Return what an estimator knows after a training, by the names of its attributes.

    Pure, so that it can be asked in the middle of a training too.
    """
    history, early = trained.history, problem.config.early_stopping
    coefs, intercepts = map(list, zip(*trained.layers, strict=True))
    loss_curve = _extend(problem, "loss_curve_", history.loss_curve)
    scores = _extend(problem, "validation_scores_", history.validation_scores)
    losses = _extend(problem, "validation_loss_curve_", history.validation_loss_curve)
    return {
        **problem.features,
        **problem.target.attributes,
        "coefs_": coefs,
        "intercepts_": intercepts,
        "initializers_": initializers,
        "n_layers_": len(trained.layers) + 1,
        "n_outputs_": len(intercepts[-1]),
        "out_activation_": problem.task.loss.out_activation,
        "n_iter_": history.n_iter,
        "t_": trained.n_samples_seen,
        "loss_": history.final_loss,
        "loss_curve_": loss_curve,
        "best_loss_": None if early else min(loss_curve, default=history.final_loss),
        "validation_scores_": scores if early else None,
        "validation_loss_curve_": losses if early else None,
        "best_validation_score_": history.best if early else None,
        "_state": FitState(
            problem.target,
            problem.seed,
            problem.rng,
            trained.optimizer,
            history.no_improvement_count,
            len(problem.task.train.y),
        ),
    }


def _extend(problem, name, curve) -> list[float]:
    """Append a curve to what an earlier training has recorded."""
    return [*(problem.earlier.get(name) or []), *curve]


def print_epoch(progress: Progress) -> None:
    """Print the last epoch of the networks that are still in training."""
    for history in progress.histories:
        print(f"Iteration {history.n_iter}, loss = {history.loss_curve[-1]:.8f}")
        if history.validation_scores:
            print(f"Validation score: {history.validation_scores[-1]:f}")
        if history.notice:
            print(history.notice)


def _judge_start(problem: Problem, start: Start, calls: int | None = None) -> list[Verdict]:
    """Return what is wrong with a new start, as far as it is known without measuring much.

    The first of many `calls` of ``partial_fit`` is judged as all of them together.
    """
    if problem.earlier:
        return []
    task, config = problem.task, problem.config
    if calls is not None:  # nothing ends a series of calls but its caller
        config = replace(config, max_iter=calls, n_iter_no_change=np.inf)
    hopeless = find_hopeless(start.layers, task.activation, task.loss, task.train, config)
    return [*hopeless, *find_unscaled(task.train)]


def _refuse_divergence(trained: Trained, target: Target) -> None:
    """Raise for a network that diverged."""
    if trained.history.divergence is not None:
        weights = [W for W, _ in trained.layers]
        raise ValueError(describe_divergence(trained.history.divergence, weights, target))


def describe_divergence(
    divergence: Divergence, weights: Sequence[np.ndarray], target: Target
) -> str:
    """Say where the weights of a network stopped being finite, and what to do."""
    iteration, layer = divergence
    fan_in, fan_out = weights[layer].shape
    return (
        f"Solver produced non-finite parameter weights: at iteration {iteration} in "
        f"layer {layer + 1} ({fan_in} -> {fan_out}). Scale {target.to_be_scaled}, "
        "lower learning_rate_init, or start with smaller weights."
    )


def _note_end(problem: Problem, trained: Trained, partial: bool) -> list[Warning]:
    """Return the warning of a training that Ctrl-C or the budget has ended."""
    history, config = trained.history, problem.config
    if history.stopped == "interrupted":
        return [UserWarning("Training interrupted by user.")]
    if history.stopped != "max_iter" or partial:
        return []
    if not SOLVERS[config.solver].minibatches:
        return [ConvergenceWarning(f"{config.solver} has not converged: {history.notice}")]
    return [
        ConvergenceWarning(
            f"Stochastic Optimizer: Maximum iterations ({config.max_iter}) reached and the "
            "optimization hasn't converged yet."
        )
    ]


def stack_outputs(estimators: Sequence[BaseInitMLP], *arrays) -> list[np.ndarray]:
    """Return the raw outputs of fitted estimators of one shape, (k, n_samples, n_outputs) each."""
    leader = estimators[0]
    if len(estimators) == 1:
        stack = Stack.of_one(leader.coefs_, leader.intercepts_)
    else:
        layers = zip(*(estimator.coefs_ for estimator in estimators), strict=True)
        biases = zip(*(estimator.intercepts_ for estimator in estimators), strict=True)
        # Side by side in memory, so that one product may do for all networks.
        weights = [np.stack(W, axis=1).swapaxes(0, 1) for W in layers]
        stack = Stack(weights, [np.stack(b)[:, None] for b in biases])
    activation = get_activation(leader.activation)
    return [
        raw_outputs(stack, activation, validate_features(leader, X, reset=False)) for X in arrays
    ]
