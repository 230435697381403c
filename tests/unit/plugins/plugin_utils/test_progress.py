# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Showing progress beside a module: pauses, the file, and when nothing is shown."""

from __future__ import annotations

import itertools
import os
import stat
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.containerops.gitlab.plugins.module_utils._core.progress import Progress
from ansible_collections.containerops.gitlab.plugins.module_utils._module.progress import write_regularly
from ansible_collections.containerops.gitlab.plugins.plugin_utils import progress
from ansible_collections.containerops.gitlab.plugins.plugin_utils.progress import (
    ActionModule,
    pauses,
    shown_progress,
)


@pytest.fixture(autouse=True)
def local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Ansible keeps what a run needs on this machine."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def test_the_first_line_comes_early_and_the_others_every_so_often() -> None:
    assert list(itertools.islice(pauses(30.0), 4)) == [20.0, 30.0, 30.0, 30.0]
    assert list(itertools.islice(pauses(5.0), 2)) == [5.0, 5.0]


def test_no_task_has_more_than_two_hundred_lines_and_a_day_has_lines_to_its_end() -> None:
    found = list(pauses(30.0))
    assert len(found) == 200
    # The first three quarters of an hour have one every 30 seconds.
    assert found[91] == 30.0 < found[92]
    assert sorted(found[1:]) == found[1:]
    assert sum(found) > 24 * 3600


def test_the_file_is_for_this_user_alone_and_is_removed(local_folder: Path) -> None:
    with shown_progress(print, "host", 60.0) as path:
        assert path
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        assert Path(path).is_relative_to(local_folder)
    assert not list(local_folder.iterdir())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_file_and_the_thread_end_with_what_goes_wrong(local_folder: Path, error: type[BaseException]) -> None:
    before = threading.active_count()

    def fail() -> None:
        with shown_progress(print, "host", 60.0):
            assert threading.active_count() == before + 1
            raise error

    with pytest.raises(error):
        fail()
    assert threading.active_count() == before
    assert not list(local_folder.iterdir())


def test_without_a_place_for_the_file_the_module_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", "/nowhere/at/all")
    with shown_progress(print, "host", 60.0) as path:
        assert path is None


