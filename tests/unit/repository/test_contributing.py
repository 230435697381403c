# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CONTRIBUTING says of the structure is so: its drawing, its packages, and the way of one deletion."""

from __future__ import annotations

import re

from tests.tools.collection import ROOT
from tests.tools.trace import traces
from tests.unit.repository.test_structure import PACKAGES
from tests.unit.repository.tree import MODULE_UTILS

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
WALK = TEXT.partition("## One deletion, from YAML to HTTP")[2].partition("\n## ")[0]


def implied(package: str) -> set[str]:
    """All packages that a package may reach."""
    return PACKAGES[package].union(*map(implied, PACKAGES[package]))


def test_the_drawing_shows_the_imports_that_are_allowed() -> None:
    drawn = set(re.findall(r"^  (_\w+) --> (_\w+)$", TEXT, re.MULTILINE))
    needed = {
        (package, other)
        for package, allowed in PACKAGES.items()
        for other in allowed
        if not any(other in implied(between) for between in allowed - {other})
    }
    assert drawn == needed


def test_every_package_is_described() -> None:
    table = TEXT.partition("| package | what lives there |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(_\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines()[2:]))) == set(
        PACKAGES
    )


def test_modules_that_are_named_exist() -> None:
    named = set(re.findall(r"`(_[a-z]+/[a-z_]+)[.`]", TEXT))
    assert named
    places = (MODULE_UTILS, ROOT / "tests" / "unit" / "plugins" / "module_utils")
    assert not [name for name in sorted(named) if not any((place / f"{name}.py").exists() for place in places)]


def test_the_way_of_one_deletion_is_the_one_that_it_takes() -> None:
    named = re.findall(r"`((?:_[a-z]+/)?[a-z_]+\.(?!py`)[A-Za-z_.]+)`", WALK)
    _title, trace = next(traces())
    called = [function for _caller, function in trace.calls]
    assert len(named) > 20
    assert not [name for name in named if name not in called]
