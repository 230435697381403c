# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's mistakes: one clear sentence, nothing lost, and where no server has to be asked nothing sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.refused import check_refused
from tests.integration.repeated import run_all
from tests.integration.scenarios import team
from tests.simulator.harness import Simulator

RULES = {"project": "team/app", "name_regex_delete": "dev-.*"}

UNSENT: list[tuple[dict[str, Any], str]] = [
    ({"name_regex_delete": "dev-(?!x)"}, "invalid perl operator: (?!"),
    ({"name_regex_delete": r"(a)\1"}, r"invalid escape sequence: \1"),
    ({"name_regex_delete": "(a"}, "missing ): (a"),
    ({"name_regex_delete": "a)"}, "unexpected ): a)"),
    ({"name_regex_delete": "[a"}, "missing ]: [a"),
    ({"name_regex_delete": "*"}, "no argument for repetition operator: *"),
    ({"name_regex_delete": r"\Qabc"}, r"\Q without \E"),
    ({"name_regex_delete": ""}, "name_regex_delete is empty"),
    ({"name_regex_keep": "(a"}, "name_regex_keep '(a' is not a valid RE2 pattern"),
    ({"protect": ["ok", "(a"]}, "protect '(a' is not a valid RE2 pattern"),
    ({"older_than": ""}, "older_than is empty"),
    ({"older_than": "0"}, "write 1min, 1month or 1d"),
    ({"older_than": "0d"}, "older_than '0d' is zero"),
    ({"older_than": "-1d"}, "is not a duration"),
    ({"older_than": "1 fortnight"}, "unknown unit 'fortnight'"),
    ({"older_than": "1m"}, "write 1min, 1month or 1d"),
    ({"older_than": "30"}, "write 30min, 30month or 30d"),
    ({"older_than": "151y"}, "more than 150 years"),
    ({"older_than": "999999999d"}, "more than 150 years"),
    ({"min_age": "soon"}, "min_age 'soon' is not a duration"),
    ({"min_age": "30"}, "min_age '30' is ambiguous"),
    ({"rules": [{"match": "a", "older_than": "1m"}], "name_regex_delete": None}, "rules, rule 1: older_than '1m' is"),
    ({"keep_n": -1}, "keep_n is -1: it can't be negative"),
    ({"min_remaining": -1}, "min_remaining is -1"),
    ({"max_deletions_percent": 101}, "between 0 and 100"),
    ({"return_limit": -5}, "return_limit is -5"),
    ({"project": "app"}, "project 'app' is a name without its group"),
    ({"project": ""}, "project is empty"),
    ({"project": None, "group": ""}, "group is empty"),
    (
        {"plan_path": "/nowhere/plan.jsonl"},
        "plan_path /nowhere/plan.jsonl can't be written: there is no folder /nowhere; create it, or give",
    ),
    ({"plan_path": "/tmp"}, "plan_path /tmp is a folder"),
    ({"api_url": "gitlab.example.com"}, "is not a URL: write it as https://gitlab.example.com"),
    ({"api_url": "https://user:pass@gitlab.example.com"}, "give it in api_token instead"),
    ({"api_url": "https://gitlab.example.com/api/v4?private_token=x"}, "api_url contains a query"),
    ({"api_token": ""}, "api_token is empty"),
    ({"api_token": "gldt-abc"}, "is a deploy token"),
    ({"api_token": "glcbt-abc"}, "give it in api_job_token"),
    ({"api_token": "glpat-a\n"}, "perhaps a line break"),
    ({"timeout": 0}, "timeout is 0"),
    ({"retries": -1}, "retries is -1"),
    ({"concurrency": 0}, "concurrency is 0"),
    ({"max_requests_per_minute": 0}, "max_requests_per_minute is 0"),
    ({"max_requests": 0}, "max_requests is 0"),
    ({"client_key": "/tmp/key"}, "client_key needs client_cert"),
    ({"group": "team"}, "mutually exclusive"),
    ({"project": None}, "one of the following is required: project, group, repository_id"),
    ({"project": None, "group": "team", "api_job_token": "job-token"}, "group can't be read with a CI/CD job token"),
    ({"project": None, "repository_id": [1], "api_job_token": "job-token"}, "can't be read with a CI/CD job token"),
    ({"api_token": "glpat-one", "api_job_token": "glcbt-two"}, "mutually exclusive"),
    ({"delete_via": "bulldozer"}, "must be one of"),
    ({"on_limit": "ignore"}, "must be one of"),
    ({"timestamp": "pulled"}, "must be one of"),
]


