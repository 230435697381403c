# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutants that survive and why, and the page that shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.tools.collection import ROOT
from tests.tools.pages import filled, table

from .running import Mutant, Outcome

SURVIVORS = Path(__file__).with_name("survivors.yml")
PAGE = ROOT / "docs" / "mutation-testing.md"


@dataclass(frozen=True)
class Reason:
    """Why no test can notice, or need notice, some mutants."""

    why: str
    mutants: tuple[Mutant, ...]


def explained() -> list[Reason]:
    """Read survivors.yml."""
    entries = yaml.safe_load(SURVIVORS.read_text())
    return [Reason(entry["why"], tuple(Mutant(**mutant) for mutant in entry["mutants"])) for entry in entries]


def write_page(outcomes: Mapping[str, Outcome]) -> None:
    """Bring the page up to a run. Modules that were not in it stay as they are."""
    page = PAGE.read_text()
    counts = counts_in(page) | {module: (outcome.made, outcome.survived) for module, outcome in outcomes.items()}
    PAGE.write_text(filled(page, "mutants", {"modules": modules(counts), "survivors": survivors()}))


def counts_in(page: str) -> dict[str, tuple[int, int]]:
    """How many mutants of each module were made, and how many survived."""
    rows = re.findall(r"^\| `([\w/]+)` \| (\d+) \| \d+ \| (\d+) \|$", page, re.MULTILINE)
    return {module: (int(made), int(survived)) for module, made, survived in rows}


def modules(counts: Mapping[str, tuple[int, int]]) -> str:
    """A table of what became of each module's mutants."""
    rows = [(f"`{module}`", *counts[module]) for module in sorted(counts)]
    rows.append(("together", sum(made for _name, made, _survived in rows), sum(row[2] for row in rows)))
    shown = [(name, str(made), str(made - survived), str(survived)) for name, made, survived in rows]
    return table(["module", "mutants", "noticed", "survived"], shown)


def survivors() -> str:
    """Every mutant of survivors.yml below its reason."""
    return "\n\n".join(line for reason in explained() for line in paragraphs(reason))


def paragraphs(reason: Reason) -> Iterator[str]:
    yield reason.why.strip()
    yield "```diff\n" + "\n".join(map(as_diff, reason.mutants)) + "\n```"


def as_diff(mutant: Mutant) -> str:
    """A mutant as lines of a diff, below where it is."""
    taken = [f"- {line}" for line in mutant.code.splitlines()]
    given = [f"+ {line}" for line in mutant.becomes.splitlines()]
    return "\n".join([f"# {mutant.module}, {mutant.function}", *taken, *given])
