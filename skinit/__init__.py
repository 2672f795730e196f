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
from skinit.initializers import (
    Initializer,
    get_initializer,
    list_initializers,
    register_initializer,
)

__version__ = "0.1.0"

__all__ = [
    "Activation",
    "InitComparison",
    "InitMLPClassifier",
    "InitRanking",
    "Initializer",
    "__version__",
    "compare_initializers",
    "get_initializer",
    "list_initializers",
    "rank_initializers",
    "register_initializer",
]