def without_none(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def test_bad_options_are_refused_before_anything_is_sent(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    check_refused(
        ansible,
        simulator,
        "registry_cleanup",
        [(without_none({**RULES, **change}), text) for change, text in UNSENT],
    )


INFO_UNSENT: list[tuple[dict[str, Any], str]] = [
    ({"gather": ["everything"]}, "must be one or more of"),
    ({"tag_names": ["bad name"]}, "tag_names holds 'bad name'"),
    ({"return_limit": -1}, "return_limit is -1"),
    ({"output_path": "/nowhere/x"}, "output_path /nowhere/x can't be written"),
    ({"on_error": "shrug"}, "must be one of"),
]


def test_bad_options_of_the_info_module_too(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    cases = [({"project": "team/app", **change}, text) for change, text in INFO_UNSENT]
    check_refused(ansible, simulator, "registry_info", cases)


ANSWERED: list[tuple[dict[str, Any], list[str]]] = [
    ({"project": "team/nothing"}, ["project team/nothing", "404", "does not exist, or the token may not see it"]),
    ({"group": "nothing"}, ["group nothing", "404", "does not exist, or the token may not see it"]),
    ({"repository_id": [999]}, ["repository 999", "404"]),
    (
        {"repositories": ["team/app/nothing"], "project": "team/app"},
        ["'team/app/nothing' is not the path of a repository"],
    ),
    ({"project": "team/app", "api_token": "glpat-unknown"}, ["401", "unknown, expired or revoked"]),
    ({"project": "team/app", "api_token": "glpat-expired"}, ["401", "expired"]),
    ({"project": "team/app", "api_token": "glpat-revoked"}, ["401", "revoked"]),
    ({"project": "team/app", "api_token": "glpat-registry"}, ["403", "insufficient_scope", "scope api"]),
    ({"group": "team", "api_token": "glpat-guest"}, ["403", "role"]),
    ({"project": "other/lib", "api_job_token": "job-token"}, ["other/lib", "403"]),
]


def test_what_gitlab_refuses_is_explained(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    tasks = run_all(ansible, "registry_info", [options for options, _texts in ANSWERED])
    for (options, texts), task in zip(ANSWERED, tasks, strict=True):
        assert task.failed, options
        for text in texts:
            assert text in task.message, (options, task.message)
        assert task.message.count("Could not") <= 1
        assert "Traceback" not in str(task.result), options
    assert simulator.counters()["writes"] == 0


def test_no_token_is_told(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    task = ansible.module("registry_info", {"project": "team/app"}, env={"GITLAB_TOKEN": None})
    assert task.failed
    assert "No token is given" in " ".join(task.result["warnings"])


def test_a_registry_that_is_off_is_told(ansible: Ansible, simulator: Simulator) -> None:
    scenario = team()
    scenario["projects"][0]["access_level"] = "disabled"
    simulator.load(scenario)
    task = ansible.module("registry_cleanup", RULES)
    assert "the container registry is disabled for the project" in task.message
    simulator.load(team(registry={"enabled": False}))
    for scope in ({"project": "team/app"}, {"group": "team"}):
        task = ansible.module("registry_info", scope)
        assert "this GitLab has no container registry" in task.message


def test_http_off_loopback_is_a_warning(ansible: Ansible, simulator: Simulator) -> None:
    task = ansible.module(
        "registry_info",
        {"project": "team/app", "api_url": "http://gitlab.invalid", "retries": 0},
        env={"http_proxy": None, "HTTP_PROXY": None},
    )
    assert task.failed
    assert "travel unencrypted" in " ".join(task.result["warnings"])


def test_a_proxy_page_is_recognised(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    simulator.faults([{"path": ".*", "action": "html"}])
    task = ansible.module("registry_info", {"project": "team/app"})
    assert "text/html and not JSON" in task.message
    assert "proxy" in task.message


def test_a_reader_token_plans_but_does_not_delete(ansible: Ansible, simulator: Simulator) -> None:
    simulator.load(team())
    options = {**RULES, "api_token": "glpat-reader"}
    before = simulator.state()
    assert ansible.module("registry_cleanup", options, check=True).status == "ok"
    task = ansible.module("registry_cleanup", options)
    assert task.failed
    assert task.result["outcome"]["counts"]["deleted"] == 0
    assert simulator.state() == before


@pytest.mark.parametrize("library", ["requests", "re2"])
def test_a_missing_library_is_named(ansible: Ansible, simulator: Simulator, tmp_path: Path, library: str) -> None:
    blocker = tmp_path / "blocked"
    blocker.mkdir()
    (blocker / f"{library}.py").write_text("raise ImportError('blocked')\n")
    task = ansible.module("registry_cleanup", RULES, env={"PYTHONPATH": str(blocker)})
    assert task.failed
    name = {"requests": "requests", "re2": "google-re2"}[library]
    assert f"Failed to import the required Python library ({name})" in task.message
