# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples a test of properties tries."""

from __future__ import annotations

from hypothesis import settings

# What Hypothesis tries if nothing else is said.
USUAL = 100


def examples(most: int) -> settings:
    """Try so many examples, and only a share of them under a profile that tries fewer than the usual number."""
    return settings(max_examples=most * min(settings().max_examples, USUAL) // USUAL)
