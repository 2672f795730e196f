"""Data to try initializers on: your own pictures and tables, or cats and dogs drawn on the spot."""

from __future__ import annotations

from skinit.datasets.drawn import make_cats_vs_dogs
from skinit.datasets.folder import load_image_folder
from skinit.datasets.tables import load_table, make_preprocessor

__all__ = ["load_image_folder", "load_table", "make_cats_vs_dogs", "make_preprocessor"]
