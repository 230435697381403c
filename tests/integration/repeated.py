# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module in check mode, for real and once more; and what the registry itself then shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.integration.driver import TOKEN, Ansible, Task
from tests.simulator.contents import DOCKER_IMAGE, DOCKER_LIST, IMAGE, INDEX, digest_of
from tests.simulator.harness import Simulator

Options = dict[str, Any]
Log = list[dict[str, Any]]
# Method, path and body of a request to the simulator.
Call = tuple[str, str, Any]
END_OF_TROUBLE: Call = ("DELETE", "/_sim/faults", None)


def run_all(ansible: Ansible, module: str, cases: Sequence[Options], **keywords: Any) -> list[Task]:
    """All cases as tasks, each whatever came of the one before it. keywords: of every task."""
    tasks = [
        {"name": str(number), f"containerops.gitlab.{module}": case, "diff": True, **keywords}
        for number, case in enumerate(cases)
    ]
    found = ansible.steps(tasks)
    for task in found:
        assert "Traceback" not in str(task.result), task.result
    return found


@dataclass(frozen=True)
class Repeated:
    """What came of check mode, a run and a second run. log: the requests of the run."""

    check: Task
    run: Task
    again: Task
    log: Log


def repeated(ansible: Ansible, simulator: Simulator, module: str, options: Options, shown: str) -> Repeated:
    """Three tasks of the same options. The first must foretell the second, and neither it nor the third may write.

    shown: what of the results has to be the same, besides changed and the diff.
    """
    simulator.clear_log()
    check, run, again = tasks = _three(ansible, module, options)
    for task in tasks:
        assert task.status == "ok", task.message
        assert task.result["result"] == "ok"
    log = simulator.requests()
    first, second = check.result["requests"], check.result["requests"] + run.result["requests"]
    assert len(log) == second + again.result["requests"]
    assert writes(log[:first]) == writes(log[second:]) == []
    for key in ("changed", "diff", shown):
        assert check.result[key] == run.result[key], key
    assert check.result["changed"] is True
    assert check.result["diff"]
    assert "outcome" not in check.result
    assert again.result["changed"] is False
    assert again.result["diff"] == []
    return Repeated(check, run, again, log[first:second])


def refused(ansible: Ansible, simulator: Simulator, module: str, *cases: Options) -> list[Task]:
    """The runs of tasks that are refused, as check mode is in the same words, with nothing written."""
    simulator.clear_log()
    before = simulator.state()
    tasks: list[Options] = [
        {"name": str(number), f"containerops.gitlab.{module}": case, "check_mode": check, "diff": True}
        for number, case in enumerate(cases)
        for check in (True, False)
    ]
    found = ansible.steps(tasks)
    runs = found[1::2]
    for check, run in zip(found[::2], runs, strict=True):
        for task in (check, run):
            assert task.failed, task.name
            assert task.result["result"] == "refused", task.message
            assert task.result["changed"] is False
            assert task.result["diff"] == []
        assert check.message == run.message
        assert "Nothing was" in run.message
    assert simulator.counters()["writes"] == 0
    assert simulator.state() == before
    return runs


