"""What is paid beside training: predicting, and importing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.harness import Measurement, clock
from benchmarks.peers import jax_outputs, parameters, torch_network
from benchmarks.work import Fit

Predictor = Callable[[np.ndarray], np.ndarray]


def measure_predictor(
    make: Callable[[Fit], Predictor], fit: Fit, n_rows: int, calls: int
) -> Measurement:
    """Return the seconds of one prediction of the first rows of ``fit``, and the accuracy."""
    predict, X = make(fit), fit.X[:n_rows]
    predict(X)  # what is compiled or imported on the first call is not part of it
    seconds, predicted = clock(lambda: [predict(X) for _ in range(calls)][-1])
    return Measurement(seconds / calls, float(np.mean(predicted == fit.y[:n_rows])))


def _fitted(fit):
    """Return an estimator with the weights that the fit starts from."""
    from skinit import InitMLPClassifier

    # One row, and a step too small to change any prediction.
    own = parameters(fit) | {"learning_rate_init": 1e-12, "batch_size": "full"}
    network = InitMLPClassifier(init=fit.start(), **own)
    return network.partial_fit(fit.X[:1], fit.y[:1], classes=np.unique(fit.y))


def skinit(fit: Fit) -> Predictor:
    """Return InitMLPClassifier.predict."""
    return _fitted(fit).predict


def sklearn(fit: Fit) -> Predictor:
    """Return MLPClassifier.predict."""
    return _fitted(fit).to_sklearn().predict


def torch(fit: Fit) -> Predictor:
    """Return the largest output of a torch module, without gradients."""
    import torch

    network = torch_network(fit, fit.start()).eval()

    def predict(X):
        with torch.inference_mode():
            return network(torch.from_numpy(X)).argmax(dim=1).numpy()

    return predict


def jax(fit: Fit) -> Predictor:
    """Return the largest output of a jitted function."""
    import jax

    jax.config.update("jax_enable_x64", True)
    outputs = jax.jit(lambda layers, X: jax_outputs(fit.activation)(layers, X).argmax(axis=1))
    layers = jax.device_put(fit.start())
    return lambda X: np.asarray(outputs(layers, X))


def import_time(module: str) -> Measurement:
    """Return the seconds that a fresh interpreter needs to start and import a module."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return Measurement(time.perf_counter() - start)
