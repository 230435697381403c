# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry's own protocol against a real registry that wants GitLab's tokens."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.driver import Ansible, Task, environment
from tests.integration.in_process import Modules
from tests.integration.scenarios import NOW, TOKEN, days_ago, server
from tests.simulator.harness import Simulator
from tests.simulator.images import EVERYTHING
from tests.simulator.real_registry import RealRegistry
from tests.simulator.seed import seed

pytestmark = pytest.mark.real_registry

BOTH = ["linux/amd64", "linux/arm64"]


@dataclass
class RealServers:
    """GitLab, a registry, and two repositories of the test's own in team/app and team/sub/tool."""

    ansible: Ansible
    gitlab: Simulator
    registry: RealRegistry
    app: str
    tool: str
    digests: dict[str, str]

    def run(self, module: str, options: dict[str, Any], **how: Any) -> Task:
        return self.ansible.module(module, {"registry_url": self.registry.url, **options}, **how)

    def manifest(self, path: str, reference: str) -> requests.Response:
        """Straight from the registry."""
        headers = {"Accept": EVERYTHING, "Authorization": f"Bearer {self.gitlab.registry_token(path)}"}
        return requests.get(f"{self.registry.url}/v2/{path}/manifests/{reference}", headers=headers, timeout=30)

    def digest(self, path: str, name: str) -> str | None:
        answer = self.manifest(path, name)
        return answer.headers["Docker-Content-Digest"] if answer.ok else None


@pytest.fixture
def servers(
    guarded: tuple[Simulator, RealRegistry], modules: Modules, tmp_path: Path, request: pytest.FixtureRequest
) -> RealServers:
    gitlab, registry = guarded
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name).strip("-")
    gitlab.load(
        server(
            [{"id": 100, "project": "team/app", "name": name}, {"id": 101, "project": "team/sub/tool", "name": name}],
            mode="M2",
        )
    )
    app, tool = f"team/app/{name}", f"team/sub/tool/{name}"
    images: list[dict[str, Any]] = [
        {"name": "v1", "created": days_ago(90)},
        {"name": "stable", "same_as": "v1"},
        {"name": "multi", "platforms": BOTH, "created": days_ago(80)},
        {"name": "list", "platforms": BOTH, "created": days_ago(70), "format": "docker"},
        {"name": "young", "created": days_ago(1)},
        {"name": "undated", "created": None},
        {"name": "", "signs": "v1", "created": days_ago(90)},
    ]
    digests = seed(registry.url, {app: images}, gitlab.registry_token)[app]
    ansible = Ansible(tmp_path, environment(tmp_path, gitlab.url), modules=modules)
    return RealServers(ansible, gitlab, registry, app, tool, digests)


def tags(task: Task, path: str) -> dict[str, dict[str, Any]]:
    [row] = [row for row in task.result["repositories"] if row["path"] == path]
    return {tag["name"]: tag for tag in row["tags"]}


def test_everything_is_read(servers: RealServers) -> None:
    task = servers.run("registry_info", {"repository_id": [100], "gather": ["tag_details"]})
    assert task.status == "ok", task.message
    assert task.result["repositories"][0]["listing"] == "complete"
    found = tags(task, servers.app)
    assert {name: tag["digest"] for name, tag in found.items()} == servers.digests
    assert found["multi"]["date"] == days_ago(80)
    assert found["list"]["date"] == days_ago(70)
    assert found["undated"]["date"] is None
    manifest = servers.manifest(servers.app, "multi").json()
    assert found["multi"]["children"] == [child["digest"] for child in manifest["manifests"]]
    single = servers.manifest(servers.app, "v1").json()
    assert found["v1"]["size"] == stored(servers, "v1")
    assert found["v1"]["config_digest"] == single["config"]["digest"]
    inside = sum(stored(servers, child["digest"]) for child in manifest["manifests"])
    assert found["multi"]["size"] == len(servers.manifest(servers.app, "multi").content) + inside


def stored(servers: RealServers, reference: str) -> int:
    """The bytes of an image for one platform: its manifest, its config and its layers."""
    answer = servers.manifest(servers.app, reference)
    manifest = answer.json()
    return len(answer.content) + sum(int(part["size"]) for part in (manifest["config"], *manifest["layers"]))


