"""From the arguments of ``fit`` to a `Problem`: validated rows, an encoded target, a task.

scikit-learn's validation does the checking. Nothing is written on the estimator.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import is_regressor
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from skinit._random import BATCHES, VALIDATION, draw_seed, stream
from skinit._sklearn import check_sample_weight
from skinit._wording import join_words, write_count
from skinit.activations import get_activation
from skinit.engine.rows import TakenRows
from skinit.engine.solvers import SOLVERS
from skinit.engine.task import Samples, Task, TrainingConfig
from skinit.estimators.targets import Target

NO_VALIDATION = (None, None, None)
FEATURES = ("n_features_in_", "feature_names_in_")


@dataclass(frozen=True)
class Problem:
    """A validated call of ``fit``: everything that training needs but the starts.

    Attributes
    ----------
    task : Task
        For the engine.
    config : TrainingConfig
        For the engine.
    target : Target
        How y is encoded.
    seed : int
        What all random numbers grow from.
    rng : Generator
        The stream of the batches.
    layer_sizes : list of int
        Units of every layer, input and output included.
    features : dict
        What scikit-learn's validation publishes of X.
    earlier : dict
        The fitted attributes that training goes on from; empty where it starts anew.
    notes : list of Warning
        What the user should know.
    """

    task: Task
    config: TrainingConfig
    target: Target
    seed: int
    rng: np.random.Generator
    layer_sizes: list[int]
    features: dict[str, Any]
    earlier: dict[str, Any]
    notes: list[Warning] = field(default_factory=list)


def is_learned(name: str) -> bool:
    """Whether an attribute is one that a fit leaves."""
    return name == "_state" or (name.endswith("_") and not name.startswith("_"))


def is_fitted(estimator) -> bool:
    """Whether an estimator has weights."""
    return hasattr(estimator, "coefs_")


def without_fit(estimator) -> dict[str, Any]:
    """Return the attributes of an estimator without those that a fit leaves."""
    return {name: value for name, value in vars(estimator).items() if not is_learned(name)}


def validate_fit(
    estimator,
    X,
    y,
    sample_weight=None,
    validation=NO_VALIDATION,
    *,
    watched=None,
    watched_after: int | None = None,
    partial: bool = False,
    target: Target | None = None,
    anew: bool = False,
) -> Problem:
    """Validate the arguments of ``fit`` and return the problem that they describe.

    Parameters
    ----------
    estimator : BaseInitMLP
        Left as it is.
    X, y, sample_weight
        As in ``fit``.
    validation : tuple (X_val, y_val, sample_weight_val)
        As in ``fit``.
    watched : tuple (X, y) or (X, y, sample_weight), default=None
        Rows whose loss is recorded and never used.
    watched_after : int, default=None
        The one epoch after which it is; None is the start and each epoch.
    partial : bool, default=False
        One more epoch on these rows, as in ``partial_fit``.
    target : Target, default=None
        Where it is known before y; None asks the estimator, or an earlier fit.
    anew : bool, default=False
        Whether to forget earlier fits, whatever the estimator's `warm_start` says.
    """
    config = make_config(estimator, partial)
    earlier: dict[str, Any] = {}
    if is_fitted(estimator) and (partial or (estimator.warm_start and not anew)):
        earlier = {name: value for name, value in vars(estimator).items() if is_learned(name)}
    # scikit-learn's validation writes on the estimator that it is given.
    shadow = copy.copy(estimator)
    shadow.__dict__ = without_fit(estimator) | earlier
    if earlier:
        state = earlier["_state"]
        seed, rng, target = state.seed, copy.deepcopy(state.rng), state.target
    else:
        seed = draw_seed(estimator.random_state)
        rng = stream(seed, BATCHES)
    X, y = _validate_rows(shadow, X, y)
    if target is None:
        target = estimator._make_target(y)
    else:
        target.check(y, complete=not partial)
    train, aside = _weighted_rows(estimator, target, X, y, sample_weight), None
    if _is_given(validation):
        aside = _validate_validation(shadow, target, validation, X.dtype)
    elif config.early_stopping:
        train, aside = _split(train, target, estimator.validation_fraction, seed)
    if watched is not None:
        watched = validate_aside(shadow, target, *watched, suffix="_watched", dtype=X.dtype)
    return Problem(
        Task(
            get_activation(estimator.activation), target.loss, train, aside, watched, watched_after
        ),
        config,
        target,
        seed,
        rng,
        layer_sizes(estimator.hidden_layer_sizes, X.shape[1], train.y.shape[1]),
        {name: getattr(shadow, name) for name in FEATURES if hasattr(shadow, name)},
        earlier,
        _note_clipped_batch(config, len(train.y)),
    )


def make_config(estimator, partial: bool = False) -> TrainingConfig:
    """Return how the engine is to train: the estimator's parameters of the same names."""
    params = {f.name: getattr(estimator, f.name) for f in fields(TrainingConfig)}
    solver = SOLVERS[estimator.solver]
    if estimator.row_space not in (False, "auto") and not solver.rotation_invariant:
        others = [repr(name) for name, other in SOLVERS.items() if other.rotation_invariant]
        raise ValueError(
            "row_space=True needs a solver that does not depend on the coordinates, "
            f"{join_words(others, 'or')}; {solver.name!r} scales every feature by itself."
        )
    config = TrainingConfig(**params)
    if partial:
        return replace(config, max_iter=1, row_space=False)
    return replace(config, early_stopping=config.early_stopping and solver.minibatches)


