# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that can't be meant: refused in words, before anything is sent."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

from ansible.module_utils import basic

from tests.integration.driver import Ansible
from tests.integration.repeated import Options, run_all
from tests.simulator.harness import Simulator

MODULES = "ansible_collections.containerops.gitlab.plugins.modules"


def check_refused(
    ansible: Ansible,
    simulator: Simulator,
    module: str,
    cases: Sequence[tuple[Options, str]],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Each case fails with its text. The first goes through ansible-playbook too, and ends there as in its own process.

    environment: of the tasks, besides the address and the token.
    """
    told = dict(environment or {})
    simulator.clear_log()
    results = [_result_of_main(module, options, {**ansible.environment, **told}) for options, _text in cases]
    for (options, text), result in zip(cases, results, strict=True):
        assert result.get("failed"), options
        assert text in result["msg"], (options, result["msg"])
        assert "Traceback" not in str(result), options
        assert not result.get("changed"), options
    [first] = run_all(ansible, module, [cases[0][0]], environment=told)
    assert first.failed
    assert first.message == results[0]["msg"]
    assert simulator.counters()["total"] == 0


def _result_of_main(module: str, options: Options, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a module prints in this process: a hundred times as fast as in one of its own."""
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    printed = io.StringIO()
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.multiple(basic, _ANSIBLE_ARGS=arguments, _ANSIBLE_PROFILE="legacy", create=True),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        importlib.import_module(f"{MODULES}.{module}").main()
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found
