# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection says about itself in several places, and that these agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.tools.collection import ROOT
from tests.tools.pages import anchors_of
from tests.tools.roles import ROLES
from tests.unit.repository.tree import INVENTORY, MODULES, read_yaml, sources, text_of

VERSION = read_yaml("galaxy.yml")["version"]
GROUP = "containerops.gitlab._attributes.actiongroup_registry"
LICENCE = "License-Identifier: GPL-3.0-or-later"


def readme_names(heading: str, column: int = 0) -> set[str]:
    """Name what a column of a table below a heading of the README lists."""
    table = (ROOT / "README.md").read_text().partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows if column < len(row) for name in re.findall(r"`([^`]+)`", row[column])}


def test_action_group_holds_the_modules_that_say_so() -> None:
    members = [
        module.stem
        for module in MODULES
        if GROUP in yaml.safe_load(text_of(module, "DOCUMENTATION"))["extends_documentation_fragment"]
    ]
    assert read_yaml("meta/runtime.yml")["action_groups"]["registry"] == sorted(members)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_module_is_documented_with_examples_and_return_values(module: Path) -> None:
    documentation = yaml.safe_load(text_of(module, "DOCUMENTATION"))
    assert documentation["module"] == module.stem
    assert {"check_mode", "diff_mode", "idempotent"} <= set(documentation.get("attributes", {})) or (
        "containerops.gitlab._attributes.info_module" in documentation["extends_documentation_fragment"]
    )
    tasks = yaml.safe_load(text_of(module, "EXAMPLES"))
    assert any(f"containerops.gitlab.{module.stem}" in task for task in tasks)
    returned = yaml.safe_load(text_of(module, "RETURN"))
    assert returned
    for name, value in returned.items():
        assert {"description", "type", "returned"} <= set(value), name


@pytest.mark.parametrize("plugin", INVENTORY, ids=lambda plugin: plugin.stem)
def test_inventory_plugin_is_documented_with_examples(plugin: Path) -> None:
    documentation = yaml.safe_load(text_of(plugin, "DOCUMENTATION"))
    name = f"containerops.gitlab.{plugin.stem}"
    assert documentation["name"] == plugin.stem
    assert documentation["options"]["plugin"]["choices"] == [name]
    assert all(example["plugin"] == name for example in yaml.safe_load_all(text_of(plugin, "EXAMPLES")))


def test_readme_lists_what_there_is() -> None:
    assert readme_names("Modules") == {module.stem for module in MODULES}
    assert readme_names("Roles") == {role.name for role in (ROOT / "roles").iterdir()}
    playbooks = readme_names("Roles", column=1) | readme_names("Playbooks for approval")
    assert playbooks == {playbook.stem for playbook in (ROOT / "playbooks").glob("*.yml")}
    plugins = [path for kind in ("inventory", "filter", "lookup") for path in (ROOT / "plugins" / kind).glob("*.py")]
    assert readme_names("Other plugins") == {plugin.stem for plugin in plugins}


def test_readme_lists_every_page() -> None:
    listed = re.findall(r"\| \[[^\]]+\]\([^)]+/docs/([\w-]+\.md)\) \|", (ROOT / "README.md").read_text())
    assert sorted(listed) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))


def test_links_of_the_readme_work_in_galaxy() -> None:
    """Galaxy shows the text alone, so links name the repository; those to it name what is there."""
    text = (ROOT / "README.md").read_text()
    home = read_yaml("galaxy.yml")["repository"]
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors_of(text), target
            continue
        assert target.startswith("https://"), target
        kind, _between, path = target.partition(f"{home}/-/")[2].partition("/main/")
        if path:
            there = ROOT / path.partition("#")[0]
            assert there.is_dir() if kind == "tree" else there.is_file(), target


def test_the_figures_of_the_readme_are_those_of_the_tests() -> None:
    text = (ROOT / "README.md").read_text()
    recordings = sum(len(path.read_text().splitlines()) for path in (ROOT / "tests/conformance/tables").glob("*.jsonl"))
    assert f"{recordings:,} recorded answers" in text
    situations = sum(len(yaml.safe_load(path.read_text())) for path in (ROOT / "tests/faults/situations").glob("*.yml"))
    assert f"A list of {situations} situations" in text


def test_roles_are_documented() -> None:
    for role in (ROOT / "roles").iterdir():
        assert (role / "README.md").is_file(), role.name
        specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
        options = specs["main"]["options"]
        assert all(name.startswith("registry_") and option["description"] for name, option in options.items())
        file = role / "defaults" / "main.yml"
        # What a role runs a module with has the defaults of the module.
        defaults = yaml.safe_load(file.read_text()) if role.name not in ROLES else {}
        assert file.exists() is bool(defaults)
        assert set(defaults) <= set(options)
        for name, value in defaults.items():
            assert options[name].get("default") == value, f"{name} has two defaults"


def test_version_is_told_alike_everywhere() -> None:
    released = re.findall(r"^## v(\S+)$", (ROOT / "CHANGELOG.md").read_text().replace("\\", ""), re.MULTILINE)
    upcoming = ROOT / "changelogs" / "fragments" / f"{VERSION}.yml"
    assert released[:1] == [VERSION] or "release_summary" in yaml.safe_load(upcoming.read_text())
    argspec = (ROOT / "plugins" / "module_utils" / "_module" / "access.py").read_text()
    assert re.findall(r'^_COLLECTION_VERSION = "(.+)"$', argspec, re.MULTILINE) == [VERSION]
    for told in re.findall(r"containerops[.-]gitlab[:-](\d+\.\d+\.\d+)", (ROOT / "README.md").read_text()):
        assert told == VERSION


@pytest.mark.parametrize("module", [*MODULES, *INVENTORY], ids=lambda module: module.stem)
def test_nothing_was_added_in_a_later_version(module: Path) -> None:
    def number(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in version.split("."))

    added = re.findall(r"version_added: ['\"]?([\d.]+)", module.read_text())
    assert added
    assert all(number(version) <= number(VERSION) for version in added)


def test_runtime_requirements_are_lower_bounds() -> None:
    """But for what has no wheel for the oldest Python."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert {re.split("[^a-z0-9-]", line)[0] for line in wanted} == {"google-re2", "requests"}
    lower = [line.partition(";")[0].replace(",<1.1.20251105", "") for line in wanted]
    assert all(re.fullmatch(r"[a-z0-9-]+>=[\d.]+", line) for line in lower)


@pytest.mark.parametrize(("python", "newest"), [("3.9", "1.1.20250805"), ("3.10", "1.1.20251105")])
def test_a_wheel_of_re2_is_chosen_for_each_python(python: str, newest: str) -> None:
    lines = map(Requirement, re.findall("^google-re2.*", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    [line] = [each for each in lines if each.marker and each.marker.evaluate({"python_version": python})]
    assert max(line.specifier.filter(["1.0", "1.1.20250805", "1.1.20251105"]), key=Version) == newest


def test_every_file_names_its_licence() -> None:
    bare = {"CHANGELOG.md", "changelogs/changelog.yaml", "LICENSES/GPL-3.0-or-later.txt"}
    for source in sources():
        if str(source.relative_to(ROOT)) in bare or source.suffix in (".json", ".jsonl", ".png") or source.is_symlink():
            continue
        # ansible-test wants an __init__.py below tests/unit to be empty.
        if source.name == "__init__.py" and not source.read_text():
            continue
        assert LICENCE in "".join(source.read_text().splitlines(keepends=True)[:8]), source.relative_to(ROOT)


def test_no_sanity_test_is_ignored() -> None:
    assert not list((ROOT / "tests").glob("sanity/ignore*"))
