"""From X and y to fitted estimators: validation, start, training, publication.

The way of the data: validated X and coded y make a `Task`; the initializers make a stack of
networks; training changes the stack; the estimators publish what came out, all at once.
Estimators that differ in `init` alone walk this way together (`fit_stack`); the ``fit`` of one is
the same for a stack of one.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import issparse
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import _check_sample_weight, validate_data

from skinit._random import BATCHES, VALIDATION, draw_seed, stream
from skinit.activations import get_activation
from skinit.initializers import resolve_init, sample_layers
from skinit.losses import LOSSES
from skinit.network import Parameters, layers_of
from skinit.optimizers import OPTIMIZERS, Schedule
from skinit.propagation import warn_if_cannot_learn
from skinit.rowspace import RowSpace, pays
from skinit.training import History, LBFGSTraining, Samples, StochasticTraining, Task

if TYPE_CHECKING:
    from skinit.classifier import InitMLPClassifier

# What fit leaves on an estimator beside the public attributes.
_PRIVATE_STATE = (
    "_label_binarizer", "_seed", "_batch_stream", "_optimizer", "_no_improvement_count", "_n_rows"
)  # fmt: skip


def fit_stack(
    estimators: Sequence[InitMLPClassifier],
    X,
    y,
    sample_weight=None,
    validation=(None, None, None),
    *,
    watched=None,
    attended: bool = False,
    partial: bool = False,
) -> list[History]:
    """Fit estimators that differ in `init` alone, as one stack.

    Each becomes what its own ``fit`` would have made of it, except that one which diverges is
    left as it came out, which its history tells, and nobody is warned. Only a single estimator
    goes on from an earlier call (`partial`, warm_start) and keeps the optimizer's state for the
    next one; several always start anew.

    Parameters
    ----------
    estimators : sequence of InitMLPClassifier
        All parameters but `init` must be equal, `random_state` an integer.
    X, y, sample_weight
        As in `InitMLPClassifier.fit`.
    validation : tuple (X_val, y_val, sample_weight_val)
        As in `InitMLPClassifier.fit`.
    watched : tuple (X, y) or (X, y, sample_weight), default=None
        Rows whose loss is recorded after each epoch and never used.
    attended : bool, default=False
        Whether somebody waits for this very fit: a start that cannot learn and a batch size that
        is too large are then warned about, and Ctrl-C ends the training with a warning and the
        weights so far.
    partial : bool, default=False
        One more epoch on these rows, as in ``partial_fit``.

    Returns
    -------
    list of History
        One an estimator.
    """
    leader = estimators[0]
    if len(estimators) > 1 or not (leader.warm_start or partial):
        for estimator in estimators:
            forget(estimator)
    task = make_task(leader, X, y, sample_weight, validation, watched, partial)
    params = leader.get_params(deep=False)
    learned = {name: value for name, value in vars(leader).items() if name not in params}
    for other in estimators[1:]:
        other.__dict__.update(learned)
    is_new = not goes_on(leader)
    starts = [start_layers(estimator, task) for estimator in estimators]
    if attended and is_new:
        warn_if_cannot_learn(starts[0], task.activation, task.loss, task.train, stacklevel=5)
    wide = _WideTask(task, starts) if _use_row_space(leader, task, len(starts), partial) else None
    if wide:
        task, starts = wide.task, wide.starts
    parameters = Parameters.stack(starts, task.train.X.dtype)
    del starts  # as large as the parameters, which are copies
    trainings = _make_trainings(leader, task, parameters, partial, wide, attended)
    for training in dict.fromkeys(training for training, _ in trainings):
        _run(training, _report if leader.verbose else None, attended)
    networks = [
        layers_of(training.weights(row), parameters.layer_sizes) for training, row in trainings
    ]
    if wide:
        networks = wide.lift(networks)
    for estimator, (training, row), layers in zip(estimators, trainings, networks, strict=True):
        _publish(estimator, training, row, layers)
    if len(estimators) == 1 and leader.solver != "lbfgs":
        _keep_optimizer(leader, training.optimizer, wide)
    return [training.histories[row] for training, row in trainings]


def forget(estimator) -> None:
    """Drop what earlier calls have learned."""
    for name in list(vars(estimator)):
        if (name.endswith("_") and not name.startswith("_")) or name in _PRIVATE_STATE:
            delattr(estimator, name)


def goes_on(estimator) -> bool:
    """Whether training continues from the weights of an earlier call."""
    return hasattr(estimator, "coefs_")


def layer_sizes(estimator, n_features: int, n_outputs: int) -> list[int]:
    """Return the units of every layer, input and output included."""
    hidden = estimator.hidden_layer_sizes
    hidden = list(hidden) if isinstance(hidden, Iterable) else [hidden]
    if any(not isinstance(units, Integral) or units <= 0 for units in hidden):
        raise ValueError(f"hidden_layer_sizes must be integers > 0, got {hidden}.")
    return [n_features, *map(int, hidden), n_outputs]


def _validate_rows(estimator, X, y, partial):
    """Return X, labels y as they are, and y coded as zeros and ones, (n, n_outputs)."""
    # Training goes on in the dtype that it began in, as the optimizer's state does.
    dtype = estimator.coefs_[0].dtype if goes_on(estimator) else (np.float64, np.float32)
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse="csr",
        multi_output=True,
        dtype=dtype,
        reset=not goes_on(estimator),
    )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if not hasattr(estimator, "classes_"):
        estimator._label_binarizer = LabelBinarizer().fit(y)
        estimator.classes_ = estimator._label_binarizer.classes_
    classes = unique_labels(y)
    if not partial and set(classes) != set(estimator.classes_):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous "
            f"call to fit. Previously got {estimator.classes_}, `y` has {classes}"
        )
    _check_known(estimator, classes, "`y`")
    return X, y, _code(estimator, y, X.dtype)


def _check_known(estimator, classes, name):
    if len(np.setdiff1d(classes, estimator.classes_)):
        raise ValueError(
            f"{name} has classes not in `self.classes_`. `self.classes_` has {estimator.classes_}. "
            f"{name} has {classes}."
        )


def _code(estimator, y, dtype):
    coded = estimator._label_binarizer.transform(y)
    coded = coded.toarray() if issparse(coded) else coded
    # In Fortran's order, because training reads labels samples-last and then needs no copy.
    return np.asarray(coded, dtype=dtype, order="F")


def weigh(estimator, X, y, sample_weight):
    """Return the weights of the rows by themselves, and with the class weights; or None."""
    if sample_weight is not None:
        sample_weight = _check_weights(sample_weight, X, "sample_weight")
    if estimator.class_weight is None:
        return sample_weight, sample_weight
    if y.ndim == 2:
        raise ValueError("class_weight is not defined for multilabel targets: use sample_weight.")
    own = np.ones(len(y), X.dtype) if sample_weight is None else sample_weight
    rows = own > 0
    # "balanced" shares out among the classes that are there; a dict speaks of all.
    classes = np.unique(y[rows]) if estimator.class_weight == "balanced" else estimator.classes_
    weight_of = compute_class_weight(
        estimator.class_weight, classes=classes, y=y[rows], sample_weight=own[rows]
    )
    places = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    weight = _check_weights(own * weight_of[places], X, "class_weight times sample_weight")
    return sample_weight, weight


def make_task(estimator, X, y, sample_weight, validation, watched, partial):
    """Validate everything and return the Task; sets what belongs to labels and features."""
    if estimator.row_space not in (False, "auto") and estimator.solver == "adam":
        raise ValueError(
            "row_space=True needs a solver that does not depend on the coordinates, 'sgd' or "
            "'lbfgs'; 'adam' scales every feature by itself."
        )
    if goes_on(estimator):
        # A copy: an exception leaves the old one as it was, and a stack's members share theirs.
        estimator._batch_stream = copy.deepcopy(estimator._batch_stream)
    else:
        estimator._seed = draw_seed(estimator.random_state)
        estimator._batch_stream = stream(estimator._seed, BATCHES)
    X, y, coded = _validate_rows(estimator, X, y, partial)
    own_weight, weight = weigh(estimator, X, y, sample_weight)
    if own_weight is not None and not own_weight.all():
        rows = np.flatnonzero(own_weight)
        X, coded, own_weight, weight = X[rows], coded[rows], own_weight[rows], weight[rows]
    train = _samples(X, coded, weight)
    if validation[0] is not None or validation[1] is not None:
        validation = validate_aside(estimator, *validation, suffix="_val", dtype=X.dtype)
        if not estimator.early_stopping:
            raise ValueError(
                "X_val and y_val are passed to fit while at the same time early_stopping is "
                "False. When passing X_val and y_val to fit, early_stopping should be set to "
                "True."
            )
    elif validation[2] is not None:
        raise ValueError("sample_weight_val is provided, but X_val and y_val were not provided.")
    elif estimator.early_stopping and estimator.solver != "lbfgs":
        train, validation = _split(estimator, X, coded, own_weight, weight)
    else:
        validation = None
    if watched is not None:
        watched = validate_aside(estimator, *watched, suffix="_watched", dtype=X.dtype)
    return Task(
        activation=get_activation(estimator.activation),
        loss=LOSSES[estimator._label_binarizer.y_type_],
        alpha=float(estimator.alpha),
        train=train,
        validation=validation,
        watched=watched,
    )


def validate_aside(estimator, X, y, sample_weight=None, *, suffix, dtype):
    """Return Samples of rows that are looked at and never trained on."""
    for value, name, other in ((X, "X", "y"), (y, "y", "X")):
        if value is None:
            raise ValueError(f"{other}{suffix} is provided, but {name}{suffix} was not provided.")
    X = validate_data(estimator, X, accept_sparse="csr", dtype=dtype, reset=False)
    check_consistent_length(X, y)
    y = y if issparse(y) else np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    _check_known(estimator, unique_labels(y), f"y{suffix}")
    if sample_weight is not None:
        sample_weight = _check_weights(sample_weight, X, f"sample_weight{suffix}")
    return _samples(X, _code(estimator, y, X.dtype), sample_weight)


def _split(estimator, X, coded, own_weight, weight):
    """Set rows aside for early stopping: the same ones for every `init`."""
    seed = int(stream(estimator._seed, VALIDATION).integers(np.iinfo(np.int32).max))
    train, aside = train_test_split(
        np.arange(len(coded)),
        random_state=seed,
        test_size=estimator.validation_fraction,
        stratify=_strata(estimator, coded),
    )
    if len(aside) < 2:
        raise ValueError(
            f"The validation set is too small: {len(aside)} row for {len(estimator.classes_)} "
            "classes. Increase 'validation_fraction' or the size of your dataset."
        )
    if weight is not None and not weight[train].any():
        raise ValueError(
            "The rows that validation leaves for training all have weight 0: use another "
            "random_state, a smaller validation_fraction, or other class weights."
        )
    return (
        _samples(X[train], coded[train], None if weight is None else weight[train]),
        _samples(X[aside], coded[aside], None if own_weight is None else own_weight[aside]),
    )


def _strata(estimator, coded):
    """Return classes to stratify by; None for labels, and where a class has too few rows."""
    if estimator._label_binarizer.y_type_.startswith("multilabel"):
        return None
    codes = coded.argmax(axis=-1) if coded.shape[1] > 1 else coded[:, 0]
    n_rows_of = np.unique(codes, return_counts=True)[1]
    n_aside = np.ceil(estimator.validation_fraction * len(codes))
    return codes if n_rows_of.min() > 1 and len(n_rows_of) <= n_aside else None


def start_layers(estimator, task):
    """Return (W, b) of every layer at the start, and remember what they came from."""
    X, y, weight = task.train
    sizes = layer_sizes(estimator, X.shape[1], y.shape[1])
    if goes_on(estimator):
        present = [len(estimator.coefs_[0]), *map(len, estimator.intercepts_)]
        if present != sizes:
            raise ValueError(
                "warm_start and partial_fit go on with the network as it is, with layers of "
                f"{present} units; the parameters now ask for {sizes}. Use a fresh estimator."
            )
        return list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    estimator.initializers_ = resolve_init(estimator.init, len(sizes) - 1, task.activation)
    return sample_layers(
        estimator.initializers_,
        sizes,
        activation=task.activation,
        out_activation=task.loss.out_activation,
        seed=estimator._seed,
        inputs=X,
        sample_weight=None if weight is None else weight[:, 0],
    )


def _batch_rows(estimator, n_rows, attended):
    if estimator.batch_size == "full":
        return n_rows
    if estimator.batch_size == "auto":
        return min(200, n_rows)
    if estimator.batch_size > n_rows and attended:
        warnings.warn(
            f"batch_size={estimator.batch_size} is larger than the number of rows, {n_rows}. It "
            "is going to be clipped.",
            stacklevel=6,
        )
    return min(estimator.batch_size, n_rows)


def new_optimizer(estimator, k: int):
    """Return the optimizer of a stack of k networks."""
    adam = estimator.solver == "adam"
    schedule = Schedule(
        "constant" if adam else estimator.learning_rate,
        estimator.learning_rate_init,
        estimator.power_t,
        k,
    )
    if adam:
        return OPTIMIZERS["adam"](schedule, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    return OPTIMIZERS["sgd"](schedule, estimator.momentum, estimator.nesterovs_momentum)


def _new_history(estimator):
    """Return an empty history that knows the best value of an earlier call."""
    score, loss = (
        getattr(estimator, name, None) for name in ("best_validation_score_", "best_loss_")
    )
    best = score if estimator.early_stopping else None if loss is None else -loss
    return History(
        best=-np.inf if best is None else best,
        no_improvement_count=getattr(estimator, "_no_improvement_count", 0),
    )


def _make_trainings(estimator, task, parameters, partial, wide, attended):
    """Return (training, row) for every network of the stack: one loop, or one L-BFGS each."""
    k = len(parameters)
    histories = [_new_history(estimator) for _ in range(k)]
    if estimator.solver == "lbfgs":
        return [
            (
                LBFGSTraining(
                    task,
                    parameters.take([j]),
                    history,
                    max_iter=estimator.max_iter,
                    max_fun=estimator.max_fun,
                    tol=estimator.tol,
                    is_flat=wide and wide.flatness_test(j, estimator.tol),
                ),
                0,
            )
            for j, history in enumerate(histories)
        ]
    optimizer = getattr(estimator, "_optimizer", None) if partial else None
    training = StochasticTraining(
        task,
        parameters,
        copy.deepcopy(optimizer) or new_optimizer(estimator, k),
        histories,
        batch_size=_batch_rows(estimator, len(task.train.y), attended),
        shuffle=estimator._batch_stream if estimator.shuffle else None,
        max_iter=1 if partial else estimator.max_iter,
        tol=estimator.tol,
        n_iter_no_change=estimator.n_iter_no_change,
        early_stopping=estimator.early_stopping,
        n_samples_seen=getattr(estimator, "t_", 0),
    )
    return [(training, j) for j in range(k)]


def _report(training):
    """Print the last epoch of the networks that are still in training."""
    for history in (training.histories[j] for j in training.members):
        print(f"Iteration {history.n_iter}, loss = {history.loss_curve[-1]:.8f}")
        if history.validation_scores:
            print(f"Validation score: {history.validation_scores[-1]:f}")
        if history.notice:
            print(history.notice)


def _use_row_space(estimator, task, k, partial):
    parts = [part for part in (task.train, task.validation, task.watched) if part is not None]
    sparse = any(issparse(part.X) for part in parts)
    if not estimator.row_space or estimator.solver == "adam" or sparse or partial:
        return False
    if estimator.row_space != "auto":
        return True
    n_rows = sum(len(part.y) for part in parts)
    (n_train, n_features), n_outputs = task.train.X.shape, task.train.y.shape[1]
    first_width = layer_sizes(estimator, n_features, n_outputs)[1]
    return pays(n_rows, n_features, k * first_width, estimator.max_iter * n_train)


def _publish(estimator, training, row, layers):
    """Set the fitted attributes of what network ``row`` of the training became."""
    history, early = (
        training.histories[row],
        estimator.early_stopping and estimator.solver != "lbfgs",
    )
    estimator.coefs_, estimator.intercepts_ = map(list, zip(*layers, strict=True))
    estimator.n_layers_ = len(layers) + 1
    estimator.n_outputs_ = len(estimator.intercepts_[-1])
    estimator.out_activation_ = training.task.loss.out_activation
    estimator.n_iter_ = history.n_iter
    estimator.t_ = training.n_samples_seen
    estimator.loss_ = history.final_loss
    _extend(estimator, "loss_curve_", history.loss_curve, True)
    estimator.best_loss_ = None if early else min(estimator.loss_curve_, default=estimator.loss_)
    _extend(estimator, "validation_scores_", history.validation_scores, early)
    _extend(estimator, "validation_loss_curve_", history.validation_loss_curve, early)
    estimator.best_validation_score_ = history.best if early else None
    estimator._no_improvement_count = history.no_improvement_count
    estimator._n_rows = len(training.task.train.y)


def _keep_optimizer(estimator, optimizer, wide):
    """Keep the state that partial_fit goes on with, in the features' coordinates."""
    optimizer.release()
    if wide:
        sizes = [W.shape[0] for W, _ in wide.starts[0]]
        sizes.append(estimator.n_outputs_)
        optimizer.moments = [
            Parameters.stack(wide.lift([layers_of(moment[0], sizes)]), moment.dtype).flat
            for moment in optimizer.moments
        ]
    estimator._optimizer = optimizer


