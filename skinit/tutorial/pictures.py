"""The pictures: cats and others, from a folder or drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skinit.datasets import load_image_folder, make_cats_vs_dogs
from skinit.tutorial.published import FILES, IMAGE_SHAPE

if TYPE_CHECKING:
    import os

    from skinit.datasets.account import FolderAccount


@dataclass(frozen=True)
class Pictures:
    """Pictures of cats and others.

    Parameters
    ----------
    X : ndarray of shape (n_pictures, height * width * 3)
        Pixels, 0 to 1.
    y : ndarray of shape (n_pictures,)
        1 for cats, 0 for the others.
    names : (str, str)
        What 0 and 1 stand for.
    image_shape : (int, int, int)
        Height, width and 3.
    source : str
        Where they come from: a folder, or the seed of a drawing.
    are_published : bool
        Whether they are the pictures of the blog post.
    account : FolderAccount or None
        What was understood of a folder.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, str]
    image_shape: tuple[int, int, int]
    source: str
    are_published: bool
    account: FolderAccount | None = None

    @property
    def majority(self) -> float:
        """The accuracy of always guessing the more frequent class."""
        return float(max(self.y.mean(), 1 - self.y.mean()))


def load_pictures(
    folder: str | os.PathLike | None = None, size: int | None = None, seed: int = 0
) -> Pictures:
    """Load the pictures of a folder, or draw 100 of them.

    Parameters
    ----------
    folder : path, default=None
        As for `load_image_folder`, with two classes, one of them cats. None draws.
    size : int, default=None
        Height and width in pixels; None keeps those of the files and draws 150.
    seed : int, default=0
        Seed of the drawn pictures.

    Raises
    ------
    ValueError, OSError
        If the folder cannot be loaded, or has not two classes of which one is cats.
    """
    bunch: Any
    if folder is None:
        bunch = make_cats_vs_dogs(size=size or 150, random_state=seed)
        source = f"drawn, seed {seed}"
    else:
        bunch = load_image_folder(folder, size=size)
        source = str(folder)
    cat = _find_cat(bunch.target_names, source)
    files = {Path(name).name for name in bunch.filenames}
    return Pictures(
        X=bunch.data,
        y=(bunch.target == cat).astype(int),
        names=(bunch.target_names[1 - cat], bunch.target_names[cat]),
        image_shape=bunch.image_shape,
        source=source,
        are_published=files == FILES and bunch.image_shape == IMAGE_SHAPE,
        account=bunch.get("account"),
    )


def _find_cat(names: Sequence[str], source: str) -> int:
    """Return the place of the cats among two classes."""
    cats = [place for place, name in enumerate(names) if name.lower() in ("cat", "cats")]
    if len(names) != 2 or len(cats) != 1:
        known = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
        raise ValueError(
            "The experiment needs two classes, one of them called cat, but there "
            f"{'is one class' if len(names) == 1 else f'are {len(names)} classes'} ({known}) in "
            f"{source}. Name the pictures like cat.1.jpg and dog.1.jpg, or sort them "
            "into two folders cat and dog."
        )
    return cats[0]
