"""A runner that keeps what a command prints and its messages apart."""

from __future__ import annotations

from typer.testing import CliRunner


def separate_runner() -> CliRunner:
    """Return a CliRunner whose results have stdout and stderr of their own."""
    try:
        return CliRunner(mix_stderr=False)
    except TypeError:  # since click 8.2 they are always apart
        return CliRunner()
