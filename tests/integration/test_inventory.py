# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin in the real ansible-inventory and ansible-playbook."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible, Changes, Listing, Run
from tests.integration.scenarios import TOKEN, mixed_tags, repository, server, tag
from tests.simulator.harness import Simulator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inventory.md"
PLUGIN = {"plugin": "containerops.gitlab.gitlab_registry"}
TEAM = {**PLUGIN, "group": ["team"]}
CLEANUP = "containerops.gitlab.registry_cleanup"
# Where no source could be read ansible-inventory shows no hosts in any case.
ELSEWHERE = ("-i", "elsewhere,")
HOSTILE = "{{ lookup('ansible.builtin.pipe', 'touch pwned') }}"


def fleet(**changes: Any) -> dict[str, Any]:
    """The team with a project of every state."""
    scenario = server(
        [
            repository(100, "team/app", "", mixed_tags()),
            repository(101, "team/app", "web", [tag("dev-1", 50), tag("dev-2", 1), tag("v1", 100)]),
            repository(102, "team/sub/tool", "", [tag("dev-1", 90), tag("main", 10)]),
            repository(103, "other/lib", "", [tag("dev-1", 500)]),
        ],
        registry={"host": "registry.example.com"},
        **changes,
    )
    app, tool, _lib = scenario["projects"]
    app |= {"policy": {"enabled": True}, "topics": ["web", "java"]}
    tool |= {"visibility": "internal", "access_level": "private", "policy": None, "archived": True}
    scenario["projects"].append({"id": 4, "path": "team/off", "access_level": "disabled"})
    scenario["tokens"].append({"token": "glpat-modest", "user": "root", "scopes": ["api"]})
    return scenario


def source(ansible: Ansible, options: dict[str, Any], name: str = "fleet.gitlab_registry.yml") -> list[str]:
    """Write the inventory, and give the options that lead to it."""
    (ansible.folder / name).write_text(json.dumps(options))
    return ["-i", name]


def listed(ansible: Ansible, options: dict[str, Any], *more: str, env: Changes = None) -> Listing:
    found = ansible.inventory(*source(ansible, options), "--list", *more, env=env)
    assert found.code == 0, found.told
    assert found.told == "", found.told
    return found


def members(found: Listing, prefix: str) -> dict[str, list[str]]:
    return {name.removeprefix(prefix): hosts for name, hosts in sorted(found.groups.items()) if name.startswith(prefix)}


