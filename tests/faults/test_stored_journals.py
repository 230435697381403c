# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal in a package, on the wire: before the first deletion, while others are made, and after a kill."""

from __future__ import annotations

import csv
import json
import random
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.driver import Ansible, Task
from tests.integration.in_process import PLUGINS
from tests.integration.repeated import run_all, writes
from tests.integration.scenarios import TOKEN, repository, server, tag
from tests.simulator.harness import Simulator
from tests.tools.collection import link

TAGS = 60
PACKAGE = {"project": "team/app", "version": "7"}
ORDER: dict[str, Any] = {
    "project": "team/app",
    "name_regex_delete": "dev-.*",
    "delete_via": "rest",
    "concurrency": 2,
}
# Seconds between two parts of the run that is killed.
INTERVAL = 0.3
# Seconds that a line of the only journal may be noted and not stored, and that a run waits for the rest of it after a
# signal.
OLDEST, LAST_WAIT = 1.5, 1.0
# The module itself, with another time between two parts.
# What runs in the background is told to ignore SIGINT.
PROGRAM = f"""
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from ansible.module_utils._internal._ansiballz import _loader
from {PLUGINS}.module_utils._deletion import journal_upload
journal_upload._INTERVAL = journal_upload._AGAIN = {INTERVAL}
journal_upload._OLDEST, journal_upload._LAST_WAIT = {OLDEST}, {LAST_WAIT}
name = "{PLUGINS}.modules.registry_cleanup"
_loader.run_module(
    json_params=sys.stdin.buffer.read(), profile="legacy", module_fqn=name, modlib_path="", extensions={{}}
)
"""


def load(simulator: Simulator, **changes: Any) -> None:
    tags = [tag(f"dev-{number:03}", 90) for number in range(TAGS)]
    simulator.load(server([repository(100, "team/app", "", [*tags, tag("v1", 1)])], **changes))


def deleted(simulator: Simulator) -> set[str]:
    return {f"dev-{number:03}" for number in range(TAGS)} - {*simulator.state()["team/app"]}


def clean(ansible: Ansible, *, check: bool = False, stored: bool = True, **changes: Any) -> Task:
    """A cleanup, with its journal stored or not."""
    order = {**ORDER, **({"journal_package": PACKAGE} if stored else {}), **changes}
    [task] = run_all(ansible, "registry_cleanup", [order], check_mode=check)
    return task


def parts(simulator: Simulator) -> list[str]:
    """The parts in the order in which they were stored, as GitLab gives them to a client."""
    base, headers = f"{simulator.url}/api/v4/projects/team%2Fapp/packages", {"PRIVATE-TOKEN": TOKEN}
    found = requests.get(base, {"package_name": "registry-cleanup-journal"}, headers=headers, timeout=30).json()
    if not found:
        return []
    rows = requests.get(f"{base}/{found[0]['id']}/package_files?per_page=100", headers=headers, timeout=30).json()
    place = f"{base}/generic/registry-cleanup-journal/7"
    names = dict.fromkeys(row["file_name"] for row in sorted(rows, key=lambda row: int(row["id"])))
    return [requests.get(f"{place}/{name}", headers=headers, timeout=30).text for name in names]


def asked(text: str) -> set[str]:
    rows = [json.loads(line) for line in text.splitlines()]
    return {row["name"] for row in rows if row["event"] == "delete_requested"}


def uploads(simulator: Simulator) -> list[int]:
    """Which of all requests stored a part."""
    return [number for number, entry in enumerate(simulator.requests()) if entry["method"] == "PUT"]


def deletions(simulator: Simulator) -> list[int]:
    return [number for number, entry in enumerate(simulator.requests()) if entry["method"] == "DELETE"]


def counted(ansible: Ansible, simulator: Simulator, **options: Any) -> int:
    """How many requests a cleanup needs that begins with all tags."""
    load(simulator)
    return int(clean(ansible, **options).result["requests"])


