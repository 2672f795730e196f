"""`skinit warm-up`: compile ahead."""

from __future__ import annotations

import time

from skinit.cli.app import app
from skinit.cli.terminal import say


@app.command("warm-up")
def warm_up() -> None:
    """Compile the training loop ahead (needs the extra "fast").

    Run it once after an installation. The compiled code is kept for later processes.

    Its place is NUMBA_CACHE_DIR if set, else beside skinit or in your cache directory.
    """
    from skinit.engine.warmup import DTYPES
    from skinit.engine.warmup import warm_up as compile_loop

    for dtype in DTYPES:
        started = time.perf_counter()
        try:
            compile_loop(dtype)
        except ImportError as error:
            raise ValueError(str(error)) from error
        say(f"{dtype}: ready after {time.perf_counter() - started:.1f} s")
