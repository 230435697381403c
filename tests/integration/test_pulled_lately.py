# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was pulled lately is kept, and where the logs may leave that out nothing is deleted."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.documented import assert_documented, documentation
from tests.integration.driver import Ansible, Run
from tests.integration.repeated import run_all
from tests.integration.scenarios import MIXED_RULES, team
from tests.integration.test_gathering import CLEANUP, CONNECTION, GATHER, sources
from tests.simulator.harness import Simulator

MODULE = "registry_pulls_info"
NOW = datetime.now(UTC)


def request(hours: float, uri: str = "/v2/", agent: str = "docker/24.0.5", status: int = 200) -> str:
    return json.dumps(
        {
            **{"method": "GET", "msg": "access", "status": status, "system": "http", "uri": uri, "user_agent": agent},
            "time": (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.123Z"),
        }
    )


def pull(hours: float, reference: str, agent: str = "docker/24.0.5", status: int = 200) -> str:
    return request(hours, f"/v2/team/app/manifests/{reference}", agent, status)


def replica(folder: Path, *lines: str, days: int = 31) -> Path:
    """A folder with the log of a replica, of which a part is rotated and compressed."""
    folder.mkdir(exist_ok=True)
    steady = [request(hours) for hours in range(days * 24, -1, -6)]
    (folder / "@400000005f8eaf6f1a80ef5c.s").write_bytes(gzip.compress("\n".join([*steady[:90], ""]).encode()))
    (folder / "current").write_text("\n".join([*steady[90:], *lines, ""]) + '{"half of a li')
    return folder


def module_options(folder: Path, **options: Any) -> dict[str, Any]:
    paths = [str(folder / "current"), str(folder / "@*.[su]")]
    return {"paths": paths, "pulled_within": "30d", "clock": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), **options}


def test_the_module_tells_what_was_pulled(ansible: Ansible, tmp_path: Path) -> None:
    lines = [
        pull(3, "dev-1"),
        pull(800, "dev-2"),
        pull(5, "sha256:" + "a" * 64),
        pull(5, "dev-4", "GitLab/17.5.0"),
        pull(5, "dev-5", status=404),
    ]
    good = replica(tmp_path / "good", *lines)
    short, broken = replica(tmp_path / "short", days=20), replica(tmp_path / "broken", "oops")
    cases: list[dict[str, Any]] = [
        module_options(good),
        module_options(good, ignored_agents=[], pulled_within="1d"),
        module_options(short),
        module_options(broken),
        module_options(broken, max_unreadable=1),
        module_options(good, max_gap="5h"),
        module_options(tmp_path / "nowhere"),
    ]
    tasks, checks = run_all(ansible, MODULE, cases), run_all(ansible, MODULE, cases, check_mode=True)
    result = tasks[0].result
    assert result["images"] == ["team/app:dev-1", "team/app@sha256:" + "a" * 64]
    assert [result[key] for key in ("result", "changed", "files", "pulls", "ignored", "unreadable")] == [
        *("ok", False, 2, 2, 1, 0)
    ]
    assert len(tasks[1].result["images"]) == 3
    words = ["they begin only at", "1 of 126 lines can't be read", "", "is longer than max_gap", "There is no file"]
    for task, expected in zip(tasks[2:], words, strict=True):
        assert task.failed == bool(expected)
        assert expected in task.message
    assert [task.result["result"] for task in tasks] == [*("ok", "ok", "partial", "partial", "ok", "partial", "failed")]
    for task, check in zip(tasks, checks, strict=True):
        assert task.result.get("images") == check.result.get("images")
        assert task.message == check.message
    assert_documented(MODULE, tasks)