def layer_sizes(hidden_layer_sizes, n_features: int, n_outputs: int) -> list[int]:
    """Return the units of every layer, input and output included."""
    is_several = isinstance(hidden_layer_sizes, Iterable)
    hidden = list(hidden_layer_sizes) if is_several else [hidden_layer_sizes]
    if any(not isinstance(units, Integral) or units <= 0 for units in hidden):
        raise ValueError(f"hidden_layer_sizes must be integers > 0, got {hidden}.")
    return [n_features, *map(int, hidden), n_outputs]


def _note_clipped_batch(config, n_rows) -> list[Warning]:
    size = config.batch_size
    if not SOLVERS[config.solver].minibatches or not isinstance(size, Integral) or size <= n_rows:
        return []
    return [
        UserWarning(
            f"batch_size={size} is larger than the number of rows, {n_rows}. It is going to be "
            "clipped."
        )
    ]


# --- Rows -------------------------------------------------------------------------------------


def validate_features(estimator, X, *, dtype=(np.float64, np.float32), **options):
    """Return X as scikit-learn's ``validate_data`` does, and in the byte order of the machine.

    Arrays in the other byte order pass scikit-learn's checks, but BLAS would work on a copy.
    """
    validated = validate_data(estimator, _native(X), accept_sparse="csr", dtype=dtype, **options)
    X, *y = validated if isinstance(validated, tuple) else (validated,)
    return (X, *map(_native, y)) if y else X


def _native(a):
    """Return an array, sparse matrix or frame with its numbers in the byte order of the machine."""
    if hasattr(a, "columns"):
        dtypes = {d for d in a.dtypes if isinstance(d, np.dtype) and not d.isnative}
        return a.apply(_native) if dtypes else a
    dtype = getattr(a, "dtype", None)
    if isinstance(dtype, np.dtype) and not dtype.isnative:
        return a.astype(dtype.newbyteorder("="))
    return a


def _validate_rows(shadow, X, y):
    """Return X, and y as it is."""
    options = {}
    if is_fitted(shadow):
        # Training goes on in the dtype that it began in, as the optimizer's state does.
        options = {"dtype": shadow.coefs_[0].dtype.newbyteorder("="), "reset": False}
    try:
        X, y = validate_features(shadow, X, y=y, multi_output=True, **options)
    except TypeError as error:
        if "NA is ambiguous" not in str(error):  # pandas.NA, which NumPy cannot compare
            raise
        raise ValueError("Input y contains NaN (pandas.NA).") from error
    return X, _as_column(y)


def _as_column(y):
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def validate_aside(
    estimator, target: Target, X, y, sample_weight=None, *, suffix: str, dtype
) -> Samples:
    """Return Samples of rows that are looked at and never trained on."""
    for value, name, other in ((X, "X", "y"), (y, "y", "X")):
        if value is None:
            raise ValueError(f"{other}{suffix} is provided, but {name}{suffix} was not provided.")
    with _naming(f"X{suffix}"):
        X = validate_features(estimator, X, dtype=dtype, reset=False)
    check_consistent_length(X, y)
    y = _as_column(_native(y if issparse(y) else np.asarray(y)))
    target.check(y, f"y{suffix}")
    if sample_weight is not None:
        sample_weight = _check_weights(sample_weight, X, f"sample_weight{suffix}")
    return _samples(X, target.encode(y, X.dtype), sample_weight)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Have errors of scikit-learn say which argument they are about, if it is none of the usual."""
    try:
        yield
    except ValueError as error:
        if name in ("X", "sample_weight"):
            raise
        raise ValueError(f"{name}: {error}") from error


def _samples(X, encoded, sample_weight) -> Samples:
    return Samples(X, encoded, None if sample_weight is None else sample_weight[:, None])


def _check_weights(weights, X, name):
    """Return weights of the rows, in X's dtype: finite, not negative, and not all zero."""
    with _naming(name):
        weights = check_sample_weight(weights, X, dtype=X.dtype, ensure_non_negative=True)
    if not weights.any():  # scikit-learn says so by itself from some version on
        raise ValueError(f"{name} is zero for every row: nothing is left.")
    return weights


