"""Keep finished splits in a file, so that an interrupted comparison goes on where it was."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

FORMAT = "skinit comparison 1"


class Checkpoint:
    """A file that keeps finished splits, a line of JSON each, after a line of settings.

    A line is appended and flushed to the disk as soon as its split is done. A last line that was
    cut by a crash is dropped when the file is read.

    Parameters
    ----------
    path : path-like
        Where; any name.
    settings : dict
        What the runs depend on.

    Raises
    ------
    ValueError
        If the file holds something else: other settings, or no checkpoint at all.
    """

    def __init__(self, path, settings: dict):
        self.path = Path(path)
        self.records: list[dict] = []
        if self.is_begun(path):
            self._resume(settings)
        else:
            self.append(settings)

    @staticmethod
    def is_begun(path) -> bool:
        """Whether there is a file with something in it."""
        return Path(path).is_file() and Path(path).stat().st_size > 0

    @staticmethod
    def read(path) -> tuple[dict, list[dict]]:
        """Return the settings and the records of finished splits."""
        lines = Path(path).read_bytes().split(b"\n")
        # What follows the last newline was not written to its end.
        try:
            settings, *records = (json.loads(line) for line in lines[:-1])
        except ValueError as error:
            raise ValueError(f"{str(path)!r} is not a checkpoint of a comparison.") from error
        if not isinstance(settings, dict) or settings.get("format") != FORMAT:
            raise ValueError(f"{str(path)!r} is not a checkpoint of a comparison.")
        return settings, records

    def _resume(self, settings):
        found, self.records = self.read(self.path)
        wanted = json.loads(to_json(settings))
        other = [
            _name_difference(name, found.get(name), wanted.get(name))
            for name in sorted(found | wanted)
            if name != "versions" and found.get(name) != wanted.get(name)
        ]
        if other:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} belongs to another comparison: "
                f"{', '.join(other)} differ. Use another file, or delete this one."
            )
        whole = self.path.read_bytes().rpartition(b"\n")[0] + b"\n"
        with open(self.path, "r+b") as file:
            file.truncate(len(whole))

    def append(self, record: dict) -> None:
        """Write one line and wait until it is on the disk."""
        with open(self.path, "ab") as file:
            file.write(to_json(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _name_difference(name, found, wanted) -> str:
    """Name a setting that differs, and which parts of it do where it has parts."""
    if not (isinstance(found, dict) and isinstance(wanted, dict)):
        return name
    parts = [part for part in sorted(found | wanted) if found.get(part) != wanted.get(part)]
    return f"{name} ({', '.join(parts)})"


def to_json(value) -> str:
    """Return JSON that every reader accepts: numbers that are not finite become null."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:  # one of thousands is not: only then they are all looked at
        return json.dumps(_finite(value), allow_nan=False)


def _finite(value):
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
