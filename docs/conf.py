"""How Sphinx makes a site of these pages: `sphinx-build -W --keep-going -b html docs docs/_build/html`."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import meter_sim

project = "meter_sim"
author = "the meter_sim developers"
version = release = meter_sim.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
default_role = "code"

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = "meter_sim"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_copyright = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Show CSV as plain text: the highlighter has no word for it."""
    app.add_lexer("csv", TextLexer)
