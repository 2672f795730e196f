from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import inventories
import pictures

import skinit

project = "skinit"
author = "the skinit developers"
project_copyright = "2026, the skinit developers"
version = release = skinit.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "formulas",
]
exclude_patterns = ["_build", "_templates", "**sg_execution_times.rst"]
templates_path = ["_templates"]

# --- Pages ------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# --- The reference ----------------------------------------------------------------------------

# A name in single backticks becomes a link where it is known, and code where it is not.
default_role = "py:obj"
autosummary_generate = True
autosummary_context = {"pictures": pictures.OF_CLASSES}
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # the list of parameters has them
numpydoc_show_class_members = False

# Other projects' pages are known from the lists in docs/inventories, so that no network is needed.
intersphinx_mapping = inventories.compress(HERE / "inventories", HERE / "_build" / "inventories")

# --- Pictures ---------------------------------------------------------------------------------

pictures.make_all(HERE / "_pictures")
# Beside index.html, to be opened and not downloaded.
html_extra_path = [f"_pictures/{page}.html" for page in ("report", "digits", "diagnosis")]

# --- The gallery ------------------------------------------------------------------------------


def missing_examples() -> list[str]:
    """Return what names of examples have in common that cannot run here."""
    needs = {"torch": "torch", "compiled": "numba"}
    return [name for name, library in needs.items() if find_spec(library) is None]


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "backreferences",
    "doc_module": ("skinit",),
    # An example that needs another library is shown everywhere, and run where that is installed.
    "filename_pattern": r"/plot_" + "".join(rf"(?!.*{name})" for name in missing_examples()),
    "within_subsection_order": "gallery.Order",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "image_srcset": ["2x"],
}

# --- The look ---------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skinit"
html_static_path = ["_static"]
html_css_files = ["skinit.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "skinit"},
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
html_sidebars = {"index": [], "getting-started": []}
