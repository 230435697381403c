# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.driver import PLAYBOOK, Ansible, environment
from tests.integration.in_process import Modules, running_modules
from tests.integration.oracle import Oracle
from tests.integration.preloaded import FOR_MODULES, FOR_PLAYBOOKS, preloaded_python
from tests.simulator.harness import Simulator

# Whoever names a Python for modules has everything run as users have it.
PLAIN = "MODULES_PYTHON" in os.environ


@pytest.fixture(scope="session", autouse=True)
def _fast_playbooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if PLAIN:
        yield
        return
    # One for all workers of pytest, if there are some: Ansible itself sees to it that each module is packed once.
    own = tmp_path_factory.getbasetemp()
    packed = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "packed"
    packed.mkdir(exist_ok=True)
    with (
        preloaded_python(tmp_path_factory.mktemp("python"), FOR_PLAYBOOKS) as python,
        preloaded_python(tmp_path_factory.mktemp("python"), FOR_MODULES) as modules_python,
        pytest.MonkeyPatch.context() as patch,
    ):
        programs = tmp_path_factory.mktemp("programs")
        (programs / "ansible-playbook").write_text(f'#!/bin/sh\nexec {python} {PLAYBOOK} "$@"\n')
        (programs / "ansible-playbook").chmod(0o755)
        patch.setenv("PROGRAMS", str(programs))
        patch.setenv("PLAYBOOKS_PYTHON", python)
        patch.setenv("MODULES_PYTHON", modules_python)
        patch.setenv("PACKED_MODULES", str(packed))
        yield


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules | None]:
    """Where single modules run without a playbook; one for each worker."""
    if PLAIN:
        yield None
        return
    with running_modules(tmp_path_factory.mktemp("modules")) as found:
        yield found


@pytest.fixture
def ansible(simulator: Simulator, modules: Modules | None, tmp_path: Path) -> Ansible:
    """Ansible with the simulator's address and a token in its environment."""
    return Ansible(tmp_path, environment(tmp_path, simulator.url), modules=modules, oracle=Oracle(simulator))
