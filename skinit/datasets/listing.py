"""Which files of a folder are pictures, what they show, and why the others are left out."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skinit._wording import list_names, write_name

# heic and avif are listed so that pictures from phones are reported as unreadable, not skipped.
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".heic", ".avif"}
)
UNREADABLE = frozenset({".heif", ".hif", ".heics", ".jxl", ".jp2", ".svg", ".psd", ".raw", ".dng"})
"""Suffixes of pictures that are not read: they are left out, and named."""
STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")

_COUNTER = re.compile(r"[ ._(-]+\d+\)?$")


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder.

    Parameters
    ----------
    paths : list of Path
        Sorted.
    labels : list of str
        One for each.
    reason : str
        Where the labels come from.
    skipped : dict of str to str
        Files and folders that are left out, relative to the folder, and why.
    doubts : list of str
        What may be wrong.
    """

    paths: list[Path]
    labels: list[str]
    reason: str
    skipped: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def list_pictures(folder: Path) -> Listing:
    """Find the pictures of a folder and their labels.

    Raises
    ------
    ValueError
        If there are none, if it is not clear which names the class, or if a file would be read that
        is none, or lies elsewhere.
    """
    skipped: dict[str, str] = {}
    loose, sorted_in, too_deep = (
        [path for path in _visible(folder, pattern) if _is_picture(path, folder, skipped)]
        for pattern in ("*", "*/*", "*/*/*")
    )
    _check_layout(folder, loose, sorted_in, too_deep, skipped)
    if loose:
        return Listing(loose, label_names(loose), "file names", skipped)
    labels = [path.parent.name for path in sorted_in]
    empty = _check_empty_classes(folder, set(labels), skipped)
    return Listing(sorted_in, labels, "names of sub-folders", skipped | empty, _doubt_empty(empty))


def _visible(folder: Path, pattern: str) -> list[Path]:
    """Return sorted paths without what is hidden, as thumbnails are."""
    paths = (
        path
        for path in folder.glob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    return sorted(paths)


def _is_picture(path: Path, folder: Path, skipped: dict[str, str]) -> bool:
    """Whether a path is to be read as a picture; what is left out is noted.

    Raises
    ------
    ValueError
        For a device or a pipe, and for a link out of the folder.
    """
    name, suffix = str(path.relative_to(folder)), path.suffix.lower()
    target = Path(os.path.realpath(path))  # resolve() refuses links in a circle
    if not target.is_relative_to(folder.resolve()):
        if path.is_dir() or suffix in SUFFIXES:
            raise ValueError(
                f"{path} is a link out of the folder, to {write_name(target, 200)}, and was not "
                "read: copy what it points to into the folder."
            )
        skipped[name] = "a link out of the folder"
        return False
    if path.is_dir():
        return False
    is_regular = not path.exists() or stat.S_ISREG(path.stat().st_mode)
    if not is_regular and suffix in SUFFIXES:
        raise ValueError(f"{path} is a pipe or a device, not a picture, and was not read.")
    # A broken link to a picture is reported when it is read.
    if suffix in SUFFIXES:
        return True
    if not is_regular:
        skipped[name] = "a pipe or a device"
    elif suffix in UNREADABLE:
        skipped[name] = f"{suffix} is not read: save it as JPEG or PNG"
    elif path.exists() and _start_of(path).startswith(STARTS):
        return True  # a picture without the suffix of one
    else:
        skipped[name] = "not a picture"
    return False


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""


def _check_layout(folder: Path, loose, sorted_in, too_deep, skipped: dict[str, str]) -> None:
    if too_deep:
        raise ValueError(
            f"{too_deep[0]} lies two folders deep. Give the folder whose sub-folders are the "
            f"classes, such as {too_deep[0].parent.parent}."
        )
    if loose and sorted_in:
        raise ValueError(
            f"{folder} has pictures in sub-folders ({sorted_in[0]}) and beside them ({loose[0]}), "
            "so it is not clear which names the class. Move one of them elsewhere."
        )
    if not loose and not sorted_in:
        found = f" Left out: {list_names(skipped, 4)}." if skipped else ""
        raise ValueError(
            f"There are no pictures in {folder} or in its sub-folders. Files with these suffixes "
            f"are read: {', '.join(sorted(SUFFIXES))}.{found}"
        )


def _check_empty_classes(folder: Path, labels: set[str], skipped: dict[str, str]) -> dict[str, str]:
    """Return sub-folders without any picture; refuse those with pictures that are not read."""
    empty = {}
    for path in _visible(folder, "*"):
        if not path.is_dir() or path.name in labels:
            continue
        files = [name for name in skipped if Path(name).parts[0] == path.name]
        lost = [name for name in files if skipped[name] != "not a picture" or not Path(name).suffix]
        if lost:
            raise ValueError(
                f"No picture of the class {path.name!r} can be read: {write_name(lost[0])} "
                f"({skipped[lost[0]]}). Save its pictures as JPEG or PNG, or move the folder "
                "elsewhere."
            )
        empty[path.name] = "a folder without pictures"
    return empty


def _doubt_empty(empty: dict[str, str]) -> list[str]:
    if not empty:
        return []
    return [
        f"{list_names(empty)} holds no picture, and is no class: if it should be one, add its "
        "pictures; if not, move it elsewhere."
    ]


# --- Labels from names ------------------------------------------------------------------------


def label_names(paths: Sequence[Path]) -> list[str]:
    """Return the labels that stand in file names, before the number of the picture.

    The number stands apart, as in boeing737_0.png, of which the label is boeing737, or (1), or is
    glued to a word, as in cat12.png. Where that would leave nearly each picture its own label, as
    for cat_2020-01-31_7.png, all numbers that stand apart are left out.

    Examples
    --------
    >>> label_names([Path("boeing737_0.png"), Path("boeing747_0.png"), Path("boeing747_1.png")])
    ['boeing737', 'boeing747', 'boeing747']
    >>> label_names([Path("cat1.png"), Path("dog (2).png"), Path("rex.png"), Path("cat3_big.png")])
    ['cat', 'dog', 'rex', 'cat']
    """
    labels = [_label(path, 1) for path in paths]
    if len(paths) > 3 and len(Counter(labels)) > len(paths) / 2:
        labels = [_label(path, 9) for path in paths]
    return labels


def _label(path: Path, most: int) -> str:
    """Return a name without so many numbers that stand apart at its end."""
    stem = path.stem if path.suffix.lower() in SUFFIXES else path.name
    label = _without_counters(stem, most)
    label = re.sub(r"^[ ._()-]+|[ ._()-]+$", "", label)
    if not label or label.isdecimal():
        raise ValueError(
            f"The name of {path} does not begin with a label. Name pictures like cat.1.jpg, or "
            "sort them into one sub-folder per class."
        )
    return label


def _without_counters(stem: str, most: int) -> str:
    if not _COUNTER.search(stem):
        return re.split(r"\d", stem, maxsplit=1)[0]
    for _ in range(most):
        stem = _COUNTER.sub("", stem)
    return stem
