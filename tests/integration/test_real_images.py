# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cleanup of real images in a real registry, judged by the registry's own protocol and not by our code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.demo import team
from tests.demo.__main__ import NOW
from tests.integration.driver import Ansible, environment
from tests.simulator.harness import Simulator, running
from tests.simulator.seed import seed

pytestmark = pytest.mark.real_registry

ACCEPT = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"
)
ORDER: dict[str, Any] = {
    "group": team.GROUP,
    "name_regex_delete": "(main|feature)-.*",
    "keep_n": 5,
    "older_than": "30d",
    "return_limit": 1000,
}
# The ways to read, and what becomes of an OCI index: GitLab sees nothing of it, the registry everything.
WAYS = [pytest.param("graphql", "unknown_date", marks=pytest.mark.slow), ("auto", "expired")]


@pytest.fixture
def gitlab(real_registry: Any) -> Iterator[Simulator]:
    seed(real_registry.url, team.images(NOW))
    with running(team.server(NOW), registry=real_registry.url) as server:
        yield server


@pytest.fixture
def ansible(gitlab: Simulator, tmp_path: Path) -> Ansible:
    return Ansible(tmp_path, environment(tmp_path, gitlab.url, team.TOKEN))


def pulled(url: str) -> dict[str, dict[str, Any]]:
    """Digest and manifest of every tag, by repository:tag, straight from the registry."""
    found = {}
    for path in team.images(NOW):
        names = requests.get(f"{url}/v2/{path}/tags/list", timeout=30).json()["tags"] or []
        for name in names:
            answer = requests.get(f"{url}/v2/{path}/manifests/{name}", headers={"Accept": ACCEPT}, timeout=30)
            answer.raise_for_status()
            found[f"{path}:{name}"] = {"digest": answer.headers["Docker-Content-Digest"], "manifest": answer.json()}
    return found


@pytest.mark.parametrize(("via", "index"), WAYS)
def test_what_is_gone_is_the_plan_and_everything_else_can_still_be_pulled(
    ansible: Ansible, gitlab: Simulator, real_registry: Any, tmp_path: Path, via: str, index: str
) -> None:
    order = {**ORDER, "read_via": via}
    before = pulled(real_registry.url)
    plan = tmp_path / "plan.jsonl"
    check = ansible.module("registry_cleanup", {**order, "plan_path": str(plan)}, check=True, diff=True)
    check_plan = plan.read_text()
    assert check.status == "ok", check.message
    assert pulled(real_registry.url) == before
    run = ansible.module("registry_cleanup", {**order, "plan_path": str(plan)}, diff=True)
    assert run.status == "ok", run.message
    assert plan.read_text() == check_plan
    assert run.result["plan"] == check.result["plan"]
    assert run.result["diff"] == check.result["diff"]
    after = pulled(real_registry.url)

    rows = [json.loads(line) for line in check_plan.splitlines()]
    planned = {f"{row['repository']}:{row['name']}" for row in rows if row.get("action") == "delete"}
    assert len(planned) > 100
    assert set(before) - set(after) == planned
    assert {name: after[name] for name in after} == {name: before[name] for name in before if name not in planned}
    # A build that shares its image with a release: it is not proven that this registry deletes by name.
    assert "acme/shop:main-010" not in planned
    assert after["acme/shop:stable"] == before["acme/shop:main-010"]
    assert any(name.endswith(".sig") for name in after)
    # GitLab reads a manifest list as its linux/amd64 image, and nothing of an OCI index.
    # Which image the index is can't be seen by GraphQL, so that all tags beside it stay.
    assert ("acme/shop/worker:feature-multi-docker" in planned) is (via != "graphql")
    assert ("acme/shop/worker:feature-multi-oci" in after) is (via == "graphql")
    for name, image in after.items():
        for child in image["manifest"].get("manifests", []):
            path = name.partition(":")[0]
            url = f"{real_registry.url}/v2/{path}/manifests/{child['digest']}"
            assert requests.get(url, headers={"Accept": ACCEPT}, timeout=30).ok
    reasons = {f"{row['repository']}:{row['name']}": row["reason"] for row in rows if row["type"] == "tag"}
    assert reasons["acme/shop/worker:feature-multi-oci"] == index
    assert reasons["acme/payments:main-epoch"] == "unknown_date"

    again = ansible.module("registry_cleanup", order, diff=True)
    assert again.result["changed"] is False
    assert again.result["diff"] == []


