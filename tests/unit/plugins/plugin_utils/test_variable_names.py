# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guard under a misspelt name is found, and what other people have in their playbooks is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_specs import is_of_another_role, specs_of
from ansible_collections.containerops.gitlab.plugins.plugin_utils.role_variables import (
    STATISTICS,
    Playbook,
    read_variables,
)
from ansible_collections.containerops.gitlab.plugins.plugin_utils.variable_names import (
    is_guard,
    is_slip,
    may_be_meant,
)
from tests.tools.collection import ROOT

CLEANUP = "registry_cleanup"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
OPTIONS = [name.removeprefix(f"{CLEANUP}_") for name in specs_of(CLEANUP)]
GUARDS = [option for option in OPTIONS if is_guard(CLEANUP, option)]
VALUES: dict[str, Any] = {
    "int": 5,
    "float": 5.0,
    "bool": True,
    "list": ["v1"],
    "raw": [{"name": "a"}],
    "dict": {"a": "b"},
}


def value_of(option: str) -> Any:
    """A value that an option may have."""
    spec = specs_of(CLEANUP)[f"{CLEANUP}_{option}"]
    if spec.get("elements") == "int":
        return [7]
    return spec["choices"][0] if "choices" in spec else VALUES.get(spec["type"], "30d")


def refusals(name: str, value: Any, role: str = CLEANUP, **given: Any) -> tuple[str, ...]:
    """What a role says of a variable of a play."""
    if name in specs_of(role) or not may_be_meant(name) or is_of_another_role(role, name):
        return ()
    return read_variables(role, specs_of(role), given, others={name: lambda: value}).refusals


