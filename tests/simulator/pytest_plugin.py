# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures that every test suite shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import ROOT, Simulator, running
from .real_registry import Registry, RegistryUnavailable, running_registry


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_registry: needs Debian's docker-registry")


@pytest.fixture(scope="session")
def _server() -> Iterator[Simulator]:
    with running() as server:
        yield server


@pytest.fixture
def simulator(_server: Simulator) -> Simulator:
    """The worker's simulator, empty."""
    _server.reset()
    return _server


@pytest.fixture(scope="session")
def real_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real Docker registry of the worker's own; where it can't be had the test is skipped, in CI it fails."""
    try:
        with running_registry(Path(ROOT) / "build", tmp_path_factory.mktemp("registry")) as found:
            yield found
    except RegistryUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
