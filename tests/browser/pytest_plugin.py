# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ansible_collections.containerops.gitlab.plugins.module_utils._report.model import Report
    from tests.tools.browser import Browser

    Open = Callable[[Report], Browser]


@pytest.fixture(scope="session")
def _browser() -> Iterator[Browser]:
    """One for each worker. If no browser can be had, tests are skipped, and fail in CI."""
    from tests.tools.browser import BrowserUnavailable, chromium

    try:
        with chromium() as browser:
            yield browser
    except BrowserUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def browser(_browser: Browser) -> Iterator[Browser]:
    """A window as large as on a desk. Whatever a test did, the page ran into no error and broke no policy."""
    _browser.look()
    _browser.complaints()
    yield _browser
    assert _browser.complaints() == []


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Open:
    """Opens the page of a report."""
    from ansible_collections.containerops.gitlab.plugins.module_utils._report.page import html_page

    def show(report: Report) -> Browser:
        page = tmp_path / "report.html"
        page.write_text("".join(html_page(report)), encoding="utf-8")
        browser.open(page)
        return browser

    return show
