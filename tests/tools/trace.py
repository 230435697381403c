# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m tests.tools.trace [--calls]: which files and functions of the collection three small tasks cross.

It runs each task in this process against the simulator and counts what is called below plugins/. A mirror for whoever
moves walls, and no gate: merging files makes the numbers smaller and nothing clearer.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeVar
from unittest import mock

from ansible.module_utils import basic

from tests.integration.scenarios import TOKEN, repository, server, tag
from tests.simulator.harness import running
from tests.tools.collection import ROOT, link

Result = TypeVar("Result")

MODULES = "ansible_collections.containerops.gitlab.plugins.modules"
PLUGINS = str(ROOT / "plugins") + os.sep
TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "a cleanup of two tags": (
        "registry_cleanup",
        {"project": ["team/app"], "name_regex_delete": "dev-.*", "older_than": "30d"},
    ),
    "registry_tag absent": ("registry_tag", {"repository": "team/app", "name": "dev-1", "state": "absent"}),
    "a settings document": (
        "registry_settings",
        {"groups": [{"group": "team", "access_level": "private"}]},
    ),
}


@dataclass
class Trace:
    """What was called. edges: from one file to another. calls: each function with the one that called it first."""

    functions: set[CodeType] = field(default_factory=set)
    edges: set[tuple[str, str]] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def files(self) -> set[str]:
        return {code.co_filename for code in self.functions}

    def note(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Take a call in, as sys.setprofile tells it."""
        code = frame.f_code
        if event != "call" or not is_ours(code):
            return
        caller = frame.f_back
        while caller and not is_ours(caller.f_code):
            caller = caller.f_back
        if caller and caller.f_code.co_filename != code.co_filename:
            self.edges.add((caller.f_code.co_filename, code.co_filename))
        if code not in self.functions:
            self.functions.add(code)
            self.calls.append((named(caller.f_code) if caller else "", named(code)))


def is_ours(code: CodeType) -> bool:
    """Whether it is a function with a name, of the collection."""
    return code.co_name[0] != "<" and os.path.realpath(code.co_filename).startswith(PLUGINS)


def named(code: CodeType) -> str:
    """A function as package/module.function."""
    place = Path(os.path.realpath(code.co_filename)).relative_to(ROOT / "plugins").with_suffix("")
    return f"{'/'.join(place.parts[1:])}.{code.co_qualname}"


def traced(run: Callable[[], Result]) -> tuple[Result, Trace]:
    """What a function gives, and all that it calls in any thread."""
    trace = Trace()
    threading.setprofile(trace.note)
    sys.setprofile(trace.note)
    try:
        found = run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found, trace


def run_module(module: str, arguments: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The result of a module's main, run in this process."""
    printed = io.StringIO()
    packed = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    main = sys.modules[f"{MODULES}.{module}"].main
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.multiple(basic, _ANSIBLE_ARGS=packed, _ANSIBLE_PROFILE="legacy", create=True),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        main()
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def traces() -> Iterator[tuple[str, Trace]]:
    """Each task with what it crossed."""
    link()
    tags = [tag("dev-1", 90), tag("dev-2", 80), tag("v1.0.0", 300), tag("latest", 1)]
    for module, _arguments in TASKS.values():
        importlib.import_module(f"{MODULES}.{module}")
    with running() as simulator:
        for title, (module, arguments) in TASKS.items():
            simulator.load(server([repository(100, "team/app", "", tags)]))
            environment = {"GITLAB_API_URL": simulator.url, "GITLAB_TOKEN": TOKEN}
            result, trace = traced(functools.partial(run_module, module, arguments, environment))
            if not result.get("changed"):
                raise RuntimeError(f"{title} changed nothing: {result}")
            yield title, trace


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.trace", description=__doc__)
    parser.add_argument("--calls", action="store_true", help="list each function with the one that called it first")
    arguments = parser.parse_args()
    for title, trace in traces():
        print(f"{title}: {len(trace.files)} files, {len(trace.functions)} functions, {len(trace.edges)} edges")
        if arguments.calls:
            for caller, called in trace.calls:
                print(f"  {caller or 'Ansible'} -> {called}")


if __name__ == "__main__":
    main()
