"""``python -m skinit`` is the command ``skinit``."""

from skinit.cli import app

app(prog_name="skinit")
