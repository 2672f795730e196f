"""Pictures from a folder, labelled by their sub-folder or by the start of their file name."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import BinaryIO

import numpy as np
from sklearn.utils import Bunch

from skinit.datasets.bunch import bunch_pictures

MAX_PIXELS = 64_000_000
"""Refuse to decode a picture of more pixels: it is a mistake or a decompression bomb."""

# Only these decoders are tried: Pillow's others include EPS, which starts Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

# heic and avif are here so that a phone's pictures are reported as unreadable, not left out.
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".heic", ".avif"}
)


def load_image_folder(
    folder: str | os.PathLike,
    size: int | tuple[int, int] | None = None,
    scale: float = 1 / 255,
    *,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load all pictures of a folder as rows of RGB values, with their labels.

    Two layouts are understood. With sub-folders, a picture's label is the name of the sub-folder
    it lies in (``cat/fluffy.jpg``: cat). Without, it is what the file name says before its first
    digit (``cat.123.jpg``: cat, ``golden_retriever_7.png``: golden_retriever).

    Parameters
    ----------
    folder : path
        A folder with pictures, or with sub-folders of pictures.
    size : int or (height, width), default=None
        Stretch every picture to this size, in pixels. ``None`` keeps the sizes, which then must
        all be equal.
    scale : float, default=1/255
        Multiply the values 0 to 255 by this; the default maps them to 0 to 1.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        With the same keys as that of :func:`make_cats_vs_dogs`:

        - ``data`` : float64 array of shape (n_pictures, height * width * 3)
        - ``target`` : integer array of shape (n_pictures,), places in ``target_names``
        - ``target_names`` : list of the labels, sorted
        - ``filenames`` : array of the paths, in the order of the rows
        - ``image_shape`` : ``(height, width, 3)``, for ``data[i].reshape(image_shape)``

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If ``folder`` does not exist or is not a folder.
    ValueError
        If there are no pictures; if they lie both in sub-folders and beside them, or deeper; if a
        file name has no label; if sizes differ and ``size`` is None; if a picture is broken,
        has more than 64 million pixels (``folder.MAX_PIXELS``, read from its header before
        anything is decoded) or more than 8 bits per channel; if all of them together need more
        than 8 GiB (``bunch.MAX_BYTES``).

    See Also
    --------
    make_cats_vs_dogs : The same, drawn instead of loaded.

    Notes
    -----
    Rows are sorted by path. Label codes follow the sorted names, as in scikit-learn, so cat is 0
    and dog is 1; where 1 must mean cat, write ``y = target == target_names.index("cat")``.

    Greyscale, palette and CMYK pictures become RGB, transparent ones are laid on white, a camera's
    EXIF orientation is applied, and of an animation or a multi-page file the first frame is taken.
    Hidden files and files whose suffix is not a picture's are left out.

    Examples
    --------
    >>> from skinit.datasets import load_image_folder
    >>> pets = load_image_folder("pets", size=64)  # doctest: +SKIP
    >>> X, y = pets.data, pets.target == pets.target_names.index("cat")  # doctest: +SKIP
    """
    size, folder = _check_size(size), _check_folder(folder)
    if not isinstance(scale, Real) or not np.isfinite(scale):
        raise ValueError(f"scale must be a finite number such as 1/255, got {scale!r}.")
    paths, labels = _find_pictures(folder)
    pictures = (_read_picture(path, size) for path in paths)
    bunch = bunch_pictures(pictures, labels, [str(path) for path in paths], scale)
    return (bunch.data, bunch.target) if return_X_y else bunch


def _check_size(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Return ``size`` as (height, width)."""
    if size is None:
        return None
    pair = (size, size) if isinstance(size, Integral) else size
    if (
        not isinstance(pair, Sequence)
        or len(pair) != 2
        or not all(isinstance(side, Integral) and int(side) > 0 for side in pair)
    ):
        raise ValueError(f"size must be a positive int, (height, width) or None, got {size!r}.")
    return int(pair[0]), int(pair[1])


def _check_folder(folder: str | os.PathLike) -> Path:
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder} (looked for it from {Path.cwd()}).")
    if not folder.is_dir():
        raise NotADirectoryError(
            f"{folder} is a file; give the folder that holds the pictures, such as {folder.parent}."
        )
    return folder


def _find_pictures(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the sorted paths of the pictures, and their labels."""
    loose, sorted_in, too_deep = (_list_pictures(folder, g) for g in ("*", "*/*", "*/*/*"))
    if too_deep:
        raise ValueError(
            f"{too_deep[0]} lies two folders deep. Give the folder whose sub-folders are the "
            f"classes, such as {too_deep[0].parent.parent}."
        )
    if loose and sorted_in:
        raise ValueError(
            f"{folder} has pictures in sub-folders ({sorted_in[0]}) and beside them ({loose[0]}), "
            "so it is not clear what names their class. Move the one or the other elsewhere."
        )
    if not loose and not sorted_in:
        raise ValueError(
            f"There are no pictures in {folder} or in its sub-folders. Files with these suffixes "
            f"are taken: {', '.join(sorted(SUFFIXES))}."
        )
    if loose:
        return loose, [_label_of_name(path) for path in loose]
    return sorted_in, [path.parent.name for path in sorted_in]


def _list_pictures(folder: Path, pattern: str) -> list[Path]:
    def visible(path: Path) -> bool:
        return not any(part.startswith(".") for part in path.relative_to(folder).parts)

    paths = (path for path in folder.glob(pattern) if path.suffix.lower() in SUFFIXES)
    # Not is_file(): a link to a picture that is gone should be reported, not left out.
    return sorted(path for path in paths if visible(path) and not path.is_dir())


def _label_of_name(path: Path) -> str:
    label = re.split(r"\d", path.stem, maxsplit=1)[0].strip(" ._-()")
    if not label:
        raise ValueError(
            f"The name of {path} does not begin with a label. Name pictures like cat.1.jpg, or "
            "sort them into one sub-folder per class."
        )
    return label


def _read_picture(path: Path, size: tuple[int, int] | None) -> np.ndarray:
    """Return one picture as 8-bit RGB of shape (height, width, 3); name it if that fails."""
    from PIL import Image

    try:
        with path.open("rb") as file:
            rgb = _to_rgb(_open(file))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} has more than {MAX_PIXELS:,} pixels and was not decoded: it may be a "
            "decompression bomb. If it is a real picture, make it smaller first."
        ) from error
    except Exception as error:  # a decoder given a damaged file may raise nearly anything
        raise ValueError(
            f"{path} cannot be read as a picture ({error}). Mend it, save it anew as JPEG or "
            "8-bit PNG, or take it out of the folder."
        ) from error
    if size is not None:
        rgb = rgb.resize(size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(rgb)


def _open(file: BinaryIO):
    """Open a picture, nothing decoded yet, and refuse it if its header says it is enormous."""
    from PIL import Image

    with warnings.catch_warnings():
        # Pillow only warns between one and two times its own limit.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
    return image


def _to_rgb(image):
    """Turn a picture upright, lay it on white where it is transparent, and make it RGB."""
    from PIL import Image, ImageOps

    if image.mode.startswith(("I", "F")):
        raise ValueError(f"it has more than 8 bits per channel (mode {image.mode})")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")