@pytest.mark.parametrize("local", [True, False])
def test_the_first_part_is_there_before_the_first_deletion(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, local: bool
) -> None:
    load(simulator)
    paths: dict[str, Any] = {"journal_path": str(tmp_path / "journal")} if local else {}
    run = clean(ansible, **paths)
    assert run.status == "ok", run.message
    first, last = uploads(simulator)
    assert first < min(deletions(simulator)) <= max(deletions(simulator)) < last
    found = parts(simulator)
    assert run.result["outcome"]["journal"] == {
        **PACKAGE,
        **{"package": "registry-cleanup-journal", "file_name": "journal", "parts": 2, "complete": True},
    }
    assert len(found) == 2
    assert asked("".join(found)) == deleted(simulator) == {f"dev-{number:03}" for number in range(TAGS)}
    assert [json.loads(part.splitlines()[0])["event"] for part in found] == ["start", "delete_requested"]
    assert json.loads(found[1].splitlines()[-1])["event"] == "end"
    if local:
        assert (tmp_path / "journal").read_text() == "".join(found)
    assert all(TOKEN not in str(entry) for entry in simulator.requests())
    assert all(TOKEN not in text for text in (*found, json.dumps(run.result)))


def test_it_costs_two_requests_and_one_in_check_mode(ansible: Ansible, simulator: Simulator) -> None:
    plain, stored = (counted(ansible, simulator, stored=stored) for stored in (False, True))
    assert stored == plain + 2
    # The project of the journal is looked at.
    checks = [counted(ansible, simulator, stored=stored, check=True) for stored in (False, True)]
    assert checks[1] == checks[0] + 1
    assert writes(simulator.requests()) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"action": "status", "status": 403}, "GitLab answered 403"),
        ({"action": "status", "status": 404}, "has no package registry"),
        ({"action": "reset_before"}, "Could not store journal-"),
    ],
)
@pytest.mark.parametrize("local", [True, False])
def test_without_the_first_part_nothing_is_deleted(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, fault: dict[str, Any], words: str, local: bool
) -> None:
    load(simulator)
    simulator.faults([{"method": "PUT", **fault}])
    paths: dict[str, Any] = {"journal_path": str(tmp_path / "journal")} if local else {}
    run = clean(ansible, retries=0, **paths)
    assert run.failed
    assert run.message.startswith(f"Stopped after 0 of {TAGS} planned tags were deleted: Could not store journal-")
    assert words in run.message
    assert run.result["changed"] is False
    assert deletions(simulator) == []
    assert run.result["outcome"]["journal"]["parts"] == 0


def test_a_token_that_may_delete_and_not_store_is_foreseen(ansible: Ansible, simulator: Simulator) -> None:
    load(simulator)
    check = clean(ansible, check=True, journal_package={**PACKAGE, "project": "team/nothing"})
    [warning] = [each for each in check.result["warnings"] if "A run would change nothing" in each]
    assert "Could not read project team/nothing: GitLab answered 404" in warning


def test_a_journal_that_can_not_be_stored_any_more_ends_the_run(ansible: Ansible, simulator: Simulator) -> None:
    """The last part can't be stored, and there is no other journal: what was deleted is told, and what is missing."""
    load(simulator)
    simulator.faults([{"method": "PUT", "nth": 2, "action": "status", "status": 403}])
    run = clean(ansible, retries=0)
    assert run.failed
    assert run.result["result"] == "partial"
    assert run.message.startswith("The end of the journal is not in its package: Could not store journal-")
    assert run.result["outcome"]["journal"]["complete"] is False
    assert run.result["outcome"]["counts"]["deleted"] == TAGS == len(deleted(simulator))


def test_the_limit_of_requests_cuts_no_journal_short(ansible: Ansible, simulator: Simulator) -> None:
    needed = counted(ansible, simulator, stored=False)
    for most in range(needed - 4, needed + 3):
        load(simulator)
        run = clean(ansible, max_requests=most)
        assert deleted(simulator) <= asked("".join(parts(simulator))), most
        assert run.failed is (most < needed), run.message
        if deletions(simulator):
            assert run.result["outcome"]["journal"]["complete"] is True


