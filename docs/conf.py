"""How the site is built: `python -m sphinx -W --keep-going docs docs/_build`."""

import shutil
import sys
from pathlib import Path

import distsp

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE / "components")]

project = "distsp"
author = copyright = "distsp contributors"
version = release = distsp.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_gallery.gen_gallery",
    "figures",
    "mathml",
    "schemas",
]
exclude_patterns = ["_build", "GALLERY_HEADER.rst"]
highlight_language = "none"
html_math_renderer = "mathml"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types, and shapes and units with them
numpydoc_show_class_members = False

# Scripts write figures to where they run, which must not be the tree.
EXAMPLES = HERE / "_build" / "examples"
shutil.rmtree(EXAMPLES, ignore_errors=True)
shutil.copytree(HERE.parent / "examples", EXAMPLES)
shutil.copy(HERE / "GALLERY_HEADER.rst", EXAMPLES)
sphinx_gallery_conf = {
    "examples_dirs": str(EXAMPLES),
    "gallery_dirs": "studies",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}

html_theme = "furo"
html_title = "distsp"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
