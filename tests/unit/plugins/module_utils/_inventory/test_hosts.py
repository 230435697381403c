# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts: their names, variables and groups, and that no two things of GitLab become one."""

from __future__ import annotations

from typing import Any

import ansible.template
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import to_safe_group_name

from ansible_collections.containerops.gitlab.plugins.inventory.gitlab_registry import unsafe
from ansible_collections.containerops.gitlab.plugins.module_utils._core.errors import (
    ErrorKind,
    RequestError,
    UsageError,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._core.models import Project
from ansible_collections.containerops.gitlab.plugins.module_utils._core.scope import ProjectScope
from ansible_collections.containerops.gitlab.plugins.module_utils._inventory.hosts import (
    Host,
    InventoryState,
    hosts_of,
    namespace_groups,
    namespace_hosts,
    project_hosts,
    repository_hosts,
)
from ansible_collections.containerops.gitlab.plugins.module_utils._inventory.request import HostPer, InventoryRequest
from ansible_collections.containerops.gitlab.plugins.module_utils._module.options import Gather
from tests.unit.models import repository, server_policy

POLICY = server_policy(cadence="7d", keep_n=5, older_than=None, name_regex="dev-.*", next_run_at="2026-06-08T12:00:00Z")
GIB = 2**30
WEB = repository(id=101, path="team/app/web", name="web", project_id=7, location="r.test/team/app/web")


def doubt(message: str) -> str:
    return (
        f"Could not make hosts from GitLab's lists: {message}. "
        "The answer is inconsistent, so it is not used; try again later."
    )


def project(number: int, path: str, **fields: Any) -> Project:
    found = Project(
        number,
        path=path,
        namespace=path.rpartition("/")[0],
        access_level="enabled",
        policy=POLICY,
        archived=False,
        image_prefix=f"r.test/{path}",
        visibility="private",
    )
    return found._replace(**fields)


def names(hosts: list[Host]) -> list[str]:
    return [host.name for host in hosts]


def test_a_project_as_a_host() -> None:
    [host] = project_hosts([project(7, "Team/App", name="{{ x }}", topics=("a",))], {7: {"tags_count": 12}})
    assert host.name == "Team/App"
    assert host.namespace == "Team"
    assert host.groups == (
        "visibility_private",
        "access_level_enabled",
        "cleanup_policy_enabled",
        "tags_from_1",
    )
    assert host.variables["gitlab_cleanup_policy"] == {
        "enabled": True,
        "cadence": "7d",
        "keep_n": 5,
        "older_than": None,
        "name_regex_delete": "dev-.*",
        "name_regex_keep": None,
        "next_run_at": "2026-06-08T12:00:00Z",
    }
    told = {name: value for name, value in host.variables.items() if name != "gitlab_cleanup_policy"}
    assert told == {
        "gitlab_project_id": 7,
        "gitlab_project_path": "Team/App",
        "gitlab_project_name": "{{ x }}",
        "gitlab_description": "",
        "gitlab_topics": ["a"],
        "gitlab_namespace": "Team",
        "gitlab_url": "",
        "gitlab_visibility": "private",
        "gitlab_access_level": "enabled",
        "gitlab_archived": False,
        "gitlab_location": "r.test/Team/App",
        "gitlab_tags_count": 12,
        "registry_project": "Team/App",
    }


@pytest.mark.parametrize(
    ("fields", "group"),
    [
        ({"visibility": "internal"}, "visibility_internal"),
        ({"visibility": None}, "visibility_unknown"),
        ({"access_level": "disabled"}, "access_level_disabled"),
        ({"access_level": None}, "access_level_unknown"),
        ({"policy": None}, "cleanup_policy_none"),
        ({"policy": POLICY._replace(enabled=False)}, "cleanup_policy_disabled"),
        ({"archived": True}, "archived"),
    ],
)
def test_the_state_of_a_project_is_a_group(fields: dict[str, Any], group: str) -> None:
    [host] = project_hosts([project(7, "team/app", **fields)], {})
    assert group in host.groups


@pytest.mark.parametrize(
    ("numbers", "group"),
    [
        ({"tags_count": None}, "tags_unknown"),
        ({"tags_count": 0}, "tags_none"),
        ({"tags_count": 99}, "tags_from_1"),
        ({"tags_count": 100}, "tags_from_100"),
        ({"tags_count": 9999}, "tags_from_1000"),
        ({"tags_count": 10_000}, "tags_from_10000"),
        ({"size": None}, "size_unknown"),
        ({"size": 0}, "size_below_1_gib"),
        ({"size": GIB}, "size_from_1_gib"),
        ({"size": 100 * GIB - 1}, "size_from_10_gib"),
        ({"size": 100 * GIB}, "size_from_100_gib"),
    ],
)
def test_numbers_have_classes(numbers: dict[str, int | None], group: str) -> None:
    [host] = project_hosts([project(7, "team/app")], {7: numbers})
    assert host.groups[-1] == group


def test_no_project_belongs_to_two_namespaces() -> None:
    off = project(3, "team/off", access_level="disabled")
    projects = [project(1, "team/web"), project(2, "team/sub/tool", policy=None), off, project(4, "team/app")]
    numbers: dict[int, dict[str, int | None]] = {1: {"tags_count": 100}, 4: {"tags_count": 1}, 2: {"tags_count": None}}
    team, sub = namespace_hosts(projects, numbers)
    assert (team.name, sub.name) == ("team", "team/sub")
    assert team.variables["registry_project"] == ["team/app", "team/web"]
    assert team.variables["gitlab_project_paths"] == ["team/app", "team/off", "team/web"]
    assert team.variables["gitlab_tags_count"] == 101
    assert sub.variables["gitlab_tags_count"] is None
    # Of the states only those that all of them have.
    assert team.groups == ("cleanup_policy_enabled", "visibility_private", "tags_from_100")
    assert sub.groups == ("access_level_enabled", "cleanup_policy_none", "visibility_private", "tags_unknown")


def test_a_namespace_without_a_usable_registry_shows_it() -> None:
    [host] = namespace_hosts([project(3, "team/off", access_level="disabled")], {})
    assert host.variables["registry_project"] == []
    assert "access_level_disabled" in host.groups


def test_a_namespace_as_a_host_names_its_projects_in_an_order_without_regard_to_case() -> None:
    projects = [project(1, "Team/abc"), project(2, "Team/a_b"), project(3, "Team/Aaa", access_level="disabled")]
    numbers: dict[int, dict[str, int | None]] = {
        1: {"tags_count": 60, "size": GIB},
        2: {"tags_count": 40, "size": None},
    }
    assert namespace_hosts(projects, numbers) == [
        Host(
            name="Team",
            namespace="Team",
            variables={
                "gitlab_namespace": "Team",
                "gitlab_project_paths": ["Team/a_b", "Team/Aaa", "Team/abc"],
                "gitlab_tags_count": 100,
                "gitlab_size": None,
                "registry_project": ["Team/a_b", "Team/abc"],
            },
            groups=("cleanup_policy_enabled", "visibility_private", "tags_from_100", "size_unknown"),
        )
    ]


def test_a_namespace_of_which_nothing_was_counted_has_no_numbers() -> None:
    [host] = namespace_hosts([project(1, "team/app")], {})
    assert host.variables == {
        "gitlab_namespace": "team",
        "gitlab_project_paths": ["team/app"],
        "registry_project": ["team/app"],
    }
    assert host.groups == ("access_level_enabled", "cleanup_policy_enabled", "visibility_private")


@pytest.mark.parametrize("name", ["all", "ungrouped", "localhost", "127.0.0.1"])
def test_a_namespace_that_means_something_to_ansible_is_no_host(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        namespace_hosts([project(1, f"{name}/app")], {})
    assert str(caught.value) == (
        f"The group {name} of GitLab can't be a host, since its name has a meaning in Ansible: set host_per to project."
    )
    assert names(project_hosts([project(1, f"{name}/app")], {})) == [f"{name}/app"]


def test_a_repository_as_a_host() -> None:
    app = project(7, "Team/App", archived=True)
    [host] = repository_hosts([WEB], {7: app}, {101: {"size": 5}})
    assert (host.name, host.namespace) == ("team/app/web", "Team")
    [project_host] = project_hosts([app], {})
    # All that is known of the project, but for what would make it the project's host.
    shared = {name: value for name, value in project_host.variables.items() if name != "registry_project"}
    assert host.variables == {
        **shared,
        "gitlab_repository_id": 101,
        "gitlab_repository_path": "team/app/web",
        "gitlab_repository_name": "web",
        "gitlab_location": "r.test/team/app/web",
        "gitlab_size": 5,
        "registry_repository_id": [101],
    }
    assert host.groups == (*project_host.groups, "size_below_1_gib")


def test_a_repository_of_which_nothing_was_counted_has_no_numbers() -> None:
    [host] = repository_hosts([WEB], {7: project(7, "team/app")}, {})
    assert not {"gitlab_size", "gitlab_tags_count"} & host.variables.keys()
    assert host.groups == ("visibility_private", "access_level_enabled", "cleanup_policy_enabled")


@pytest.mark.parametrize(
    ("per", "paths", "registry"),
    [
        (HostPer.PROJECT, ["Team/App"], {"registry_project": "Team/App"}),
        (HostPer.GROUP, ["Team"], {"registry_project": ["Team/App"]}),
        (HostPer.REPOSITORY, ["team/app/web"], {"registry_repository_id": [101]}),
    ],
)
def test_a_host_is_what_host_per_names_and_the_variables_that_the_roles_take(
    per: HostPer, paths: list[str], registry: dict[str, Any]
) -> None:
    counted: dict[int, dict[str, int | None]] = {7: {"tags_count": 12}, 101: {"tags_count": 12}}
    state = InventoryState(projects=(project(7, "Team/App"),), numbers=counted, repositories=(WEB,))
    request = InventoryRequest(ProjectScope(groups=("Team",)), host_per=per, gather=frozenset({Gather.TAGS_COUNT}))
    hosts = hosts_of(state, request)
    assert names(hosts) == paths
    assert hosts[0].variables["gitlab_tags_count"] == 12
    found = {name: value for name, value in hosts[0].variables.items() if not name.startswith("gitlab_")}
    assert found == registry


@pytest.mark.parametrize(
    "path",
    [
        *("team/a,b", "team/a:b", "team/a b", "team/[1:9]", "team/!x", "team/{{ x }}", "team/-x", "team/ä", "team/*"),
        *("team/../x", "team/..", "./team", "/etc/passwd", "team//x", "team/", "team/x\n", "team/~x", "", "team/a&b"),
    ],
)
def test_what_is_no_path_of_gitlab_is_no_host(path: str) -> None:
    with pytest.raises(RequestError) as caught:
        project_hosts([project(1, path)], {})
    namespace = path.rpartition("/")[0]
    assert str(caught.value) == doubt(f"GitLab lists {path!r} in {namespace!r}, which is not a valid path for it")


@pytest.mark.parametrize(
    "path", ["team/a.b", "team/_x", "team/.github", "team/A-b_c.d", "1/2", "team/..x", "team/x..y"]
)
def test_paths_of_gitlab_are_hosts(path: str) -> None:
    assert names(project_hosts([project(1, path)], {})) == [path]


def test_a_path_that_is_there_twice_is_not_believed() -> None:
    with pytest.raises(RequestError) as caught:
        project_hosts([project(1, "team/App"), project(2, "team/app")], {})
    assert caught.value.kind is ErrorKind.INCOMPLETE
    assert str(caught.value) == doubt("GitLab lists team/app twice, as it does if something is moved meanwhile")


def groups(*namespaces: str) -> dict[str, str]:
    return namespace_groups(
        [Host(f"{path}/app", namespace=path, variables={}, groups=()) for path in namespaces], to_safe_group_name
    )


def test_namespaces_are_groups_inside_each_other() -> None:
    assert list(groups("b", "a/x/y").items()) == [
        ("a", "gitlab_namespace_a"),
        ("a/x", "gitlab_namespace_a_x"),
        ("a/x/y", "gitlab_namespace_a_x_y"),
        ("b", "gitlab_namespace_b"),
    ]


def test_namespaces_that_would_be_one_group_are_two() -> None:
    found = groups("team/sub", "team-sub", "team.sub", "other")
    assert found["other"] == "gitlab_namespace_other"
    assert len(set(found.values())) == len(found) == 5
    # Under the name that could mean either there is nothing.
    assert "gitlab_namespace_team_sub" not in found.values()
    # It goes by the path alone, whatever else there is, so that playbooks can name it.
    assert groups("team/sub", "team_sub")["team/sub"] == found["team/sub"] == "gitlab_namespace_team_sub_b6a24083"


def test_a_namespace_can_not_pass_for_another() -> None:
    name = groups("team/sub", "team-sub")["team/sub"]
    with pytest.raises(RequestError) as caught:
        groups("team/sub", "team-sub", name.removeprefix("gitlab_namespace_"))
    assert str(caught.value) == doubt("two groups of GitLab would be one in the inventory")


def test_no_value_is_a_template_even_where_somebody_trusted_it() -> None:
    # Up to ansible-core 2.18 every text that is not marked as unsafe is a template.
    trusted = getattr(ansible.template, "trust_as_template", str)
    templar = ansible.template.Templar(loader=DataLoader(), variables={"x": "rendered"})
    text = trusted("{{ x }}")
    assert templar.template(text) == "rendered"
    found = unsafe({"name": text, "topics": [text], "policy": {"name_regex_delete": text, "keep_n": 5}, "none": None})
    assert found == {"name": text, "topics": [text], "policy": {"name_regex_delete": text, "keep_n": 5}, "none": None}
    for value in (found["name"], found["topics"][0], found["policy"]["name_regex_delete"]):
        assert templar.template(value) == "{{ x }}"
