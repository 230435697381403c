# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that can't be meant: refused in words, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.integration.driver import Ansible
from tests.integration.repeated import Options, run_all
from tests.simulator.harness import Simulator


def check_refused(
    ansible: Ansible,
    simulator: Simulator,
    module: str,
    cases: Sequence[tuple[Options, str]],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Each case fails with its text. environment: of the tasks, besides the address and the token."""
    simulator.clear_log()
    tasks = run_all(ansible, module, [options for options, _text in cases], environment=dict(environment or {}))
    for (options, text), task in zip(cases, tasks, strict=True):
        assert task.failed, options
        assert text in task.message, (options, task.message)
        assert not task.result["changed"], options
    assert simulator.counters()["total"] == 0
