from __future__ import annotations

import pytest

from tests.engine import engine_cases


@pytest.fixture
def either_engine(engine, monkeypatch):
    """Train with one engine and then with the other, through the loop itself too."""
    monkeypatch.setitem(engine_cases.ENGINE, "engine", engine)
