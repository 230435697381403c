# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module behind a proxy that damages answers: nothing is deleted that is kept behind a good one, no traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.proxy import DAMAGES, Proxy, proxying
from tests.integration.driver import Ansible, Task
from tests.integration.scenarios import days_ago, mixed_tags, repository, server, tag
from tests.simulator.harness import Simulator

ALL = (*DAMAGES, "repeated")
MANY = [f"a{number:03}" for number in range(120)]
RULES: dict[str, Any] = {
    "project": ["team/app"],
    "name_regex_delete": "(dev|feature|release)-.*",
    "older_than": "30d",
    "keep_refs": ["branches", "tags", "merge_requests"],
    "keep_deployments": 2,
    "keep_n": 1,
    "retries": 1,
    "concurrency": 1,
}
OWNERS = {"minimum_access_level_for_push": "maintainer", "minimum_access_level_for_delete": "owner"}
APP: dict[str, Any] = {"project": ["team/app"]}
MODULES: list[tuple[str, dict[str, Any]]] = [
    ("registry_info", {"group": "team", "gather": ["tag_details", "projects", "protection_rules", "policy_preview"]}),
    ("registry_cleanup_policy", {**APP, "enabled": True, "keep_n": 5, "name_regex_delete": "dev-.*", "preview": True}),
    ("registry_settings", {"defaults": {"access_level": "private"}, "groups": [{"group": "team"}]}),
    ("registry_visibility", {"group": "team", "access_level": "private"}),
    ("registry_repository", {"repository": ["team/app/web"], "state": "empty", "max_deletions": 10}),
    ("registry_tag", {"repository": "team/app", "name": ["dev-1"], "state": "absent"}),
    ("registry_tag_protection", {**APP, "rules": [{"tag_name_pattern": "v.*", **OWNERS}]}),
    ("registry_repository_protection", {**APP, "rules": [{"repository_path_pattern": "team/app*", **OWNERS}]}),
]


@pytest.fixture
def proxy(simulator: Simulator) -> Iterator[Proxy]:
    with proxying(simulator.url) as found:
        yield found


def load(simulator: Simulator, mode: str) -> None:
    """Tags that only something late in a long list keeps."""
    tags = [
        *mixed_tags(),
        *(tag(f"feature-{kind}", 90) for kind in ("branch", "request", "git-tag", "deployed", "dead")),
        tag("feature-young", 5),
    ]
    scenario = server(
        [repository(100, "team/app", "", tags), repository(101, "team/app", "web", [tag("dev-1", 50)])], mode=mode
    )
    scenario["projects"][0] |= {
        "branches": [*MANY, "feature-branch"],
        "git_tags": [*MANY, "feature-git-tag"],
        "merge_requests": [{"source_branch": name} for name in ["feature-request", *MANY]],
        "environments": [*MANY, "prod"],
        "deployments": [{"environment": "prod", "ref": "feature-deployed", "sha": "0" * 40}],
    }
    simulator.load(scenario)


def run(ansible: Ansible, proxy: Proxy, module: str, options: dict[str, Any]) -> Task:
    return ansible.module(module, options, env={"GITLAB_API_URL": proxy.url})


def check_told(task: Task, proxy: Proxy) -> None:
    """It ended by itself, in words."""
    told = json.dumps(task.result)
    assert "Traceback" not in told, (proxy.done, told)
    assert task.status == "ok" or task.message, proxy.done
    assert "MODULE FAILURE" not in told, (proxy.done, told)


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_deleted_that_is_kept_behind_a_good_proxy(
    ansible: Ansible, simulator: Simulator, proxy: Proxy, mode: str, seed: int
) -> None:
    load(simulator, mode)
    proxy.damage(seed=0, share=0)
    good = run(ansible, proxy, "registry_cleanup", RULES)
    assert good.status == "ok", good.message
    kept = {(path, name) for path, names in simulator.state().items() for name in names}
    assert {name for _path, name in kept} >= {"feature-branch", "feature-request", "feature-git-tag", "feature-young"}
    assert "feature-dead" not in {name for _path, name in kept}
    load(simulator, mode)
    proxy.damage(*ALL, seed=seed, share=0.15)
    done = run(ansible, proxy, "registry_cleanup", RULES)
    check_told(done, proxy)
    left = {(path, name) for path, names in simulator.state().items() for name in names}
    assert kept <= left, (proxy.done, sorted(kept - left))


BY_RULE: dict[str, Any] = {
    "group": "team",
    "state": "absent",
    "conditions": {
        "paths": ["team/app/*"],
        "ref_gone": ["branches", "merge_requests"],
        "not_pushed_for": "30d",
    },
    "wait": False,
    "retries": 1,
    "concurrency": 1,
}


