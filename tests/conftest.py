# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.tools.collection import link

pytest_plugins = ["tests.simulator.pytest_plugin", "tests.browser.pytest_plugin"]

link()

# The same examples in every run, and no clock that could fail them.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, help="run tests that take a seed for the first so many seeds only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    most = config.getoption("seeds")
    others = [] if most is None else [item for item in items if _seed(item) >= most]
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [item for item in items if item not in left_out]


def _seed(item: pytest.Item) -> int:
    """The seed that a test takes; 0 if it takes none."""
    callspec = getattr(item, "callspec", None)
    return int(callspec.params.get("seed", 0)) if callspec else 0
