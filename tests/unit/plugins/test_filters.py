# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible loads all filters of a collection to find one of them, in every worker that needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.containerops.gitlab.plugins.filter import (
    approval_text,
    audit_screen,
    cleanup_screen,
    hosts_screen,
    in_use_screen,
    restore_screen,
    settings_screen,
    shared_paths,
)
from tests.tools.collection import ROOT

FILTERS = "ansible_collections.containerops.gitlab.plugins.filter"
NAMES = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("*.py"))
LOADED = f"""
import importlib, sys
for name in {NAMES!r}:
    importlib.import_module("{FILTERS}." + name).FilterModule().filters()
print(*sys.modules, sep="\\n")
"""


def test_to_load_them_costs_no_other_module_but_a_few() -> None:
    program = [sys.executable, "-c", LOADED]
    places = {"PYTHONPATH": str(ROOT / "build" / "collections")}
    done = subprocess.run(program, env=places, capture_output=True, text=True, check=True)
    loaded = [name.partition(".plugins.")[2] for name in done.stdout.split() if ".plugins." in name]
    expected = ["filter", *(f"filter.{name}" for name in NAMES)]
    expected += ["plugin_utils", "plugin_utils.deferred", "plugin_utils.role_specs"]
    assert sorted(loaded) == sorted(expected)


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        (approval_text.FilterModule().filters(), "approval_text"),
        (audit_screen.FilterModule().filters(), "audit_screen"),
        (cleanup_screen.FilterModule().filters(), "cleanup_screen"),
        (hosts_screen.FilterModule().filters(), "hosts_screen"),
        (in_use_screen.FilterModule().filters(), "in_use_screen"),
        (restore_screen.FilterModule().filters(), "restore_screen"),
        (settings_screen.FilterModule().filters(), "settings_screen"),
        (shared_paths.FilterModule().filters(), "shared_paths"),
    ],
)
def test_what_is_loaded_later_is_there(filters: dict[str, object], name: str) -> None:
    [(found, function)] = filters.items()
    assert found == name
    assert callable(function)
    with pytest.raises(TypeError, match="missing"):
        function()
