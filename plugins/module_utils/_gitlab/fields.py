# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Values of GitLab's answers, each of the kind that it has to be. Pure.

Every function raises RequestError (incomplete) when a value is of another kind, or missing where it has to be there.
"""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError
from .._core.numbers import amount

Row = t.Mapping[str, t.Any]
_Kind = t.TypeVar("_Kind")

_OPERATION = "read what GitLab answered"
# Characters of a text; what a project says of itself may have 2000.
_LONGEST = 16 * 1024


def a_text(row: Row, name: str) -> str:
    """A text that is there, and no longer than any of GitLab's."""
    text = _of(row, name, str, "text")
    if len(text) > _LONGEST:
        raise _odd(name, f"text of at most {_LONGEST} characters")
    return text


def a_name(row: Row, name: str) -> str:
    """A text that is there, on one line and without characters that control a terminal."""
    text = a_text(row, name)
    if not text.isprintable():
        raise _odd(name, "name")
    return text


def a_number(row: Row, name: str) -> int:
    """A whole number that is there, zero at least."""
    number = amount(_of(row, name, int, "number"))
    if number is None:
        raise _odd(name, "number")
    return number


def an_object_in(row: Row, name: str) -> Row:
    """An object; an empty one where there is none."""
    return {} if row.get(name) is None else t.cast(Row, _of(row, name, dict, "object"))


def text_or_none(row: Row, name: str) -> str | None:
    """A text; None where there is none."""
    return None if row.get(name) is None else a_text(row, name)


def number_or_none(row: Row, name: str) -> int | None:
    """A whole number; None where there is none."""
    return None if row.get(name) is None else a_number(row, name)


def a_flag(row: Row, name: str) -> bool:
    """True or false; false where it is missing."""
    return False if row.get(name) is None else _of(row, name, bool, "boolean")


def texts(row: Row, name: str) -> tuple[str, ...]:
    """A list of texts; empty where there is none."""
    found = [] if row.get(name) is None else _of(row, name, list, "list")
    if not all(isinstance(each, str) for each in found):
        raise _odd(name, "list of texts")
    return tuple(found)


def _of(row: Row, name: str, kind: type[_Kind], told: str) -> _Kind:
    value = row.get(name)
    if value is None:
        raise RequestError(ErrorKind.INCOMPLETE, f"the answer has no {name}", operation=_OPERATION)
    if not isinstance(value, kind):
        raise _odd(name, told)
    return value


def _odd(name: str, told: str) -> RequestError:
    return RequestError(ErrorKind.INCOMPLETE, f"{name} in the answer is no {told}", operation=_OPERATION)
