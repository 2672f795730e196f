"""From the arguments of a comparison to a plan: candidates, splits, seeds, scorers, settings."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from numbers import Integral, Real
from typing import Any, NamedTuple

import joblib
import numpy as np
import scipy
import sklearn
from scipy.sparse import csr_matrix, issparse
from sklearn.base import clone
from sklearn.model_selection import RepeatedStratifiedKFold, check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from skinit import statistics
from skinit._random import draw_seed
from skinit.activations import get_activation
from skinit.classifier import InitMLPClassifier
from skinit.comparison.calls import describe, describe_cv, describe_scorer
from skinit.comparison.checkpoint import FORMAT, Checkpoint
from skinit.fitting import layer_sizes
from skinit.initializers import Initializer, get_initializer, resolve_init

BASELINE = "class prior"


class Candidate(NamedTuple):
    """One row of the comparison: a label, what it stands for, and the law in words.

    `init` holds objects in place of names, so that a name registered in this process means the
    same in every worker's. `init_name` is for tables, `init_code` for a call.
    """

    label: str
    init: Any
    init_name: str
    init_code: str
    activation: Any
    activation_name: str
    formula: str


class Split(NamedTuple):
    """Training and test rows, and one seed for each repetition."""

    train: np.ndarray
    test: np.ndarray
    seeds: list[int]


@dataclass(frozen=True)
class Plan:
    """Everything that a split needs to know."""

    steps: Pipeline | None
    network: InitMLPClassifier
    candidates: list[Candidate]
    splits: list[Split]
    scorers: Mapping[str, Any]
    params: Mapping[str, Any]
    curves: bool
    target: float | None


def name_candidates(init, activations, network) -> list[Candidate]:
    """Return a candidate for every init and activation, each checked by building its laws."""
    labelled = init.items() if isinstance(init, Mapping) else _label_all(init)
    for label, _ in labelled:
        if str(label) in ("", BASELINE):
            raise ValueError(f"A candidate cannot be called {str(label)!r}: choose another label.")
    n_layers = len(layer_sizes(network, 1, 1)) - 1
    candidates = []
    for activation in activations:
        resolved = get_activation(activation)
        for label, law in labelled:
            try:
                laws = resolve_init(law, n_layers, resolved)
            except ValueError as error:
                raise ValueError(f"init {str(label)!r}: {error}") from error
            formula = _formula(laws)
            own = _without_names(law), _name(law), describe(law)
            candidates.append(Candidate(str(label), *own, resolved, resolved.name, formula))
    if not candidates:
        raise ValueError("init is empty: give at least one initializer to compare.")
    return candidates


def _label_all(init):
    """Label a sequence by what its entries are called; a repeated name gets a number."""
    if isinstance(init, (str, Initializer)) or callable(init):
        raise ValueError(f"init must be a sequence or a mapping of initializers, got {init!r}.")
    seen: dict[str, int] = {}
    labelled = []
    for law in init:
        name = _name(law)
        seen[name] = seen.get(name, 0) + 1
        labelled.append((name if seen[name] == 1 else f"{name} ({seen[name]})", law))
    return labelled


def _name(init) -> str:
    return init if isinstance(init, str) else describe(init)


def _without_names(init):
    if isinstance(init, (list, tuple)):
        return type(init)(_without_names(entry) for entry in init)
    return get_initializer(init) if isinstance(init, str) and init != "auto" else init


def _formula(laws) -> str:
    texts = [
        law.formula if law.bias_formula == "0" else f"{law.formula}, bias {law.bias_formula}"
        for law in laws
    ]
    return texts[0] if len(set(texts)) == 1 else " | ".join(texts)


def row_hashes(X) -> np.ndarray:
    """Return a number for every row that equal rows share."""
    if issparse(X):
        X = csr_matrix(X, copy=True)
        X.sum_duplicates()  # entries in order, so that equal rows have equal bytes
    X = X if issparse(X) or hasattr(X, "to_numpy") else np.asarray(X)
    if hasattr(X, "to_numpy") or X.dtype == object:  # an object's bytes are its address
        from pandas import DataFrame
        from pandas.util import hash_pandas_object

        return hash_pandas_object(DataFrame(X), index=False).to_numpy()
    return np.array([_row_hash(X[i]) for i in range(X.shape[0])], dtype=np.uint64)


def _row_hash(row) -> int:
    parts = (row.indices, row.data) if issparse(row) else (row,)
    content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")


def take_apart(estimator):
    """Return the network and the preprocessing before it, or None."""
    network, steps = estimator, None
    if isinstance(estimator, Pipeline):
        network, steps = estimator[-1], estimator[:-1] if len(estimator) > 1 else None
    if not isinstance(network, InitMLPClassifier):
        raise ValueError(
            "estimator must be an InitMLPClassifier or a Pipeline that ends in one, got "
            f"{type(network).__name__}."
        )
    network = clone(network).set_params(warm_start=False, verbose=False)
    network._validate_params()
    return network, steps


def check_rows(X):
    """Refuse an X that is not a table; what is in it is checked by each split."""
    shape = np.shape(X)
    if len(shape) != 2:
        raise ValueError(
            f"X must have two axes, rows and features, got an array of shape {shape}: use "
            "X.reshape(-1, 1) for a single feature."
        )


def check_params(params, steps) -> dict:
    """Return what goes to ``fit``; refuse names that nothing would receive."""
    params = dict(params or {})
    names = [] if steps is None else [name for name, _ in steps.steps]
    for name in params:
        step, _, parameter = name.partition("__")
        if name != "sample_weight" and not (parameter and step in names):
            allowed = " or ".join(["sample_weight", *(f"{step}__<parameter>" for step in names)])
            raise ValueError(f"params: nothing takes {name!r}; use {allowed}.")
    return params


def check_options(n_seeds, target, progress):
    """Refuse numbers and words that mean nothing."""
    if not isinstance(n_seeds, Integral) or n_seeds < 1:
        raise ValueError(f"n_seeds must be a whole number, 1 or more, got {n_seeds!r}.")
    if target is not None and not (isinstance(target, Real) and float(target) > 0):
        raise ValueError(f"target must be a loss above 0, or None, got {target!r}.")
    if progress not in (True, False, "auto"):
        raise ValueError(f"progress must be True, False or 'auto', got {progress!r}.")


def check_activations(activation) -> list:
    """Return the activations; refuse one alone, and none."""
    if isinstance(activation, str) or not isinstance(activation, Iterable):
        raise ValueError(f"activation must be a sequence of activations, got {activation!r}.")
    activations = list(activation)
    if not activations:
        raise ValueError("activation is empty: give at least one, or None.")
    return activations


def check_rope(rope, metrics):
    """Refuse regions of practical equivalence that are no widths, or of no metric."""
    if isinstance(rope, Mapping):
        unknown = [name for name in rope if name not in metrics]
        if unknown:
            raise ValueError(f"rope: there is no metric {unknown[0]!r}; choose from {metrics}.")
    for value in rope.values() if isinstance(rope, Mapping) else [rope]:
        if not (isinstance(value, Real) and 0 <= float(value) < math.inf):
            raise ValueError(f"rope must be a difference of 0 or more, got {value!r}.")


def check_target(y):
    """Return y as one class label a row, or say why it cannot be compared on."""
    if len(y) == 0:
        raise ValueError("y is empty: there is nothing to compare on.")
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y must hold one class label a row, got a target of type {kind!r}.")
    y = column_or_1d(y)
    if len(np.unique(y)) < 2:
        raise ValueError(f"y has one class only, {str(y[0])!r}: there is nothing to learn.")
    return y


def check_control(control, candidates):
    """Refuse equal labels, and a control that is none of them."""
    several = len({candidate.activation_name for candidate in candidates}) > 1
    labels = [(c.label, c.activation_name) if several else c.label for c in candidates]
    if len(set(labels)) < len(labels):
        raise ValueError(f"Labels must differ, got {labels}.")
    if control is not None and control not in labels:
        raise ValueError(f"control={control!r} is not a candidate; choose one of {labels}.")


def make_seed(random_state, checkpoint) -> int:
    """Return the seed of everything; without a random_state a checkpoint's own goes on."""
    if random_state is None and checkpoint is not None and Checkpoint.is_begun(checkpoint):
        return int(Checkpoint.read(checkpoint)[0]["seed"])
    return draw_seed(random_state)


