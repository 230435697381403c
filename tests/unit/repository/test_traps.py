# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every trap of GitLab's registry API has a test against the simulator that carries its number."""

from __future__ import annotations

import re

from tests.tools.collection import ROOT

KNOWN = range(1, 39)


def test_every_trap_has_a_test() -> None:
    sources = (ROOT / "tests" / "unit" / "simulator").glob("test_*.py")
    found = {int(number) for source in sources for number in re.findall(r"def test_trap_(\d\d)_", source.read_text())}
    assert found == set(KNOWN)