def test_images_for_several_platforms_grow_old_too(servers: RealServers) -> None:
    rules = {"repository_id": [100], "name_regex_delete": ".*", "older_than": "30d"}
    check = servers.run("registry_cleanup", rules, check=True)
    assert check.status == "ok", check.message
    signature = next(name for name in servers.digests if name.endswith(".sig"))
    assert [row["name"] for row in check.result["plan"]["delete"]] == ["stable", "v1", "multi", "list", signature]
    assert servers.gitlab.counters()["writes"] == 0
    run = servers.run("registry_cleanup", rules)
    assert run.status == "ok", run.message
    assert run.result["plan"] == check.result["plan"]
    assert run.result["outcome"]["counts"]["deleted"] == 5
    left = {name for name in servers.digests if servers.digest(servers.app, name)}
    assert left == set(servers.digests) - {"stable", "v1", "multi", "list", signature}


def test_a_registry_that_can_not_delete_by_name_says_so(servers: RealServers) -> None:
    rules = {"repository_id": [100], "name_regex_delete": "v1", "older_than": "30d", "delete_via": "registry"}
    rules["shared_digest"] = "independent"
    task = servers.run("registry_cleanup", {**rules, "api_token": "glpat-root"}, env={"GITLAB_TOKEN": None})
    assert task.failed
    assert "does not delete tags by name" in task.message
    assert servers.digest(servers.app, "v1") == servers.digests["v1"]


@pytest.mark.parametrize("source", ["v1", "multi", "list"])
def test_an_image_is_promoted_with_all_that_it_holds(servers: RealServers, source: str) -> None:
    options = {"repository": servers.tool, "name": ["prod", "v1.0"], "source_repository": servers.app, "source": source}
    check = servers.run("registry_tag", options, check=True, diff=True)
    assert check.status == "ok", check.message
    assert servers.gitlab.counters()["writes"] == 0
    assert servers.digest(servers.tool, "prod") is None
    run = servers.run("registry_tag", options, diff=True)
    assert run.status == "ok", run.message
    for key in ("changed", "diff", "tags"):
        assert run.result[key] == check.result[key], key
    assert run.result["changed"] is True
    assert servers.digest(servers.tool, "prod") == servers.digest(servers.tool, "v1.0") == servers.digests[source]
    for child in servers.manifest(servers.tool, "prod").json().get("manifests", []):
        assert servers.manifest(servers.tool, child["digest"]).ok
    again = servers.run("registry_tag", options)
    assert again.result["changed"] is False


def test_signatures_come_along(servers: RealServers) -> None:
    options = {"repository": servers.tool, "name": "prod", "source_repository": servers.app, "source": "v1"}
    task = servers.run("registry_tag", {**options, "copy_referrers": True})
    assert task.status == "ok", task.message
    signature = servers.digests["v1"].replace(":", "-") + ".sig"
    assert [row["name"] for row in task.result["tags"]] == [signature, "prod"]
    assert servers.digest(servers.tool, signature) == servers.digests[signature]
    assert servers.run("registry_tag", {**options, "copy_referrers": True}).result["changed"] is False


def test_a_deleted_tag_is_restored_from_its_digest(servers: RealServers) -> None:
    digest = servers.digests["multi"]
    absent = {"repository": servers.app, "name": "multi", "state": "absent", "digest": digest}
    gone = servers.run("registry_tag", absent)
    assert gone.status == "ok", gone.message
    assert [row["outcome"] for row in gone.result["outcome"]] == ["deleted"]
    assert servers.digest(servers.app, "multi") is None
    assert servers.run("registry_tag", absent).result["changed"] is False
    back = servers.run("registry_tag", {"repository": servers.app, "name": "multi", "source": digest})
    assert back.status == "ok", back.message
    assert servers.digest(servers.app, "multi") == digest


def test_what_is_not_there_any_more_can_not_come_back(servers: RealServers) -> None:
    options = {"repository": servers.app, "name": "back", "source": "sha256:" + "ab" * 32}
    task = servers.run("registry_tag", options)
    assert task.failed
    assert "the registry no longer has this image" in task.message
    assert "garbage collection" in task.message


def test_another_image_is_not_overwritten_unless_forced(servers: RealServers) -> None:
    options = {"repository": servers.app, "name": "stable", "source": "young"}
    for check in (True, False):
        task = servers.run("registry_tag", options, check=check)
        assert task.failed
        assert task.result["result"] == "refused"
        assert servers.digests["v1"] in task.message
    assert servers.digest(servers.app, "stable") == servers.digests["v1"]
    forced = servers.run("registry_tag", {**options, "force": True})
    assert forced.status == "ok", forced.message
    assert servers.digest(servers.app, "stable") == servers.digests["young"]
    assert servers.digest(servers.app, "v1") == servers.digests["v1"]


