# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A report as one HTML page that needs nothing else: no server, no network, no other file. Pure.

The browser runs the page's own script and no other, by the hashes in its policy. All that GitLab told is data: it lies
in a block that is not run, and the script shows it as text.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

from .model import Report
from .page_data import data_texts
from .page_lists import LISTS
from .page_overview import OVERVIEW
from .page_style import STYLE
from .page_tables import TABLES

_SCRIPT = f"{TABLES}{OVERVIEW}{LISTS}"


def html_page(report: Report) -> t.Iterator[str]:
    """The page, in parts."""
    yield _BEGIN
    yield from data_texts(report)
    yield _END


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_hash(_SCRIPT)}",
        f"style-src {_hash(STYLE)}",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
_BEGIN = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Container registry report</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#repositories">Skip to the repositories</a>
<noscript><p>This page shows its data by a script of its own. Please allow it, or read the report as CSV.</p></noscript>
<div id="page"></div>
<script type="application/json" id="data">"""
_END = f"""</script>
<script type="module">{_SCRIPT}</script>
</body>
</html>
"""
