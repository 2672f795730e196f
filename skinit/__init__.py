"""Weight initialization as a hyperparameter, in scikit-learn's manners."""

from __future__ import annotations

from skinit.activations import Activation
from skinit.classifier import InitMLPClassifier
from skinit.comparison import (
    InitComparison,
    InitRanking,
    compare_initializers,
    rank_initializers,
)
from skinit.diagnosis import Diagnosis, diagnose
from skinit.initializers import (
    Initializer,
    get_initializer,
    list_initializers,
    register_initializer,
)
from skinit.propagation import InitializationWarning, Verdict

__version__ = "0.1.0"

__all__ = [
    "Activation",
    "Diagnosis",
    "InitComparison",
    "InitMLPClassifier",
    "InitRanking",
    "InitializationWarning",
    "Initializer",
    "Verdict",
    "__version__",
    "compare_initializers",
    "diagnose",
    "get_initializer",
    "list_initializers",
    "rank_initializers",
    "register_initializer",
]
