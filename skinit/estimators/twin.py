"""A fitted estimator as its twin in scikit-learn, which needs no skinit."""

from __future__ import annotations

import copy
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skinit.activations import get_activation, is_built_in
from skinit.estimators.problem import is_learned

_SKLEARN_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
# What scikit-learn does not have. Without them the twin can be unpickled where skinit is missing.
_EXTRA_ATTRIBUTES = ("initializers_", "validation_loss_curve_", "_state")


def make_twin(estimator, twin_class: type) -> Any:
    """Return a fitted estimator of scikit-learn with the weights of one of ours."""
    check_is_fitted(estimator)
    activation = get_activation(estimator.activation)
    if not is_built_in(activation, _SKLEARN_ACTIVATIONS):
        raise ValueError(
            f"{twin_class.__name__} has no activation {activation.name!r} like this one, "
            f"only {', '.join(_SKLEARN_ACTIVATIONS)}."
        )
    params = estimator.get_params(deep=False)
    twin = twin_class()
    twin.set_params(**{name: params[name] for name in twin.get_params() if name in params})
    twin.set_params(activation=activation.name)
    if estimator.batch_size == "full":
        twin.set_params(batch_size=estimator._state.n_rows)
    weights = {
        "coefs_": [W.copy() for W in estimator.coefs_],
        "intercepts_": [b.copy() for b in estimator.intercepts_],
    }
    kept = {
        name: copy.copy(value)
        for name, value in vars(estimator).items()
        if is_learned(name) and name not in _EXTRA_ATTRIBUTES
    }
    vars(twin).update(kept | weights)
    twin._no_improvement_count = estimator._state.no_improvement_count
    twin._best_coefs, twin._best_intercepts = twin.coefs_, twin.intercepts_
    return twin
