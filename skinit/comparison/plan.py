"""The plan of a comparison: everything that a split needs to know, and its settings in words."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from numbers import Integral
from typing import Any

import joblib
import numpy as np
import scipy
import sklearn
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skinit import statistics
from skinit._random import draw_seed
from skinit._version import __version__
from skinit._wording import is_number, join_words
from skinit.comparison.candidates import ResolvedCandidate
from skinit.comparison.checkpoint import Checkpoint
from skinit.comparison.descriptions import describe, describe_cv, write_arguments
from skinit.comparison.fingerprints import describe_data
from skinit.comparison.kinds import Kind
from skinit.comparison.metrics import make_metric
from skinit.comparison.schema import NetworkSettings, Settings, SplitSettings
from skinit.comparison.splits import Split
from skinit.comparison.tally import Tally
from skinit.comparison.tuning import FINALISTS, Tuning
from skinit.engine.solvers import SOLVERS
from skinit.estimators.base import BaseInitMLP
from skinit.estimators.pipelines import (
    check_resamplers,
    fit_targets,
    is_resampler,
    name_estimator,
    requests,
    steps_of,
    take_apart,
)


@dataclass(frozen=True)
class Plan:
    """Everything that a split needs to know.

    Parameters
    ----------
    parts : tuple
        What stands around the network, see `skinit.estimators.pipelines.take_apart`.
    network : BaseInitMLP
        What is trained, unfitted; its `init`, `activation` and `random_state` are replaced.
    kind : Kind
        What is different for classes and for numbers.
    candidates : list of ResolvedCandidate
        All that are compared, in the order in which they were given.
    splits : list of Split
        Rows and seeds.
    scorers : mapping of str to callable ``(estimator, X, y) -> float``
        By metric, the primary one first.
    params : mapping
        As in `compare_initializers`.
    curves : bool
        Whether the loss is recorded at the start and after each epoch.
    target : float or None
        Training loss for the column `epochs_to_target`.
    tuning : Tuning, default=None
        What is tuned inside each split; None for nothing.
    engine : str, default=None
        One of `skinit.engine.compiled.ENGINES` for all trainings; None leaves it to the network.
    tally : Tally, default=None
        Where trainings are counted; None counts none.
    """

    parts: tuple
    network: BaseInitMLP
    kind: Kind
    candidates: list[ResolvedCandidate]
    splits: list[Split]
    scorers: Mapping[str, Any]
    params: Mapping[str, Any]
    curves: bool
    target: float | None
    tuning: Tuning | None = None
    engine: str | None = None
    tally: Tally | None = None

    @property
    def n_trainings(self) -> int:
        """How many networks are trained on one split, those of the tuning included."""
        n_seeds, n_candidates = len(self.splits[0].seeds), len(self.candidates)
        n = n_candidates * n_seeds
        if self.tuning is None:
            return n
        n_points = len(self.tuning.points)
        later = min(FINALISTS, n_points) if self.tuning.racing else n_points
        return n + n_candidates * (n_points + (n_seeds - 1) * later)

    def values_of(self, point: int | None) -> dict[str, Any]:
        """Return what a candidate is tuned to; nothing where nothing is tuned."""
        return {} if self.tuning is None or point is None else self.tuning.points[point]


# --- Settings ---------------------------------------------------------------------------------


def make_settings(plan: Plan, X, y, seed, cv, groups) -> Settings:
    """Return what the runs depend on."""
    return Settings(
        seed=seed,
        data=describe_data(X, y, is_class=plan.kind.stratifies),
        network=_describe_network(plan),
        candidates=tuple(resolved.candidate for resolved in plan.candidates),
        splits=_describe_splits(plan.splits, cv, groups, len(y), stratify=plan.kind.stratifies),
        scoring=tuple(make_metric(name, scorer) for name, scorer in plan.scorers.items()),
        params={name: describe(value) for name, value in plan.params.items()},
        target=plan.target,
        curves=plan.curves,
        task=plan.kind.task,
        curve_loss=plan.kind.curve_loss(plan.network, fit_targets(plan.parts, y)),
        tuning=None if plan.tuning is None else plan.tuning.describe(),
        versions=_versions(plan.engine),
    )


def _describe_network(plan) -> NetworkSettings:
    params = plan.network.get_params(deep=False)
    defaults = type(plan.network)().get_params(deep=False)
    del params["init"], params["random_state"]
    if plan.engine == "preferred":  # what has to be asked for to repeat a single run
        params["engine"] = "compiled"
    written = {name: describe(value) for name, value in params.items()}
    is_default = {name: code == describe(defaults[name]) for name, code in written.items()}
    return NetworkSettings(
        parameters={name: written[name] for name in params if not is_default[name]},
        defaults={name: written[name] for name in params if is_default[name]},
        max_iter=int(plan.network.max_iter),
        learning_rate_init=float(plan.network.learning_rate_init)
        if SOLVERS[plan.network.solver].minibatches
        else None,
        preprocessing={name: describe(step) for name, step in steps_of(plan.parts)} or None,
        estimator=type(plan.network).__name__,
        around=tuple(map(_describe_part, plan.parts)),
        target=_describe_target(plan.parts),
    )


def _describe_part(part) -> str:
    """Write what stands around the network as a call, "..." for what is inside."""
    if isinstance(part, Pipeline):
        steps = ", ".join(describe(step) for _, step in part.steps)
        return f"make_pipeline({steps}, ...)"
    return f"TransformedTargetRegressor(..., {_write_transformation(part)})"


def _write_transformation(part) -> str:
    params = part.get_params(deep=False)
    names = ("transformer", "func", "inverse_func", "check_inverse")
    changed = {name: describe(params[name]) for name in names if params[name] not in (None, True)}
    return write_arguments(changed)


def _describe_target(parts) -> str | None:
    texts = [
        _write_transformation(part).removeprefix("transformer=")
        for part in parts
        if not isinstance(part, Pipeline)
    ]
    return "; ".join(texts) or None


def _describe_splits(splits, cv, groups, n_samples, stratify) -> SplitSettings:
    repeats = statistics.find_repeats([split.test for split in splits], n_samples)
    return SplitSettings(
        n=len(splits),
        n_seeds=len(splits[0].seeds),
        cv=describe_cv(cv, groups, stratify=stratify),
        groups=None if groups is None else describe(np.asarray(groups)),
        rows=joblib.hash([(split.train, split.test) for split in splits])[:12],
        n_tested=len(np.unique(np.concatenate([split.test for split in splits]))),
        repeats=None if repeats is None else tuple(repeats.tolist()),
    )


def _versions(engine) -> dict[str, str]:
    compiler = {"numba": version("numba")} if engine in ("preferred", "compiled") else {}
    return {
        "skinit": __version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
        **compiler,
    }


# --- Arguments --------------------------------------------------------------------------------


def find_network(estimator):
    """Return what stands around a network, and the network; refuse an estimator without one."""
    parts, network = take_apart(estimator)
    if not isinstance(network, BaseInitMLP):
        raise ValueError(
            "estimator must be an InitMLPClassifier, an InitMLPRegressor, or a Pipeline or "
            f"TransformedTargetRegressor around one, got {name_estimator(network)}."
        )
    return parts, network


def check_estimator(estimator):
    """Return what stands around a network, and the network, which no call has warmed up."""
    parts, network = find_network(estimator)
    for part in parts:
        if isinstance(part, Pipeline):
            check_resamplers(part)
    network = clone(network).set_params(warm_start=False, verbose=False)
    network._validate_params()
    return parts, network


def check_rows(X):
    """Refuse an X that is not a table; what is in it is checked by each split."""
    shape = np.shape(X)
    if len(shape) != 2:
        raise ValueError(
            f"X must have two axes, rows and features, got an array of shape {shape}: use "
            "X.reshape(-1, 1) for a single feature."
        )
    if shape[1] == 0:
        raise ValueError("X has no features: there is nothing to learn from.")


def check_params(params, parts) -> dict:
    """Return what goes to ``fit``; refuse names that nothing would receive."""
    if not isinstance(params or {}, Mapping):
        raise ValueError(f"params must be a mapping of names to what they hold, got {params!r}.")
    params = dict(params or {})
    known = dict(steps_of(parts))
    for name in params:
        step, _, parameter = name.partition("__")
        is_routed = any(requests(each, name) for each in known.values())
        if name != "sample_weight" and not is_routed and not (parameter and step in known):
            allowed = ["sample_weight", *(f"{step}__<parameter>" for step in known)]
            raise ValueError(f"params: nothing takes {name!r}; use {join_words(allowed, 'or')}.")
    for step, each in known.items():
        if "sample_weight" in params and is_resampler(each):
            raise ValueError(
                f"params: sample_weight belongs to the rows as they are, but step {step!r} changes "
                "them before the network is trained."
            )
    return params


def check_options(n_seeds, target, curves, progress):
    """Refuse numbers and words that mean nothing."""
    if isinstance(n_seeds, bool) or not isinstance(n_seeds, Integral) or n_seeds < 1:
        raise ValueError(f"n_seeds must be a whole number, 1 or more, got {n_seeds!r}.")
    if not isinstance(curves, (bool, np.bool_)):
        raise ValueError(f"curves must be True or False, got {curves!r}.")
    if target is not None and not (is_number(target) and float(target) > 0):
        raise ValueError(f"target must be a loss above 0, or None, got {target!r}.")
    if progress not in (True, False, "auto"):
        raise ValueError(f"progress must be True, False or 'auto', got {progress!r}.")


def make_seed(random_state, checkpoint) -> int:
    """Return the seed of everything; without a random_state, the one that a checkpoint holds."""
    if random_state is None and checkpoint is not None and Checkpoint.is_begun(checkpoint):
        return Checkpoint.read(checkpoint)[0].settings.seed
    return draw_seed(random_state)