@dataclass(frozen=True)
class Step:
    """A task of a story. before: what happens first. after: REST paths below /api/v4 that are read when it is over.

    Trouble ends with the step.
    """

    options: Options
    before: Sequence[Call] = ()
    after: Sequence[str] = ()
    module: str | None = None
    check: bool = False
    keywords: Options = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A step as it ended. log: its own requests. read: what the paths gave."""

    task: Task
    log: Log
    read: list[Any]

    @property
    def result(self) -> dict[str, Any]:
        return self.task.result

    @property
    def message(self) -> str:
        return self.task.message


def story(ansible: Ansible, simulator: Simulator, module: str, *steps: Step) -> list[Told]:
    """All steps, each whatever came of the one before it."""
    return [_told(ansible, simulator, str(number), module, step) for number, step in enumerate(steps)]


def _told(ansible: Ansible, simulator: Simulator, name: str, module: str, step: Step) -> Told:
    for call in step.before:
        _answer(simulator, call)
    simulator.clear_log()
    action = f"containerops.gitlab.{step.module or module}"
    task = {"name": name, action: step.options, "diff": True, "check_mode": step.check, **step.keywords}
    [found] = ansible.steps([task])
    assert "Traceback" not in str(found.result), found.result
    log = simulator.requests()
    _answer(simulator, END_OF_TROUBLE)
    return Told(found, log, [_answer(simulator, ("GET", f"/api/v4/{path}", None)) for path in step.after])


def _answer(simulator: Simulator, call: Call) -> Any:
    method, path, body = call
    headers = {"PRIVATE-TOKEN": TOKEN}
    answer = requests.request(method, f"{simulator.url}{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, (call, answer.text)
    return answer.json() if answer.content else None


def scene(scenario: Options, *faults: Options) -> list[Call]:
    """What loads a scenario, and then trouble."""
    return [("PUT", "/_sim/scenario", scenario), trouble(*faults)]


def trouble(*faults: Options) -> Call:
    return ("POST", "/_sim/faults", list(faults))


def _three(ansible: Ansible, module: str, options: Options) -> list[Task]:
    tasks: list[Options] = [
        {"name": name, f"containerops.gitlab.{module}": options, "check_mode": check, "diff": True}
        for name, check in (("Check", True), ("Run", False), ("Again", False))
    ]
    return ansible.steps(tasks)


def writes(log: Log) -> list[str]:
    return [f"{entry['method']} {entry['path']}?{entry['query']}" for entry in log if entry["write"]]


def methods(log: Log) -> list[str]:
    return [entry["method"] for entry in log]


def asked(log: Log, method: str, part: str) -> list[str]:
    """The paths of requests with that method, of which the part is one."""
    return [entry["path"] for entry in log if entry["method"] == method and part in entry["path"]]


def outcomes(task: Task, key: str = "name") -> dict[str, str]:
    return {row[key]: row["outcome"] for row in task.result["outcome"]}


def events(path: Path, event: str) -> list[dict[str, Any]]:
    """The lines of one kind in a journal; a kill may have torn the last line."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("}\n")]
    return [row for row in rows if row["event"] == event]


class Shelf:
    """A repository as the registry itself shows it."""

    def __init__(self, simulator: Simulator, path: str) -> None:
        self._base = f"{simulator.url}/v2/{path}"
        self._headers = {
            "Authorization": f"Bearer {simulator.registry_token(path)}",
            "Accept": f"{IMAGE}, {INDEX}, {DOCKER_IMAGE}, {DOCKER_LIST}",
        }

    def digest(self, reference: str) -> str | None:
        answer = self._get(f"/manifests/{reference}")
        return digest_of(answer.content) if answer.ok else None

    def manifest(self, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content(reference))
        return found

    def content(self, reference: str) -> bytes:
        """The very bytes of a manifest."""
        answer = self._get(f"/manifests/{reference}")
        assert answer.ok, reference
        return answer.content

    def everything(self, reference: str) -> set[str]:
        """The digests of all that a manifest leads to, each held against its bytes."""
        found = set()
        manifest = self.manifest(reference)
        blobs = [manifest["config"], *manifest["layers"]] if "config" in manifest else []
        for child in manifest.get("manifests", []):
            if child["mediaType"] not in (IMAGE, INDEX, DOCKER_IMAGE, DOCKER_LIST):
                blobs.append(child)
                continue
            assert self.digest(child["digest"]) == child["digest"]
            found |= {child["digest"], *self.everything(child["digest"])}
        for blob in blobs:
            content = self._get(f"/blobs/{blob['digest']}").content
            assert digest_of(content) == blob["digest"]
            found.add(blob["digest"])
        return found

    def put(self, reference: str, manifest: Options) -> str:
        """Push a manifest; gives its digest."""
        content = json.dumps(manifest).encode()
        headers = {**self._headers, "Content-Type": manifest["mediaType"]}
        answer = requests.put(f"{self._base}/manifests/{reference}", content, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        return digest_of(content)

    def upload(self, content: bytes) -> str:
        """Push a blob; gives its digest."""
        digest = digest_of(content)
        started = requests.post(f"{self._base}/blobs/uploads/", headers=self._headers, timeout=30)
        where = started.headers["Location"]
        done = requests.put(f"{where}&digest={digest}", content, headers=self._headers, timeout=30)
        assert done.status_code == 201, done.text
        return digest

    def delete(self, kind: str, digest: str) -> None:
        """Delete one of the manifests or blobs."""
        answer = requests.delete(f"{self._base}/{kind}/{digest}", headers=self._headers, timeout=30)
        assert answer.status_code == 202, answer.text

    def _get(self, suffix: str) -> requests.Response:
        return requests.get(self._base + suffix, headers=self._headers, timeout=30)
