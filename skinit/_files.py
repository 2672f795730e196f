"""Write files whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def check_writable(path: str | os.PathLike) -> None:
    """Raise one clear OSError if a file could not be written at ``path``.

    Ask before a long computation: it is a pity to lose its result to a typing error.
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


def write_atomically(path: str | os.PathLike, data: str | bytes) -> None:
    """Write a file so that, whatever happens, its old or its new content is there in full.

    Parameters
    ----------
    path : path-like
        Where to write. A symbolic link is followed.
    data : str or bytes
        The whole content; text is written as UTF-8.

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
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, target)
    except OSError as error:
        raise OSError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from error
    finally:
        scratch.unlink(missing_ok=True)
