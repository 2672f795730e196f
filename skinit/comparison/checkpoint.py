"""A file that keeps finished splits, so that an interrupted comparison can continue.

Its first line holds the format, the settings and what `diagnose` says of the starts; every other
line holds one split. See docs/decisions/0005-a-checkpoint-is-lines-of-json.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from skinit._files import lock, write_atomically
from skinit.comparison.codec import SchemaError, from_dict, to_json
from skinit.comparison.schema import (
    FORMAT,
    Settings,
    SplitRecord,
    StartVerdict,
    check_record,
    differences,
)


@dataclass(frozen=True)
class Header:
    """The first line: what all splits have in common."""

    format: str
    settings: Settings
    diagnoses: tuple[StartVerdict | None, ...]


_BEGINNING = b'{"format": "skinit comparison '


class Checkpoint:
    """Finished splits in a file, a line each.

    A line is appended and flushed to the disk as soon as its split is done. The end of a line
    that was cut by a crash is dropped when the file is opened.

    Parameters
    ----------
    path : path-like
        Where; any name.
    settings : Settings
        What the runs depend on.

    Attributes
    ----------
    diagnoses : tuple of StartVerdict or None, or None
        Those of the file; None for a new one.
    records : dict of int to SplitRecord
        Finished splits by number.

    Raises
    ------
    ValueError
        If the file holds something else: other settings, or no checkpoint at all.
    """

    def __init__(self, path, settings: Settings):
        self.path = Path(path)
        self._settings = settings
        self.diagnoses: tuple[StartVerdict | None, ...] | None = None
        self.records: dict[int, SplitRecord] = {}
        self._unwritten = b""
        if self.is_begun(path):
            self._resume()

    @classmethod
    @contextmanager
    def open(cls, path, settings: Settings) -> Iterator[Checkpoint]:
        """Hold the file while the context lasts; nobody else can open it meanwhile."""
        with lock(path):
            yield cls(path, settings)

    @staticmethod
    def is_begun(path) -> bool:
        """Whether there is a file with something in it."""
        return Path(path).is_file() and Path(path).stat().st_size > 0

    @staticmethod
    def read(path) -> tuple[Header, list[SplitRecord]]:
        """Return the header and the finished splits in their order.

        A line that holds no split is named in a warning and left out.
        """
        first, *lines = _whole_lines(path)
        header = _read_header(first, path)
        records: dict[int, SplitRecord] = {}
        for number, line in enumerate(lines, start=2):
            if line.strip():
                try:
                    record = from_dict(SplitRecord, _parse(line))
                    check_record(record, header.settings)
                except SchemaError as error:
                    warnings.warn(
                        f"{str(path)!r}, line {number} holds no finished split and is left out: "
                        f"{error}.",
                        stacklevel=2,
                    )
                else:
                    records.setdefault(record.split, record)
        return header, [records[j] for j in sorted(records)]

    def _resume(self):
        header = _read_header(_whole_lines(self.path)[0], self.path)
        other = differences(header.settings, self._settings)
        if other:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} belongs to another comparison: "
                f"{', '.join(other)} differ. Use another file, or delete this one."
            )
        self.diagnoses = header.diagnoses
        self.records = {record.split: record for record in self.read(self.path)[1]}
        self._end_last_line()

    def _end_last_line(self):
        """Drop what follows the last whole line, so that the next one stands by itself."""
        content = self.path.read_bytes()
        with open(self.path, "r+b") as file:
            if b"\n" in content:
                file.truncate(content.rindex(b"\n") + 1)
            else:  # the first line is there, which reading it has shown
                file.seek(0, os.SEEK_END)
                file.write(b"\n")

    def begin(self, diagnoses: Sequence[StartVerdict | None]) -> None:
        """Write the first line, whole or not at all."""
        self.diagnoses = tuple(diagnoses)
        write_atomically(self.path, to_json(Header(FORMAT, self._settings, self.diagnoses)) + "\n")

    def append(self, record: SplitRecord) -> None:
        """Write one line and wait until it is on the disk; what fails is tried again next time."""
        self._unwritten += to_json(record).encode() + b"\n"
        size = None
        try:
            size = self.path.stat().st_size
            self._write(self._unwritten)
        except OSError as error:  # a full disk, and hours of training that are not to be lost
            if size is not None:
                os.truncate(self.path, size)
            warnings.warn(
                f"Cannot write {str(self.path)!r}: {error.strerror}. The comparison goes on, but "
                f"split {record.split} is not saved.",
                RuntimeWarning,
                stacklevel=2,
            )
        else:
            self._unwritten = b""

    def _write(self, lines: bytes):
        with open(self.path, "ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


class _Unasked(Checkpoint):
    """A checkpoint that is written where that works, and else is not missed."""

    def begin(self, diagnoses: Sequence[StartVerdict | None]) -> None:
        with suppress(OSError):
            super().begin(diagnoses)

    def append(self, record: SplitRecord) -> None:
        if self.is_begun(self.path):
            super().append(record)


class TemporaryCheckpoint:
    """A checkpoint that nobody asked for: it waits for the same comparison, and is in nobody's way.

    The file is named after what is compared, so that another comparison has another file. Where it
    cannot be written, or another process works on it, the comparison runs without it.

    Use it as a context around the comparison and all that is done with its results. The file
    stays unless `remove` is called, or it holds no split.

    Parameters
    ----------
    folder : path-like
        Where.
    name : str
        How the name of the file begins.

    Attributes
    ----------
    path : Path or None
        The file, as soon as a comparison uses it.
    """

    def __init__(self, folder, name: str):
        self.path: Path | None = None
        self._folder, self._name = Path(folder), name
        self._held = ExitStack()

    def __enter__(self) -> TemporaryCheckpoint:
        return self

    def __exit__(self, *_) -> None:
        if not self.is_kept():
            self.remove()
        self._held.close()

    @contextmanager
    def open(self, settings: Settings) -> Iterator[Checkpoint | None]:
        """Yield the checkpoint of a comparison, locked until the outer context ends; or None."""
        path = self._folder / f"{self._name}-{_digest(settings)}.checkpoint"
        try:
            kept = self._held.enter_context(_Unasked.open(path, settings))
        except (OSError, ValueError):
            yield None
        else:
            self.path = path
            yield kept

    def is_kept(self) -> bool:
        """Whether there is a file with a finished split, from which one can go on."""
        path = self.path
        return path is not None and path.is_file() and path.read_bytes().count(b"\n") > 1

    def remove(self) -> None:
        """Delete the file, because its results are where they belong."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


