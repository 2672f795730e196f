"""Random sequences of calls, against scikit-learn's estimators from the same weights.

Both never shuffle and start from the same numbers, so they have to agree after every call, as long
as no answer is sure and wrong: there MLPClassifier computes its loss from a probability that is
nearly 0 or 1, which has few digits left and is clipped at last, and stops by that loss.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.neural_network import _multilayer_perceptron

from tests.engine.engine_cases import LOSS_OF, pair

pytestmark = pytest.mark.filterwarnings("ignore")

SOLVERS = ["sgd", "adam", "lbfgs"]
CALLS = st.lists(
    st.tuples(st.sampled_from(["fit", "partial_fit", "warm_start"]), st.integers(0, 30)),
    min_size=2,
    max_size=8,
)
PARAMS = st.fixed_dictionaries(
    {
        "solver": st.sampled_from(SOLVERS),
        "activation": st.sampled_from(["identity", "logistic", "tanh", "relu"]),
        "alpha": st.sampled_from([0.0, 1e-3, 1.0]),
        "batch_size": st.sampled_from(["auto", 1, 9, 40]),
        "learning_rate": st.sampled_from(["constant", "invscaling", "adaptive"]),
        "learning_rate_init": st.sampled_from([1e-3, 0.05]),
        "momentum": st.sampled_from([0.0, 0.9]),
        "nesterovs_momentum": st.booleans(),
        "max_iter": st.integers(1, 6),
        "tol": st.sampled_from([1e-4, 1e-2]),
        "n_iter_no_change": st.sampled_from([1, 2, 10]),
        "hidden_layer_sizes": st.sampled_from([(), (5,), (6, 4)]),
    }
)
LARGEST_LOSS = 15  # of one row; of a larger one MLPClassifier has fewer than nine digits
COMPARED = ("loss_", "t_", "n_iter_", "best_loss_", "loss_curve_")


def problem(kind, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 5))
    score = X @ rng.normal(size=(5, 3)) + rng.normal(size=(40, 3))
    y = {
        "binary": lambda: (score[:, 0] > 0).astype(int),
        "multiclass": lambda: score.argmax(axis=1),
        "number": lambda: score[:, 0],
        "numbers": lambda: score,
        "count": lambda: rng.poisson(np.exp(score[:, 0] / 4)),
        "counts": lambda: rng.poisson(np.exp(score / 4)),
    }[kind]()
    return X, y


def call(model, name, X, y):
    """Carry out one call; "warm_start" is a fit that goes on."""
    if name == "partial_fit":
        is_classifier = hasattr(model, "predict_proba")
        return model.partial_fit(X, y, **({"classes": np.unique(y)} if is_classifier else {}))
    model.set_params(warm_start=name == "warm_start")
    return model.fit(X, y)


def watch_losses(patch):
    """Return a list whose only entry becomes the largest loss of a row that MLPClassifier sees."""
    largest = [0.0]
    functions = _multilayer_perceptron.LOSS_FUNCTIONS

    def watched(loss):
        def compute(y_true, y_prob, *rest):
            with np.errstate(divide="ignore"):
                of_truth = np.where(y_true > 0, y_prob, 1 if y_prob.shape[1] > 1 else 1 - y_prob)
                value = np.nan_to_num(-np.log(of_truth.min()), nan=np.inf, posinf=np.inf)
            largest[0] = max(largest[0], value)
            return loss(y_true, y_prob, *rest)

        return compute

    for name in ("log_loss", "binary_log_loss"):
        patch.setitem(functions, name, watched(functions[name]))
    return largest


@pytest.fixture(scope="module")
def largest_loss():
    with pytest.MonkeyPatch.context() as patch:
        yield watch_losses(patch)


def diverges(model, name, X, y) -> bool:
    """Carry out one call, and return whether it ended in weights that are not finite."""
    try:
        call(model, name, X, y)
    except ValueError as error:
        if "non-finite" not in str(error):
            raise
        return True
    return False


KINDS = ["binary", "multiclass", *LOSS_OF]


@given(st.sampled_from(KINDS), PARAMS, CALLS, st.integers(0, 1000))
def test_every_sequence_of_calls_ends_where_scikit_learns_does(
    largest_loss, kind, params, calls, seed
):
    largest_loss[0] = 0.0
    if params["solver"] == "lbfgs":
        # Its line search may try steps after which MLPClassifier clips its loss; not with tanh.
        params = params | {"activation": "tanh", "alpha": 0.1}
    X, y = problem(kind, seed)
    ours, theirs = pair(kind, X, **params)
    for name, first in calls:
        if name == "partial_fit" and params["solver"] == "lbfgs":
            continue
        rows = np.r_[0:10, 10 + first : 40]
        if kind not in LOSS_OF and len(np.unique(y[rows])) < len(np.unique(y)):
            continue
        theirs.start = iter(ours.init)  # for a call that starts anew
        diverged = [diverges(model, name, X[rows], y[rows]) for model in (ours, theirs)]
        assume(largest_loss[0] < LARGEST_LOSS)
        if any(diverged):
            assert all(diverged)
            return
        for attribute in COMPARED[: 3 if params["solver"] == "lbfgs" else None]:
            expected = getattr(theirs, attribute)
            assert_allclose(getattr(ours, attribute), expected, rtol=1e-6, atol=1e-8)
        for W, V in zip(ours.coefs_, theirs.coefs_, strict=True):
            assert_allclose(W, V, rtol=1e-5, atol=1e-6)
