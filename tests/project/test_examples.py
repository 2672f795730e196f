"""Examples that are programs of their own; those of the gallery run when the pages are built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skinit

pytest.importorskip("duckdb", reason="reads the file")
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
def test_rows_that_do_not_fit_in_memory_are_learned_from():
    environment = os.environ | {"PYTHONPATH": str(Path(skinit.__file__).parents[1])}
    result = subprocess.run(
        [sys.executable, ROOT / "docs" / "programs" / "larger_than_memory.py"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "All rows at once: they do not fit." in result.stdout
    assert float(re.search(r"accuracy ([\d.]+)\.", result.stdout)[1]) > 0.95  # rows are random
