"""What the tests of this folder share."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skinit import InitMLPClassifier
from skinit.activations import Activation

KINDS = ["binary", "multiclass", "multilabel"]

every_kind = pytest.mark.parametrize("kind", KINDS)

every_solver = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])

stochastic = pytest.mark.parametrize("solver", ["sgd", "adam"])


def small(**params):
    """Return an estimator that trains in milliseconds."""
    defaults = {"hidden_layer_sizes": (7, 4), "max_iter": 6, "random_state": 3, "batch_size": 16}
    return InitMLPClassifier(**defaults | params)


def _square(z, out):
    return np.multiply(z, z, out=out)


def _double(z, a, out):
    return np.multiply(z, 2.0, out=out)


def make_square(name):
    """Return an activation that a user may have defined, of any name."""
    return Activation(name, _square, _double)


def arrays_of(estimator):
    return [*estimator.coefs_, *estimator.intercepts_]


def assert_same_fit(ours, theirs, tolerance=0.0):
    """Compare weights and everything recorded on the way; tolerance 0 means bit by bit."""
    for a, b in zip(arrays_of(ours), arrays_of(theirs), strict=True):
        assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    for name in ("loss_curve_", "validation_loss_curve_", "validation_scores_"):
        curves = getattr(ours, name), getattr(theirs, name)
        assert (curves[0] is None) == (curves[1] is None), name
        if curves[0] is not None:
            assert_allclose(*curves, rtol=tolerance, atol=tolerance, err_msg=name)
    assert ours.n_iter_ == theirs.n_iter_
    assert_allclose(ours.loss_, theirs.loss_, rtol=tolerance)


def gaussian(fan_in, fan_out, rng):
    return rng.normal(0, 0.1, (fan_in, fan_out))


def gaussian_with_bias(fan_in, fan_out, rng):
    return rng.normal(0, 0.1, (fan_in, fan_out)), rng.normal(size=fan_out)


SETTINGS = {
    "sgd": {"solver": "sgd"},
    "adam": {"solver": "adam"},
    "lbfgs": {"solver": "lbfgs"},
    "early": {"early_stopping": True, "validation_fraction": 0.3},
    "lsuv": {"init": "lsuv"},
}


class Recorder:
    """The identity as an activation, which writes down every block that it is given."""

    def __init__(self, raise_after=np.inf, error=KeyboardInterrupt):
        self.blocks = []
        self.raise_after = raise_after
        self.error = error
        self.activation = Activation(
            "recorder", self._function, self._derivative, formula="z", from_output=True
        )

    def _function(self, z, out):
        self.blocks.append(z.reshape(-1, z.shape[-1]).copy())
        if len(self.blocks) > self.raise_after:
            raise self.error("stop here")
        if out is not z:
            np.copyto(out, z)
        return out

    def _derivative(self, z, a, out):
        out[...] = 1.0
        return out


def see_rows(init, X, y, **params):
    """Fit a network whose first layer hands its inputs on; return all that came by, in order."""
    recorder = Recorder()
    still = {"learning_rate_init": 1e-300, "hidden_layer_sizes": (X.shape[1],), "max_iter": 3}
    first = (np.eye(X.shape[1]), np.zeros(X.shape[1]))
    small(init=[first, init], activation=recorder.activation, **still | params).fit(X, y)
    # Other widths are questions about the function itself, such as whether it is odd.
    return [block for block in recorder.blocks if block.shape[1] == X.shape[1]]


def assert_same_state(now, before):
    """Compare attributes deeply."""
    assert now.keys() == before.keys()
    for name, value in before.items():
        frozen = [pickle.dumps(copy.deepcopy(v)) for v in (now[name], value)]
        assert frozen[0] == frozen[1], name