def _extend(estimator, name, curve, wanted):
    """Append to what a continued training has already recorded."""
    earlier = getattr(estimator, name, None) or []
    setattr(estimator, name, [*earlier, *curve] if wanted else None)


class _WideTask:
    """A task, and the networks it starts with, in the row space of all its rows."""

    def __init__(self, task: Task, starts):
        parts = ("train", "validation", "watched")
        present = [name for name in parts if getattr(task, name) is not None]
        X = [getattr(task, name).X for name in present]
        self.space = RowSpace(*X)
        ends = np.cumsum([len(rows) for rows in X])
        self.task = replace(
            task,
            **{
                name: getattr(task, name)._replace(X=rows)
                for name, rows in zip(present, np.split(self.space.rows, ends[:-1]), strict=True)
            },
        )
        # Side by side, so that X is read once for all networks.
        self._original = np.hstack([layers[0][0] for layers in starts], dtype=X[0].dtype)
        self._projected = self.space.project(self._original)
        self.starts = _with_first_weights(starts, self._projected)

    def lift(self, networks):
        """Return the layers of all networks with the first ones in the features' coordinates."""
        trained = np.hstack([layers[0][0] for layers in networks])
        return _with_first_weights(
            networks, self.space.lift(trained, self._projected, self._original)
        )

    def flatness_test(self, j, tol):
        """Return a test of network j's gradient that holds for the features' own entries."""
        sizes = [*(len(W) for W, _ in self.starts[j]), len(self.starts[j][-1][1])]
        columns = slice(j * sizes[1], (j + 1) * sizes[1])
        start, original = self._projected[:, columns], self._original[:, columns]

        def is_flat(gradient):
            W, above = gradient[: start.size].reshape(start.shape), gradient[start.size :]
            # The largest entry is at least the root mean square, which no coordinates change.
            # This and the other layers nearly always spare the way back to the features.
            if np.abs(above).max() > tol or np.linalg.norm(W) > tol * original.size**0.5:
                return False
            return np.abs(self.space.lift(W, start, original)).max() <= tol

        return is_flat


def _with_first_weights(networks, side_by_side):
    """Return the layers of all networks with other weights in the first one."""
    first = np.hsplit(side_by_side, len(networks))
    return [[(W, layers[0][1]), *layers[1:]] for W, layers in zip(first, networks, strict=True)]


def _run(training, report, attended):
    try:
        training.run(report)
    except KeyboardInterrupt:
        if not attended or not training.histories[0].loss_curve:
            raise
        warnings.warn("Training interrupted by user.", stacklevel=4)


def _check_weights(weights, X, name):
    """Return weights of the rows, in X's dtype: finite, not negative, and not all zero."""
    weights = _check_sample_weight(weights, X, dtype=X.dtype, ensure_non_negative=True)
    if not weights.any():  # scikit-learn says so by itself from some version on
        raise ValueError(f"{name} is zero for every row: nothing is left.")
    return weights


def _samples(X, coded, sample_weight):
    return Samples(X, coded, None if sample_weight is None else sample_weight[:, None])
