"""Train a task in the row space of its rows, and bring back what was trained.

`skinit.engine.rowspace` has the mathematics of one matrix of weights; here it is applied to the
rows of a whole task and to the first layers of a stack of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skinit.engine.rows import as_matrix
from skinit.engine.rowspace import RowSpace, is_worthwhile
from skinit.engine.stack import Parameters, layers_of
from skinit.engine.task import Layers, Samples, Start, Task, TrainingConfig

PARTS = ("train", "validation", "watched")


def uses_row_space(task: Task, starts: Sequence[Start], config: TrainingConfig) -> bool:
    """Whether to train in the row space, for a solver that does not depend on the coordinates."""
    parts = _parts(task).values()
    if not config.row_space or any(issparse(part.X) for part in parts):
        return False
    if config.row_space != "auto":
        return True
    n_train, n_features = task.train.X.shape
    first_width = starts[0].layers[0][0].shape[1]
    return is_worthwhile(
        sum(len(part.y) for part in parts),
        n_features,
        len(starts) * first_width,
        config.max_iter * n_train,
    )


def _parts(task: Task) -> dict[str, Samples]:
    """Return the samples that the task has, by name."""
    parts = {name: getattr(task, name) for name in PARTS}
    return {name: samples for name, samples in parts.items() if samples is not None}


class RowSpaceTask:
    """A task, and the networks it starts with, in the row space of all its rows.

    Parameters
    ----------
    task : Task
        With dense rows.
    starts : sequence of Start
        The networks in the coordinates of the features.

    Attributes
    ----------
    task : Task
        The same with the rows' coordinates in the row space.
    layers : list of list of (W, b)
        Of every network, the same with the first weights in these coordinates.
    """

    def __init__(self, task: Task, starts: Sequence[Start]):
        parts = _parts(task)
        X = [as_matrix(samples.X) for samples in parts.values()]
        self.space = RowSpace(*X)
        ends = np.cumsum([len(rows) for rows in X])
        rows = np.split(self.space.rows, ends[:-1])
        narrow: dict[str, Any] = {
            name: samples._replace(X=part)
            for (name, samples), part in zip(parts.items(), rows, strict=True)
        }
        self.task = replace(task, **narrow)
        networks = [start.layers for start in starts]
        # Side by side, so that X is read once for all networks.
        self._original = np.hstack([layers[0][0] for layers in networks], dtype=X[0].dtype)
        self._projected = self.space.project(self._original)
        self.layers = _with_first_weights(networks, self._projected)

    def lift(self, networks: Sequence[Layers]) -> list[Layers]:
        """Return the layers of all networks with the first weights in the features' coordinates."""
        trained = np.hstack([layers[0][0] for layers in networks])
        lifted = self.space.lift(trained, self._projected, self._original)
        return _with_first_weights(networks, lifted)

    def lift_one(self, j: int, layers: Layers) -> Layers:
        """Return the layers of network j with the first weights in the features' coordinates."""
        (W, b), *above = layers
        return [(self.space.lift(W, *self._columns(j, W.shape[1])), b), *above]

    def lift_row(self, row: np.ndarray, layer_sizes: Sequence[int]) -> np.ndarray:
        """Return a row of the optimizer's state of a stack of one in the features' coordinates."""
        return Parameters.stack(self.lift([layers_of(row, layer_sizes)]), row.dtype).flat[0]

    def flatness_test(self, j: int, tol: float) -> Callable[[np.ndarray], bool]:
        """Return a test of network j's gradient: whether no feature's entry is above `tol`."""
        start, original = self._columns(j, self.layers[j][0][0].shape[1])

        def is_flat(gradient):
            W, above = gradient[: start.size].reshape(start.shape), gradient[start.size :]
            # The largest entry is at least the root mean square, which no coordinates change.
            # This and the other layers nearly always spare the way back to the features.
            if np.abs(above).max() > tol or np.linalg.norm(W) > tol * original.size**0.5:
                return False
            return np.abs(self.space.lift(W, start, original)).max() <= tol

        return is_flat

    def _columns(self, j, width):
        """Return the first weights of network j at the start, in both coordinates."""
        columns = slice(j * width, (j + 1) * width)
        return self._projected[:, columns], self._original[:, columns]


def _with_first_weights(networks, side_by_side) -> list[Layers]:
    """Return the layers of all networks with other weights in the first one."""
    first = np.hsplit(side_by_side, len(networks))
    return [[(W, layers[0][1]), *layers[1:]] for W, layers in zip(first, networks, strict=True)]
