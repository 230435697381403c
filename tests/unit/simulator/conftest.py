# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client of the simulated GitLab."""

from __future__ import annotations

import pytest

from tests.simulator.harness import Simulator

from .helpers import Client, default_scenario


@pytest.fixture
def gitlab(simulator: Simulator) -> Client:
    """A client of the server that default_scenario() describes, with a metadata database."""
    simulator.load(default_scenario())
    return Client(simulator)
