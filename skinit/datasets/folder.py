"""Pictures from a folder, labelled by sub-folder or file name."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import BinaryIO

import numpy as np
from sklearn.utils import Bunch

from skinit.datasets.account import FolderAccount
from skinit.datasets.bunch import bunch_pictures
from skinit.datasets.doubts import name_duplicates
from skinit.datasets.listing import list_pictures

MAX_PIXELS = 64_000_000
"""Refuse to decode larger pictures, in pixels: they are mistakes or decompression bombs."""

# Only these decoders are allowed: Pillow's others include EPS, which starts Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def load_image_folder(
    folder: str | os.PathLike,
    size: int | tuple[int, int] | None = None,
    scale: float = 1 / 255,
    *,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load all pictures of a folder as rows of RGB values, with their labels.

    Two layouts are understood. With sub-folders, a picture's label is the name of the sub-folder
    it lies in (``cat/fluffy.jpg``: cat). Without, it is the file name without the number at its end
    (``cat.123.jpg``: cat, ``boeing737_0.png``: boeing737), or where there is none, the part before
    the first digit (``cat12_flipped.png``: cat).

    Parameters
    ----------
    folder : path
        A folder with pictures, or with sub-folders of pictures.
    size : int or (height, width), default=None
        Resize every picture to this size, in pixels. ``None`` keeps the sizes, which must then all
        be equal.
    scale : float, default=1/255
        Multiply the values 0 to 255 by this; the default maps them to 0 to 1.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        With the same keys as that of :func:`make_cats_vs_dogs`:

        - ``data`` : float64 array of shape (n_pictures, height * width * 3)
        - ``target`` : integer array of shape (n_pictures,), indices into ``target_names``
        - ``target_names`` : list of the labels, sorted
        - ``filenames`` : array of the paths, in the order of the rows
        - ``image_shape`` : ``(height, width, 3)``, for ``data[i].reshape(image_shape)``

        and ``account``, what was understood: classes, and files that were left out.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If ``folder`` does not exist or is not a folder.
    ValueError
        If there are no pictures, or none of a class that can be read; if a file is a pipe, a device
        or a link out of the folder; if pictures lie both in sub-folders and beside them, or deeper;
        if a file name has no label; if sizes differ and ``size`` is None; if a picture is broken,
        has more than 64 million pixels (``folder.MAX_PIXELS``, read from its header before
        anything is decoded) or more than 8 bits per channel; if all of them together need more
        than 8 GiB (``bunch.MAX_BYTES``).

    See Also
    --------
    make_cats_vs_dogs : The same, with drawn pictures.

    Notes
    -----
    Rows are sorted by path. Label codes follow the sorted names, as in scikit-learn, so cat is 0
    and dog is 1; if 1 should mean cat, write ``y = target == target_names.index("cat")``.

    Greyscale, palette and CMYK pictures become RGB, transparency becomes white, a camera's EXIF
    orientation is applied, and only the first frame of an animation or multi-page file is read.
    Hidden files and files that are no pictures are left out; the account names the latter.

    Examples
    --------
    >>> from skinit.datasets import load_image_folder
    >>> pets = load_image_folder("pets", size=64)  # doctest: +SKIP
    >>> X, y = pets.data, pets.target == pets.target_names.index("cat")  # doctest: +SKIP
    """
    size, folder = _check_size(size), _check_folder(folder)
    if not isinstance(scale, Real) or not np.isfinite(scale):
        raise ValueError(f"scale must be a finite number such as 1/255, got {scale!r}.")
    listing = list_pictures(folder)
    digests: list[int] = []
    pictures = (_note(_read_picture(path, size), digests) for path in listing.paths)
    names = [str(path) for path in listing.paths]
    bunch = bunch_pictures(pictures, listing.labels, names, scale)
    copies = np.array(digests, dtype=np.uint64)
    copied = name_duplicates(copies, bunch.target, "labels", names=[p.name for p in listing.paths])
    bunch.account = FolderAccount(
        str(folder),
        dict(sorted(Counter(listing.labels).items())),
        listing.reason,
        bunch.image_shape[:2],
        listing.skipped,
        doubts=(*listing.doubts, *copied),
    )
    return (bunch.data, bunch.target) if return_X_y else bunch


def _note(pixels: np.ndarray, digests: list[int]) -> np.ndarray:
    """Append a hash of a picture, by which its copies are found."""
    digest = hashlib.blake2b(pixels.tobytes(), digest_size=8).digest()
    digests.append(int.from_bytes(digest, "little"))
    return pixels


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


def _read_picture(path: Path, size: tuple[int, int] | None) -> np.ndarray:
    """Return one picture as 8-bit RGB of shape (height, width, 3); name it if that fails."""
    from PIL import Image, UnidentifiedImageError

    try:
        with path.open("rb") as file:
            rgb = _to_rgb(_open(file))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} has more than {MAX_PIXELS:,} pixels and was not decoded: it may be a "
            "decompression bomb. If it is a real picture, resize it first."
        ) from error
    except Exception as error:  # a decoder given a damaged file may raise nearly anything
        is_unknown = isinstance(error, UnidentifiedImageError)
        reason = "it is damaged, or of another kind" if is_unknown else error
        raise ValueError(
            f"{path} cannot be read as a picture ({reason}). Repair it, save it again as JPEG or "
            "8-bit PNG, or remove it from the folder."
        ) from error
    if size is not None:
        rgb = rgb.resize(size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(rgb)


def _open(file: BinaryIO):
    """Open a picture without decoding it, and refuse it if its header says it is enormous."""
    from PIL import Image

    with warnings.catch_warnings():
        # Between one and two times its limit, Pillow only warns.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
    return image


def _to_rgb(image):
    """Turn a picture upright, fill transparency with white, and convert it to RGB."""
    from PIL import Image, ImageOps

    if image.mode.startswith(("I", "F")) or _bits_per_channel(image) > 8:
        raise ValueError(f"it has more than 8 bits per channel (mode {image.mode})")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _bits_per_channel(image) -> int:
    """Return the bits of one channel in the file, of which Pillow keeps eight without a word."""
    if image.format == "PNG":
        place = image.fp.tell()
        image.fp.seek(24)  # behind signature, length, "IHDR", width and height
        bits = image.fp.read(1)[0]
        image.fp.seek(place)
        return bits
    return max(image.tag_v2.get(258, (8,))) if image.format == "TIFF" else 8
