"""Links to other projects' documentation, from lists that are part of this repository.

Each ``*.txt`` beside this file is a Sphinx inventory before compression, cut down to the names
that our pages use: to link to one more, add its line. The format is
``name domain:role priority uri title``, where ``$`` is the name and ``-`` says that the title is.
"""

from __future__ import annotations

import zlib
from pathlib import Path

HEADER_LINES = 4
SITES = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "pandas": "https://pandas.pydata.org/docs/",
    "matplotlib": "https://matplotlib.org/stable/",
    "sklearn": "https://scikit-learn.org/stable/",
}


def compress(lists: Path, folder: Path) -> dict[str, tuple[str, str]]:
    """Write the lists as inventories that Sphinx reads, and return intersphinx's mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SITES:
        lines = (lists / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
        head, body = "".join(lines[:HEADER_LINES]), "".join(lines[HEADER_LINES:])
        packed = head.encode() + zlib.compress(body.encode())
        (folder / f"{name}.inv").write_bytes(packed)
    return {name: (site, str(folder / f"{name}.inv")) for name, site in SITES.items()}