@pytest.mark.versions
def test_the_examples_are_of_this_module(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(team())
    folder = replica(tmp_path / "log", pull(3, "dev-1"))
    found, keep = documentation(MODULE, "EXAMPLES")
    found = {key: value for key, value in found.items() if key not in ("delegate_to", "become")}
    found[f"containerops.gitlab.{MODULE}"]["paths"] = module_options(folder)["paths"]
    run = ansible.tasks([found, keep])
    assert run.code == 0, run.output
    plan = run.of("containerops.gitlab.registry_cleanup").result["plan"]
    assert {row["name"]: row["reason"] for row in plan["keep"] if row["repository"] == "team/app"}["dev-1"] == "in_use"


@pytest.fixture
def hosts(tmp_path: Path) -> dict[str, str]:
    inventory = {
        "registry-1": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        "registry-2": {"ansible_connection": "away"},
    }
    (tmp_path / "away.py").write_text(CONNECTION)
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": inventory}}))
    return {"ANSIBLE_CONNECTION_PLUGINS": str(tmp_path)}


def log_of(name: str, folder: Path, host: str = "registry-1") -> dict[str, Any]:
    return {"name": name, "host": host, "paths": [f"{folder}/current", f"{folder}/@*"]}


def variables(*logs: dict[str, Any], **options: Any) -> dict[str, Any]:
    given = {"pull_logs": logs, "pull_logs_expected": len(logs), "pulled_within": "30d", **options}
    return {f"registry_in_use_{option}": value for option, value in given.items() if value is not None}


def test_a_cleanup_keeps_what_any_replica_served(
    ansible: Ansible, simulator: Simulator, hosts: dict[str, str], tmp_path: Path
) -> None:
    simulator.load(team(clock=datetime.now(UTC).isoformat().replace("+00:00", "Z")))
    digest = next(row["digest"] for row in simulator.tags("team/app") if row["name"] == "dev-2")
    first = replica(tmp_path / "a", pull(3, "dev-1"), pull(800, "dev-3"))
    second = replica(tmp_path / "b", pull(600, digest))
    given = {f"registry_cleanup_{option}": value for option, value in MIXED_RULES.items()}
    given |= {"registry_group": "team", "registry_cleanup_gather_in_use": True, "registry_cleanup_return_limit": 1000}

    def cleanup(*options: str, **more: Any) -> Run:
        return ansible.play(
            CLEANUP, *options, "-i", str(tmp_path / "hosts.yml"), "-e", json.dumps({**given, **more}), env=hosts
        )

    def reasons(run: Run) -> dict[str, str]:
        assert run.code == 0, run.output
        plan = run.of("containerops.gitlab.registry_cleanup").result["plan"]
        rows = [*plan["keep"], *plan["delete"]]
        return {row["name"]: row["reason"] for row in rows if row["repository"] == "team/app"}

    both = variables(log_of("one", first), log_of("two", second))
    expected = {"registry_cleanup_in_use_sources_expected": ["pulls"]}
    told = reasons(cleanup("--check", **both, **expected))
    assert (told["dev-1"], told["dev-2"]) == ("in_use", "in_use")
    assert told["dev-3"] != "in_use"
    assert reasons(cleanup(**both, **expected)) == told
    left = {row["name"] for row in simulator.tags("team/app")}
    assert {"dev-1", "dev-2"} <= left
    assert "dev-3" not in left
    # Where one of them may leave out a pull nothing is deleted.
    replica(second, days=20)
    refused = cleanup(**both, **expected)
    assert refused.code != 0
    assert "the source pulls of images in use failed: two: The logs" in refused.output
    assert "keep logs for longer, or lower registry_in_use_pulled_within" in refused.output
    assert left == {row["name"] for row in simulator.tags("team/app")}


def test_what_becomes_of_logs_that_can_not_be_read(
    ansible: Ansible, simulator: Simulator, hosts: dict[str, str], tmp_path: Path
) -> None:
    good, path = replica(tmp_path / "a", pull(3, "dev-1")), tmp_path / "in-use.json"

    def gather(**values: Any) -> Run:
        values = {**values, "registry_in_use_output_path": str(path)}
        return ansible.play(GATHER, "-i", str(tmp_path / "hosts.yml"), "-e", json.dumps(values), env=hosts)

    run = gather(**variables(log_of("one", good), log_of("two", tmp_path / "b"), log_of("three", good, "registry-2")))
    assert run.code == 0, run.output
    assert "pulls: failed: two: There is no file" in run.output
    found = sources(path)["pulls"]
    assert found["images"] == ["team/app:dev-1"]
    assert found["failed"].startswith(f"two: There is no file {tmp_path}/b/current")
    assert found["failed"].endswith("; three: its host can not be reached")
    run = gather(**variables(log_of("here", good, "localhost")))
    assert run.code == 0, run.output
    assert sources(path)["pulls"]["failed"] == ""
    cases = [
        variables(log_of("one", good), pull_logs_expected=2),
        variables(log_of("one", good), pull_logs_expected=None),
        variables(log_of("one", good), pulled_within=None),
        variables(log_of("one", good), log_of("two", good)),
        variables(log_of("one", good), log_of("one", tmp_path)),
        variables(log_of("one", good, "registry-3")),
        variables(references=["a:1"]),
    ]
    for case in cases:
        run = gather(**case)
        assert run.code != 0, case
        assert "The pulled images can't be gathered" in run.output, run.output
    # Logs are read without a server.
    assert simulator.counters()["total"] == 0