HELD = {"method": "PUT", "nth": 2, "count": 1000, "action": "delay", "seconds": 20}
THROTTLED = {"method": "PUT", "nth": 2, "count": 1000, "action": "status", "headers": {"Retry-After": "300"}}


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    "fault", [HELD, {**THROTTLED, "status": 503}, {**THROTTLED, "status": 429}], ids=["hangs", "503", "429"]
)
def test_an_only_journal_that_is_not_stored_stops_the_run_in_time(
    ansible: Ansible, simulator: Simulator, fault: dict[str, Any]
) -> None:
    """Whatever the time-out and the retries of the task are: what is not stored is no older than it may be."""
    load(simulator)
    # No shorter than that: GitLab counts the API's requests together, and would be asked for nothing any more.
    simulator.latency(request=0.1)
    simulator.faults([fault])
    start = time.monotonic()
    with started(ansible, {"concurrency": 1, "timeout": 60, "retries": 5}) as process:
        gone: set[str] = set()
        while time.monotonic() - start < 2 * OLDEST + 4 and process.poll() is None:
            time.sleep(0.2)
        gone = deleted(simulator)
        time.sleep(OLDEST)
        assert deleted(simulator) == gone
        assert 0 < len(gone) < TAGS
        stored = asked("".join(parts(simulator)))
        assert len(gone - stored) <= OLDEST / 0.1 + 2
        process.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_does_not_wait_for_an_upload_that_hangs(ansible: Ansible, simulator: Simulator, name: str) -> None:
    load(simulator)
    simulator.latency(request=0.05)
    simulator.faults([HELD])
    with started(ansible, {"timeout": 60, "retries": 5}) as process:
        wait_for(simulator, 10, process)
        time.sleep(INTERVAL)
        start = time.monotonic()
        process.send_signal(getattr(signal, name))
        assert process.stdout
        told = json.loads(process.stdout.read().splitlines()[-1])
        process.wait()
    assert time.monotonic() - start < LAST_WAIT + 4
    assert f"it was interrupted by {name}" in told["msg"]
    assert "The end of the journal is not in its package" in told["msg"]
    assert told["outcome"]["journal"]["complete"] is False


