# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Who and what runs a task, as it is told: data for the journal and the result, which decides nothing. Pure."""

from __future__ import annotations

import typing as t

from .errors import UsageError
from .secrets import scrubbed
from .words import counted

_MOST = 20
_LONGEST = 255


def run_by_of(given: t.Mapping[str, t.Any] | None) -> dict[str, str]:
    """Texts of one line, by what they are called, without the secrets that are known by now.

    What is empty is left out, what is too long is cut.

    Args:
        given: the value of run_by; None if nobody says anything.

    Raises:
        UsageError: it holds something else than texts and numbers, or too many of them.
    """
    found = {}
    for name, value in (given or {}).items():
        if not isinstance(value, (str, int, type(None))):
            raise UsageError(f"run_by: {_line(name)} is neither a text nor a number.")
        line = _line("" if value is None else value)
        if line:
            found[_line(name)] = line
    if len(found) > _MOST:
        raise UsageError(f"run_by has {counted(len(found), 'entry', 'entries')}, and at most {_MOST} are allowed.")
    return found


def _line(value: t.Any) -> str:
    """A value in one line that can be shown anywhere."""
    text = "".join(each if each.isprintable() else "?" for each in scrubbed(str(value)).strip())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
