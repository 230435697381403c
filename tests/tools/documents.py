# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What plugins document about themselves, with the fragments that they share."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import yaml

from tests.tools.collection import ROOT

OWN_FRAGMENTS = "containerops.gitlab."


def texts_of(source: Path) -> dict[str, str]:
    """The strings that a file gives names to, at its top or in a class, such as DOCUMENTATION."""
    found = {}
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({ast.unparse(target): node.value.value for target in node.targets})
    return found


def documentation_of(plugin: Path) -> dict[str, Any]:
    """The documentation of a plugin, as it is written in its file."""
    found: dict[str, Any] = yaml.safe_load(texts_of(plugin)["DOCUMENTATION"])
    return found


@functools.cache
def fragments() -> dict[str, dict[str, Any]]:
    """All fragments of this collection by the names that plugins give them."""
    found = {}
    for source in sorted((ROOT / "plugins" / "doc_fragments").glob("*.py")):
        for part, text in texts_of(source).items():
            name = source.stem if part == "DOCUMENTATION" else f"{source.stem}.{part.lower()}"
            found[f"{OWN_FRAGMENTS}{name}"] = yaml.safe_load(text)
    return found


@functools.cache
def options_of(plugin: Path) -> dict[str, Any]:
    """All options of a plugin by name, those of this collection's fragments included."""
    known = fragments()
    documented = documentation_of(plugin)
    shared = [known[name] for name in documented["extends_documentation_fragment"] if name.startswith(OWN_FRAGMENTS)]
    return {name: option for part in [*shared, documented] for name, option in (part.get("options") or {}).items()}
