# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""How many tags or repositories each entry that keeps or excludes matches. Pure."""

from __future__ import annotations

import typing as t

from .._core.models import known_sum


class EntryMatches(t.NamedTuple):
    """An entry of the options that keeps or excludes, and how much it matches.

    Args:
        option: that holds it.
        entry: as it was written.
        rule: name of the rule that it is a part of; empty if it is none's.
        matched: number of tags that it matches, of repositories for exclude_repositories.
        references: number of references, to images or of git, that it stands for; None for a pattern.
    """

    option: str
    entry: str
    rule: str = ""
    matched: int = 0
    references: int | None = None

    def as_result(self) -> dict[str, t.Any]:
        """The entry as modules return it and plan files hold it."""
        return {**self._asdict(), "rule": self.rule or None}


def summed(entries: t.Iterable[EntryMatches]) -> list[EntryMatches]:
    """The entries of several plans, each once, with what it matches in all of them."""
    found: dict[tuple[str, str, str], EntryMatches] = {}
    for each in entries:
        key = each.option, each.entry, each.rule
        before = found.get(key)
        if before:
            references = known_sum((before.references, each.references))
            each = each._replace(matched=before.matched + each.matched, references=references)
        found[key] = each
    return list(found.values())
