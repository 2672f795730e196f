"""What a comparison needs of networks: training several together, and answers for scorers.

All that a comparison knows of the inside of an estimator is in this file.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from sklearn.utils.metaestimators import available_if

from skinit.engine.compiled import WORTHWHILE, estimate_seconds, is_available, require_numba
from skinit.engine.solvers import SOLVERS
from skinit.estimators.base import fit_stack, stack_outputs
from skinit.estimators.callbacks import share_callbacks
from skinit.estimators.problem import layer_sizes, make_config

# Each process that trains must load what was compiled, and how many there are must not matter.
PROCESSES = 4


def count_layers(network) -> int:
    """Return the number of weight layers, the output layer included."""
    return len(layer_sizes(network.hidden_layer_sizes, 1, 1)) - 1


def decide_engine(
    networks: Sequence, n_rows: int, n_features: int, n_outputs: int, n_runs: int
) -> str | None:
    """Return one of `skinit.engine.compiled.ENGINES` for all trainings of a comparison or search.

    Parameters
    ----------
    networks : sequence of BaseInitMLP
        What is trained. Their `engine` is "auto" or decides; None is returned where it differs.
    n_rows, n_features, n_outputs : int
        Of a training part; features before any preprocessing.
    n_runs : int
        Trainings of each network.
    """
    engines = {network.engine for network in networks}
    if engines == {"compiled"}:
        require_numba()
    if engines != {"auto"}:
        return engines.pop() if len(engines) == 1 else None
    if not is_available():
        return "numpy"
    seconds = sum(_expect_seconds(network, n_rows, n_features, n_outputs) for network in networks)
    return "preferred" if n_runs * seconds >= PROCESSES * WORTHWHILE else "numpy"


def _expect_seconds(network, n_rows: int, n_features: int, n_outputs: int) -> float:
    """Return what NumPy's engine is expected to take; 0 for what cannot be compiled, or trained."""
    try:
        network._validate_params()
        sizes = layer_sizes(network.hidden_layer_sizes, n_features, n_outputs)
        config = make_config(network)
    except ValueError:  # which the fit raises again
        return 0.0
    if not SOLVERS[network.solver].minibatches:
        return 0.0
    return estimate_seconds(n_rows, sizes, 1, config)


def make_network(network, resolved, seed, values=None):
    """Return the unfitted network of a candidate, with what it is tuned to."""
    changes = {
        "init": resolved.init, "activation": resolved.activation, "random_state": seed
    }  # fmt: skip
    made = type(network)(**(network.get_params(deep=False) | changes | (values or {})))
    return share_callbacks(network, made)


def train_together(networks, X, y, sample_weight=None, *, validation=None, **watching) -> list:
    """Fit networks that `skinit.estimators.base.fit_stack` can; return what it does."""
    validation = tuple(map((validation or {}).get, ("X_val", "y_val", "sample_weight_val")))
    return fit_stack(networks, X, y, sample_weight, validation, **watching)


BLOCK = 2**16  # rows that are answered for at once


def _in_blocks(predict, raw: np.ndarray) -> np.ndarray:
    """Return predictions for raw outputs, of which only a block of rows at a time is copied.

    Copied, because probabilities overwrite the outputs that they are made of.
    """
    first = predict(raw[:BLOCK].copy())
    if len(raw) <= BLOCK:
        return first
    answers = np.empty((len(raw), *first.shape[1:]), first.dtype)
    answers[:BLOCK] = first
    for start in range(BLOCK, len(raw), BLOCK):
        answers[start : start + BLOCK] = predict(raw[start : start + BLOCK].copy())
    return answers


class ScoredNetwork:
    """A fitted network that knows its outputs for the rows that scorers ask for.

    A scorer sees the network: its class, parameters, attributes and methods. Only predictions
    for the given rows, recognized as the very same objects, are not computed anew, because every
    scorer asks for them again. Any other rows go to the network itself.

    Parameters
    ----------
    network : BaseInitMLP
        The fitted network.
    rows : sequence of array-like
        Rows whose outputs are known.
    outputs : sequence of ndarray of shape (n_samples, n_outputs)
        Raw outputs of the last layer for each of `rows`.
    """

    def __init__(self, network, rows: Sequence, outputs: Sequence[np.ndarray]):
        self._network, self._rows, self._outputs = network, rows, outputs

    @property
    def rows(self) -> Sequence:
        """Rows whose outputs are known."""
        return self._rows

    @classmethod
    def of_stack(cls, networks, *rows) -> list[ScoredNetwork]:
        """Compute the outputs of several networks of one shape at once."""
        outputs = zip(*stack_outputs(networks, *rows), strict=True)
        return [cls(network, rows, raw) for network, raw in zip(networks, outputs, strict=True)]

    @property
    def is_finite(self) -> bool:
        """Whether all known outputs are finite."""
        return all(np.isfinite(raw).all() for raw in self._outputs)

    def with_rows(self, rows: Sequence) -> ScoredNetwork:
        """Return the same for other objects with the same rows."""
        return type(self)(self._network, rows, self._outputs)

    @property
    def _last_step(self):
        return self._network

    def predict(self, X):
        """Return the predictions, as the network does."""
        return self._answer("predict", X)

    @available_if(lambda self: hasattr(self._network, "predict_proba"))
    def predict_proba(self, X):
        """Return the probabilities of the classes, as the network does."""
        return self._answer("predict_proba", X)

    @available_if(lambda self: hasattr(self._network, "predict_log_proba"))
    def predict_log_proba(self, X):
        """Return the logarithms of the probabilities, as the network does."""
        return self._answer("predict_log_proba", X)

    def score(self, X, y, sample_weight=None) -> float:
        """Return the score, as the network does: the accuracy for classes."""
        return type(self._last_step).score(self, X, y, sample_weight)

    def _answer(self, method, X):
        """Read the known outputs of the very same rows; ask the network about any others."""
        for rows, raw in zip(self._rows, self._outputs, strict=False):
            if X is rows:
                return _in_blocks(getattr(self._last_step._state.target, method), raw)
        return getattr(self._network, method)(X)

    # Everything else is the network's. What scorers check (tags, whether it is fitted) and what
    # they say of an estimator that cannot answer then names the network, and not this class. Python
    # allows `__class__` to be a property, mypy does not.

    @property  # type: ignore[misc]
    def __class__(self):
        return type(self._network)

    def __sklearn_tags__(self):
        return self._network.__sklearn_tags__()

    def __sklearn_is_fitted__(self):
        return True

    def __repr__(self):
        return repr(self._network)

    def __reduce__(self):
        return copy.copy, (self._network,)

    def __getattr__(self, name):
        return getattr(self._network, name)


class ScoredPipeline(ScoredNetwork):
    """A fitted Pipeline whose network knows its outputs for the rows that scorers ask for.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    rows : sequence of array-like
        Rows, before preprocessing, that ``last`` recognizes.
    last : ScoredNetwork or TransformedTargetRegressor
        The last step, which answers for them.
    """

    def __init__(self, pipeline, rows: Sequence, last):
        super().__init__(pipeline, rows, ())
        self._last = last

    @property
    def _last_step(self):
        return self._network.steps[-1][1]

    def _answer(self, method, X):
        is_known = any(X is rows for rows in self._rows)
        return getattr(self._last if is_known else self._network, method)(X)

    def __getitem__(self, place):
        return self._network[place]
