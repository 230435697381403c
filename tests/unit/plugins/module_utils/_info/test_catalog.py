# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of registry_catalog_info that are refused, and what is returned."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import UsageError
from ansible_collections.containerops.gitlab.plugins.module_utils._info.catalog import (
    CatalogRequest,
    CatalogState,
    request_of,
    result_of,
)
from ansible_collections.containerops.gitlab.plugins.modules.registry_catalog_info import ARGUMENTS
from tests.unit.options import filled


def request(**options: Any) -> CatalogRequest:
    return request_of(filled(options, ARGUMENTS.options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0}, "limit is 0: it has to be at least 1"),
        ({"return_limit": -1}, "return_limit is -1: it can't be negative"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        request(**options)


def test_at_most_so_many_paths_are_returned() -> None:
    state = CatalogState("https://registry.test", ("a/b", "a/c"))
    assert result_of(state, request(return_limit=1)) == {
        "repositories": ["a/b"],
        "count": 2,
        "complete": False,
        "unconfirmed": [],
        "registry_url": "https://registry.test",
        "truncated": True,
    }
    assert result_of(state, request())["truncated"] is False


def test_what_the_catalog_leaves_open_is_a_warning() -> None:
    state = CatalogState("https://registry.test", ("a/1",), unconfirmed=("a", "b/c"))
    [warning] = state.warnings
    assert "https://registry.test" in warning
    assert "2 paths" in warning
    assert "(a, b/c)" in warning
    assert CatalogState("https://registry.test", (), complete=True).warnings == []
