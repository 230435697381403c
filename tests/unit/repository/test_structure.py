# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages below module_utils, what each may import, and which modules are pure."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from tests.tools.collection import ROOT
from tests.unit.repository.tree import INVENTORY, MODULE_UTILS, MODULES, UTILS, dependencies, imports, nodes

# The packages that a package may import, besides itself. Every one of them stands above it in this table.
PACKAGES: dict[str, set[str]] = {
    "_core": set(),
    "_http": {"_core"},
    "_rules": {"_core"},
    "_usage": {"_core", "_rules"},
    "_plan": {"_core", "_rules"},
    "_retention": {"_core", "_rules", "_plan"},
    "_gitlab": {"_core", "_http"},
    "_registry": {"_core", "_http"},
    "_module": {"_core", "_http", "_registry"},
    "_tags": {"_core", "_http", "_rules", "_gitlab", "_registry"},
    "_policy": {"_core", "_rules", "_tags"},
    "_deletion": {"_core", "_http", "_rules", "_plan", "_gitlab", "_registry", "_module", "_tags"},
    "_cleanup": {
        "_retention",
        "_core",
        "_rules",
        "_usage",
        "_plan",
        "_gitlab",
        "_registry",
        "_module",
        "_tags",
        "_policy",
        "_deletion",
    },
    "_settings": {"_core", "_http", "_rules", "_gitlab", "_module", "_tags", "_policy"},
    "_info": {"_core", "_rules", "_usage", "_gitlab", "_registry", "_module", "_tags", "_policy", "_settings"},
    "_plan_files": {"_core", "_http", "_plan", "_gitlab", "_module"},
    "_report": {"_core", "_rules", "_usage", "_plan", "_module", "_deletion"},
    "_repositories": {"_core", "_http", "_rules", "_usage", "_plan", "_gitlab", "_module", "_tags", "_deletion"},
    "_tagging": {"_core", "_rules", "_plan", "_gitlab", "_registry", "_module", "_tags", "_deletion"},
    "_restore": {"_core", "_rules", "_gitlab", "_registry", "_module", "_tags", "_deletion"},
    "_inventory": {"_core", "_http", "_gitlab", "_module"},
}
# What decides: no input or output, no clock, and no import of a module that has either. A package stands for all of it.
PURE = {
    "_core/diffs",
    "_core/documents",
    "_core/errors",
    "_core/journal_parts",
    "_core/plan_package",
    "_core/models",
    "_core/numbers",
    "_core/oci",
    "_core/scope",
    "_core/secrets",
    "_core/server",
    "_core/tag_writes",
    "_core/yaml_text",
    "_core/budget",
    "_core/run_by",
    "_core/words",
    "_gitlab/fields",
    "_rules",
    "_usage",
    "_plan",
    "_retention",
    *("_module/inputs", "_module/intent", "_module/options", "_module/results"),
    "_policy/lint",
    "_policy/prediction",
    "_policy/preview",
    *("_tags/estimate", "_tags/page_starts", "_tags/query"),
    "_registry/catalog_order",
    *("_deletion/attempts", "_deletion/batches", "_deletion/delete_method", "_deletion/earlier_runs"),
    *("_deletion/outcomes", "_deletion/refusals", "_deletion/report", "_deletion/turns"),
    *("_deletion/verification",),
    *(
        "_cleanup/approval",
        "_cleanup/bulk_requests",
        "_cleanup/matches",
        "_cleanup/needs",
        "_cleanup/notes",
        "_cleanup/pins",
        "_cleanup/planning",
        "_cleanup/refusals",
        "_cleanup/state",
    ),
    *("_cleanup/request", "_cleanup/retained", "_cleanup/retention_changes", "_cleanup/summary", "_cleanup/usage"),
    "_settings/document",
    "_settings/options",
    *("_info/audit_file", "_info/audit_rows", "_info/repository_rows"),
    "_settings/outcomes",
    "_settings/plan",
    "_settings/protection",
    "_info/request",
    "_info/rows",
    "_plan_files/merging",
    "_plan_files/packages",
    *(
        "_report/changes",
        "_report/csv_files",
        "_report/groups",
        "_report/labels",
        "_report/markdown",
        "_report/markdown_elements",
        "_report/markdown_repositories",
    ),
    *("_report/model", "_report/outcomes", "_report/prometheus", "_report/request", "_report/set_options"),
    *("_report/page", "_report/page_data", "_report/page_lists", "_report/page_overview", "_report/page_style"),
    *("_report/page_tables", "_report/results", "_report/rows", "_report/sentences", "_report/words"),
    *("_repositories/choice", "_repositories/conditions", "_repositories/planning", "_repositories/request"),
    *("_repositories/results", "_repositories/scope_planning", "_repositories/scope_request"),
    "_repositories/scope_results",
    *("_tagging/planning", "_tagging/request", "_tagging/results"),
    *("_restore/planning", "_restore/request", "_restore/results", "_restore/runs"),
    *("_inventory/hosts", "_inventory/request"),
}
HARMLESS = {
    *(
        "__future__",
        "base64",
        "bisect",
        "collections",
        "contextlib",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fnmatch",
        "fractions",
        "functools",
    ),
    *("hashlib", "heapq", "itertools", "json", "math", "operator", "re", "string", "threading", "typing"),
}
IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "__import__"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
# Modules that ask no server.
LOCAL = {"registry_plan_merge", "registry_pulls_info", "registry_report"}
HOUSEKEEPING = {"check_mode", "_diff", "exit_json", "fail_json", "fail_from_exception"}