def make_splits(cv, X, y, groups, seed, n_seeds) -> list[Split]:
    """Return the splits with their seeds, each fit to be trained on."""
    folds = 5 if cv is None else cv
    if isinstance(folds, (int, np.integer)):
        classes, counts = np.unique(y, return_counts=True)
        if counts.min() < folds:
            raise ValueError(
                f"{folds} folds need {folds} rows of every class, but class "
                f"{str(classes[counts.argmin()])!r} has {counts.min()}: use "
                f"cv={max(2, counts.min())} or fewer, or leave the class out."
            )
    if cv is None:
        cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=seed % 2**32)
    splitter = check_cv(cv, y, classifier=True)
    parts = [
        (_rows_of(train, len(y), j, "training"), _rows_of(test, len(y), j, "test"))
        for j, (train, test) in enumerate(splitter.split(X, y, groups))
    ]
    if not parts:
        raise ValueError(f"cv={cv!r} gives no splits.")
    splits = [
        Split(train, test, [_run_seed(seed, j, s) for s in range(n_seeds)])
        for j, (train, test) in enumerate(parts)
    ]
    for j, split in enumerate(splits):
        if np.isin(split.test, split.train).any():
            raise ValueError(f"Training and test part of split {j} share rows.")
        missing = np.setdiff1d(y, y[split.train])
        if len(missing):
            raise ValueError(
                f"The training part of split {j} has no row of class {str(missing[0])!r}: use "
                "stratified splits."
            )
    return splits


