# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the registry share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.registry_serving import FakeRegistry, RegistryServer, serving_registry


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with serving_registry(FakeRegistry()) as served:
        yield served
