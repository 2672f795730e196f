"""When and where a comparison was run."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from joblib import cpu_count, effective_n_jobs

from skinit._wording import write_count, write_date


@dataclass(frozen=True)
class Provenance:
    """What a reader of the results wants to know about the run, beside its settings.

    Parameters
    ----------
    data : str, default=""
        Name of the data; "" where nobody gave one.
    date : str, default=""
        Day on which it ended, as in 2026-01-31; "" where it is not known.
    machine : str, default=""
        Processor, cores and operating system; "" where they are not known.
    n_jobs : int, default=0
        Splits that ran in parallel; 0 where it is not known.
    """

    data: str = ""
    date: str = ""
    machine: str = ""
    n_jobs: int = 0

    def describe_machine(self) -> str:
        """Return the hardware, and how many splits shared it.

        Examples
        --------
        >>> Provenance(machine="x86_64, 2 cores, Linux", n_jobs=2).describe_machine()
        'x86_64, 2 cores, Linux; 2 splits in parallel, one thread each'
        """
        if not self.machine:
            return ""
        if self.n_jobs < 2:
            return f"{self.machine}; one split after the other, one thread"
        return f"{self.machine}; {self.n_jobs} splits in parallel, one thread each"

    def write_date(self) -> str:
        """Return the date as a sentence has it.

        Examples
        --------
        >>> Provenance(date="2026-01-31").write_date()
        '31 January 2026'
        """
        return write_date(date.fromisoformat(self.date)) if self.date else ""


UNKNOWN = Provenance()


def observe(n_jobs: int | None = None) -> Provenance:
    """Return today's date and this machine."""
    cores = write_count(cpu_count() or 1, "core")
    return Provenance(
        date=date.today().isoformat(),
        machine=", ".join(filter(None, (_processor(), cores, platform.system()))),
        n_jobs=effective_n_jobs(n_jobs),
    )


def _processor() -> str:
    """Return what the processor is called; of Linux, which only tells the architecture, more."""
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        if models:
            return models[0]
    return platform.processor() or platform.machine()