def combine_weights(estimator, target: Target, X, y, sample_weight):
    """Return the sample weights times the class weights, or None without either."""
    weight = target.row_weights(y, sample_weight, getattr(estimator, "class_weight", None))
    if weight is not sample_weight:
        weight = _check_weights(weight, X, "class_weight times sample_weight")
    return weight


def _weighted_rows(estimator, target, X, y, sample_weight) -> Samples:
    """Return the training rows; those of sample weight 0 are absent."""
    if sample_weight is not None:
        sample_weight = _check_weights(sample_weight, X, "sample_weight")
    weight = combine_weights(estimator, target, X, y, sample_weight)
    rows = _samples(X, target.encode(y, X.dtype), weight)
    if sample_weight is None or sample_weight.all():
        return rows
    places = np.flatnonzero(sample_weight)
    if issparse(X):
        return _take(rows, places)
    return Samples(TakenRows(X, places), rows.y[places], weight[:, None][places])


def _take(samples: Samples, places) -> Samples:
    X, y, weight = samples
    return Samples(X[places], y[places], None if weight is None else weight[places])


# --- Validation -------------------------------------------------------------------------------


def _is_given(validation) -> bool:
    X_val, y_val, sample_weight_val = validation
    if X_val is not None or y_val is not None:
        return True
    if sample_weight_val is not None:
        raise ValueError("sample_weight_val is provided, but X_val and y_val were not provided.")
    return False


def _validate_validation(shadow, target, validation, dtype) -> Samples:
    samples = validate_aside(shadow, target, *validation, suffix="_val", dtype=dtype)
    if not shadow.early_stopping:
        raise ValueError(
            "X_val and y_val are passed to fit while at the same time early_stopping is False. "
            "When passing X_val and y_val to fit, early_stopping should be set to True."
        )
    if is_regressor(shadow) and samples.X.shape[0] < 2:
        raise ValueError("X_val has 1 row: R², which early stopping watches, needs 2 or more.")
    return samples


def _count_strata(strata) -> int:
    return 0 if strata is None else len(np.unique(strata))


def _split(rows: Samples, target, fraction, seed) -> tuple[Samples, Samples]:
    """Set rows aside for early stopping: the same ones for every `init`."""
    n_rows = len(rows.y)
    if not 0 < np.ceil(fraction * n_rows) < n_rows:
        raise ValueError(
            f"validation_fraction={fraction:g} leaves none of n_samples={n_rows} to "
            f"{'train on' if fraction else 'validate on'}: choose a share in between."
        )
    strata = target.strata(rows.y, fraction * n_rows)
    n_train, n_strata = n_rows - int(np.ceil(fraction * n_rows)), _count_strata(strata)
    if n_train < n_strata:
        raise ValueError(
            f"validation_fraction={fraction:g} of n_samples={n_rows} leaves "
            f"{write_count(n_train, 'row')} to train {target} on: choose a smaller share."
        )
    train, aside = train_test_split(
        np.arange(n_rows),
        random_state=int(stream(seed, VALIDATION).integers(np.iinfo(np.int32).max)),
        test_size=fraction,
        stratify=strata,
    )
    if len(aside) < 2:
        raise ValueError(
            f"The validation set is too small: {write_count(len(aside), 'row')} for {target}. "
            "Increase 'validation_fraction' or the size of your dataset."
        )
    weight = rows.sample_weight
    if weight is not None and not (weight[train].any() and weight[aside].any()):
        raise ValueError(
            "The rows that validation leaves for training, or its own, all have weight 0: use "
            "another random_state, another validation_fraction, or other class weights."
        )
    return _take(rows, train), _take(rows, aside)
