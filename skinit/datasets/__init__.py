"""Pictures to try initializers on: your own from a folder, or cats and dogs drawn on the spot."""

from __future__ import annotations

from skinit.datasets.drawn import make_cats_vs_dogs
from skinit.datasets.folder import load_image_folder

__all__ = ["load_image_folder", "make_cats_vs_dogs"]
