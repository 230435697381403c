# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts and clusters use, gathered by the role and kept by a cleanup."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.driver import Ansible, Run
from tests.integration.scenarios import MIXED_RULES, team
from tests.simulator.harness import Simulator

GATHER = "containerops.gitlab.in_use"
CLEANUP = "containerops.gitlab.cleanup"
ID = "sha256:" + "c" * 64
DIGEST = "registry.example.com/team/app@sha256:" + "d" * 64

CONNECTION = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = '''
name: away
short_description: nobody is there
description: [It is away.]
author: nobody
options: {}
'''


class Connection(Local):
    transport = "away"

    def _connect(self):
        raise AnsibleConnectionFailure("nobody is there")
"""
# Answers as docker and podman do, from what lies beside it.
TOOL = """#!/bin/sh
here=$(dirname "$0")
case "$1" in
  --version) echo tool 1 ;;
  ps) cat "$here/containers" ;;
  inspect) shift 3; test "$*" = "$(tr '\\n' ' ' < "$here/containers" | sed 's/ $//')" && cat "$here/inspected.json" ;;
  image) cat "$here/image.json" ;;
  *) exit 64 ;;
esac
"""


def container_host(folder: Path, tool: str = "docker", *, broken: bool = False) -> dict[str, str]:
    """An environment with a tool that knows a running and a stopped container, and the hosts of an inventory."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    path = bin_folder / tool
    path.write_text(TOOL.replace('cat "$here/containers" ;;', "echo no daemon >&2; exit 1 ;;") if broken else TOOL)
    path.chmod(0o755)
    (bin_folder / "containers").write_text("1111\n2222\n")
    docker = {"Image": ID, "Config": {"Image": "registry.example.com/team/app:dev-1"}}
    podman = {"Image": ID.removeprefix("sha256:"), "ImageName": "team/app:dev-2", "Config": {}}
    (bin_folder / "inspected.json").write_text(json.dumps([docker, podman]))
    (bin_folder / "image.json").write_text(json.dumps([{"RepoDigests": [DIGEST, "x@<none>"]}]))
    (folder / "away.py").write_text(CONNECTION)
    inventory = {
        "web": {"hosts": {"web-1": {"ansible_connection": "local"}, "web-2": {"ansible_connection": "away"}}},
        # It has the tool, and no Python that Ansible could run a module with.
        "odd": {"hosts": {"odd-1": {"ansible_connection": "local", "ansible_python_interpreter": "/nowhere/python3"}}},
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": inventory}}))
    return {"PATH": f"{bin_folder}:/usr/bin:/bin", "ANSIBLE_CONNECTION_PLUGINS": str(folder)}


def gather(ansible: Ansible, folder: Path, environment: dict[str, str], **options: Any) -> Run:
    values = {f"registry_in_use_{option}": value for option, value in options.items()}
    return ansible.play(GATHER, "-i", str(folder / "hosts.yml"), "-e", json.dumps(values), env=environment)


def sources(path: Path) -> dict[str, dict[str, Any]]:
    return {source["name"]: source for source in json.loads(path.read_text())["sources"]}


@pytest.mark.versions
def test_hosts_clusters_and_references(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    environment, path = container_host(tmp_path), tmp_path / "in-use.json"
    manifest = {"kind": "Deployment", "spec": {"replicas": 0, "template": {"spec": {"containers": [{"image": "a:1"}]}}}}
    (tmp_path / "a.yaml").write_text(f"{yaml.safe_dump(manifest)}---\n---\n{yaml.safe_dump({'kind': 'Service'})}")
    clusters = [
        {"name": "files", "files": [str(tmp_path / "*.yaml")]},
        {"name": "live", "resources": [{"kind": "Pod", "spec": {"containers": [{"image": "b:1"}]}}]},
    ]
    options = {"hosts": ["web-1", "web-2"], "kubernetes": clusters, "references": ["c:1"], "output_path": str(path)}
    begun = datetime.now(UTC).replace(microsecond=0)
    run = gather(ansible, tmp_path, environment, **options)
    assert run.code == 0, run.output
    found = sources(path)
    assert set(found) == {"web-1", "web-2", "files", "live", "given"}
    assert set(found["web-1"]["images"]) == {
        "registry.example.com/team/app:dev-1",
        "team/app:dev-2",
        ID,
        ID.removeprefix("sha256:"),
        DIGEST,
    }
    assert [found[name]["failed"] for name in ("web-1", "files", "live", "given")] == ["", "", "", ""]
    assert "reached" in found["web-2"]["failed"]
    for source in found.values():
        read_at = datetime.strptime(source["read_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert begun <= read_at <= datetime.now(UTC)
    assert [found[name]["images"] for name in ("web-2", "files", "live", "given")] == [[], ["a:1"], ["b:1"], ["c:1"]]
    assert simulator.counters()["total"] == 0


@pytest.mark.slow
def test_a_tool_that_fails_or_is_not_there(ansible: Ansible, tmp_path: Path) -> None:
    environment, path = container_host(tmp_path, "podman", broken=True), tmp_path / "in-use.json"
    run = gather(ansible, tmp_path, environment, hosts=["web-1"], output_path=str(path))
    assert run.code == 0, run.output
    found = sources(path)["web-1"]
    assert found.pop("read_at")
    assert found == {"name": "web-1", "images": [], "failed": "no daemon"}
    run = gather(ansible, tmp_path, environment, hosts=["web-1"], tool="docker", output_path=str(path))
    assert "are not there" in sources(path)["web-1"]["failed"]


def test_a_host_that_cannot_run_a_module(ansible: Ansible, tmp_path: Path) -> None:
    environment, path = container_host(tmp_path), tmp_path / "in-use.json"
    run = gather(ansible, tmp_path, environment, hosts=["odd-1", "web-1"], output_path=str(path))
    assert run.code == 0, run.output
    found = sources(path)
    assert found["odd-1"]["failed"].startswith("Ansible can't run a module there: ")
    assert "not there" not in found["odd-1"]["failed"].partition(": ")[2]
    assert found["odd-1"]["images"] == []
    assert found["web-1"]["failed"] == ""


def test_what_can_not_be_gathered(ansible: Ansible, tmp_path: Path) -> None:
    environment = container_host(tmp_path)
    cases: list[dict[str, Any]] = [
        {},
        {"hosts": ["web-1", "web-3"]},
        {"hosts": ["web"]},
        {"hosts": ["web"], "hosts_expected": 3},
        {"kubernetes": [{"name": "k", "files": [str(tmp_path / "nowhere-*.yaml")]}]},
    ]
    for case in cases:
        run = gather(ansible, tmp_path, environment, **case)
        assert run.code != 0, case
        assert "can't be gathered" in run.output


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (
            "containers: [{name: a, image: team/app:1, image: team/app:2}]",
            "has the key 'image' twice in the mapping of",
        ),
        ("kind: Pod\n---\nspec: {}\nkind: Job\nspec: {}\n", "has the key 'spec' twice in the mapping of line 3"),
        ("a: [", "is not valid YAML in line 1"),
        ("team/app:1", "contains a document that is not a Kubernetes object"),
        ("- a\n--- 5\n", "contains a document that is not a Kubernetes object"),
    ],
)
def test_a_manifest_that_can_not_be_meant_is_refused(
    ansible: Ansible, tmp_path: Path, manifest: str, words: str
) -> None:
    (tmp_path / "good.yaml").write_text("---\nkind: Service\n---\n")
    (tmp_path / "other.yaml").write_text(manifest)
    clusters = [{"name": "k", "files": [str(tmp_path / "*.yaml")]}]
    run = gather(ansible, tmp_path, container_host(tmp_path), kubernetes=clusters)
    [message] = [task.message for task in run.tasks if task.failed]
    assert message.startswith(f"What k uses can't be gathered: {tmp_path}/other.yaml {words}")


def test_a_group_without_hosts_is_no_place_to_look(ansible: Ansible, tmp_path: Path) -> None:
    environment = container_host(tmp_path)
    hosts = (tmp_path / "hosts.yml").read_text()
    (tmp_path / "hosts.yml").write_text(json.dumps({**yaml.safe_load(hosts), "empty": {}}))
    run = gather(
        ansible, tmp_path, environment, hosts=["empty"], hosts_expected=0, output_path=str(tmp_path / "a.json")
    )
    assert run.code != 0
    assert "of registry_in_use_hosts 0 hosts are in this inventory" in run.output
    assert not (tmp_path / "a.json").exists()


def test_a_cleanup_keeps_what_was_gathered(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team(clock=datetime.now(UTC).isoformat().replace("+00:00", "Z")))
    environment = container_host(tmp_path)
    given = {f"registry_cleanup_{option}": value for option, value in MIXED_RULES.items()}
    given |= {"registry_group": "team", "registry_cleanup_gather_in_use": True, "registry_cleanup_return_limit": 1000}

    def cleanup(*hosts: str, **more: Any) -> Run:
        values = {**given, "registry_in_use_hosts": hosts, **more}
        return ansible.play(
            CLEANUP, "--check", "-i", str(tmp_path / "hosts.yml"), "-e", json.dumps(values), env=environment
        )

    good = cleanup("web-1")
    assert good.code == 0, good.output
    plan = good.of("containerops.gitlab.registry_cleanup").result["plan"]
    reasons = {row["name"]: row["reason"] for row in plan["keep"] if row["repository"] == "team/app"}
    assert (reasons["dev-1"], reasons["dev-2"]) == ("in_use", "in_use")
    bad = cleanup("web-1", "web-2")
    assert bad.code != 0
    assert "the source web-2 of images in use failed: it can not be reached" in bad.output
    path = tmp_path / "in-use.json"
    path.write_text(json.dumps({"sources": [{"name": "file", "images": ["team/app:dev-3"], "failed": ""}]}))
    more = {"registry_cleanup_gather_in_use": False, "registry_cleanup_in_use_sources_path": str(path)}
    read = cleanup(**more)
    assert read.code == 0, read.output
    plan = read.of("containerops.gitlab.registry_cleanup").result["plan"]
    assert {row["name"]: row["reason"] for row in plan["keep"] if row["repository"] == "team/app"}["dev-3"] == "in_use"