def test_without_another_thread_the_module_runs_all_the_same(
    local_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with shown_progress(print, "host", 60.0) as path:
        assert path is None
    assert not list(local_folder.iterdir())


def test_the_name_of_the_file_is_gone_once_it_is_written(local_folder: Path) -> None:
    """What is killed can remove nothing."""
    with shown_progress(print, "host", 60.0) as path:
        write_regularly(Progress(), {"CONTAINEROPS_GITLAB_PROGRESS_PATH": str(path)})
        deadline = time.monotonic() + 10
        while list(local_folder.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not list(local_folder.iterdir())


def test_lines_are_shown_while_something_is_written(local_folder: Path) -> None:
    lines: list[str] = []
    with shown_progress(lines.append, "host (team)", 0.01) as path:
        time.sleep(0.05)
        assert not lines
        write_regularly(Progress(), {"CONTAINEROPS_GITLAB_PROGRESS_PATH": str(path)})
        deadline = time.monotonic() + 10
        while len(lines) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert set(lines) == {"host (team) | finding repositories: 0 requests so far"}


def test_a_line_that_can_not_be_shown_is_the_last_one() -> None:
    calls = []

    def refuse(line: str) -> None:
        calls.append(line)
        raise OSError("the queue is closed")

    with shown_progress(refuse, "host", 0.01) as path:
        write_regularly(Progress(), {"CONTAINEROPS_GITLAB_PROGRESS_PATH": str(path)})
        time.sleep(0.4)
    assert len(calls) == 1


class Templar:
    def template(self, value: Any) -> Any:
        if value == "{{ broken }}":
            raise ValueError(value)
        return value


def action(**changes: Any) -> Any:
    """An action as a worker has it, for a task that is followed unless the changes say otherwise."""
    found: Any = ActionModule.__new__(ActionModule)
    found._task = SimpleNamespace(
        async_val=changes.get("async_val", 0),
        no_log=changes.get("no_log", False),
        environment=changes.get("environment"),
        loop_control=changes.get("loop_control"),
    )
    found._connection = SimpleNamespace(transport=changes.get("transport", "local"), become=changes.get("become"))
    found._play_context = SimpleNamespace(become=changes.get("play_become", False))
    found._templar = Templar()
    return found


def test_a_plain_task_is_followed() -> None:
    assert action()._is_followed()


@pytest.mark.parametrize(
    "changes",
    [
        {"transport": "ssh"},
        {"become": object()},
        {"play_become": True},
        {"async_val": 60},
        {"no_log": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_tasks_are_not_followed(changes: dict[str, Any]) -> None:
    assert not action(**changes)._is_followed()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 30.0),
        ({"registry_progress_interval": 5}, 5.0),
        ({"registry_progress_interval": "0.5"}, 0.5),
        ({"registry_progress_interval": 0}, 0.0),
        ({"registry_progress_interval": "0"}, 0.0),
        ({"registry_progress_interval": -1}, 0.0),
        ({"registry_progress_interval": "nan"}, 0.0),
        ({"registry_progress_interval": "inf"}, 0.0),
        ({"registry_progress_interval": "often"}, 30.0),
        ({"registry_progress_interval": None}, 30.0),
        ({"registry_progress_interval": "{{ broken }}"}, 30.0),
    ],
)
def test_seconds(given: dict[str, Any], expected: float) -> None:
    assert action()._seconds(given) == expected


@pytest.mark.parametrize(
    ("variables", "label", "expected"),
    [
        ({}, None, "one"),
        ({"ansible_loop_var": "item", "item": "team"}, None, "one (team)"),
        ({"ansible_loop_var": "each", "each": 7}, None, "one (7)"),
        ({"ansible_loop_var": "item", "item": {"token": "secret"}}, None, "one"),
        ({"ansible_loop_var": "item", "item": ["a"]}, None, "one"),
        ({"ansible_loop_var": "item", "item": {"a": 1}}, "a label", "one (a label)"),
        ({"ansible_loop_var": "item", "item": "team"}, "{{ broken }}", "one (team)"),
        ({"ansible_loop_var": "item", "item": "a\x1b\n\u202eb"}, None, "one (a\\x1b\\n\\u202eb)"),
        ({"ansible_loop_var": "item", "item": "x" * 61}, None, f"one ({'x' * 60}...)"),
    ],
)
def test_title(variables: dict[str, Any], label: str | None, expected: str) -> None:
    control = SimpleNamespace(label=label)
    assert action(loop_control=control)._title({"inventory_hostname": "one", **variables}) == expected


@pytest.mark.parametrize("given", [None, [], [{"A": "b"}], "{{ variables }}"])
def test_the_environment_is_what_it_was_afterwards(given: Any) -> None:
    followed = action(environment=given)
    with followed._variable_set("/a/path"):
        *others, last = followed._task.environment
        assert last == {"CONTAINEROPS_GITLAB_PROGRESS_PATH": "/a/path"}
        assert others == (given if isinstance(given, list) else [given])
    assert followed._task.environment == given


def test_without_the_queue_of_a_worker_the_module_just_runs(
    local_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is here, since no worker runs this test, and in an ansible-core that has another way."""
    found = action()

    def run(_action: object, tmp: Any, task_vars: Any) -> dict[str, Any]:
        return {"tmp": tmp, "task_vars": task_vars, "environment": found._task.environment}

    monkeypatch.setattr(NormalAction, "run", run)
    assert found.run("tmp", {"a": 1}) == {"tmp": "tmp", "task_vars": {"a": 1}, "environment": None}
    assert not list(local_folder.iterdir())


@pytest.mark.parametrize("broken", ["_is_followed", "_title", "_seconds", "_variable_set"])
def test_whatever_goes_wrong_with_it_the_module_runs(
    local_folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise TypeError("an ansible-core that is another one")

    monkeypatch.setattr(ActionModule, broken, fail)
    monkeypatch.setattr(progress, "_teller", lambda: print)
    monkeypatch.setattr(NormalAction, "run", lambda _action, _tmp, _variables: {"changed": True})
    assert action(environment=[]).run(None, {"ansible_loop_var": "item"}) == {"changed": True}
    assert not list(local_folder.iterdir())


@pytest.mark.parametrize("variables", [{"ansible_loop_var": []}, {"ansible_loop_var": {}}])
def test_variables_of_another_kind_are_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any]
) -> None:
    monkeypatch.setattr(progress, "_teller", lambda: print)
    monkeypatch.setattr(NormalAction, "run", lambda _action, _tmp, _variables: {"changed": True})
    assert action(environment=[]).run(None, variables) == {"changed": True}


def test_what_the_module_raises_is_raised(local_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("of the module")

    monkeypatch.setattr(progress, "_teller", lambda: print)
    monkeypatch.setattr(NormalAction, "run", fail)
    with pytest.raises(ValueError, match="of the module"):
        action(environment=[]).run(None, {})
    assert not list(local_folder.iterdir())
