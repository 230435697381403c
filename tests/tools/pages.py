# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages written by hand, with blocks between markers that are made, and their tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def filled(text: str, kind: str, blocks: Mapping[str, str]) -> str:
    """A page whose blocks of a kind, `<!-- kind: name -->` to `<!-- end -->`, hold what they are given."""

    def block(match: re.Match[str]) -> str:
        return f"{match[1]}\n{blocks[match[2]]}\n<!-- end -->"

    return re.sub(rf"(<!-- {kind}: (\w+) -->)\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tables(text: str) -> dict[str, list[list[list[str]]]]:
    """The tables of a page below each heading, as rows of cells without the heads of the columns."""
    found: dict[str, list[list[list[str]]]] = {}
    heading, before = "", ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("| --- "):
            found.setdefault(heading, []).append([])
        elif line.startswith("| ") and before.startswith("| ") and heading in found:
            found[heading][-1].append(line.strip("| ").split(" | "))
        before = line
    return found


def anchors_of(text: str) -> set[str]:
    """The anchors of headings, as GitHub makes them."""
    headings = re.findall("^#+ (.+)$", re.sub("^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