@pytest.mark.versions
def test_a_host_for_each_project_in_one_request(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    found = listed(ansible, TEAM)
    assert [entry["path"] for entry in simulator.requests()] == ["/api/v4/groups/team/projects"]
    assert list(found.hosts) == ["team/app", "team/off", "team/sub/tool"]
    assert members(found, "gitlab_namespace_") == {"team": ["team/app", "team/off"], "team_sub": ["team/sub/tool"]}
    assert members(found, "gitlab_visibility_") == {"internal": ["team/sub/tool"], "private": ["team/app", "team/off"]}
    assert members(found, "gitlab_access_level_") == {
        "disabled": ["team/off"],
        "enabled": ["team/app"],
        "private": ["team/sub/tool"],
    }
    assert members(found, "gitlab_cleanup_policy_") == {
        "disabled": ["team/off"],
        "enabled": ["team/app"],
        "none": ["team/sub/tool"],
    }
    assert found.groups["gitlab_archived"] == ["team/sub/tool"]
    app = found.hosts["team/app"]
    assert app["ansible_connection"] == "local"
    assert app["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    assert app["registry_project"] == app["gitlab_project_path"] == "team/app"
    assert app["gitlab_location"] == "registry.example.com/team/app"
    assert app["gitlab_url"] == f"{simulator.url}/team/app"
    assert app["gitlab_topics"] == ["web", "java"]
    assert app["gitlab_cleanup_policy"]["enabled"] is True


def test_a_host_for_each_group(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    found = listed(ansible, {**TEAM, "host_per": "group", "gather": ["tags_count"]})
    assert {name: host["registry_project"] for name, host in found.hosts.items()} == {
        "team": ["team/app"],
        "team/sub": ["team/sub/tool"],
    }
    assert {name: host["gitlab_tags_count"] for name, host in found.hosts.items()} == {"team": 13, "team/sub": 2}
    assert members(found, "gitlab_namespace_") == {"team": ["team"], "team_sub": ["team/sub"]}


def test_a_host_for_each_repository_and_what_numbers_cost(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    found = listed(ansible, {**TEAM, "host_per": "repository"})
    assert list(found.hosts) == ["team/app", "team/app/web", "team/sub/tool"]
    assert found.hosts["team/app/web"]["registry_repository_id"] == [101]
    assert simulator.counters()["total"] == 2
    simulator.clear_log()
    both = listed(ansible, {**TEAM, "host_per": "repository", "gather": ["size", "tags_count"]})
    assert simulator.counters()["total"] == 2 + 3
    assert {name: host["gitlab_tags_count"] for name, host in both.hosts.items()} == {
        "team/app": 10,
        "team/app/web": 3,
        "team/sub/tool": 2,
    }
    assert all(host["gitlab_size"] > 0 for host in both.hosts.values())
    assert both.groups["gitlab_size_below_1_gib"] == list(both.hosts)
    assert both.groups["gitlab_tags_from_1"] == list(both.hosts)


def test_numbers_of_projects_cost_a_request_each(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    found = listed(ansible, {**PLUGIN, "project": ["team/app", "2", "team/off"], "gather": ["size", "tags_count"]})
    # Three projects, and two requests for each whose registry is not disabled.
    assert simulator.counters()["total"] == 3 + 4
    assert found.hosts["team/app"]["gitlab_tags_count"] == 13
    assert found.hosts["team/app"]["gitlab_size"] > 0
    assert "gitlab_tags_count" not in found.hosts["team/off"]
    assert found.groups["gitlab_tags_from_1"] == ["team/app", "team/sub/tool"]


def many(count: int) -> dict[str, Any]:
    return {
        "users": [{"username": "root", "admin": True}],
        "tokens": [{"token": TOKEN, "user": "root", "scopes": ["api", "admin_mode"]}],
        "groups": [{"path": f"group-{number:02}"} for number in range(100)],
        "projects": [{"path": f"group-{number % 100:02}/app-{number:05}"} for number in range(count)],
    }


@pytest.mark.slow
def test_ten_thousand_projects_in_a_hundred_and_two_requests(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(many(10_000))
    found = ansible.inventory(*source(ansible, {**PLUGIN, "instance": True}), "--graph", "gitlab_registry")
    assert len(set(re.findall(r"--(group-\d\d/app-\d{5})$", found.shown, re.MULTILINE))) == 10_000
    assert found.told == ""
    log = simulator.requests()
    assert len(log) <= 102
    assert {entry["path"] for entry in log} == {"/api/v4/user", "/api/v4/projects"}


def test_what_is_cached_is_asked_for_once(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": "kept"}
    options = {**TEAM, **cached, "groups": {"off": "gitlab_access_level == 'disabled'"}}
    first = listed(ansible, options)
    again = listed(ansible, options, env={"GITLAB_TOKEN": "glpat-dev"})
    assert first.shown == again.shown
    assert simulator.counters()["total"] == 1
    listed(ansible, options, "--flush-cache")
    assert simulator.counters()["total"] == 2
    assert list(listed(ansible, {**options, "group": ["other"]}).hosts) == ["other/lib"]
    assert simulator.counters()["total"] == 3
    kept = "".join(path.read_text() for path in (ansible.folder / "kept").iterdir())
    assert "team/off" in kept
    assert TOKEN not in kept


def test_groups_and_variables_of_ones_own(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    constructed = {
        "compose": {"area": "gitlab_namespace.split('/')[0] ~ '!'", "tag_limit": "gitlab_tags_count * 2"},
        "groups": {"without_cleanup": "gitlab_cleanup_policy is none or not gitlab_cleanup_policy.enabled"},
        "keyed_groups": [{"key": "gitlab_topics", "prefix": "topic"}, {"key": "area", "prefix": "area"}],
    }
    found = listed(ansible, {**TEAM, **constructed})
    assert {host["area"] for host in found.hosts.values()} == {"team!"}
    assert found.groups["without_cleanup"] == ["team/off", "team/sub/tool"]
    assert found.groups["topic_java"] == found.groups["topic_web"] == ["team/app"]
    assert found.groups["area_team_"] == list(found.hosts)
    # tag_limit asks for what was not read. Where that is an error there are no hosts, not those before it.
    strict = ansible.inventory(*source(ansible, {**TEAM, **constructed, "strict": True}), *ELSEWHERE, "--list")
    assert "Could not set tag_limit for host team/app" in strict.told
    assert "elsewhere" in strict.shown
    assert "team/" not in strict.shown


def hostile() -> dict[str, Any]:
    scenario = fleet()
    app, tool, *_others = scenario["projects"]
    app |= {"name": HOSTILE, "description": f"[1:9],!all:&x ~.* {HOSTILE}", "topics": [HOSTILE, "{% raw %}", "a b,c"]}
    app["policy"] = {"enabled": True, "name_regex": "{{ 7 * 7 }}"}
    tool["description"] = "{# gone #}"
    return scenario


@pytest.mark.versions
def test_what_gitlab_tells_is_no_template(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(hostile())
    keyed = [{"key": "gitlab_project_name", "prefix": "name"}, {"key": "gitlab_topics", "prefix": "topic"}]
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": "kept"}
    options = {**TEAM, **cached, "keyed_groups": keyed, "compose": {"shown": "gitlab_description"}}
    found = listed(ansible, options)
    assert all(re.fullmatch(r"\w+", name, re.ASCII) for name in found.groups)
    names = ("gitlab_project_name", "gitlab_topics", "gitlab_cleanup_policy", "shown")
    # From GitLab, and from the cache.
    show = {"name": "Show", "ansible.builtin.debug": {"msg": {name: f"{{{{ {name} }}}}" for name in names}}}
    uncached = source(ansible, {**options, "cache": False}, "uncached.gitlab_registry.yml")
    for inventory in (uncached, source(ansible, options)):
        run = play(ansible, [show], *inventory)
        assert run.code == 0, run.output
        shown = next(task.result["msg"] for task in run.tasks if HOSTILE in str(task.result))
        assert shown["gitlab_project_name"] == HOSTILE
        assert shown["gitlab_topics"] == [HOSTILE, "{% raw %}", "a b,c"]
        assert shown["gitlab_cleanup_policy"]["name_regex_delete"] == "{{ 7 * 7 }}"
        assert shown["shown"].endswith(HOSTILE)
        assert "{# gone #}" in str([task.result for task in run.tasks])
    assert not (ansible.folder / "pwned").exists()


def play(ansible: Ansible, tasks: list[dict[str, Any]], *options: str) -> Run:
    rows = [{"name": "Test", "hosts": "gitlab_registry", "gather_facts": False, "tasks": tasks}]
    (ansible.folder / "play.yml").write_text(json.dumps(rows))
    return ansible.play("play.yml", *options)


@pytest.mark.parametrize(
    ("limit", "hosts"),
    [
        ("team/app", ["team/app"]),
        ("team/*", ["team/app", "team/off", "team/sub/tool"]),
        ("gitlab_registry:!gitlab_access_level_disabled", ["team/app", "team/sub/tool"]),
        ("gitlab_namespace_team_sub,team/off", ["team/off", "team/sub/tool"]),
        ("~team/(app|off)", ["team/app", "team/off"]),
        ("gitlab_namespace_team:&gitlab_archived", ["team/sub/tool"]),
    ],
)
def test_hosts_are_chosen_as_any_others(ansible: Ansible, simulator: Simulator, limit: str, hosts: list[str]) -> None:
    simulator.load(fleet())
    (ansible.folder / "play.yml").write_text(json.dumps([{"name": "Test", "hosts": "all", "tasks": []}]))
    run = ansible.play("play.yml", *source(ansible, TEAM), "--list-hosts", "--limit", limit)
    assert sorted(re.findall(r"^      (\S+)$", run.output, re.MULTILINE)) == hosts


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "one of the following is required: project, group, instance"),
    ({"group": ["team"], "instance": True}, "group and instance can't be combined"),
    ({"group": ["team"], "project": ["team/app"]}, "project and group can't be combined"),
    ({"group": []}, "group is empty"),
    ({"project": ["app"]}, "project 'app' is a name without its group"),
    ({"group": [" "]}, "group, entry 1, is empty"),
    ({"group": "team,other"}, "group 'team,other' is not a path"),
    ({"group": [1.10]}, "group, entry 1, is the number 1.1 to YAML"),
    ({"group": ["https://elsewhere.example.com/team"]}, "is on elsewhere.example.com"),
    ({"group": ["team"], "gather": "size,tags_count"}, "gather 'size,tags_count' is not one of"),
    ({"group": ["team"], "timeout": True}, "timeout is the boolean true"),
    ({"group": ["team"], "api_url": "gitlab.example.com"}, "is not a URL"),
    ({"group": ["team"], "api_url": "https://me:secret@gitlab.example.com"}, "contains a user name or password"),
    ({"group": ["team"], "api_token": "a", "api_oauth_token": "b"}, "mutually exclusive: api_token|api_oauth_token"),
    ({"group": ["team"], "api_token": ""}, "api_token is empty"),
    ({"group": ["team"], "api_token": "{{ nowhere }}"}, "api_token is a template that does not work"),
    ({"group": ["team"], "api_job_token": "job-token"}, "A CI/CD job token can't list projects"),
    ({"group": ["team"], "host_per": "tag"}, "host_per"),
    ({"group": ["team"], "gather": ["secrets"]}, "gather"),
    ({"group": ["team"], "concurrency": 0}, "concurrency is 0"),
    ({"instance": True, "api_url": "https://gitlab.com"}, "gitlab.com shows nobody all of its projects"),
]
ANSWERED: list[tuple[dict[str, Any], str]] = [
    ({"group": ["nothing"]}, "Could not list the projects of group nothing: GitLab answered 404"),
    # One that can be read makes no inventory of a part.
    ({"group": ["team", "nothing"]}, "Could not list the projects of group nothing: GitLab answered 404"),
    ({"project": ["team/app", "team/nothing"]}, "Could not read project team/nothing: GitLab answered 404"),
    ({"project": ["team/app", "team/off"], "host_per": "repository"}, "the container registry is disabled"),
    ({"group": ["team"], "api_token": "glpat-unknown"}, "unknown, expired or revoked"),
    ({"group": ["team"], "api_token": "glpat-registry"}, "insufficient_scope"),
    ({"instance": True}, "the token does not have the rights of an administrator"),
    ({"instance": True, "api_token": "glpat-modest"}, "with the scope admin_mode if Admin Mode is enabled"),
]


def attempts(ansible: Ansible, cases: list[tuple[dict[str, Any], str]], *options: str) -> str:
    """All cases in one run. Returns what was told, hosts there must be none."""
    wanted: list[str] = []
    for number, (case, _text) in enumerate(cases):
        wanted += source(ansible, {**PLUGIN, **case}, f"{number}.gitlab_registry.yml")
    found = ansible.inventory(*wanted, *ELSEWHERE, "--list", *options)
    assert "elsewhere" in found.shown
    assert "team/" not in found.shown
    assert "Traceback" not in found.told
    return found.told


def test_what_is_wrong_is_told_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    told = attempts(ansible, BAD)
    for case, text in BAD:
        assert text in told, (case, told)
    assert "me:secret" not in told
    assert simulator.counters()["total"] == 0


def test_what_can_not_be_read_is_no_smaller_inventory(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    told = attempts(ansible, ANSWERED, "-vvvv")
    for case, text in ANSWERED:
        assert text in told, (case, told)
    assert TOKEN not in told
    assert simulator.counters()["writes"] == 0


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (TEAM, {"path": "/projects$", "query": "page=2", "action": "status", "status": 500}),
        (TEAM, {"path": "/projects$", "query": "page=2", "action": "json", "json": []}),
        ({**TEAM, "gather": ["tags_count"]}, {"path": "/projects/7/registry", "action": "status", "status": 503}),
        ({**TEAM, "gather": ["size"]}, {"path": "/projects/7$", "action": "status", "status": 500}),
        ({**TEAM, "host_per": "repository"}, {"path": "/registry/repositories", "action": "status", "status": 403}),
    ],
)
def test_a_request_that_fails_leaves_no_hosts(
    ansible: Ansible, simulator: Simulator, options: dict[str, Any], fault: dict[str, Any]
) -> None:
    scenario = fleet()
    scenario["projects"] += [{"path": f"team/app-{number}"} for number in range(5, 130)]
    simulator.load(scenario)
    simulator.faults([{"method": "GET", **fault}])
    failed = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    found = ansible.inventory(*source(ansible, {**options, "retries": 0}), "--list", env=failed)
    assert found.code != 0
    assert "Could not" in found.told
    assert "Traceback" not in found.told
    assert found.shown == ""


def test_a_path_that_is_none_is_refused(ansible: Ansible, simulator: Simulator) -> None:
    scenario = fleet()
    scenario["projects"].append({"id": 9, "path": "team/{{ x }},!all"})
    simulator.load(scenario)
    told = attempts(ansible, [({"group": ["team"]}, "")])
    assert "GitLab lists 'team/{{ x }},!all' in 'team', which is not a valid path for it" in told


def test_a_file_of_another_name_is_not_read(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    found = ansible.inventory(*source(ansible, TEAM, "hosts.yml"), "--list")
    assert "could not be verified by inventory plugin" in found.told
    assert simulator.counters()["total"] == 0


def test_the_token_is_nowhere(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    secret = {"api_token": "{{ lookup('ansible.builtin.env', 'HIDDEN') }}"}
    hidden: dict[str, str | None] = {"HIDDEN": TOKEN, "GITLAB_TOKEN": None}
    found = ansible.inventory(*source(ansible, {**TEAM, **secret}), "--list", "-vvvv", env=hidden)
    assert list(found.hosts) == ["team/app", "team/off", "team/sub/tool"]
    assert TOKEN not in found.shown + found.told
    given = source(ansible, {**TEAM, "api_token": "{{ mine }}"})
    extra = ansible.inventory(*given, "--list", "-e", f"mine={TOKEN}", env={"GITLAB_TOKEN": ""})
    assert list(extra.hosts) == list(found.hosts)


RULES = {
    "registry_cleanup_name_regex_delete": "(dev|release)-.*",
    "registry_cleanup_older_than": "30d",
    "registry_cleanup_min_remaining": 0,
}


def planned(run: Run) -> list[tuple[str, str]]:
    """The tags that would go, over all hosts."""
    plans = [task.result["plan"] for task in run.tasks if task.action == CLEANUP]
    return sorted((row["repository"], row["name"]) for plan in plans for row in plan["delete"])


@pytest.mark.versions
@pytest.mark.sweep(3)
@pytest.mark.parametrize("host_per", ["project", "group", "repository"])
def test_a_shipped_play_cleans_what_the_whole_group_would(
    ansible: Ansible, simulator: Simulator, host_per: str
) -> None:
    simulator.load(fleet())
    rules = ["--check", "-e", json.dumps(RULES)]
    whole = ansible.play("containerops.gitlab.cleanup", *rules, "-e", "registry_group=team")
    assert whole.code == 0, whole.output
    inventory = source(ansible, {**TEAM, "host_per": host_per})
    hosts = "target_hosts=gitlab_registry:!gitlab_access_level_disabled"
    spread = ansible.play("containerops.gitlab.cleanup", *rules, *inventory, "-e", hosts)
    assert spread.code == 0, spread.output
    assert planned(spread) == planned(whole) != []
    tasks = [task for task in spread.tasks if task.action == CLEANUP]
    assert len(tasks) == {"project": 2, "group": 2, "repository": 3}[host_per]
    assert simulator.counters()["writes"] == 0


def page_blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_page_shows_what_there_is(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    inventory, playbook = page_blocks("yaml")
    assert yaml.safe_load(inventory) == TEAM
    (ansible.folder / "fleet.gitlab_registry.yml").write_text(inventory)
    [graph] = page_blocks("console")
    command, _newline, output = graph.partition("\n")
    assert command == "$ ansible-inventory -i fleet.gitlab_registry.yml --graph"
    found = ansible.inventory(*command.split()[2:])
    assert found.shown.rstrip() == output.rstrip()
    (ansible.folder / "clean.yml").write_text(playbook)
    run = ansible.play("clean.yml", "-i", "fleet.gitlab_registry.yml", "--check")
    assert run.code == 0, run.output
    old = ["dev-1", "dev-2", "dev-3", "dev-old"]
    # team/sub/tool is archived.
    assert planned(run) == [*(("team/app", name) for name in old), ("team/app/web", "dev-1")]
    for line in page_blocks("shell")[0].splitlines():
        assert line.startswith("ansible-playbook ")
        name, *options = line.replace("'", "").split()[1:]
        run = ansible.play(name, *options)
        assert run.code == 0, run.output
        assert simulator.counters()["writes"] == 0


def test_the_page_names_every_variable(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(fleet())
    named = set(re.findall(r"`((?:gitlab|registry)_[a-z_]+)`", PAGE.read_text()))
    for host_per in ("project", "group", "repository"):
        found = listed(ansible, {**TEAM, "host_per": host_per, "gather": ["size", "tags_count"]})
        told = {name for host in found.hosts.values() for name in host if not name.startswith("ansible_")}
        assert told <= named, told - named
