"""The application that all commands register with: version, completion and errors."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import Annotated

import typer
from typer.core import TyperGroup

from skinit._version import __version__
from skinit.cli.terminal import say

ROOM_FOR_PANELS = 80  # columns; with fewer, panels cut the names of options


class _Commands(TyperGroup):
    """All commands; an error that the user can correct is one sentence and exit code 2."""

    def format_commands(self, ctx, formatter):
        """List the commands where there are no panels, without cutting what they do."""
        rows = [
            (name, " ".join((command.help or "").split("\n\n")[0].split()))
            for name, command in self.commands.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # as in `skinit list | head`, which typer ends quietly
            raise
        except Exception as error:
            message = _describe(error)
            if message is None:
                raise
            say(f"skinit: {' '.join(message.split())}", err=True)
            raise typer.Exit(2) from None


def _describe(error: Exception) -> str | None:
    """Return what to tell the user of an error; None for a bug."""
    if isinstance(error, ValueError | OSError):
        return str(error)
    # Options that typer refuses; its class of these errors moved between versions.
    if hasattr(error, "format_message") and getattr(error, "exit_code", None) == 2:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "skinit"
        return f"{error.format_message().rstrip('.')}. Try {command} --help."
    return None


def _make_app(width: int) -> typer.Typer:
    """Return the application; on a narrow terminal its help is plain."""
    is_narrow = width < ROOM_FOR_PANELS
    return typer.Typer(
        cls=_Commands,
        no_args_is_help=True,
        rich_markup_mode=None if is_narrow else "rich",
        pretty_exceptions_enable=False,
        context_settings={
            "help_option_names": ["-h", "--help"],
            "terminal_width": width if is_narrow else None,
        },
    )


app = _make_app(get_terminal_size().columns)


def _print_version(is_asked_for: bool) -> None:
    if is_asked_for:
        typer.echo(f"skinit {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Weight initialization as a hyperparameter.

    \b
    Examples:
      skinit compare                              four initializers on digits
      skinit compare my.csv --target label        the same on your data
      skinit diagnose digits --init zeros         why a start fails
      skinit explain INIT01                       what a verdict means
      skinit reproduce                            cats and dogs from four starts
      skinit COMMAND --help                       all options of a command
    """
