# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Request parameters as Grape checks them: declared ones are coerced, complaints come in the order of declaration."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from .answers import Refused
from .patterns import mistake

_TRUE = {"1", "on", "t", "true", "y", "yes"}
_FALSE = {"0", "off", "f", "false", "n", "no"}
# Ruby's own reading of an integer.
_INTEGER = re.compile(r"\s*[+-]?[0-9]+(?:_[0-9]+)*\s*", re.ASCII)


@dataclass(frozen=True)
class Param:
    """values: what is allowed; forbidden: what is not. blank: an empty text is one, and not nothing.

    pattern: the text has to be a regular expression.
    """

    kind: Literal["bool", "int", "str"] = "str"
    default: Any = None
    values: tuple[Any, ...] | None = None
    forbidden: tuple[Any, ...] = ()
    required: bool = False
    blank: bool = False
    pattern: bool = False


PAGES = {"page": Param("int", 1), "per_page": Param("int", 20, forbidden=(0,))}


class _Invalid(Exception):
    pass


def _coerce(kind: str, value: Any, blank: bool) -> Any:
    if value is None or (value == "" and not blank):
        return None
    if isinstance(value, (dict, list)):
        raise _Invalid
    if kind == "str":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "bool":
        text = str(value).lower()
        if text in _TRUE | _FALSE:
            return text in _TRUE
        raise _Invalid
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)):
        raise _Invalid
    return int(value)


def check(
    declared: Mapping[str, Param], given: Mapping[str, Any], *, one_of: Sequence[str] = (), within: str | None = None
) -> dict[str, Any]:
    """All parameters, the declared ones coerced; Refused with 400 names every bad one.

    one_of: at least one of these has to be given, with whatever value; it is complained about behind the first of them.
    within: the object they are the keys of.
    """
    checked = dict(given)
    complaints = []
    missing = f"{', '.join(one_of)} are missing, at least one parameter must be provided"
    lacking = bool(one_of) and not set(one_of) & set(given)
    for key, param in declared.items():
        name = f"{within}[{key}]" if within else key
        if param.required and key not in given:
            complaints.append(f"{name} is missing")
            continue
        try:
            value = _coerce(param.kind, given.get(key), param.blank)
        except _Invalid:
            complaints.append(f"{name} is invalid")
            continue
        if value is None:
            value = param.default
        if param.values is not None and (value is not None or param.required) and value not in param.values:
            complaints.append(f"{name} does not have a valid value")
        elif value is not None and value in param.forbidden:
            complaints.append(f"{name} has a value not allowed")
        elif param.pattern and value and mistake(value):
            complaints.append(f"{name} is an invalid regexp: {mistake(value)}")
        if value is not None or key in given:
            checked[key] = value
        if lacking and key == one_of[0]:
            complaints.append(missing)
    if lacking and missing not in complaints:
        complaints.append(missing)
    if complaints:
        raise Refused(400, {"error": ", ".join(complaints)})
    return checked


def nested(given: Mapping[str, Any], name: str) -> Any:
    """An object among the parameters: of JSON, or put together from fields such as name[key]."""
    start = f"{name}["
    fields = {key[len(start) : -1]: given[key] for key in given if key.startswith(start) and key.endswith("]")}
    return fields or given.get(name)


def from_query(query: str) -> dict[str, str]:
    """The last one of a repeated parameter counts."""
    return dict(parse_qsl(query, keep_blank_values=True))
