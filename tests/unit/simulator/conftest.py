# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client of the simulated GitLab."""

from __future__ import annotations

import pytest

from tests.simulator.harness import Simulator

from .world import Client, world


@pytest.fixture
def gitlab(simulator: Simulator) -> Client:
    """A client of the server that world() describes, with a metadata database."""
    simulator.load(world())
    return Client(simulator)
