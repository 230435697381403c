# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of every suite that needs a GitLab."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .harness import ROOT, Simulator, running, running_with_registry
from .real_registry import RealRegistry, RegistryUnavailable, running_registry


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_registry: needs a real container registry")


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Simulator]:
    """One server for each worker."""
    with running() as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator: Simulator) -> Simulator:
    """An empty simulated GitLab."""
    _simulator.reset()
    return _simulator


@contextmanager
def _registry_or_skip() -> Iterator[None]:
    """Where no registry can be had tests are skipped, and fail in CI."""
    try:
        yield
    except RegistryUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def real_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    """A registry of the worker's own."""
    with _registry_or_skip(), running_registry(ROOT / "build", tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def _guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, RealRegistry]]:
    storage = tmp_path_factory.mktemp("guarded")
    with _registry_or_skip(), running_with_registry(None, ROOT / "build", storage) as both:
        yield both


@pytest.fixture
def guarded(_guarded: tuple[Simulator, RealRegistry]) -> tuple[Simulator, RealRegistry]:
    """An empty simulated GitLab, and a registry of the worker's own that wants its tokens. Images of old stay there."""
    _guarded[0].reset()
    return _guarded
