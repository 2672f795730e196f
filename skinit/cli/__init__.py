"""The command line: `skinit compare`, `diagnose`, `reproduce`, `list`.

Commands are thin: they ask the library, and print what it returns. Heavy imports are inside them,
so that `skinit --help` comes at once.
"""

from __future__ import annotations

from skinit.cli import compare, diagnose, names, reproduce
from skinit.cli.app import app

__all__ = ["app", "compare", "diagnose", "names", "reproduce"]
