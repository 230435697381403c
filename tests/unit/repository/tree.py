# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources as these tests see them."""

from __future__ import annotations

import ast
import functools
import typing as t
from pathlib import Path

import yaml

from tests.tools.collection import LEFT_OUT, ROOT

MODULES = sorted((ROOT / "plugins" / "modules").glob("registry_*.py"))
INVENTORY = sorted((ROOT / "plugins" / "inventory").glob("*.py"))
MODULE_UTILS = ROOT / "plugins" / "module_utils"
UTILS = sorted(path for path in MODULE_UTILS.rglob("*.py") if path.stem != "__init__")


class Import(t.NamedTuple):
    """One imported name: `module` as written, with its leading dots."""

    module: str
    name: str | None
    line: int


@functools.lru_cache(maxsize=1)
def nodes(source: Path) -> tuple[ast.AST, ...]:
    """List all nodes of a file's syntax tree. Only the last file is remembered: all of them take too much memory."""
    return tuple(ast.walk(ast.parse(source.read_text())))


@functools.cache
def imports(source: Path) -> tuple[Import, ...]:
    """List everything that a file imports anywhere, also under a condition or in a function."""
    found: list[Import] = []
    for node in nodes(source):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, None, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found += [Import(module, alias.name, node.lineno) for alias in node.names]
    return tuple(found)


@functools.cache
def dependencies(source: Path) -> frozenset[str]:
    """Name the modules below module_utils that a file imports, as package/module."""
    found = set()
    for each in imports(source):
        dots = len(each.module) - len(each.module.lstrip("."))
        if dots:
            words = [*each.module.split("module_utils")[-1].strip(".").split("."), str(each.name)]
            package = [source.parent.name] if source in UTILS and dots == 1 else []
            found.add("/".join([*package, *filter(None, words)][:2]))
    return frozenset(found)


def text_of(source: Path, name: str) -> str:
    """Return the string that a module assigns to a name such as DOCUMENTATION; empty when there is none."""
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return str(ast.literal_eval(node.value))
    return ""


def read_yaml(path: str) -> t.Any:
    """Read a YAML file of the checkout."""
    return yaml.safe_load((ROOT / path).read_text())


def sources() -> t.Iterator[Path]:
    """Walk the files of the checkout that belong to it."""
    folders = [ROOT]
    while folders:
        folder = folders.pop()
        entries = {entry.name: entry for entry in folder.iterdir()}
        for name in sorted(set(entries) - LEFT_OUT(str(folder), list(entries))):
            if entries[name].is_dir():
                folders.append(entries[name])
            else:
                yield entries[name]