# The name of a variable, how it is written, and what is meant.
MISSPELT = {
    "registry_protect": "protect",
    "registry_protects": "protect",
    "registry_protected": "protect",
    "registry_protcet": "protect",
    "regsitry_protect": "protect",
    "cleaup_protect": "protect",
    "cleanup_protected": "protect",
    "gitlab_registry_protected": "protect",
    "registry_max_deletion": "max_deletions",
    "registry_in_use_source": "in_use_sources",
    "registry_excluded_repositories": "exclude_repositories",
    "registry_exclude_repositories": "exclude_repositories",
    "registry_exclude_repository": "exclude_repositories",
    "registry_keep_n": "keep_n",
    "registry_keepN": "keep_n",
    "registry_older_than": "older_than",
    "registry_olderthan": "older_than",
    "registry_repositories": "repositories",
    "registry_max_deletions": "max_deletions",
    "registry_name_regex_keep": "name_regex_keep",
    "registry_in_use_sources_expected": "in_use_sources_expected",
    "registries_protect": "protect",
    "registryCleanupProtect": "protect",
    "registrycleanup_protect": "protect",
    "registry-cleanup-protect": "protect",
    "REGISTRY_PROTECT": "protect",
    "_registry_cleanup_protect": "protect",
    "__registry_cleanup_protect": "protect",
    "registry_clean_up_protect": "protect",
    "registry_cleaning_protect": "protect",
    "registry_cleaner_keep_n": "keep_n",
    "registry_clean_protect": "protect",
    "registry_cleanups_protect": "protect",
    "rgistry_cleanup_protect": "protect",
    "regsitry_cleanup_protect": "protect",
    "registry_claenup_protect": "protect",
    "registry_cleanup2_protect": "protect",
    "regitry_protect": "protect",
    "gitlab_registry_protect": "protect",
    "gitlab_registry_cleanup_older_than": "older_than",
    "gitlab_container_registry_cleanup_protect": "protect",
    "gitlab_container_registry_protect": "protect",
    "container_registry_cleanup_protect": "protect",
    "container_registry_keep_n": "keep_n",
    "containerops_gitlab_registry_cleanup_protect": "protect",
    "gitlab_cleanup_protect": "protect",
    "cleanup_protect": "protect",
    "cleanup_keep_n": "keep_n",
    "cleanup_exclude_repositories": "exclude_repositories",
    "clean_up_older_than": "older_than",
    "registry_audit_protect": "protect",
    "registry_audit_older_than": "older_than",
    "registry_settings_keep_n": "keep_n",
    "registry_restore_protect": "protect",
    "registry_in_use_protect": "protect",
    "registry_garbage_collect_protect": "protect",
    "registry_gc_min_age": "min_age",
    "registry_cleanup_summary_protect": "protect",
    "registry_cleanup_summary_keep_n": "keep_n",
}
# What people have in a play beside this role: other roles and collections, automation controllers, Ansible, and the
# outputs of the roles of this collection.
OF_OTHERS: dict[str, Any] = {
    "registry_url": "https://registry.example.com",
    "registry_host": "registry.example.com",
    "registry_hosts": ["registry-1"],
    "registry_port": 5000,
    "registry_user": "ci",
    "registry_username": "ci",
    "registry_password": "hidden",
    "registry_token": "hidden",
    "registry_mirror": "https://mirror.example.com",
    "registry_mirrors": ["https://mirror.example.com"],
    "registry_proxy": "http://proxy",
    "registry_namespace": "team",
    "registry_image": "registry:2",
    "registry_version": "2",
    "registry_storage": "/var/lib/registry",
    "registry_repository": "team/app",
    "registry_timestamp": "2026-01-01",
    "registry_signatures": ["a.sig"],
    "registry_signature": "a.sig",
    "registry_timeout": 30,
    "registry_wait_timeout": 30,
    "registry_wait": True,
    "registry_rules": [{"port": 5000}],
    "registry_tags": ["v1"],
    "registry_images": ["app"],
    "registry_group": "team",
    "registry_project": ["team/app"],
    "registry_repository_id": [7],
    "registry_instance": True,
    "registry_policies": [],
    "registry_retention_days": 30,
    "registry_cleanup": {"changed": True},
    "registry_cleaned": True,
    "registry_protocol": "https",
    "registry_enabled": True,
    "container_registry_url": "https://registry.example.com",
    "container_registry_password": "hidden",
    "container_cleanup_older_than": "24h",
    "docker_registry_url": "https://registry.example.com",
    "docker_registry_protect": ["a"],
    "docker_registry_older_than": "30d",
    "docker_registry_keep_n": 5,
    "docker_registry_mirrors": [],
    "docker_cleanup_older_than": "30d",
    "docker_registry__storage_cache": "redis",
    "harbor_registry_exclude_repositories": ["a"],
    "nexus_cleanup_policies": [],
    "nexus_registry_cleanup_older_than": "30d",
    "team_registry_cleanup_protect": ["v1"],
    "my_registry_protect": ["v1"],
    "my_registry_cleanup_protect": ["v1"],
    "default_registry_cleanup_older_than": "30d",
    "team_registry_cleanup_max_deletions_total_percent": 5,
    "gitlab_token": "hidden",
    "gitlab_api_token": "hidden",
    "gitlab_url": "https://gitlab.example.com",
    "gitlab_registry_enable": True,
    "gitlab_registry_external_url": "https://registry.example.com",
    "gitlab_registry_port": 5050,
    "gitlab_registry_path": "/srv/registry",
    "gitlab_registry_nginx_ssl_certificate": "/etc/ssl/a.crt",
    "gitlab_registry_protection": True,
    "gitlab_backup_keep_time": 604800,
    "gitlab_runner_cleanup_older_than": "30d",
    "gitlab_keep_n": 5,
    "cleanup_repositories": ["a", "b"],
    "cleanup_projects": ["a"],
    "cleanup_keep": 5,
    "cleanup_protocol": "https",
    "registry_projects": ["a"],
    "registry_max_age": "30d",
    "ansible_distribution_release": "bookworm",
    "cleanup": True,
    "cleanup_enabled": True,
    "cleanup_tmp": True,
    "cleanup_wait": True,
    "cleanup_timeout": 30,
    "cleanup_group": "root",
    "cleanup_project": "a",
    "backup_keep_n": 7,
    "snapshot_cleanup_keep_n": 7,
    "restic_protect": ["a"],
    "postgres_cleanup_older_than": "7d",
    "artifact_registry_repositories": ["demo"],
    "artifact_registry_keep_count": 3,
    "schema_registry_protect": True,
    "npm_registry_older_than": "30d",
    "keep_n": 5,
    "protect": ["a"],
    "older_than": "30d",
    "awx_job_id": 5,
    "awx_registry_protect": "a",
    "tower_job_template_name": "registry_cleanup_protect",
    "ansible_play_hosts_all": [],
    "ansible_registry_cleanup_older_than": "30d",
    "hostvars": {},
    "groups": {},
    "play_hosts": [],
    "region": "eu",
    "register_protect": ["a"],
    "registration_older_than": "30d",
    "ministry_protect": ["a"],
    "cleaner": "a",
    "registry_in_use_sources": [{"name": "web", "images": ["a"]}],
    "registry_in_use_hosts": ["web"],
    "registry_audit_group": "team",
    "registry_audit_plan_path": "/tmp/a",
    "registry_audit_summary": {"tags": 5},
    "registry_audit_summary_repositories": 5,
    "registry_settings_projects": [],
    "registry_settings_summary_differing": 5,
    "registry_restore_summary": {"tags": 5},
    "registry_restore_summary_tags": 5,
    "registry_garbage_collect_report": {},
    "registry_cleanup_summary": {"deleted": 5},
    "registry_cleanup_summary_deleted": 5,
    "registry_cleanup_summary_repositories": 5,
    "registry_cleanup_summary_hosts_unfinished": [],
}