def _rows_of(part, n_samples, j, what) -> np.ndarray:
    """Return row numbers, also of a mask; there must be some."""
    part = np.asarray(part)
    if part.dtype == bool and len(part) == n_samples:
        part = np.flatnonzero(part)
    if not len(part):
        raise ValueError(f"The {what} part of split {j} is empty.")
    return part


def _run_seed(seed, j, s) -> int:
    """Return a seed that depends on split and seed number alone, never on a candidate."""
    return int(np.random.SeedSequence(seed, spawn_key=(j, s)).generate_state(1)[0])


def make_settings(plan, X, y, seed, cv, groups) -> dict:
    """Return what the runs depend on, as JSON can hold it."""
    params = plan.network.get_params(deep=False)
    defaults = InitMLPClassifier().get_params(deep=False)
    del params["init"], params["random_state"]
    hashes = row_hashes(X)
    classes, counts = np.unique(y, return_counts=True)
    return {
        "format": FORMAT,
        "seed": seed,
        "data": {
            "n_samples": len(y),
            "n_features": int(np.shape(X)[1]),
            "X": joblib.hash(hashes)[:12],
            "y": joblib.hash(y)[:12],
            "classes": {str(c): int(n) for c, n in zip(classes, counts, strict=True)},
            # The smallest hashes are a sample of the rows that another comparison draws too.
            "sample": [str(value) for value in np.unique(hashes)[:64]],
        },
        "network": {
            name: describe(value)
            for name, value in params.items()
            if describe(value) != describe(defaults[name])
        },
        "max_iter": int(plan.network.max_iter),
        "preprocessing": None
        if plan.steps is None
        else {name: describe(step) for name, step in plan.steps.steps},
        "candidates": [
            {
                "label": c.label,
                "init": c.init_name,
                "code": c.init_code,
                "activation": c.activation_name,
                "formula": c.formula,
            }
            for c in plan.candidates
        ],
        "splits": {
            "n": len(plan.splits),
            "n_seeds": len(plan.splits[0].seeds),
            "cv": describe_cv(cv),
            "groups": None if groups is None else describe(np.asarray(groups)),
            "rows": joblib.hash([(split.train, split.test) for split in plan.splits])[:12],
            "repeats": _repeats(plan.splits, len(y)),
        },
        "scoring": {name: describe_scorer(name, scorer) for name, scorer in plan.scorers.items()},
        "params": {name: describe(value) for name, value in plan.params.items()},
        "target": plan.target,
        "curves": plan.curves,
        "versions": _versions(),
    }


def _repeats(splits, n_samples):
    repeats = statistics.find_repeats([split.test for split in splits], n_samples)
    return None if repeats is None else repeats.tolist()


def _versions() -> dict[str, str]:
    import skinit

    return {
        "skinit": skinit.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }
