# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One file that two options name: nothing is read, sent or written before that is refused."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator
from tests.unit.repository.tree import MODULES

MODULE = "ansible_collections.containerops.gitlab.plugins.modules"
WRITTEN = {"plan_path", "merged_plan_path", "output_path", "journal_path", "cache_path"}
RULES: dict[str, Any] = {"project": ["team/app"], "name_regex_delete": "dev-.*", "older_than": "30d"}
REQUIRED: dict[str, dict[str, Any]] = {
    "registry_cleanup": RULES,
    "registry_catalog_info": {},
    "registry_info": {"group": "team"},
    "registry_plan_merge": {"plan_paths": ["nowhere"]},
    "registry_plan_package": {"action": "fetch", "project": "team/app", "version": "1"},
    "registry_cleanup_policy": {"project": ["team/app"], "enabled": False},
    "registry_repository_protection": {"project": ["team/app"], "rules": []},
    "registry_settings": {"projects": [{"project": "team/app", "access_level": "enabled"}]},
    "registry_tag_protection": {"project": ["team/app"], "rules": []},
    "registry_repository": {"project": ["team/app"], "state": "absent", "conditions": {"empty": True}},
    "registry_visibility": {"project": ["team/app"], "access_level": "enabled"},
}
OTHERS = {"approved_plan_path": {"approved_fingerprint": "sha256:0"}, "client_key": {"client_cert": "nowhere"}}


def pairs() -> list[tuple[str, str, str]]:
    """Two paths of one module, of which one at least is written."""
    found = []
    for source in MODULES:
        options = importlib.import_module(f"{MODULE}.{source.stem}").ARGUMENTS.options
        paths = [name for name, spec in options.items() if "path" in (spec["type"], spec.get("elements"))]
        found += [(source.stem, *pair) for pair in itertools.combinations(paths, 2) if WRITTEN & {*pair}]
    return found


@pytest.mark.parametrize(("module", "one", "other"), pairs())
def test_two_paths_of_one_file_are_refused_before_anything_is_done(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, module: str, one: str, other: str
) -> None:
    simulator.load(team())
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("as it was")
    link.symlink_to("file")
    given = {**REQUIRED.get(module, {}), **OTHERS.get(one, {}), **OTHERS.get(other, {})}
    if "retention_path" in (one, other):
        given = {"project": ["team/app"]}
    named = {name: [path] if name == "plan_paths" else path for name, path in ((one, str(file)), (other, str(link)))}
    run = ansible.module(module, {**given, **named})
    assert run.failed
    assert not run.result["changed"]
    assert f"{one} {file} and {other} {link} are the same file: give each a file of its own." in run.result["msg"]
    assert file.read_text() == "as it was"
    assert simulator.counters()["total"] == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.name in ("file", "link")) == ["file", "link"]


def test_the_file_of_the_token_in_the_environment_is_not_overwritten(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.load(team())
    file = tmp_path / "token"
    file.write_text("glpat-of-the-environment")
    environment = {"GITLAB_TOKEN": "", "GITLAB_TOKEN_FILE": str(file)}
    run = ansible.module("registry_cleanup", {**RULES, "plan_path": str(file)}, env=environment)
    assert f"plan_path {file} and GITLAB_TOKEN_FILE {file} are the same file" in json.dumps(run.result)
    assert file.read_text() == "glpat-of-the-environment"
    assert simulator.counters()["total"] == 0
