from __future__ import annotations

import pytest

from tests.comparison.comparison_tools import compare


@pytest.fixture(scope="session")
def comparison():
    """Return a finished comparison; tests may read it, and change copies."""
    return compare(init={"zeros": "zeros", "he": "he", "again": "he"}, n_seeds=2, target=0.6, cv=3)
