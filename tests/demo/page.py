# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.demo.page FILE: write the page of an invented company's report there, and its pictures to docs."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.tools.browser import chromium
from tests.tools.collection import ROOT, link

link()

from ansible_collections.containerops.gitlab.plugins.module_utils._report.page import html_page  # noqa: E402
from tests.demo.fleet import fleet  # noqa: E402

PICTURES = ROOT / "docs" / "images"
HEIGHT = 1000


def main(page: Path) -> None:
    page.write_text("".join(html_page(fleet())), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    with chromium() as browser:
        for scheme in ("light", "dark"):
            browser.look(scheme=scheme, width=1200, height=HEIGHT)
            browser.open(page)
            browser.picture(PICTURES / f"report-{scheme}.png", height=HEIGHT)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
