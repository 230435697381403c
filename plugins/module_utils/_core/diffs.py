# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The parts of a diff: texts that can't move a terminal's cursor, and how return_limit cuts them. Pure."""

from __future__ import annotations


def diff_part(header: str, *, after_header: str | None = None, before: str = "", after: str = "") -> dict[str, str]:
    """A part of a diff, as Ansible shows it.

    Args:
        header: what it is about.
        after_header: the same for the side after the change; None is header.
        before: lines of the side before it.
        after: lines of the side after it.
    """
    return {
        "before_header": printable(header),
        "after_header": printable(header if after_header is None else after_header),
        "before": _printable_lines(before),
        "after": _printable_lines(after),
    }


def hidden_line(what: str) -> str:
    """The line for what is not shown, such as "5 more projects"."""
    return f"... and {what}, hidden by return_limit\n"


def hidden_part(*, before: str = "", after: str = "") -> dict[str, str]:
    """The last part of a diff: what is not shown of each side; empty where that is nothing."""
    return diff_part("more", before=hidden_line(before) if before else "", after=hidden_line(after) if after else "")


def printable(text: str) -> str:
    """A text on one line, whose characters are shown and do nothing."""
    return "".join(_shown(letter) for letter in text)


def _printable_lines(text: str) -> str:
    return "".join(letter if letter == "\n" else _shown(letter) for letter in text)


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else repr(letter)[1:-1]
