# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example of docs/in-use.md, run as it is written: the cluster is a file of objects, docker is a stub."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible, Run
from tests.integration.scenarios import repository, server
from tests.integration.test_gathering import CONNECTION as AWAY
from tests.simulator.harness import Simulator

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "in-use.md").read_text()


def blocks(kind: str) -> list[str]:
    """The blocks of a kind, without the indent of the list that they are in."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(text) for _indent, text in found]


FILES = {text.split()[1]: text for text in blocks("yaml") if text.startswith("# ")}
GATHER, CLEANUP = blocks("shell")[1].splitlines()

# Answers from the file of objects that is its kubeconfig.
K8S_INFO = """
import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({"kubeconfig": {"type": "path"}, "api_version": {}, "kind": {}}, supports_check_mode=True)
path = Path(module.params["kubeconfig"])
if not path.exists():
    module.fail_json(msg="Failed to get client: the cluster can not be reached")
wanted = {"apiVersion": module.params["api_version"], "kind": module.params["kind"]}
found = [each for each in json.loads(path.read_text()) if wanted.items() <= each.items()]
module.exit_json(api_found=module.params["kind"] not in path.with_suffix(".unknown").read_text(), resources=found)
"""
TOOL = """#!/bin/sh
case "$1" in
  --version) echo tool 1 ;;
  ps) echo 1111 ;;
  inspect) echo '[{"Image": "sha256:cccc", "Config": {"Image": "registry.example.com/team/app:dev-2"}}]' ;;
  image) echo '[{"RepoDigests": []}]' ;;
esac
"""


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def registry() -> dict[str, Any]:
    """A server of today with old branches."""
    now = datetime.now(UTC).replace(microsecond=0)
    ages = {"main": 300, "dev-1": 90, "dev-2": 80, "dev-3": 70, "dev-4": 60}
    tags = [
        {"name": name, **dict.fromkeys(("created_at", "config_created"), written(now - timedelta(days=days)))}
        for name, days in ages.items()
    ]
    return server([repository(100, "team/app", "", tags)], clock=written(now))


@pytest.fixture
def machine(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with the files of the page, two hosts and a cluster."""
    simulator.load(registry())
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    modules = tmp_path / "collections" / "ansible_collections" / "kubernetes" / "core" / "plugins" / "modules"
    for folder in (modules, tmp_path / "bin", tmp_path / "host_vars", tmp_path / ".kube"):
        folder.mkdir(parents=True)
    (modules / "k8s_info.py").write_text(K8S_INFO)
    # Another test packs another module under this name.
    ansible.environment.pop("PACKED_MODULES", None)
    (tmp_path / "bin" / "docker").write_text(TOOL)
    (tmp_path / "bin" / "docker").chmod(0o755)
    for host in ("web-1", "web-2"):
        (tmp_path / "host_vars" / f"{host}.yml").write_text("ansible_connection: local\n")
    pod = {"spec": {"containers": [{"image": "registry.example.com/team/app:dev-1"}]}}
    objects = [{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 0, "template": pod}}]
    (tmp_path / ".kube" / "production").write_text(json.dumps(objects))
    (tmp_path / ".kube" / "production.unknown").write_text("")
    collections = f"{tmp_path / 'collections'}:{ansible.environment['ANSIBLE_COLLECTIONS_PATH']}"
    return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "ANSIBLE_COLLECTIONS_PATH": collections}


def run(ansible: Ansible, command: str, env: dict[str, str]) -> Run:
    program, *options = shlex.split(command)
    assert program == "ansible-playbook"
    return ansible.play(*options, env=env)


def shown(run: Run) -> str:
    """What the role showed, with the times of the page."""
    [*_before, lines] = [task.result["msg"] for task in run.tasks if isinstance(task.result.get("msg"), list)]
    return re.sub(r"T\d\d:\d\d:\d\dZ", "T09:00:00Z", "\n".join(lines))


def without_dates(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT", "", text)


def test_the_example(ansible: Ansible, simulator: Simulator, machine: dict[str, str]) -> None:
    found, plan, _refused = blocks("text")
    gathered = run(ansible, GATHER, machine)
    assert gathered.code == 0, gathered.output
    assert shown(gathered) == found.rstrip()
    check = run(ansible, CLEANUP, machine)
    assert check.code == 0, check.output
    assert without_dates(shown(check)).startswith(without_dates(plan))
    assert simulator.counters()["writes"] == 0
    assert run(ansible, CLEANUP.replace(" --check", ""), machine).code == 0
    assert simulator.state()["team/app"] == ["dev-1", "dev-2", "main"]


def test_a_cluster_that_cannot_be_read(ansible: Ansible, machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".kube" / "production.unknown").write_text("CronJob")
    assert run(ansible, GATHER, machine).code != 0
    (tmp_path / ".kube" / "production").unlink()
    away = run(ansible, GATHER, machine)
    assert away.code != 0
    assert "the cluster can not be reached" in away.output
    assert not (tmp_path / "in-use.json").exists()
    assert run(ansible, CLEANUP, machine).code != 0


def test_a_host_that_cannot_be_reached(ansible: Ansible, machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "away.py").write_text(AWAY)
    (tmp_path / "host_vars" / "web-2.yml").write_text("ansible_connection: away\n")
    gathered = run(ansible, GATHER, {**machine, "ANSIBLE_CONNECTION_PLUGINS": str(tmp_path)})
    assert "  web-2: failed: it can not be reached" in shown(gathered)
    refused = run(ansible, CLEANUP, machine)
    [message] = [task.message for task in refused.tasks if task.failed]
    assert message == blocks("text")[2].strip()


def test_the_commands_for_hosts_alone(ansible: Ansible, machine: dict[str, str], tmp_path: Path) -> None:
    for command in blocks("shell")[2].replace("/tmp/in-use.json", str(tmp_path / "hosts.json")).splitlines():
        done = run(ansible, command, machine)
        assert done.code == 0, done.output
    assert "  keep: in_use 1, no_match 1" in shown(done)