@contextmanager
def open_checkpoint(checkpoint, settings: Settings) -> Iterator[Checkpoint | None]:
    """Open what the caller of a comparison gave: a path, a temporary checkpoint, or None."""
    if checkpoint is None:
        yield None
    elif isinstance(checkpoint, TemporaryCheckpoint):
        with checkpoint.open(settings) as kept:
            yield kept
    else:
        with Checkpoint.open(checkpoint, settings) as kept:
            yield kept


def _digest(settings: Settings) -> str:
    """Return what tells settings apart; versions may change before a comparison goes on."""
    text = FORMAT + to_json(replace(settings, versions={}))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _whole_lines(path) -> list[bytes]:
    """Return the lines that were written to their end, the first one in any case."""
    first, *lines = Path(path).read_bytes().split(b"\n")
    return [first, *lines[:-1]]


def _read_header(line, path) -> Header:
    try:
        content = _parse(line)
    except SchemaError:
        if line.startswith(_BEGINNING) or _BEGINNING.startswith(line):
            raise ValueError(
                f"The first line of {str(path)!r} was cut, so that nothing in it can be used: "
                "delete the file, or use another one."
            ) from None
        content = None
    check_format(content, path)
    try:
        return from_dict(Header, content)
    except SchemaError as error:
        raise ValueError(f"{str(path)!r}, line 1: {error}.") from error


def check_format(content, path) -> None:
    """Refuse files of others, and those of other versions, which are named."""
    found = content.get("format") if isinstance(content, Mapping) else None
    if found is None:  # format 1 kept it among the settings
        settings = content.get("settings") if isinstance(content, Mapping) else None
        found = settings.get("format") if isinstance(settings, Mapping) else None
    if found == FORMAT:
        return
    if isinstance(found, str) and found.startswith(FORMAT.rstrip("0123456789")):
        raise ValueError(
            f"{str(path)!r} was written by another version of skinit, in the format {found!r}; "
            f"this version reads {FORMAT!r}. Run the comparison again with another file, or read "
            f"this one with {_writer(content)}."
        )
    raise ValueError(f"{str(path)!r} is not a checkpoint of a comparison: give another file.")


def _writer(content) -> str:
    """Name the version that wrote a file, where the file says so."""
    versions = content.get("versions") or content.get("settings", {}).get("versions") or {}
    return f"skinit {versions['skinit']}" if "skinit" in versions else "the version that wrote it"


def _parse(line):
    try:
        return json.loads(line)
    except ValueError as error:
        raise SchemaError("it is not JSON") from error