def test_the_catalog_is_for_administrators(servers: RealServers) -> None:
    refused = servers.run("registry_catalog_info", {})
    assert refused.failed
    root = {"api_token": "glpat-root", "repositories": [f"{servers.app}*"]}
    task = servers.run("registry_catalog_info", root, env={"GITLAB_TOKEN": None})
    assert task.status == "ok", task.message
    assert task.result["repositories"] == [servers.app]


def test_a_cache_saves_the_images(servers: RealServers, tmp_path: Path) -> None:
    cache = tmp_path / "images.db"
    options = {"repository_id": [100], "gather": ["tag_details"], "cache_path": str(cache)}
    first = servers.run("registry_info", options)
    second = servers.run("registry_info", options)
    assert tags(first, servers.app) == tags(second, servers.app)
    assert second.result["requests"] < first.result["requests"]
    assert servers.app.encode() not in cache.read_bytes()
    assert not {*first.result.get("warnings", ()), *second.result.get("warnings", ())}


Refusal = tuple[dict[str, Any], dict[str, str | None], str]
REFUSALS: list[Refusal] = [
    ({"api_token": "glpat-reader"}, {"GITLAB_TOKEN": None}, "Reporter and read_registry"),
    ({"registry_username": "ops", "registry_password": "wrong-password"}, {}, "HTTP Basic: Access denied"),
]


@pytest.mark.parametrize(("options", "env", "words"), REFUSALS)
def test_credentials_that_are_no_good(
    servers: RealServers, options: dict[str, Any], env: dict[str, str | None], words: str
) -> None:
    task = servers.run(
        "registry_info", {"project": ["team/app"], "gather": ["tags"], "read_via": "registry", **options}, env=env
    )
    assert task.failed
    assert words in task.message
    assert "wrong-password" not in json.dumps(task.result)


def test_secrets_are_nowhere(servers: RealServers, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"password": TOKEN}))
    options = {
        "registry_url": servers.registry.url,
        "registry_username": "ops",
        "registry_password": "{{ password }}",
        "repository_id": [100],
        "gather": ["tag_details"],
        "read_via": "registry",
    }
    task = {"name": "Read", "containerops.gitlab.registry_info": options}
    run = servers.ansible.tasks([task], "-vvv", "-e", f"@{secrets}")
    assert run.code == 0, run.output
    assert TOKEN not in run.output
    assert "Bearer" not in run.output
    assert "eyJ" not in run.output


def test_the_clock_is_gitlabs(servers: RealServers) -> None:
    task = servers.run("registry_cleanup", {"repository_id": [100], "name_regex_delete": "none"}, check=True)
    assert task.result["server"]["clock"] == NOW.isoformat().replace("+00:00", "Z")
    assert task.result["server"]["read_via"] == "registry"


def test_a_repository_is_emptied_and_deleted(servers: RealServers) -> None:
    absent = {"repository": [servers.app], "state": "absent", "wait": True, "wait_timeout": 30}
    refused = servers.run("registry_repository", absent)
    assert refused.result["result"] == "refused"
    assert "it has 7 tags" in refused.message
    empty = {"repository": [servers.app], "state": "empty", "protect": ["young"]}
    check = servers.run("registry_repository", empty, check=True, diff=True)
    assert check.status == "ok", check.message
    assert servers.gitlab.counters()["writes"] == 0
    run = servers.run("registry_repository", empty, diff=True)
    assert run.status == "ok", run.message
    for key in ("changed", "diff", "repositories"):
        assert run.result[key] == check.result[key], key
    assert [name for name in servers.digests if servers.digest(servers.app, name)] == ["young"]
    assert servers.run("registry_repository", {"repository": [servers.app], "state": "empty"}).result["changed"] is True
    again = servers.run("registry_repository", {"repository": [servers.app], "state": "empty"})
    assert (again.status, again.result["changed"]) == ("ok", False)
    gone = servers.run("registry_repository", absent)
    assert gone.status == "ok", gone.message
    assert [row["outcome"] for row in gone.result["outcome"]] == ["deleted"]
    last = servers.run("registry_repository", absent)
    assert (last.status, last.result["changed"]) == ("ok", False)


def test_a_repository_is_emptied_before_it_is_deleted(servers: RealServers) -> None:
    options = {"repository_id": [100], "state": "absent", "empty_first": True, "wait": True, "wait_timeout": 30}
    check = servers.run("registry_repository", options, check=True, diff=True)
    assert check.status == "ok", check.message
    run = servers.run("registry_repository", options, diff=True)
    assert run.status == "ok", run.message
    assert run.result["diff"] == check.result["diff"]
    assert [row["outcome"] for row in run.result["outcome"]] == ["deleted"]
    assert not any(servers.digest(servers.app, name) for name in servers.digests)
