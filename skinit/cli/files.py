"""Checks of the files that a command will write, before it starts to work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from skinit._files import check_writable
from skinit._wording import join_words

FIGURES = (".png", ".pdf", ".svg")


def check_outputs(
    paths: Mapping[str, Path | None],
    suffixes: Mapping[str, tuple[str, ...]],
    data: str | None = None,
) -> None:
    """Raise an error if a file cannot be written, has a wrong name, or is already taken.

    Parameters
    ----------
    paths : mapping of option to path or None
        Where the command will write; None is left out.
    suffixes : mapping of option to tuple of str
        Endings that are allowed, for options that care.
    data : str, default=None
        What the command reads; it is never overwritten.

    Raises
    ------
    ValueError
        If a name has another ending, or if two options, or an option and the data, name one file.
    OSError
        If a file cannot be written.
    """
    given = {option: path for option, path in paths.items() if path is not None}
    for path in given.values():
        check_writable(path)
    if len({path.resolve() for path in given.values()}) < len(given):
        raise ValueError(f"{join_words(paths)} need a file each, but two are the same.")
    for option, path in given.items():
        if data is not None and path.exists() and path.resolve() == Path(data).resolve():
            raise ValueError(f"{option} {path} would overwrite the data: choose another name.")
        check_suffix(option, path, suffixes.get(option))


def check_suffix(option: str, path: Path, suffixes: tuple[str, ...] | None) -> None:
    """Raise a ValueError if a file does not end in one of the suffixes; None allows all."""
    if suffixes is not None and path.suffix.lower() not in suffixes:
        raise ValueError(f"{option} must end in {join_words(suffixes, 'or')}, got {str(path)!r}.")
