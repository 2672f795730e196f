"""InitMLPSearchCV: a grid search whose candidates train together."""

from __future__ import annotations

from skinit.search.search import InitMLPSearchCV

__all__ = ["InitMLPSearchCV"]
