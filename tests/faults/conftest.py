# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixtures of the integration tests, which these tests need too."""

from __future__ import annotations

from tests.integration.conftest import _fast_playbooks, ansible, modules

__all__ = ["_fast_playbooks", "ansible", "modules"]
