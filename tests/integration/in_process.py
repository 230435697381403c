# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single modules without ansible-playbook: the module's own main() in a fork, its result as Ansible registers it.

A run takes milliseconds, a task of a playbook a tenth of a second and the start of a playbook half a second. What
Ansible does to a task is done here too: the module gets its arguments and modes as JSON, and what it prints is decoded
and completed. `test_in_process.py` holds this to what ansible-playbook gives. Nothing is templated or packed.

This needs ansible-core 2.19 or later: what functions here import is not in earlier ones.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from ansible.module_utils.json_utils import _filter_non_json_lines

from tests.integration.preloaded import FOR_MODULES, preloaded, run_there
from tests.tools.collection import ROOT, link

PLUGINS = "ansible_collections.containerops.gitlab.plugins"


class Modules:
    """Where modules run."""

    def __init__(self, address: str) -> None:
        self._address = address

    def run(
        self,
        action: str,
        arguments: Mapping[str, Any],
        *,
        folder: Path,
        environment: Mapping[str, str],
        check: bool = False,
        diff: bool = False,
        patience: float = 180,
    ) -> dict[str, Any]:
        """Run a module of the collection, or of Ansible itself.

        Args:
            action: The full name, such as containerops.gitlab.registry_info.
            arguments: Its options.
            folder: Where it runs.
            environment: All of its environment.
            check: Whether in check mode.
            diff: Whether with a diff.
            patience: Seconds for the run.

        Returns:
            The result, as registered. `failed` is always there.

        Raises:
            AssertionError: It printed no result.
        """
        from ansible.module_utils.common.json import Direction, get_module_decoder

        told = {
            "_ansible_check_mode": check,
            "_ansible_diff": diff,
            "_ansible_module_name": action,
            "_ansible_remote_tmp": "~/.ansible/tmp",
            "_ansible_version": version("ansible-core"),
        }
        wanted = {
            "module": _path(action),
            "parameters": json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **told}}),
            "folder": str(folder),
            "environment": dict(environment),
        }
        with open(os.devnull) as nothing, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            files = [nothing.fileno(), output.fileno(), errors.fileno()]
            status = run_there(self._address, wanted, files, patience)
            printed, complaint = _text(output), _text(errors)
        try:
            result, _others = _filter_non_json_lines(printed, objects_only=True)
        except ValueError:
            raise AssertionError(f"{action} ended with {status} and no result: {printed}{complaint}") from None
        return _registered(json.loads(result, cls=get_module_decoder("legacy", Direction.MODULE_TO_CONTROLLER)))


@contextmanager
def running_modules(folder: Path) -> Iterator[Modules]:
    """A process for this collection's modules, which lasts as long as this does."""
    with preloaded(folder, [*FOR_MODULES, *_module_utils()], [str(link())]) as address:
        yield Modules(address)


def _path(action: str) -> str:
    """Where Python finds a module by its full name."""
    collection, _dot, name = action.rpartition(".")
    return f"ansible.modules.{name}" if collection == "ansible.builtin" else f"{PLUGINS}.modules.{name}"


def _module_utils() -> list[str]:
    folder = ROOT / "plugins"
    files = sorted((folder / "module_utils").rglob("*.py"))
    return [
        ".".join([PLUGINS, *file.relative_to(folder).with_suffix("").parts]).removesuffix(".__init__") for file in files
    ]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _registered(printed: dict[str, Any]) -> dict[str, Any]:
    """What becomes of a module's result on its way into a variable."""
    from ansible.module_utils._internal._event_utils import format_event_brief_message
    from ansible.utils.vars import transform_to_native_types

    found = {"failed": False, "changed": False, **printed}
    for kind in ("warnings", "deprecations"):
        if kind in found:
            found[kind] = list(dict.fromkeys(found[kind]))
    if found["failed"]:
        if "msg" not in found:
            found["msg"] = f"Task failed: Module failed: {format_event_brief_message(found['exception'].event)}"
        found.setdefault("exception", "(traceback unavailable)")
    native: dict[str, Any] = transform_to_native_types(found)
    return native
