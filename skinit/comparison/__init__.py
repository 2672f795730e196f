"""Comparisons of initializers: plan, runs, checkpoint, and the table with all that follows."""

from __future__ import annotations

from skinit.comparison.compare import compare_initializers
from skinit.comparison.ranking import InitRanking, rank_initializers
from skinit.comparison.result import InitComparison

__all__ = ["InitComparison", "InitRanking", "compare_initializers", "rank_initializers"]
