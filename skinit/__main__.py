"""The command ``skinit``, which is ``python -m skinit`` too."""

import io
import os
import signal
import sys
import warnings


def main() -> None:
    """Run the command line."""
    # Loading takes a while, and nothing is lost by leaving: no traceback from inside an import.
    signal.signal(signal.SIGINT, _leave)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that it lacks must not end a command
            stream.reconfigure(errors="backslashreplace")
    from skinit.cli import app
    from skinit.cli.terminal import say

    # Whoever types a command has no use for the line of code that warns.
    warnings.showwarning = lambda message, *_, **__: say(f"skinit: warning: {message}", err=True)
    app(prog_name="skinit")


def _leave(*_) -> None:
    os.write(2, b"skinit: interrupted.\n")
    os._exit(130)


if __name__ == "__main__":
    main()
