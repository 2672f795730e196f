"""Compile ahead, so that no training has to wait for it."""

from __future__ import annotations

import numpy as np

from skinit.activations import get_activation
from skinit.engine.losses import LOSSES
from skinit.engine.task import Samples, Start, Task, TrainingConfig
from skinit.engine.training import train

DTYPES = ("float64", "float32")


def warm_up(dtype: str) -> None:
    """Compile the training loop for rows of a dtype, or load what was compiled before.

    One compilation serves all networks, data and parameters of this dtype.

    Parameters
    ----------
    dtype : {"float64", "float32"}
        Of the rows.

    Raises
    ------
    ImportError
        Where numba cannot be imported.
    ValueError
        Where it is switched off.
    """
    X = np.eye(2, dtype=dtype)
    task = Task(get_activation("relu"), LOSSES["binary"], Samples(X, X[:, :1]))
    start = Start([(np.eye(2), np.zeros(2)), (np.ones((2, 1)), np.zeros(1))])
    train(task, [start], TrainingConfig(max_iter=1, engine="compiled"))
