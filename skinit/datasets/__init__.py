"""Data sets to try initializers on: pictures and tables from files, and drawn cats and dogs."""

from __future__ import annotations

from skinit.datasets.account import FolderAccount, TableAccount
from skinit.datasets.drawn import make_cats_vs_dogs
from skinit.datasets.folder import load_image_folder
from skinit.datasets.preprocessing import make_preprocessor
from skinit.datasets.tables import Table, load_table

__all__ = [
    "FolderAccount",
    "Table",
    "TableAccount",
    "load_image_folder",
    "load_table",
    "make_cats_vs_dogs",
    "make_preprocessor",
]