@pytest.mark.parametrize("name", MISSPELT)
def test_a_guard_under_another_name_is_refused_and_the_variable_named(name: str) -> None:
    option = MISSPELT[name]
    [refusal] = refusals(name, value_of(option))
    assert refusal.startswith(f"{name} is not a variable of the role {CLEANUP}: ")
    assert f"{CLEANUP}_{option}" in refusal
    assert refusals(name, "x", registry_cleanup_ignored_variables=[name, "other"]) == ()


@pytest.mark.parametrize("name", OF_OTHERS)
def test_what_others_have_is_left_alone(name: str) -> None:
    assert refusals(name, OF_OTHERS[name]) == ()


def slips(name: str) -> Iterator[str]:
    """Names with a letter missing, doubled, changed, or swapped with the next one."""
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]
        yield name[: place + 1] + name[place:]
        yield name[:place] + ("x" if name[place] != "x" else "y") + name[place + 1 :]
        yield name[:place] + name[place : place + 2][::-1] + name[place + 2 :]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_variable_with_a_slip_anywhere_is_refused(option: str) -> None:
    variable = f"{CLEANUP}_{option}"
    for name in {*slips(variable)} - {*specs_of(CLEANUP)}:
        assert refusals(name, value_of(option)), name


@pytest.mark.parametrize("option", GUARDS)
@pytest.mark.parametrize(
    "written",
    [
        *("registry_{}", "cleanup_{}", "_registry_cleanup_{}", "gitlab_registry_{}", "gitlab_container_registry_{}"),
        *(
            "container_registry_cleanup_{}",
            "registry_audit_{}",
            "registry_clean_{}",
            "gitlab_cleanup_{}",
            "REGISTRY_{}",
        ),
    ],
)
def test_every_guard_is_found_behind_every_beginning(written: str, option: str) -> None:
    name = written.format(option)
    of_ours = name in OF_OTHERS or is_of_another_role(CLEANUP, name) or name.startswith("registry_in_use")
    if not of_ours and (option, "registr" in name.lower()) != ("repositories", False):
        assert refusals(name, value_of(option)), name


def test_what_the_users_own_variable_is_for_is_said_by_the_one_of_the_role_beside_it() -> None:
    for name in ("registry_protect", "_registry_cleanup_protect", "gitlab_registry_cleanup_protect", "cleanup_protect"):
        assert refusals(name, ["v1"], registry_cleanup_protect=["v1"]) == ()
        assert refusals(name, ["v1"], registry_cleanup_keep_n=5)
    # Nobody has these on purpose.
    for name in ("rgistry_cleanup_protect", "registry_cleanup_protcet"):
        assert refusals(name, ["v1"], registry_cleanup_protect=["v1"])


