# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms of the house, and that imports go one way between them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tools.collection import ROOT
from tests.unit.repository.tree import INVENTORY, MODULES, ROOMS, imports

PURE = {
    "_models",
    "_errors",
    "_matching",
    "_durations",
    "_number_words",
    "_retention",
    "_versions",
    "_approval",
    "_in_use",
    "_living_refs",
    "_families",
    "_recall",
    "_import_dates",
    "_server_policy",
    "_policy_review",
    "_plan",
    "_plan_merge",
    "_images",
    "_protection",
    "_settings",
    "_hosts",
}
FLOORS = [
    PURE,
    {"_client", "_gate", "_files", "_journal"},
    {"_api", "_rest", "_rest_settings", "_rest_packages", "_graphql", "_registry_session", "_distribution"},
    {
        *("_argspec", "_scope", "_server", "_reading", "_image_cache", "_preview", "_run"),
        *(
            "_deletion",
            "_build_dates",
            "_bulk",
            "_promotion",
            "_pinning",
            "_repository_deletion",
            "_fleet",
            "_settings_argspec",
            "_settings_run",
            "_deletion_run",
            "_retention_argspec",
            "_estimate",
        ),
    },
    {"_cleanup_observation"},
]
# Within a floor: who may use whom.
NEIGHBOURS = {
    ("_argspec", "_scope"),
    ("_build_dates", "_server"),
    ("_bulk", "_deletion"),
    ("_bulk", "_reading"),
    ("_bulk", "_server"),
    ("_estimate", "_reading"),
    ("_estimate", "_server"),
    ("_deletion", "_reading"),
    ("_deletion", "_server"),
    ("_client", "_gate"),
    ("_deletion_run", "_deletion"),
    ("_deletion_run", "_run"),
    ("_preview", "_reading"),
    ("_preview", "_server"),
    ("_graphql", "_api"),
    ("_rest", "_api"),
    ("_rest_settings", "_api"),
    ("_rest_packages", "_api"),
    ("_fleet", "_scope"),
    ("_settings_argspec", "_argspec"),
    ("_settings_argspec", "_scope"),
    ("_settings_run", "_fleet"),
    ("_settings_run", "_run"),
    ("_settings_run", "_scope"),
    ("_distribution", "_registry_session"),
    ("_repository_deletion", "_deletion"),
    ("_repository_deletion", "_reading"),
    ("_repository_deletion", "_server"),
    ("_pinning", "_promotion"),
    ("_reading", "_server"),
    ("_run", "_argspec"),
}
HARMLESS = {
    *(
        "__future__",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "fnmatch",
        "fractions",
        "functools",
        "hashlib",
        "itertools",
    ),
    *("json", "math", "operator", "re", "traceback", "typing"),
}
IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "__import__"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
HOUSEKEEPING = {"check_mode", "_diff", "exit_json", "fail_json", "fail_from_exception"}


def floor_of(room: str) -> int:
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), -1)


def neighbours_of(room: Path) -> set[str]:
    """Name the rooms that a room imports, which all lie in the same folder."""
    names = set()
    for found in imports(room):
        if found.module in {".", "..module_utils"}:
            names.add(str(found.name))
        elif found.module.startswith("."):
            names.add(found.module.lstrip(".").split(".")[-1])
    return names


def words_of(source: Path) -> set[str]:
    """Collect the names, attributes, keywords and arguments in the code of a file, and strings that are one word."""
    words: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, (ast.keyword, ast.arg)) and node.arg:
            words.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
    return words


@pytest.mark.parametrize("source", [*MODULES, *INVENTORY, *ROOMS], ids=lambda source: source.stem)
def test_rooms_are_imported_by_their_relative_name(source: Path) -> None:
    assert not [found for found in imports(source) if found.module.split(".")[0] in {"ansible_collections", "plugins"}]


def test_every_room_has_its_floor() -> None:
    assert ROOMS
    assert {room.stem for room in ROOMS} <= set().union(*FLOORS)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.stem)
def test_rooms_use_only_what_lies_below(room: Path) -> None:
    for other in neighbours_of(room):
        assert floor_of(other) >= 0, f"{room.stem} imports {other}, which is no room"
        below = floor_of(other) < floor_of(room.stem)
        together = room.stem in PURE and other in PURE
        assert below or together or (room.stem, other) in NEIGHBOURS, f"{room.stem} imports {other}"


def test_nobody_imports_itself_by_way_of_others() -> None:
    uses = {room.stem: neighbours_of(room) for room in ROOMS}
    for start in uses:
        reached: set[str] = set()
        waiting = set(uses[start])
        while waiting:
            room = waiting.pop()
            reached.add(room)
            waiting |= uses.get(room, set()) - reached
        assert start not in reached, f"{start} imports itself"


@pytest.mark.parametrize("room", [room for room in ROOMS if room.stem in PURE], ids=lambda room: room.stem)
def test_pure_rooms_do_no_io_and_read_no_clock(room: Path) -> None:
    for found in imports(room):
        package = found.module.split(".")[0]
        allowed = HARMLESS | ({"re2"} if room.stem == "_matching" else set())
        assert found.module.startswith(".") or package in allowed, f"{room.stem}:{found.line} imports {found.module}"
    for node in ast.walk(ast.parse(room.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE_NAMES, f"{room.stem}:{node.lineno} calls {node.func.id}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"{room.stem}:{node.lineno} reads a clock"


@pytest.mark.parametrize(("library", "home"), [("requests", "_client"), ("urllib3", "_client"), ("re2", "_matching")])
def test_a_library_is_imported_in_one_room_only(library: str, home: str) -> None:
    users = {
        source.stem
        for source in (ROOT / "plugins").rglob("*.py")
        if any(found.module.split(".")[0] == library for found in imports(source))
    }
    assert users == {home}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_modules_import_rooms_and_no_http(module: Path) -> None:
    for found in imports(module):
        if not found.module.startswith("."):
            assert found.module.split(".")[0] in HARMLESS, f"{module.stem}:{found.line} imports {found.module}"
    assert "_client" not in neighbours_of(module)


@pytest.mark.parametrize(
    "source", [source for source in [*MODULES, *ROOMS] if source.stem != "_run"], ids=lambda source: source.stem
)
def test_only_run_knows_check_mode_exit_and_failure(source: Path) -> None:
    assert not words_of(source) & HOUSEKEEPING


def test_run_does_know_them() -> None:
    known = words_of(ROOT / "plugins" / "module_utils" / "_run.py")
    assert {"check_mode", "exit_json", "fail_json"} <= known


def test_the_simulator_shares_no_code_with_the_plugins() -> None:
    files = sorted((ROOT / "tests" / "simulator").rglob("*.py"))
    assert files
    for source in files:
        for found in imports(source):
            where = f"{source.name}:{found.line} imports {found.module}"
            assert found.module.split(".")[0] not in {"ansible", "ansible_collections", "plugins"}, where
