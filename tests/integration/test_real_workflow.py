# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real images through a whole workflow: audit, approval, a push in between, a kill, the rest, and an undo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.demo import team
from tests.demo.__main__ import NOW
from tests.integration.driver import Ansible, environment
from tests.integration.repeated import events
from tests.integration.test_real_images import ACCEPT, ORDER, pulled
from tests.simulator.harness import Simulator, running
from tests.simulator.seed import seed

pytestmark = pytest.mark.real_registry

MODULE = "registry_cleanup"


@pytest.fixture
def gitlab(real_registry: Any) -> Iterator[Simulator]:
    seed(real_registry.url, team.images(NOW))
    with running(team.server(NOW), registry=real_registry.url) as server:
        yield server


@pytest.fixture
def ansible(gitlab: Simulator, tmp_path: Path) -> Ansible:
    return Ansible(tmp_path, environment(tmp_path, gitlab.url, team.TOKEN))


def push(url: str, path: str, name: str, like: str) -> None:
    """Give a tag the image of another one."""
    image = requests.get(f"{url}/v2/{path}/manifests/{like}", headers={"Accept": ACCEPT}, timeout=30)
    kind = {"Content-Type": image.headers["Content-Type"]}
    answer = requests.put(f"{url}/v2/{path}/manifests/{name}", image.content, headers=kind, timeout=30)
    assert answer.status_code == 201, answer.text


def test_approval_a_push_a_kill_the_rest_and_an_undo(
    ansible: Ansible, gitlab: Simulator, real_registry: Any, tmp_path: Path
) -> None:
    before = pulled(real_registry.url)
    plan, journal = tmp_path / "plan.jsonl", tmp_path / "journal.jsonl"
    audit = ansible.module(MODULE, {**ORDER, "plan_path": str(plan)}, check=True)
    rows = [json.loads(line) for line in plan.read_text().splitlines()]
    planned = {f"{row['repository']}:{row['name']}" for row in rows if row.get("action") == "delete"}
    assert len(planned) > 100
    # Somebody pushes one of them again before the plan is approved.
    pushed = max(name for name in planned if name.startswith("acme/shop:main-"))
    path, _colon, name = pushed.partition(":")
    push(real_registry.url, path, name, "stable")
    order = {
        **ORDER,
        "approved_plan_path": str(plan),
        "approved_fingerprint": audit.result["plan"]["fingerprint"],
        "journal_path": str(journal),
        "concurrency": 1,
    }
    gitlab.latency(request=0.05)
    ansible.killed(MODULE, order, lambda: len(events(journal, "delete_requested")) >= 20)
    gitlab.latency(request=0)
    asked = len(events(journal, "delete_requested"))
    assert 20 <= asked < len(planned)
    assert not events(journal, "end")
    run = ansible.module(MODULE, order)
    assert run.status == "ok", run.message
    after = pulled(real_registry.url)
    assert set(before) - set(after) == planned - {pushed}
    assert after[pushed] == before["acme/shop:stable"]
    assert {name: after[name] for name in after if name != pushed} == {
        name: before[name] for name in before if name not in planned
    }
    assert {row["name"]: row["kind"] for row in run.result["plan"]["approved"]["drift"]} == {name: "moved"}
    assert run.result["plan"]["deleted_before"] > 0
    # The journal has the digest of everything that went: one tag is brought back.
    gone = next(row for row in events(journal, "delete_requested") if row["repository"] == "acme/shop")
    back = {"repository": gone["repository"], "name": [gone["name"]], "source": gone["digest"]}
    undone = ansible.module("registry_tag", back)
    assert undone.status == "ok", undone.message
    restored = f"{gone['repository']}:{gone['name']}"
    assert pulled(real_registry.url)[restored] == before[restored]
