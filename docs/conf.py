from __future__ import annotations

import skinit

project = "skinit"
author = "the skinit developers"
project_copyright = "2026, the skinit developers"
version = release = skinit.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

# Formulas in docstrings stand in single backticks where they are names, not cross-references.
default_role = "code"
numpydoc_show_class_members = False
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"skinit {version}"
