# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for the docs site. `make docs` writes the sources that they are for."""

from __future__ import annotations

from pathlib import Path

import yaml

_GALAXY = yaml.safe_load((Path(__file__).parents[2] / "galaxy.yml").read_text())

project = f"{_GALAXY['namespace']}.{_GALAXY['name']}"
author = "containerops.gitlab contributors"
project_copyright = f"2026, {author}"
version = release = _GALAXY["version"]

extensions = ["myst_parser", "sphinx_antsibull_ext", "tests.tools.docs.names"]
myst_heading_anchors = 6
highlight_language = "text"
# Dashes only: quotation marks are shown as they are written.
smartquotes_action = "D"

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
# Its colours are in site.css, for the theme chooses between light and dark itself.
antsibull_ext_color_scheme = "none"

linkcheck_ignore = [r"https?://([\w.-]+\.)?example\.(com|net|org)\b", r"https?://localhost\b"]
linkcheck_timeout = 20
