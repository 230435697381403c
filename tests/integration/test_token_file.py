# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens in a file, which expire and are replaced while a task runs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.driver import Ansible
from tests.integration.repeated import run_all
from tests.integration.scenarios import TOKEN, repository, server, tag
from tests.simulator.harness import Simulator

NEW = "glpat-integration-renewed"
PARAMS: dict[str, Any] = {"group": "team", "name_regex_delete": "dev-.*", "older_than": "30d"}


@contextmanager
def file_of(simulator: Simulator, path: Path, *tokens: str) -> Iterator[Path]:
    """A file that holds the next token each time it is read: a pipe, so that nothing is left to time.

    The first reading has ended when a request comes.
    """
    os.mkfifo(path)
    taken: list[str] = []

    def write() -> None:
        for token in tokens:
            while taken and not simulator.counters()["total"]:
                time.sleep(0.01)
            with path.open("w") as stream:
                stream.write(f"{token}\n")
            taken.append(token)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    yield path
    writer.join(timeout=30)
    assert tuple(taken) == tokens


def load(simulator: Simulator, mode: str = "M1") -> None:
    tags = [tag(f"dev-{number}", 90) for number in range(50)] + [tag("v1", 1)]
    scenario = server([repository(100, "team/app", "", tags)], mode=mode)
    scenario["tokens"].append({"token": NEW, "kind": "personal", "user": "ops", "scopes": ["api"]})
    simulator.load(scenario)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "rest"}, id="while reading"),
        pytest.param({"body": "destroyContainerRepositoryTags", "nth": 2}, id="while deleting"),
    ],
)
def test_a_token_that_runs_out_is_read_again(
    ansible: Ansible, simulator: Simulator, tmp_path: Path, fault: dict[str, Any]
) -> None:
    load(simulator)
    simulator.faults([{"nth": 1, **fault, "count": 1, "action": "status", "status": 401}])
    with file_of(simulator, tmp_path / "token", TOKEN, NEW) as path:
        [run] = run_all(ansible, "registry_cleanup", [{**PARAMS, "api_token_file": str(path)}])
    assert run.result["changed"], run.message
    assert run.result["outcome"]["counts"]["deleted"] == 50
    assert [row["name"] for row in simulator.tags("team/app")] == ["v1"]
    assert all(token not in str(run.result) for token in (TOKEN, NEW))


def test_the_registry_gets_the_new_token_too(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, "M2")
    simulator.faults([{"kind": "token", "nth": 1, "count": 1, "action": "status", "status": 401}])
    with file_of(simulator, tmp_path / "token", TOKEN, NEW) as path:
        [run] = run_all(ansible, "registry_cleanup", [{**PARAMS, "api_token_file": str(path)}], check_mode=True)
    assert run.result["server"]["read_via"] == "registry"
    assert run.result["plan"]["totals"]["delete"] == 50


def test_a_token_that_is_still_the_same_stops_the_run(ansible: Ansible, simulator: Simulator, tmp_path: Path) -> None:
    load(simulator)
    simulator.faults([{"kind": "rest", "nth": 2, "action": "status", "status": 401}])
    path = tmp_path / "token"
    path.write_text(TOKEN)
    (tmp_path / "empty").touch()
    stopped, missing, empty, two = run_all(
        ansible,
        "registry_cleanup",
        [
            {**PARAMS, "api_token_file": str(path)},
            {**PARAMS, "api_token_file": str(tmp_path / "nowhere")},
            {**PARAMS, "api_token_file": str(tmp_path / "empty")},
            {**PARAMS, "api_token_file": str(path), "api_token": TOKEN},
        ],
    )
    assert stopped.failed
    assert stopped.result["error"]["status"] == 401
    assert "nowhere does not exist, or this user may not see it: check the path." in missing.message
    assert "empty is empty: write the token into it." in empty.message
    assert "mutually exclusive" in two.message
    assert simulator.counters()["writes"] == 0
