"""Weight initialization as a hyperparameter of scikit-learn's multilayer perceptron."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from skinit._version import __version__

if TYPE_CHECKING:
    from skinit.activations import Activation
    from skinit.comparison import (
        InitComparison,
        InitRanking,
        compare_initializers,
        rank_initializers,
    )
    from skinit.diagnosis.diagnosis import Diagnosis, diagnose
    from skinit.estimators import InitMLPClassifier, InitMLPRegressor
    from skinit.initializers import (
        Initializer,
        get_initializer,
        list_initializers,
        register_initializer,
    )
    from skinit.propagation import InitializationWarning, Verdict
    from skinit.pytorch import initialize_, to_torch
    from skinit.search import InitMLPSearchCV

__all__ = [
    "Activation",
    "Diagnosis",
    "InitComparison",
    "InitMLPClassifier",
    "InitMLPRegressor",
    "InitMLPSearchCV",
    "InitRanking",
    "InitializationWarning",
    "Initializer",
    "Verdict",
    "__version__",
    "compare_initializers",
    "diagnose",
    "get_initializer",
    "initialize_",
    "list_initializers",
    "rank_initializers",
    "register_initializer",
    "to_torch",
]

# Loaded when it is asked for, so that the command line can show help, and answer Ctrl-C, before
# scipy and scikit-learn are there.
_HOMES = {
    "Activation": "activations",
    "Diagnosis": "diagnosis.diagnosis",
    "InitComparison": "comparison",
    "InitMLPClassifier": "estimators",
    "InitMLPRegressor": "estimators",
    "InitMLPSearchCV": "search",
    "InitRanking": "comparison",
    "InitializationWarning": "propagation",
    "Initializer": "initializers",
    "Verdict": "propagation",
    "compare_initializers": "comparison",
    "diagnose": "diagnosis.diagnosis",
    "get_initializer": "initializers",
    "initialize_": "pytorch",
    "list_initializers": "initializers",
    "rank_initializers": "comparison",
    "register_initializer": "initializers",
    "to_torch": "pytorch",
}


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
