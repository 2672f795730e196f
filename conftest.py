"""What the tests of docstrings leave out: a module that needs an extra which is not installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("numba") else ["skinit/engine/kernels.py"]