def started(ansible: Ansible, order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """The module in a process of its own, with parts that follow each other soon."""
    arguments = {
        **{**ORDER, "journal_package": PACKAGE, **order},
        **{"_ansible_check_mode": False, "_ansible_module_name": "registry_cleanup", "_ansible_remote_tmp": "/tmp"},
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ansible.folder,
        env={**ansible.environment, "PYTHONPATH": str(link())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    process.stdin.close()
    return process


def wait_for(simulator: Simulator, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while len(deleted(simulator)) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def moment_of(line: str) -> datetime:
    return datetime.fromisoformat(json.loads(line)["time"])


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_run_leaves_all_but_its_last_moments_and_is_continued(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, seed: int
) -> None:
    load(simulator, object_storage=True)
    plan, journal, fetched = (tmp_path / name for name in ("plan", "journal", "fetched"))
    approved: dict[str, Any] = {
        "approved_fingerprint": clean(ansible, check=True, plan_path=str(plan)).result["plan"]["fingerprint"],
        "approved_plan_path": str(plan),
    }
    simulator.latency(request=0.05)
    with started(ansible, {**approved, "journal_path": str(journal)}) as process:
        wait_for(simulator, random.Random(seed).randrange(12, 40), process)
        process.kill()
    simulator.latency()
    noted = [line for line in journal.read_text().splitlines(keepends=True) if line.endswith("\n")]
    kept = "".join(parts(simulator))
    assert "".join(noted).startswith(kept)
    # A part is stored soon after its time has come, and stores what was noted until then.
    age = (moment_of(noted[-1]) - moment_of(kept.splitlines()[-1])).total_seconds()
    assert age < 2 * INTERVAL + 2, age
    assert len(parts(simulator)) > 1
    place = {**PACKAGE, "action": "fetch", "journal_path": str(fetched)}
    [fetch] = run_all(ansible, "registry_plan_package", [place])
    assert fetch.status == "ok", fetch.message
    assert fetched.read_text() == kept
    gone = deleted(simulator)
    again = clean(ansible, **approved, journal_path=str(fetched))
    assert again.status == "ok", again.message
    assert deleted(simulator) == {f"dev-{number:03}" for number in range(TAGS)}
    assert again.result["plan"]["deleted_before"] == len(gone & asked(kept))
    assert again.result["plan"]["approved"]["counts"]["vanished"] == len(gone - asked(kept))
    whole = "".join(parts(simulator))
    assert fetched.read_text() == whole
    assert whole.startswith(kept)


def test_the_report_of_a_killed_run_claims_no_more_than_was_done(
    ansible: Ansible, simulator: Simulator, tmp_path: Path
) -> None:
    load(simulator)
    files = {"plan_path": str(tmp_path / "plan"), "journal_path": str(tmp_path / "journal")}
    simulator.latency(request=0.05)
    with started(ansible, files) as process:
        wait_for(simulator, 12, process)
        process.kill()
    simulator.latency()
    told = {**files, "csv_folder": str(tmp_path), "result": "failed"}
    [report] = run_all(ansible, "registry_report", [told])
    assert report.status == "ok", report.message
    with (tmp_path / "tags.csv").open(newline="") as stream:
        outcomes = {row["tag"]: row["outcome"] for row in csv.DictReader(stream) if row["action"] == "delete"}
    gone = deleted(simulator)
    assert 12 <= len(gone) < TAGS
    assert {name for name, outcome in outcomes.items() if outcome == "deleted"} <= gone
    assert gone <= {name for name, outcome in outcomes.items() if outcome in ("deleted", "unknown")}
    assert {outcomes[name] for name in set(outcomes) - gone} <= {"unknown", "not_tried"}
    assert report.result["report"]["outcomes"]["not_tried"] > 0


def test_a_cancelled_run_stores_all_that_it_noted(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    load(simulator)
    simulator.latency(request=0.05)
    with started(ansible, {}) as process:
        wait_for(simulator, 10, process)
        process.send_signal(signal.SIGTERM)
        assert process.stdout
        told = json.loads(process.stdout.read().splitlines()[-1])
    simulator.latency()
    assert "it was interrupted by SIGTERM" in told["msg"]
    assert told["outcome"]["journal"]["complete"] is True
    text = "".join(parts(simulator))
    assert deleted(simulator) <= asked(text)
    assert 0 < len(deleted(simulator)) < TAGS
    end = json.loads(text.splitlines()[-1])
    assert (end["event"], end["stopped"]) == ("end", "it was interrupted by SIGTERM")


@pytest.mark.parametrize("has_file", [False, True])
def test_an_only_journal_that_fails_stops_the_run(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, has_file: bool
) -> None:
    """A file that is removed after the run is no other journal."""
    load(simulator)
    simulator.latency(request=0.05)
    simulator.faults([{"method": "PUT", "nth": 2, "action": "status", "status": 403}])
    file = {"journal_path": str(tmp_path / "journal.jsonl"), "journal_is_temporary": True} if has_file else {}
    with started(ansible, {"retries": 0, **file}) as process:
        assert process.stdout
        told = json.loads(process.stdout.read().splitlines()[-1])
    assert told["failed"] is True
    assert "Could not write to the journal: could not store journal-" in told["msg"]
    assert 0 < len(deleted(simulator)) < TAGS
    assert told["outcome"]["counts"]["deleted"] == len(deleted(simulator))
    assert told["outcome"]["counts"]["not_tried"] > 0


def test_a_second_copy_that_fails_does_not(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    load(simulator)
    simulator.latency(request=0.05)
    simulator.faults([{"method": "PUT", "nth": 2, "action": "status", "status": 403}])
    journal = tmp_path / "journal"
    with started(ansible, {"retries": 0, "journal_path": str(journal)}) as process:
        assert process.stdout
        told = json.loads(process.stdout.read().splitlines()[-1])
    assert told.get("failed", False) is False, told
    assert len(deleted(simulator)) == TAGS
    assert told["outcome"]["journal"]["complete"] is False
    assert any("The end of the journal is not in its package" in str(each) for each in told["warnings"])
    assert asked(journal.read_text()) == deleted(simulator)
