"""What stands around a network, Pipelines and transformers of targets, and the way through it.

Steps are fitted one by one and not by the Pipeline's own ``fit_transform``: what a resampler of
imbalanced-learn does to the rows must be done to their labels too, and to training rows only.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_memory


def split_pipeline(estimator):
    """Return the steps before the last one as a Pipeline, or None, and the last one.

    An estimator that is not a Pipeline is its own last step. Nothing is copied.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skinit import InitMLPClassifier
    >>> steps, network = split_pipeline(make_pipeline(StandardScaler(), InitMLPClassifier()))
    >>> steps
    Pipeline(steps=[('standardscaler', StandardScaler())])
    >>> split_pipeline(network)[0] is None
    True
    """
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return estimator[:-1] if len(estimator) > 1 else None, estimator[-1]


def take_apart(estimator) -> tuple[tuple, Any]:
    """Return what stands around a network, from the outside in, and the network.

    Each part is the beginning of a Pipeline, its steps before the last one, or a
    TransformedTargetRegressor. They may contain each other in any order. Nothing is copied.

    Examples
    --------
    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skinit import InitMLPRegressor
    >>> scaled = TransformedTargetRegressor(InitMLPRegressor(), transformer=StandardScaler())
    >>> parts, network = take_apart(make_pipeline(StandardScaler(), scaled))
    >>> [type(part).__name__ for part in parts], type(network).__name__
    (['Pipeline', 'TransformedTargetRegressor'], 'InitMLPRegressor')
    """
    if isinstance(estimator, Pipeline):
        steps, last = split_pipeline(estimator)
        parts, network = take_apart(last)
        return (parts if steps is None else (steps, *parts)), network
    if isinstance(estimator, TransformedTargetRegressor):
        parts, network = take_apart(estimator.regressor)
        return (estimator, *parts), network
    return (), estimator


def take_fitted_apart(estimator) -> tuple[list, Any]:
    """Return the fitted parts around a network, as `fit_parts` does, and the network.

    The network may be unfitted; the parts are then of no use.
    """
    if isinstance(estimator, Pipeline):
        steps, last = split_pipeline(estimator)
        parts, network = take_fitted_apart(last)
        return parts if steps is None else [fitted_steps(steps), *parts], network
    if isinstance(estimator, TransformedTargetRegressor):
        parts, network = take_fitted_apart(getattr(estimator, "regressor_", estimator.regressor))
        return [estimator, *parts], network
    return [], estimator


def network_prefix(estimator) -> str:
    """Return what the names of the network's parameters begin with, such as "mlp__".

    Examples
    --------
    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.pipeline import Pipeline
    >>> from skinit import InitMLPRegressor
    >>> network_prefix(Pipeline([("mlp", TransformedTargetRegressor(InitMLPRegressor()))]))
    'mlp__regressor__'
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        return f"{name}__{network_prefix(last)}"
    if isinstance(estimator, TransformedTargetRegressor):
        return f"regressor__{network_prefix(estimator.regressor)}"
    return ""


def name_estimator(estimator) -> str:
    """Return the name of an estimator's class, for messages; a class is called one."""
    if isinstance(estimator, type):
        return f"the class {estimator.__name__} (write {estimator.__name__}())"
    return type(estimator).__name__


def steps_of(parts: Sequence) -> list[tuple[str, Any]]:
    """Return all steps of the Pipelines among some parts, with their names."""
    return [step for part in parts if isinstance(part, Pipeline) for step in part.steps]


class Prepared(NamedTuple):
    """Fitted steps, and the rows and labels that they hand over to the network.

    Parameters
    ----------
    steps : list of estimator
        Fitted, without those that pass rows through.
    X : array-like of shape (n_rows, n_features)
        Training rows of the network.
    y : array-like of shape (n_rows,)
        Their labels; a resampler may have changed both.
    """

    steps: list
    X: Any
    y: Any


def fit_steps(steps: Pipeline, X, y, params=None) -> Prepared:
    """Fit copies of the steps on training rows, one after the other.

    Parameters
    ----------
    steps : Pipeline
        The steps before the network; of scikit-learn or of imbalanced-learn. Left as they are.
    X, y : array-like
        Training rows and their labels.
    params : mapping, default=None
        ``step__parameter`` for the ``fit`` of a step. With metadata routing, a name alone goes to
        every step that requests it.

    Returns
    -------
    Prepared
        What the network is trained on.

    Raises
    ------
    ValueError
        For a step that neither transforms nor resamples, and one that changes the number of rows
        but not their labels.
    """
    params = params or {}
    check_resamplers(steps)
    fit = check_memory(steps.memory).cache(_fit_step)
    fitted = []
    for name, step in _active_steps(steps):
        step, X, y = fit(clone(step), name, X, y, _params_of(name, step, params))
        fitted.append(step)
    return Prepared(fitted, X, y)


class PreparedParts(NamedTuple):
    """Fitted parts, and the rows and targets that they hand over to the network.

    Parameters
    ----------
    parts : list
        Fitted, each a list of steps (as in `Prepared`) or a TransformedTargetRegressor that can
        transform targets but has no regressor of use.
    X, y : array-like
        Training rows of the network, and their targets.
    """

    parts: list
    X: Any
    y: Any


def fit_parts(parts: Sequence, X, y, params=None) -> PreparedParts:
    """Fit copies of the parts around a network on training rows, from the outside in.

    Parameters
    ----------
    parts : sequence
        As of `take_apart`; left as they are.
    X, y, params
        As for `fit_steps`.
    """
    fitted: list = []
    rows = [X]
    del X  # so that nobody holds on to what is not yet transformed
    for part in parts:
        if isinstance(part, Pipeline):
            steps, X, y = fit_steps(part, rows.pop(), y, params)
            rows.append(X)
            del X
            fitted.append(steps)
        else:
            fitted.append(_fit_shell(part, rows[0], y))
            y = fitted[-1].regressor_.y_
    return PreparedParts(fitted, rows[0], y)


