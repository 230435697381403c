# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of surviving mutants is about the code as it is, and the page says the same."""

from __future__ import annotations

from tests.mutation.__main__ import MODULES
from tests.mutation.explaining import PAGE, counts_in, explained, survivors
from tests.tools.collection import ROOT

MUTANTS = [mutant for reason in explained() for mutant in reason.mutants]


def test_every_explanation_is_of_a_line_that_is_there() -> None:
    for mutant in MUTANTS:
        source = (ROOT / "plugins" / "module_utils" / f"{mutant.module}.py").read_text()
        lines = "\n".join(line.strip() for line in source.splitlines())
        assert mutant.code in lines, mutant
        assert mutant.code != mutant.becomes
    assert len(MUTANTS) == len(set(MUTANTS))
    assert all(reason.why.strip() for reason in explained())


def test_the_page_shows_them() -> None:
    page = PAGE.read_text()
    block = page.partition("<!-- mutants: survivors -->\n")[2].partition("\n<!-- end -->")[0]
    assert block == survivors()
    counts = counts_in(page)
    assert list(counts) == MODULES
    assert {module for module, (_made, survived) in counts.items() if survived} == {mutant.module for mutant in MUTANTS}
