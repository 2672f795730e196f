"""Pictures as a scikit-learn Bunch: one row of pixels each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from sklearn.utils import Bunch

MAX_BYTES = 8 * 2**30
"""Refuse to hold more pixel data than this (8 GiB; about 15,900 colour pictures of 150 x 150)."""


def bunch_pictures(
    pictures: Iterable[np.ndarray],
    labels: Sequence[str],
    filenames: Sequence[str],
    scale: float = 1 / 255,
) -> Bunch:
    """Stack 8-bit RGB ``pictures``, taken one at a time, into the rows of one float64 array."""
    pictures = iter(pictures)
    first = next(pictures)
    shape = first.shape
    data = _allocate(len(labels), shape)
    for row, picture in enumerate(chain([first], pictures)):
        if picture.shape != shape:
            raise ValueError(
                f"All pictures must have the same size, but {filenames[0]} is {_size(shape)} and "
                f"{filenames[row]} is {_size(picture.shape)} (height x width). "
                "Pass size=, for example size=150, to resize all of them."
            )
        np.multiply(picture.ravel(), scale, out=data[row])
    names, target = np.unique(labels, return_inverse=True)
    return Bunch(
        data=data,
        target=target,
        target_names=names.tolist(),
        filenames=np.array(filenames),
        image_shape=shape,
    )


def _allocate(n_pictures: int, shape: tuple[int, ...]) -> np.ndarray:
    n_features = int(np.prod(shape))
    n_bytes = n_pictures * n_features * np.dtype(np.float64).itemsize
    if n_bytes > MAX_BYTES:
        raise ValueError(
            f"{n_pictures} pictures of {_size(shape)} pixels would need {n_bytes / 2**30:.1f} GiB "
            f"of memory; the limit is {MAX_BYTES / 2**30:.1f} GiB. Use fewer pictures or a "
            "smaller size=."
        )
    return np.empty((n_pictures, n_features))


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} x {shape[1]}"
