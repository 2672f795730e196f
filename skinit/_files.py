"""Write files whole or not at all, and one process at a time."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


def check_writable(path: str | os.PathLike) -> None:
    """Raise one clear OSError if a file could not be written at ``path``.

    Call it before a long computation, so that no result is lost to a typing error.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"Cannot write {str(path)!r}: there is no folder {str(path.parent)!r}; "
            "create it, or choose another path."
        )
    try:
        regular = not path.exists() or path.is_file()
    except OSError as error:  # a name that is too long, for example
        raise OSError(f"Cannot write {str(path)!r}: {error.strerror}.") from error
    if not regular:
        kind = "a folder" if path.is_dir() else "not a regular file"
        raise OSError(f"Cannot write {str(path)!r}: it is {kind}; choose another path.")
    # Replacing a file needs the right to write in its folder, not the file's own permission.
    if not os.access(path.resolve().parent, os.W_OK):
        raise PermissionError(
            f"Cannot write {str(path)!r}: no permission to write in its folder; "
            "choose another path."
        )


def find_free(path: str | os.PathLike) -> Path:
    """Return the path, or the first of path-2, path-3, ... that does not exist.

    Examples
    --------
    >>> find_free("no-such-report.html").name
    'no-such-report.html'
    """
    path, number = Path(path), 1
    free = path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def write_atomically(path: str | os.PathLike, data: str | bytes) -> None:
    """Write a file so that, whatever happens, its old or its new content is there in full.

    Parameters
    ----------
    path : path-like
        Where to write. A symbolic link is followed.
    data : str or bytes
        The whole content; text is written as UTF-8, in which a lone surrogate is escaped.

    Raises
    ------
    OSError
        If the folder is missing, if it may not be written in, if the path is a folder, or if the
        disk is full: one sentence that names the path.
    """
    check_writable(path)
    target = Path(path).resolve()
    # Beside the target, because only within one file system is a rename atomic.
    scratch = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(scratch, "xb") as file:
            file.write(data.encode(errors="backslashreplace") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, target)
    except OSError as error:
        raise OSError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from error
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def lock(path: str | os.PathLike) -> Iterator[None]:
    """Keep other processes from working on a file at the same time.

    A file beside it, with the suffix ".lock", is locked while the context lasts, and says who
    holds it. The operating system releases the lock of a process that dies. Where a file system
    has no locks, none is taken.

    Parameters
    ----------
    path : path-like
        The file that is worked on; it need not exist.

    Raises
    ------
    BlockingIOError
        If somebody else holds the lock: one sentence that says who.
    OSError
        If the file could not be written anyway, see `check_writable`.
    """
    check_writable(path)
    beside = Path(f"{Path(path).resolve()}.lock")
    file = _open_locked(beside, path)
    try:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
    finally:
        # Removed while it is held, so that nobody removes the lock of another process.
        with suppress(OSError):
            beside.unlink()
        file.close()


def _open_locked(beside: Path, path) -> TextIO:
    """Open the lock file and lock it; it stays open, because closing it gives the lock back."""
    while True:
        file = open(beside, "a+", encoding="utf-8")  # noqa: SIM115 - `lock` closes it
        try:
            _lock_file(file)
        except BlockingIOError:
            file.seek(0)
            holder = file.read() or "another process"
            file.close()
            raise BlockingIOError(
                f"{str(path)!r} is in use by {holder}: wait until it is done, or use another file."
            ) from None
        except OSError:  # the file system has no locks
            return file
        # Who held it before may have removed it since it was opened.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), beside.stat()):
                return file
        file.close()


def _lock_file(file: TextIO) -> None:
    """Lock an open file at once; a BlockingIOError if somebody else has."""
    if os.name == "nt":
        import msvcrt

        file.seek(2**30)  # a byte that nobody reads
        try:  # mypy looks at the module of POSIX, which is empty
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLOCK):
                raise BlockingIOError(error.errno, error.strerror) from None
            raise
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
