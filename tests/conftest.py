# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from tests.tools.collection import link

pytest_plugins = ["tests.simulator.pytest_plugin", "tests.browser.pytest_plugin"]

link()

# The same examples in every run, and no clock that could fail them. `make test` tries the first of them only.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("few", settings.get_profile("fixed"), max_examples=25)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, help="run tests that take a seed for the first so many seeds only")
    parser.addoption("--left-out", type=Path, help="write to this file how many tests are slow and left out")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    most = config.getoption("seeds")
    others = [] if most is None else [item for item in items if _seed(item) >= most]
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [item for item in items if item not in left_out]
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for cases in tests.values():
        for item in _later_seeds(cases) + _between(cases):
            item.add_marker("slow")


def _later_seeds(cases: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The cases of a test whose seeds are not in their first quarter."""
    seeds = 1 + max(map(_seed, cases))
    return [item for item in cases if _seed(item) * 4 >= seeds > 1]


def _between(cases: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The cases of a test that are not the first, nor so many after one that runs as its mark `sweep` says."""
    mark = cases[0].get_closest_marker("sweep")
    return [item for number, item in enumerate(cases) if mark and number % mark.args[0]]


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Each worker of pytest knows all tests, and writes the same number."""
    slow = sum(item.get_closest_marker("slow") is not None for item in items)
    if slow and (file := items[0].config.getoption("left_out")):
        file.write_text(str(slow))


def _seed(item: pytest.Item) -> int:
    """The seed that a test takes, or the number of its part of the seeds; 0 if it takes none."""
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec else {}
    return next((params[name] for name in ("seed", "part") if isinstance(params.get(name), int)), 0)