def load_repositories(simulator: Simulator, mode: str) -> None:
    """Repositories that only something late in a long list keeps."""
    names = {
        "review/branch": [tag("a", 90)],
        "review/request": [tag("a", 90)],
        "review/young": [*(tag(f"a{number:02}", 90) for number in range(30)), tag("z", 5)],
        "review/dead": [tag("a", 90), tag("b", 60)],
        "review/empty": [],
        "review/ruled": [tag("a", 90)],
    }
    rows = [
        repository(100 + number, "team/app", name, tags, created_at=days_ago(200))
        for number, (name, tags) in enumerate(names.items())
    ]
    scenario = server(rows, mode=mode)
    scenario["projects"][0] |= {
        "branches": [*MANY, "branch"],
        "merge_requests": [{"source_branch": name} for name in ["request", *MANY]],
        "repository_rules": [{"pattern": "team/app/review/ruled", "delete": "owner"}],
    }
    simulator.load(scenario)


@pytest.mark.parametrize("mode", ["M1", "M2"])
@pytest.mark.parametrize("seed", range(4))
def test_no_repository_is_deleted_that_is_kept_behind_a_good_proxy(
    ansible: Ansible, simulator: Simulator, proxy: Proxy, mode: str, seed: int
) -> None:
    load_repositories(simulator, mode)
    proxy.damage(seed=0, share=0)
    good = run(ansible, proxy, "registry_repository", BY_RULE)
    assert good.status == "ok", good.message
    simulator.run_jobs()
    kept = {f"team/app/review/{name}" for name in ("branch", "request", "young", "ruled")}
    assert set(simulator.state()) == kept
    load_repositories(simulator, mode)
    before = {path: names for path, names in simulator.state().items() if path in kept}
    proxy.damage(*ALL, seed=seed, share=0.15)
    done = run(ansible, proxy, "registry_repository", BY_RULE)
    check_told(done, proxy)
    simulator.run_jobs()
    assert {path: names for path, names in simulator.state().items() if path in kept} == before, proxy.done


@pytest.mark.sweep(4)
@pytest.mark.parametrize("damage", ALL)
def test_each_damage_of_every_answer_deletes_nothing_that_is_kept(
    ansible: Ansible, simulator: Simulator, proxy: Proxy, damage: str
) -> None:
    load(simulator, "M1")
    proxy.damage(damage, seed=1, share=0.6)
    done = run(ansible, proxy, "registry_cleanup", {**RULES, "retries": 0})
    check_told(done, proxy)
    left = set(simulator.state()["team/app"])
    assert left >= {"feature-branch", "feature-request", "feature-git-tag", "feature-deployed", "feature-young"}


def digests(simulator: Simulator) -> dict[str, str]:
    return {row["name"]: row["digest"] for row in simulator.tags("team/app")}


def test_a_restore_behind_a_bad_proxy_overwrites_nothing(
    ansible: Ansible, simulator: Simulator, proxy: Proxy, tmp_path: Path
) -> None:
    load(simulator, "M1")
    before, journal = digests(simulator), {"journal_path": str(tmp_path / "journal")}
    proxy.damage(seed=0, share=0)
    cleaned = run(ansible, proxy, "registry_cleanup", {**RULES, **journal})
    assert cleaned.result["outcome"]["counts"]["deleted"] > 3
    simulator.edit_tags("team/app", put=[tag("dev-1", 1, image="pushed anew")])
    expected = {**before, "dev-1": digests(simulator)["dev-1"]}
    for seed in range(8):
        proxy.damage(*ALL, seed=seed, share=0.3)
        check_told(run(ansible, proxy, "registry_restore", {**journal, "retries": 0, "concurrency": 1}), proxy)
        assert digests(simulator).items() <= expected.items(), proxy.done
    proxy.damage(seed=0, share=0)
    good = run(ansible, proxy, "registry_restore", journal)
    assert good.status == "ok", good.message
    assert digests(simulator) == expected


@pytest.mark.parametrize(("module", "options"), MODULES, ids=[module for module, _options in MODULES])
def test_every_module_ends_in_words(
    ansible: Ansible, simulator: Simulator, proxy: Proxy, module: str, options: dict[str, Any]
) -> None:
    load(simulator, "M1")
    proxy.damage(seed=0, share=0)
    good = run(ansible, proxy, module, options)
    assert good.status == "ok", good.message
    for seed in range(4):
        load(simulator, "M1")
        proxy.damage(*ALL, seed=seed, share=0.3)
        check_told(run(ansible, proxy, module, {**options, "retries": 0, "concurrency": 1}), proxy)
