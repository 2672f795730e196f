"""scikit-learn's interface to the engine; no mathematics."""

from __future__ import annotations

from skinit.estimators.classifier import InitMLPClassifier
from skinit.estimators.regressor import InitMLPRegressor

__all__ = ["InitMLPClassifier", "InitMLPRegressor"]
