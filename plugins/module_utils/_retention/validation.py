# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A document held against the specification of its keys, with all that is wrong with it at once. Pure.

The specification is written as the options of a module are.
"""

from __future__ import annotations

import difflib
import math
import re
import typing as t
from datetime import date

from .._core.numbers import whole
from .._core.yaml_text import ValuePath

_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_LONGEST = 60


class Problem(t.NamedTuple):
    """What is wrong with a value.

    Args:
        path: the keys and numbers that lead to the mapping or list that holds it.
        text: a sentence without its end.
        key: its own key or number there; None if it is about all of them.
    """

    path: ValuePath
    text: str
    key: str | int | None = None

    @property
    def whole_path(self) -> ValuePath:
        """What leads to the value itself."""
        return self.path if self.key is None else (*self.path, self.key)


class _RefusedValue(Exception):
    """Why a value can't be taken, the end of a sentence that begins with the value."""


def checked(
    value: t.Any, spec: t.Mapping[str, t.Any], problems: list[Problem], path: ValuePath = ()
) -> dict[str, t.Any]:
    """A mapping with every key of the specification, those that are not given with their defaults.

    Args:
        value: what the document has there.
        spec: of its keys.
        problems: what is wrong joins it.
        path: the keys and numbers that lead there.
    """
    if not isinstance(value, dict):
        problems.append(
            Problem(path, f"here is {shown(value)}, but it has to be a mapping with the keys {', '.join(spec)}")
        )
        return {name: option.get("default") for name, option in spec.items()}
    before = len(problems)
    given = _by_name(value, spec, problems, path)
    # What is written nearly right is not told as missing besides.
    missing = _missing(given, spec) if len(problems) == before else []
    problems += [Problem(path, f"{name} is missing") for name in missing]
    return {
        name: _value(given[name][1], option, problems, (*path, given[name][0]))
        if name in given
        else option.get("default")
        for name, option in spec.items()
    }


def _missing(given: t.Collection[str], spec: t.Mapping[str, t.Any]) -> list[str]:
    return [name for name, option in spec.items() if option.get("required") and name not in given]


def _by_name(
    value: t.Mapping[t.Any, t.Any], spec: t.Mapping[str, t.Any], problems: list[Problem], path: ValuePath
) -> dict[str, tuple[str, t.Any]]:
    """The key as it is written and the value, by the name of the option."""
    names = {alias: name for name, option in spec.items() for alias in (name, *option.get("aliases", ()))}
    found: dict[str, tuple[str, t.Any]] = {}
    for key, each in value.items():
        name = names.get(key)
        if name is None:
            close = difflib.get_close_matches(str(key), list(names), n=1)
            meant = f"perhaps {close[0]} is meant" if close else f"the keys are {', '.join(spec)}"
            text = f"{shown(key)} is not a known key: {meant}"
            problems.append(Problem(path, text, key=key if isinstance(key, (str, int)) else None))
        elif name in found:
            problems.append(Problem(path, f"{key} is the same as {found[name][0]}: write one of the two", key=key))
        elif each is None:
            problems.append(Problem(path, f"{key} is empty: give it a value, or leave it out", key=key))
        else:
            found[name] = key, each
    return found


def _value(value: t.Any, option: t.Mapping[str, t.Any], problems: list[Problem], path: ValuePath) -> t.Any:
    """The value of an option, or its default where it can't be taken."""
    kind = option["type"]
    if kind == "dict":
        return checked(value, option["options"], problems, path)
    if kind == "list":
        return _list(value, option, problems, path)
    *around, key = path
    subject = f"{key} is {shown(value)}" if isinstance(key, str) else shown(value)
    choices = option.get("choices")
    try:
        found = _READERS[kind](value)
        if choices and found not in choices:
            raise _RefusedValue(f"it has to be one of {', '.join(choices)}")
        return found
    except _RefusedValue as refused:
        problems.append(Problem(tuple(around), f"{subject}: {refused}", key=key))
    return option.get("default")


def _list(value: t.Any, option: t.Mapping[str, t.Any], problems: list[Problem], path: ValuePath) -> t.Any:
    *around, key = path
    if not isinstance(value, list):
        problems.append(Problem(tuple(around), f"{key} is {shown(value)}: it has to be a list", key=key))
        return option.get("default")
    if not value and option.get("default") != []:
        way_out = "" if option.get("required") else ", or leave it out"
        problems.append(Problem(tuple(around), f"{key} is empty: write at least one entry{way_out}", key=key))
    element = {"type": option["elements"], "options": option.get("options"), "choices": option.get("choices")}
    found = [_value(each, element, problems, (*path, number)) for number, each in enumerate(value)]
    return [each for each in found if each is not None]


def _text(value: t.Any) -> str:
    if isinstance(value, str):
        text = str(value).strip()
        if not text:
            raise _RefusedValue("write a text, or leave it out")
        if len(text.splitlines()) > 1:
            raise _RefusedValue("it contains a line break, so write it in one line")
        if not text.isprintable():
            raise _RefusedValue("it contains an invisible character, so type it again")
        return text
    if isinstance(value, (bool, int, float, date)):
        raise _RefusedValue("YAML reads it as something else than a text, so put it in quotes")
    raise _RefusedValue("it has to be a text")


def _day(value: t.Any) -> str:
    """A day or time, which YAML itself reads as one where it stands without quotes."""
    return value.isoformat() if isinstance(value, date) else _text(value)


def _whole_number(value: t.Any) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    number = whole(value)
    if number is not None and abs(number) < 10**15:
        return number
    raise _RefusedValue("it has to be a whole number")


def _number(value: t.Any) -> float:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    found = value if isinstance(value, float) else whole(value)
    if found is not None and abs(found) < 10**15 and math.isfinite(found):
        return float(found)
    raise _RefusedValue("it has to be a number")


def _flag(value: t.Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise _RefusedValue("it has to be true or false")


_READERS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "str": _text,
    "day": _day,
    "int": _whole_number,
    "float": _number,
    "bool": _flag,
}


def shown(value: t.Any) -> str:
    """A value in a sentence."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "nothing" if value is None else repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