def name_of(source: Path) -> str:
    """The path of a file below module_utils, or its bare name, without the ending."""
    return source.relative_to(MODULE_UTILS).with_suffix("").as_posix() if source in UTILS else source.stem


def is_pure(name: str) -> bool:
    return name in PURE or name.partition("/")[0] in PURE


@functools.cache
def words_of(source: Path) -> frozenset[str]:
    """Collect the names, attributes, keywords and arguments in the code of a file, and strings that are one word."""
    words: set[str] = set()
    for node in nodes(source):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, (ast.keyword, ast.arg)) and node.arg:
            words.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
    return frozenset(words)


@functools.cache
def dependencies_by_name() -> dict[str, frozenset[str]]:
    return {name_of(each): dependencies(each) for each in UTILS}


def all_dependencies(source: Path) -> set[str]:
    """Name the modules below module_utils that a file imports, and all that these import."""
    uses = dependencies_by_name()
    reached: set[str] = set()
    waiting = set(dependencies(source))
    while waiting:
        module = waiting.pop()
        assert module in uses, f"there is no {module}"
        reached.add(module)
        waiting |= uses[module] - reached
    return reached


def test_the_table_has_every_package_and_no_circle() -> None:
    assert set(PACKAGES) == {path.name for path in MODULE_UTILS.iterdir() if path.is_dir() and path.name[1] != "_"}
    order = list(PACKAGES)
    for package, allowed in PACKAGES.items():
        assert allowed <= set(order[: order.index(package)])


def test_no_module_lies_outside_of_a_package() -> None:
    assert not [path.name for path in MODULE_UTILS.glob("*.py")]


@pytest.mark.parametrize("source", [*MODULES, *INVENTORY, *UTILS], ids=name_of)
def test_modules_are_imported_by_their_relative_names(source: Path) -> None:
    assert not [found for found in imports(source) if found.module.split(".")[0] in {"ansible_collections", "plugins"}]


@pytest.mark.parametrize("source", UTILS, ids=name_of)
def test_a_package_imports_only_what_the_table_allows(source: Path) -> None:
    package = source.parent.name
    for other in dependencies(source):
        assert other.partition("/")[0] in {package, *PACKAGES[package]}, f"{name_of(source)} imports {other}"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_table_allows_nothing_that_nobody_imports(package: str) -> None:
    imported = {
        other.partition("/")[0] for source in UTILS if source.parent.name == package for other in dependencies(source)
    }
    assert PACKAGES[package] <= imported


def test_no_module_imports_itself_by_way_of_others() -> None:
    for source in UTILS:
        assert name_of(source) not in all_dependencies(source), f"{name_of(source)} imports itself"