def test_what_a_variable_could_not_hold_is_meant_for_something_else() -> None:
    assert refusals("registry_keep_n", {"a": 1}) == ()
    assert refusals("registry_protect", [{"port": 22}]) == ()
    assert refusals("registry_protect", "") == ()
    assert refusals("registry_on_limit", "often") == ()
    assert refusals("registry_on_limit", "fail")
    assert refusals("registry_protect", True) == ()
    assert refusals("registry_in_use", True) == ()
    assert refusals("registry_require_digest", "yes")
    assert refusals("registry_require_digest", ["yes"]) == ()
    # Whoever misspells a name may write its value wrong, too.
    assert refusals("registry_older_than", 30)
    assert refusals("registry_protect", [2.10])
    assert refusals("registry_protect", "v1")
    assert refusals("registry_keep_n", "five")
    assert refusals("registry_name_regex_keep", ["main"])

    def fails() -> Any:
        raise KeyError

    found = read_variables(CLEANUP, specs_of(CLEANUP), {}, others={"registry_protect": fails})
    assert found.refusals


@pytest.mark.parametrize(
    ("role", "name", "variable"),
    [
        ("registry_settings", "registry_max_changed_projects", "registry_settings_max_changed_projects"),
        ("registry_settings", "_registry_settings_groups", "registry_settings_groups"),
        ("registry_garbage_collect", "registry_gc_digests_in_use", "registry_garbage_collect_digests_in_use"),
        ("registry_garbage_collect", "registry_digests_in_use", "registry_garbage_collect_digests_in_use"),
        ("registry_in_use", "registry_hosts_expected", "registry_in_use_hosts_expected"),
        ("registry_audit", "registryAuditGroup", "registry_audit_group"),
    ],
)
def test_the_other_roles_find_theirs_too(role: str, name: str, variable: str) -> None:
    values: dict[str, Any] = {"registry_garbage_collect_digests_in_use": ["sha256:1"]}
    [refusal] = refusals(name, values.get(variable, 5 if "max" in name or "expected" in name else "team"), role)
    assert variable in refusal
    assert f"{role}_ignored_variables" in refusal


@pytest.mark.parametrize("role", ROLES)
def test_no_role_takes_what_is_inside_of_the_roles_for_a_variable(role: str) -> None:
    files = [path for path in (ROOT / "roles").rglob("*") if path.suffix in (".yml", ".j2")]
    inner = {name for file in files for name in re.findall(r"\b__registry_\w+", file.read_text())}
    assert len(inner) > 100
    assert [name for name in inner if refusals(name, ["x"], role)] == []
    assert [name for name in inner if refusals(name, "1", role)] == []


@pytest.mark.parametrize("role", STATISTICS)
def test_the_statistics_are_those_that_the_role_counts(role: str) -> None:
    tasks = yaml.safe_load((ROOT / "roles" / role / "tasks" / "report.yml").read_text())
    blocks = [inner for task in tasks for inner in [task, *task.get("block", [])]]
    [counts] = [
        value
        for task in blocks
        for name, value in task.get("vars", {}).items()
        if name in (f"__{role}_values", f"__{role}_numbers")
    ]
    counted = {*re.findall(r"'(\w+)':", counts)} - {"totals"}
    assert counted | {"check_mode", "hosts", "hosts_unfinished"} == STATISTICS[role]


def test_one_letter_is_a_slip() -> None:
    for name in {*slips("protect")} - {"protect"}:
        assert is_slip("protect", name)
        assert is_slip(name, "protect")
    for other in ("protect", "pro", "protects2", "tprotec", "rpotetc", ""):
        assert not is_slip("protect", other), other


def scoped(name: str, **scope: Any) -> tuple[str, ...]:
    every = {"group": "team", "project": [], "repository_id": [], **scope}
    playbook = Playbook(scope=every)
    return read_variables(CLEANUP, specs_of(CLEANUP), {}, playbook, {name: lambda: "team/app"}).refusals


def test_a_misspelt_scope_of_a_playbook_does_not_leave_the_wider_one() -> None:
    for name, meant in {
        "registry_projects": "registry_project",
        "registry_projet": "registry_project",
        "registry_project_id": "registry_project",
        "registry_repository_ids": "registry_repository_id",
        "registry_repository": "registry_repository_id",
        "registry_groups": "registry_group",
        "Registry_Group": "registry_group",
    }.items():
        assert scoped(name) == (f"{name} is not a variable of this playbook: write {meant}",)
        assert refusals(name, "team/app") == ()
    for name in ("registry_group", "registry_project", "registry_port", "registry_proxy", "registry_url"):
        assert scoped(name) == ()
