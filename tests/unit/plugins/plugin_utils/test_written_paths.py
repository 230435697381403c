# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that several hosts of a play would write: all kinds, on one machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.module_utils._core.files import WRITTEN
from ansible_collections.containerops.gitlab.plugins.plugin_utils.written_paths import shared_paths, writes_of
from tests.tools.collection import ROOT

CLEANUP = "registry_cleanup"
LOCAL = {"ansible_connection": "local"}
HOSTS = ("a", "b", "c")


def facts(role: str, options: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """What a role leaves of a host."""
    return {f"__{role}": {"options": options, "writes": writes_of(role, options, variables)}}


def refused(*hosts: dict[str, Any]) -> dict[str, str]:
    """What is refused of the hosts a, b and so on."""
    given = dict(zip(HOSTS, hosts, strict=False))
    return shared_paths(given, given)


def host(name: str, path: str = "/r/plan.jsonl", role: str = CLEANUP, **variables: Any) -> dict[str, Any]:
    where = variables or LOCAL
    return facts(role, {"plan_path": path}, inventory_hostname=name, **where)


# By this role the journal of a cleanup is read.
ONLY_READ = {("registry_restore", "journal_path")}


def written_variables() -> list[tuple[str, str]]:
    found = []
    for specs in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")):
        role = specs.parents[1].name
        for variable in yaml.safe_load(specs.read_text())["argument_specs"]["main"]["options"]:
            option = variable.removeprefix(f"{role}_")
            found += [(role, option)] if option in WRITTEN and (role, option) not in ONLY_READ else []
    return found


@pytest.mark.parametrize(("role", "option"), written_variables(), ids=str)
def test_every_file_that_a_role_writes_is_of_one_host(role: str, option: str) -> None:
    both = [facts(role, {option: "/r/file"}, inventory_hostname=name, **LOCAL) for name in HOSTS[:2]]
    sentence = (
        f"{role}_{option} /r/file would be written by several hosts of this play, {{}}: give each host a file of its "
        "own, with inventory_hostname in the name"
    )
    assert refused(*both) == {"a": sentence.format("a and b"), "b": sentence.format("b and a")}


def test_there_are_such_variables_of_every_role_that_writes() -> None:
    roles = {role for role, _option in written_variables()}
    assert roles == {"registry_audit", CLEANUP, "registry_in_use", "registry_settings"}
    assert len(written_variables()) > 15


def test_files_of_their_own_are_no_matter() -> None:
    assert refused(host("a", "/r/a"), host("b", "/r/b")) == {}
    assert refused(host("a"), {}, {"__registry_cleanup": "no fact of the role"}) == {}
    assert refused({"__registry_cleanup": {"options": {"plan_path": "/r/a"}}}) == {}


def test_what_is_only_read_may_be_of_all_hosts() -> None:
    options = {"approved_plan_path": "/r/plan", "in_use_sources_path": "/r/used", "compare_with": "/r/may", "keep_n": 1}
    assert refused(*(facts(CLEANUP, options, inventory_hostname=name, **LOCAL) for name in HOSTS)) == {}


@pytest.mark.parametrize(("role", "option"), ONLY_READ)
def test_a_journal_may_be_read_by_all_hosts(role: str, option: str) -> None:
    both = [facts(role, {option: "/r/journal"}, inventory_hostname=name, **LOCAL) for name in HOSTS[:2]]
    assert refused(*both) == {}


def test_an_empty_path_is_none() -> None:
    assert refused(host("a", ""), host("b", "")) == {}


def test_other_variables_and_roles_lead_to_one_file_too() -> None:
    found = refused(host("a"), facts("registry_audit", {"json_path": "/r/plan.jsonl"}, inventory_hostname="b", **LOCAL))
    assert found["a"].startswith("registry_cleanup_plan_path /r/plan.jsonl ")
    assert found["b"].startswith("registry_audit_json_path /r/plan.jsonl ")


def test_names_of_one_file_are_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert set(refused(host("a", f"{tmp_path}/x"), host("b", f"{tmp_path}/link/x"))) == {"a", "b"}


def test_all_hosts_are_told_and_one_of_the_others_is_named() -> None:
    found = refused(host("a"), host("b"), host("c"))
    assert [found[name].partition("play, ")[2].partition(":")[0] for name in HOSTS] == [
        "a, b and 1 more",
        "b, a and 1 more",
        "c, a and 1 more",
    ]


def test_a_path_is_shared_on_one_machine_alone() -> None:
    assert refused(host("a", ansible_connection="ssh"), host("b", ansible_connection="ssh")) == {}
    assert refused(host("a"), host("b", ansible_connection="ssh")) == {}
    same = {"ansible_connection": "ssh", "ansible_host": "10.0.0.1"}
    assert set(refused(host("a", **same), host("b", **same))) == {"a", "b"}


def test_tasks_that_are_delegated_write_where_they_run() -> None:
    ssh: dict[str, Any] = {"ansible_connection": "ssh"}
    here = {**ssh, "ansible_delegated_vars": {"localhost": LOCAL}}
    assert set(refused(host("a", **here), host("b", **here))) == {"a", "b"}
    bastion = {**ssh, "ansible_delegated_vars": {"bastion": ssh}}
    assert set(refused(host("a", **bastion), host("b", **bastion), host("c", **ssh))) == {"a", "b"}


def test_what_is_in_use_is_always_written_on_the_control_node() -> None:
    both = [
        facts("registry_in_use", {"output_path": "/r/used"}, inventory_hostname=name, ansible_connection="ssh")
        for name in HOSTS[:2]
    ]
    assert set(refused(*both)) == {"a", "b"}


def test_facts_of_a_task_with_run_once_are_of_the_host_that_ran_it() -> None:
    """Ansible gives them to all hosts."""
    assert refused(host("a"), host("a"), host("a")) == {}


def test_variables_are_read_as_templates() -> None:
    variables = {"inventory_hostname": "a", "ansible_connection": "{{ where }}"}
    found = writes_of(CLEANUP, {"plan_path": "/r/x"}, variables, lambda value: "local" if value else value)
    assert found["machine"] == ""