@pytest.mark.slow
def test_what_a_run_deleted_can_be_pulled_again_when_it_is_put_back(
    ansible: Ansible, gitlab: Simulator, real_registry: Any, tmp_path: Path
) -> None:
    before = pulled(real_registry.url)
    journal = {"journal_path": str(tmp_path / "journal")}
    cleaned = ansible.module("registry_cleanup", {**ORDER, **journal, "read_via": "auto"})
    assert cleaned.status == "ok", cleaned.message
    deleted = cleaned.result["outcome"]["counts"]["deleted"]
    assert deleted > 100
    gone = pulled(real_registry.url)
    assert len(gone) == len(before) - deleted
    check = ansible.module("registry_restore", {**journal, "return_limit": 1000}, check=True, diff=True)
    assert check.status == "ok", check.message
    assert pulled(real_registry.url) == gone
    run = ansible.module("registry_restore", {**journal, "return_limit": 1000}, diff=True)
    assert run.status == "ok", run.message
    assert run.result["outcome"]["counts"]["written"] == deleted
    assert (run.result["tags"], run.result["diff"]) == (check.result["tags"], check.result["diff"])
    assert pulled(real_registry.url) == before
    again = ansible.module("registry_restore", journal)
    assert (again.status, again.result["changed"]) == ("ok", False)


LABEL = "quay.expires-after"
CREATED = "org.opencontainers.image.created"
PATH = "acme/shop/labels"


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def artifact(name: str, days: float) -> dict[str, Any]:
    """As oras push leaves it: an empty config, and the time of the push in an annotation."""
    return {"name": name, "artifact": "application/vnd.acme.report", "annotations": {CREATED: days_ago(days)}}


# Each with its reason in a cleanup by age, and in one by the label.
PUSHED: list[tuple[dict[str, Any], str, str]] = [
    (artifact("report-1", 90), "expired", "no_expiry_label"),
    (artifact("report-2", 3), "too_young", "no_expiry_label"),
    ({**artifact("report-3", 90), "annotations": {}}, "unknown_date", "unknown_date"),
    ({**artifact("report-4", 90), "annotations": {CREATED: "1980-01-01T00:00:00Z"}}, "unknown_date", "unknown_date"),
    ({**artifact("report-5", 9), "annotations": {CREATED: days_ago(9), LABEL: "1w"}}, "too_young", "label_expired"),
    ({"name": "review-1", "created": days_ago(9), "labels": {LABEL: "1w"}}, "too_young", "label_expired"),
    ({"name": "review-2", "created": days_ago(9), "labels": {LABEL: "2w"}}, "too_young", "label_not_expired"),
    ({"name": "review-3", "created": days_ago(9), "labels": {LABEL: "1m"}}, "too_young", "unknown_expiry"),
    (
        {"name": "review-4", "created": days_ago(9), "labels": {LABEL: "1d"}, "platforms": team.BOTH},
        "too_young",
        "label_expired",
    ),
    (
        {"name": "review-5", "created": days_ago(9), "labels": {LABEL: "1d"}, "format": "docker"},
        "too_young",
        "label_expired",
    ),
    ({"name": "review-6", "created": days_ago(90)}, "expired", "no_expiry_label"),
    ({"name": "main", "created": days_ago(1)}, "no_match", "no_match"),
]


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("rule", "which"), [({"older_than": "30d"}, 1), ({"expires_label": LABEL}, 2)], ids=["created", "expires"]
)
def test_what_images_say_of_themselves(real_registry: Any, tmp_path: Path, rule: dict[str, Any], which: int) -> None:
    seed(real_registry.url, {PATH: [row for row, *_reasons in PUSHED]})
    repositories = [{"id": 15, "project": "acme/shop", "name": "labels"}]
    with running({**team.server(NOW), "repositories": repositories}, registry=real_registry.url) as server:
        ansible = Ansible(tmp_path, environment(tmp_path, server.url, team.TOKEN))
        order = {"project": "acme/shop", "name_regex_delete": "re.*", "return_limit": 99, **rule}
        check = ansible.module("registry_cleanup", order, check=True)
        run = ansible.module("registry_cleanup", order)
    assert run.status == "ok", run.message
    assert run.result["plan"] == check.result["plan"]
    found = {row["name"]: row["reason"] for row in [*run.result["plan"]["delete"], *run.result["plan"]["keep"]]}
    wanted = {each[0]["name"]: each[which] for each in PUSHED}
    assert found == wanted
    left = requests.get(f"{real_registry.url}/v2/{PATH}/tags/list", timeout=30).json()["tags"]
    assert set(left) == {name for name, reason in wanted.items() if reason not in ("expired", "label_expired")}