def _fit_shell(part: TransformedTargetRegressor, X, y) -> TransformedTargetRegressor:
    params = part.get_params(deep=False) | {"regressor": _Recorder()}
    return type(part)(**params).fit(X, y)


def fit_targets(parts: Sequence, y) -> list:
    """Fit copies of what transforms targets among some parts, and nothing else."""
    transformations = [part for part in parts if not isinstance(part, Pipeline)]
    return fit_parts(transformations, np.zeros((len(y), 1)), y).parts


class _Recorder(RegressorMixin, BaseEstimator):
    """A regressor that learns nothing, and keeps the targets that it is given."""

    def fit(self, X, y):
        self.y_ = y
        return self

    def predict(self, X):
        raise NotImplementedError


def transform_rows(fitted: Sequence, X):
    """Return rows as fitted parts hand them over to the network."""
    for part in fitted:
        if isinstance(part, list):
            X = transform_steps(part, X)
    return X


def transform_targets(fitted: Sequence, y):
    """Return targets as fitted parts hand them over to the network."""
    for part in fitted:
        if not isinstance(part, list):
            y_2d = y.reshape(len(y), -1)
            transformed = part.transformer_.transform(y_2d)
            is_flat = y.ndim == 1 and transformed.ndim == 2 and transformed.shape[1] == 1
            y = transformed[:, 0] if is_flat else transformed
    return y


def target_scale(fitted: Sequence) -> float | None:
    """Return how much one unit of the network's outputs is in the unit of the targets.

    Parameters
    ----------
    fitted : sequence
        As of `fit_parts`.

    Returns
    -------
    float or None
        1 where targets are not transformed; None where the transformation is not linear, or not
        the same for all outputs.
    """
    scale = 1.0
    for part in fitted:
        if not isinstance(part, list):
            steps = _inverse_steps(part)
            if not (np.isfinite(steps).all() and np.allclose(steps, steps.flat[0], rtol=1e-6)):
                return None
            scale *= abs(float(steps.flat[0]))
    return scale


def _inverse_steps(shell) -> np.ndarray:
    """Return what equal steps of transformed targets are before the transformation."""
    y = shell.regressor_.y_
    ladder = np.arange(-1.0, 3.0)[:, None] * np.ones(y.shape[1] if y.ndim > 1 else 1)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.diff(np.asarray(shell.transformer_.inverse_transform(ladder), float), axis=0)


def in_target_unit(fitted: Sequence, regressor):
    """Return a regressor whose predictions are in the unit of the targets, on prepared rows."""
    for part in reversed(fitted):
        if not isinstance(part, list):
            shell = copy.copy(part)
            shell.regressor = shell.regressor_ = regressor
            regressor = shell
    return regressor


def transform_steps(fitted, X):
    """Return rows as fitted steps hand them over; resamplers leave them as they are."""
    for step in fitted:
        if not is_resampler(step):
            X = step.transform(X)
    return X


def is_resampler(step) -> bool:
    """Whether a step adds, drops or reorders training rows, as those of imbalanced-learn do."""
    return hasattr(step, "fit_resample")


def fitted_steps(steps: Pipeline) -> list:
    """Return the steps of a fitted Pipeline, without those that pass rows through."""
    return [step for _, step in _active_steps(steps)]


def check_resamplers(steps: Pipeline) -> None:
    """Refuse steps that the Pipeline itself could not fit, by their names."""
    for name, step in _active_steps(steps):
        if is_resampler(step):
            if type(steps).__module__.startswith("sklearn."):
                raise ValueError(
                    f"Step {name!r} resamples rows, which scikit-learn's Pipeline cannot do: use "
                    "make_pipeline of imblearn.pipeline."
                )
        elif not hasattr(step, "transform"):
            raise ValueError(
                f"Step {name!r} ({type(step).__name__}) has no transform: only the last step of a "
                "pipeline may be without."
            )


def _active_steps(steps):
    return [(name, step) for name, step in steps.steps if step not in (None, "passthrough")]


def _fit_step(step, name, X, y, params):
    """Fit one step; return it, and rows and labels for the next one."""
    if is_resampler(step):
        X, y = step.fit_resample(X, y, **params)
        return step, X, y
    n_rows = len(y)
    if hasattr(step, "fit_transform"):
        X = step.fit_transform(X, y, **params)
    else:
        X = step.fit(X, y, **params).transform(X)
    n_left = X.shape[0] if hasattr(X, "shape") else len(X)
    if n_left != n_rows:
        raise ValueError(
            f"Step {name!r} makes {n_left} rows of {n_rows}, and their labels no longer fit: a "
            "step that changes rows needs fit_resample, as those of imbalanced-learn have."
        )
    return step, X, y


def _params_of(name, step, params) -> dict:
    """Return the parameters for the ``fit`` of one step."""
    prefix = f"{name}__"
    found = {key.removeprefix(prefix): params[key] for key in params if key.startswith(prefix)}
    return found | {key: params[key] for key in params if requests(step, key)}


def requests(step, name) -> bool:
    """Whether a step asks for a parameter of ``fit`` by scikit-learn's metadata routing."""
    if not get_config()["enable_metadata_routing"] or "__" in name:
        return False
    return bool(step.get_metadata_routing().consumes("fit", [name]))