@pytest.mark.parametrize("source", [source for source in UTILS if is_pure(name_of(source))], ids=name_of)
def test_pure_modules_do_no_io_and_read_no_clock(source: Path) -> None:
    for other in dependencies(source):
        assert is_pure(other), f"{name_of(source)} imports {other}, which is not pure"
    for found in imports(source):
        package = found.module.split(".")[0]
        parsers = {"_rules/patterns": {"re2"}, "_core/yaml_text": {"yaml"}}
        allowed = HARMLESS | parsers.get(name_of(source), set())
        assert found.module.startswith(".") or package in allowed, f"{source.name}:{found.line} imports {found.module}"
    for node in nodes(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE_NAMES, f"{source.name}:{node.lineno} calls {node.func.id}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"{source.name}:{node.lineno} reads a clock"


@pytest.mark.parametrize(("library", "home"), [("requests", "_http"), ("urllib3", "_http"), ("re2", "_rules")])
def test_a_library_is_imported_in_one_package_only(library: str, home: str) -> None:
    users = {
        source.parent.name
        for source in (ROOT / "plugins").rglob("*.py")
        if any(found.module.split(".")[0] == library for found in imports(source))
    }
    assert users == {home}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_module_files_import_the_collection_and_no_http(module: Path) -> None:
    for found in imports(module):
        if not found.module.startswith("."):
            assert found.module.split(".")[0] in HARMLESS, f"{module.stem}:{found.line} imports {found.module}"
    assert not [other for other in dependencies(module) if other.startswith("_http/")]


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_imports_no_client_that_it_does_not_use(module: Path) -> None:
    """Ansible packs all that a module imports, and the host compiles it in every task."""
    packages = {each.partition("/")[0] for each in all_dependencies(module)}
    options = words_of(module)
    assert ("_http" in packages) == (module.stem not in LOCAL)
    assert ("_gitlab" in packages) == (module.stem not in LOCAL)
    # Options of the registry come with READING, too. A preview reads tags, and one way of that is the registry.
    assert ("_registry" in packages) == bool(options & {"REGISTRY", "READING", "preview"})


@pytest.mark.parametrize(
    "source", [source for source in [*MODULES, *UTILS] if name_of(source) != "_module/run"], ids=name_of
)
def test_only_run_knows_check_mode_exit_and_failure(source: Path) -> None:
    assert not words_of(source) & HOUSEKEEPING


def test_run_does_know_them() -> None:
    assert {"check_mode", "exit_json", "fail_json"} <= words_of(MODULE_UTILS / "_module" / "run.py")


def values_in(source: Path) -> set[str]:
    """Name the dataclasses and named tuples that a file defines."""
    classes = [node for node in nodes(source) if isinstance(node, ast.ClassDef)]
    return {
        node.name
        for node in classes
        if "dataclass" in " ".join(map(ast.unparse, node.decorator_list))
        or "NamedTuple" in " ".join(map(ast.unparse, node.bases))
    }


def test_values_are_made_with_keywords() -> None:
    """Fields that stand side by side without their names can be swapped, and nobody sees it."""
    values = set().union(*map(values_in, [*MODULES, *INVENTORY, *UTILS]))
    tests = [*(ROOT / "tests" / "unit").rglob("*.py"), *(ROOT / "tests" / "conformance").rglob("*.py")]
    for source in [*MODULES, *INVENTORY, *UTILS, *tests]:
        where = source.relative_to(ROOT)
        for node in nodes(source):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in values:
                assert len(node.args) <= 2, f"{where}:{node.lineno} makes {node.func.id} without names"


@pytest.mark.parametrize("source", UTILS, ids=name_of)
def test_no_file_is_longer_than_a_subject(source: Path) -> None:
    code = [line for line in source.read_text().splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 400


def defined_in(source: Path) -> set[str]:
    """Name the functions and constants that stand at the outermost level of a file. Types may be named by values."""
    found = set()
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@functools.cache
def users_of_names() -> dict[str, set[Path]]:
    """Tell for each name and attribute which files of the plugins and the tests have it."""
    users: dict[str, set[Path]] = {}
    for top in ("plugins", "tests"):
        for source in (ROOT / top).rglob("*.py"):
            for name in words_of(source) | {str(found.name) for found in imports(source)}:
                users.setdefault(name, set()).add(source)
    return users


@pytest.mark.parametrize("source", UTILS, ids=name_of)
def test_what_one_file_uses_is_private(source: Path) -> None:
    public = {name for name in defined_in(source) if not name.startswith("_")}
    assert not {name for name in public if not users_of_names()[name] - {source}}


def test_the_simulator_shares_no_code_with_the_plugins() -> None:
    files = sorted((ROOT / "tests" / "simulator").rglob("*.py"))
    assert files
    for source in files:
        for found in imports(source):
            where = f"{source.name}:{found.line} imports {found.module}"
            assert found.module.split(".")[0] not in {"ansible", "ansible_collections", "plugins"}, where
