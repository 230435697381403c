# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of modules, and whether it is true."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.integration.driver import Task

MODULES_FOLDER = Path(__file__).resolve().parents[2] / "plugins" / "modules"

# What Ansible itself adds to a result.
ANSIBLE = {"changed", "diff", "failed", "msg", "invocation", "warnings", "deprecations", "exception"}
TYPES = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict, "list": list, "raw": object}


def documentation(module: str, part: str) -> Any:
    source = (MODULES_FOLDER / f"{module}.py").read_text()
    return yaml.safe_load(source.partition(f'{part} = r"""')[2].partition('"""')[0])


def assert_documented(module: str, tasks: Iterable[Task]) -> None:
    """What the tasks returned is documented as it is, and all that is documented is among it."""
    documented = documentation(module, "RETURN")
    seen: set[str] = set()
    for task in tasks:
        own = {
            key: value
            for key, value in task.result.items()
            if key in documented or (key not in ANSIBLE and not key.startswith("_ansible"))
        }
        _compare(own, documented, module, seen)
    assert sorted(set(_paths(documented, module)) - seen) == []


def _compare(found: dict[str, Any], documented: dict[str, Any], place: str, seen: set[str]) -> None:
    """Every key is documented with its type, and where keys of a list or dict are documented they are all there."""
    assert set(found) <= set(documented), f"{place}: undocumented {set(found) - set(documented)}"
    for key, value in found.items():
        spec = documented[key]
        here = f"{place}.{key}"
        seen.add(here)
        assert value is None or isinstance(value, TYPES[spec["type"]]), f"{here} is {value!r}"
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if "contains" in spec and isinstance(row, dict):
                assert set(row) == set(spec["contains"]), f"{here}: {set(row) ^ set(spec['contains'])}"
                _compare(row, spec["contains"], here, seen)
            elif isinstance(value, list) and row is not None:
                assert isinstance(row, TYPES[spec["elements"]]), f"{here} holds {row!r}"


def _paths(documented: dict[str, Any], place: str) -> list[str]:
    """All documented places but those inside lists that may be empty in these runs."""
    found = []
    for key, spec in documented.items():
        found.append(f"{place}.{key}")
        if "contains" in spec and place.count(".") == 0 and key not in ("outcome",):
            found += _paths(spec["contains"], f"{place}.{key}")
    return found
