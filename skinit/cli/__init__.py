"""The command line: `skinit compare`, `diagnose`, `explain`, `reproduce`, `list`, `warm-up`.

Commands are thin: they ask the library, and print what it returns. Heavy imports are inside them,
so that `skinit --help` comes at once.
"""

from __future__ import annotations

from skinit.cli import compare, diagnose, explain, names, reproduce, warmup
from skinit.cli.app import app

__all__ = ["app", "compare", "diagnose", "explain", "names", "reproduce", "warmup"]
