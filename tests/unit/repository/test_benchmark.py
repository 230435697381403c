# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages show what the last benchmark measured, and nothing else."""

from __future__ import annotations

import json

from tests.benchmark.presenting import DATA, PAGES, PICTURE, blocks, picture
from tests.tools.pages import filled

RESULTS = json.loads(DATA.read_text())


def test_the_pages_show_the_results() -> None:
    made = blocks(RESULTS)
    texts = [page.read_text() for page in PAGES]
    for text in texts:
        assert "<!-- benchmark: " in text
        assert filled(text, "benchmark", made) == text
    assert all(any(f"<!-- benchmark: {name} -->" in text for text in texts) for name in made)
    assert PICTURE.read_text() == picture(RESULTS)
