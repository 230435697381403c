# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What the values that users give for options mean, before Ansible converts them. Pure.

Ansible makes text of a number or a list, cuts text for a list at its commas, and keeps the line break at the end of a
block. A pattern or a name is another one afterwards, and what it was to keep is deleted.
"""

from __future__ import annotations

import math
import re
import typing as t

from .._core.documents import DuplicateKeyError, parse_json
from .._core.errors import UsageError
from .._core.numbers import whole

# An empty value is the same as none: nothing is kept or limited by these. docs/inputs.md has them all.
LEFT_OUT_WHEN_EMPTY = frozenset(
    {
        *("api_url", "registry_url", "ca_path", "client_cert", "client_key"),
        *("plan_path", "merged_plan_path", "output_path", "journal_path", "cache_path"),
        *("audit_path", "compare_with", "csv_folder", "prometheus_path", "markdown_path", "html_path", "plan_location"),
        *("failed", "failure"),
    }
)
# A list without entries says something of its own, and so does a pattern that goes on behind a project's path.
MAY_BE_EMPTY_LISTS = frozenset(
    {"gather", "tag_names", "images", "clear", "rules", "groups", "projects", "warnings", "notes", "ignored_agents"}
)
_MAY_BE_EMPTY_TEXTS = frozenset({"repository_path_pattern"})
# A journal that is stored nowhere is no record of a run.
_NEVER_EMPTY_DICTIONARIES = frozenset({"journal_package"})
# A whole number is as good as text: ids, capture groups, and durations, which say themselves what is wrong with one.
_MAY_BE_NUMBERS = frozenset(
    {
        *("project", "group", "by", "version_group"),
        *("older_than", "min_age", "plan_max_age", "in_use_max_age", "cadence", "not_pushed_for"),
        *("pulled_within", "max_gap"),
    }
)
# Texts of several lines.
_OF_LINES = frozenset({"approved_plan", "failed", "failure", "warnings", "notes"})
# Documents of which messages name the lines.
_DOCUMENTS = frozenset({"retention", "previous_retention"})
_PATTERNS = frozenset({"name_regex_delete", "name_regex_keep", "match", "protect", "tag_name_pattern", "tags"})

_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
_QUOTES = "write it in quotes"


def read_inputs(given: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any], where: str = "") -> dict[str, t.Any]:
    """The values of options as they are meant, for Ansible to check.

    What is no option is left as it is.

    Args:
        given: the values by name or alias.
        options: the argument specification.
        where: what stands before the names of options in messages.

    Raises:
        UsageError: a value can't be meant as it is written.
    """
    read = dict(given)
    for name, spec in options.items():
        names = [each for each in (name, *spec.get("aliases", ())) if each in given]
        if len(names) > 1:
            raise UsageError(f"{where}{' and '.join(names)} are the same option: give one of them.")
        for each in names:
            if _is_left_out(given[each], spec, name, where + each):
                del read[each]
            else:
                read[each] = _value(given[each], spec, name, where + each)
    return read


def _is_left_out(value: t.Any, spec: t.Mapping[str, t.Any], name: str, label: str) -> bool:
    """Whether a value is the same as none.

    Raises:
        UsageError: it is empty, and something may depend on it.
    """
    is_text = isinstance(value, str)
    if not (value is None or (is_text and not value.strip()) or value in ([], {})):
        return False
    if name in LEFT_OUT_WHEN_EMPTY and (value is None or is_text):
        return True
    if (
        (value == {} and spec.get("type") == "dict" and name not in _NEVER_EMPTY_DICTIONARIES)
        or (value == [] and name in MAY_BE_EMPTY_LISTS)
        or (is_text and name in _MAY_BE_EMPTY_TEXTS)
    ):
        return False
    raise UsageError(f"{label} is empty: give it a value, or leave the option out.")


def _value(value: t.Any, spec: t.Mapping[str, t.Any], name: str, label: str) -> t.Any:
    kind = spec.get("type", "str")
    if spec.get("no_log"):
        return _secret(value, label)
    if kind == "list":
        return _list(value, spec, name, label)
    if kind == "dict":
        return _dictionary(value, spec.get("options", {}), label)
    if name in _DOCUMENTS:
        return value
    if kind == "raw":
        return [_trimmed(entry) for entry in value] if isinstance(value, list) else _trimmed(value)
    return _single(value, kind, name, label)


def _single(value: t.Any, kind: str, name: str, label: str) -> t.Any:
    if kind in ("int", "float"):
        return _number(value, kind, label)
    if kind == "bool":
        if isinstance(value, (list, dict)):
            raise UsageError(f"{label} is {_described(value)}: give true or false.")
        return _trimmed(value)
    return _text(value, name, label)


def _trimmed(value: t.Any) -> t.Any:
    return value.strip() if isinstance(value, str) else value


def _secret(value: t.Any, label: str) -> str:
    """A secret, of which not even the blanks are changed, and which no message shows."""
    if not isinstance(value, str):
        raise UsageError(f"{label} is not a text: {_QUOTES}.")
    return value


def _text(value: t.Any, name: str, label: str) -> str:
    if name in _MAY_BE_NUMBERS and whole(value) is not None:
        return str(value)
    if isinstance(value, (list, dict)):
        hint = ", with | between alternatives, as in main|release-.*" if name in _PATTERNS else ""
        raise UsageError(f"{label} is {_described(value)}: give a single text{hint}.")
    if not isinstance(value, str):
        raise UsageError(f"{label} is {_described(value)} to YAML, and has to be a text: {_QUOTES}.")
    if name in _OF_LINES:
        return value
    text = value.strip()
    if _is_list_notation(text):
        raise UsageError(f"{label} is a list that is written as text: give a single text.")
    if len(text.splitlines()) > 1:
        hint = "write one line, with | between alternatives" if name in _PATTERNS else "write one line"
        raise UsageError(f"{label} {text!r} contains a line break: {hint}.")
    if not text.isprintable():
        raise UsageError(f"{label} {text!r} contains an invisible character: type it again instead of pasting it.")
    return text


def _number(value: t.Any, kind: str, label: str) -> t.Any:
    whole = kind == "int"
    wanted = "a whole number" if whole else "a number"
    if isinstance(value, str):
        text = value.strip()
        if not (_WHOLE_NUMBER if whole else _NUMBER).fullmatch(text):
            raise UsageError(f"{label} is {text!r}: give {wanted}.")
        return int(text) if whole else float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"{label} is {_described(value)}: give {wanted}.")
    if isinstance(value, float) and not (math.isfinite(value) and (value.is_integer() or not whole)):
        raise UsageError(f"{label} is {_described(value)}: give {wanted}.")
    return int(value) if whole else value


def _list(value: t.Any, spec: t.Mapping[str, t.Any], name: str, label: str) -> list[t.Any]:
    """The entries of a list. Text is one entry, or one entry a line."""
    elements = spec.get("elements", "str")
    if elements == "dict":
        return _dictionaries(value, spec.get("options", {}), label)
    if isinstance(value, str):
        if _is_list_notation(value):
            raise UsageError(f"{label} is a list that is written as text: give a list, or one entry a line.")
        value = [line for line in value.splitlines() if line.strip()]
    elif isinstance(value, dict):
        raise UsageError(f"{label} is a dictionary: give a list.")
    elif not isinstance(value, list):
        value = [value]
    return [_entry(entry, elements, name, f"{label}, entry {number},") for number, entry in enumerate(value, 1)]


def _entry(value: t.Any, kind: str, name: str, label: str) -> t.Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise UsageError(f"{label} is empty: leave it out.")
    if isinstance(value, list):
        raise UsageError(f"{label} is a list inside a list: write all entries in one list.")
    return _single(value, kind, name, label)


def _is_list_notation(text: str) -> bool:
    """Whether a text is a list as YAML, JSON or Python write one, and not a pattern that begins with a class."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return False
    inside = text[1:-1]
    return not inside.strip() or "'" in inside or '"' in inside or ("," in inside and "]" not in inside)


def _dictionaries(value: t.Any, options: t.Mapping[str, t.Any], label: str) -> list[dict[str, t.Any]]:
    rows = _from_json(value, label, "a list")
    if not isinstance(rows, list):
        raise UsageError(f"{label} is {_described(rows)}: give a list.")
    return [_dictionary(row, options, f"{label}, entry {number}") for number, row in enumerate(rows, 1)]


def _dictionary(value: t.Any, options: t.Mapping[str, t.Any], label: str) -> dict[str, t.Any]:
    found = _from_json(value, label, "a dictionary")
    if not isinstance(found, dict):
        raise UsageError(f"{label} is {_described(found)}: give a dictionary.")
    return read_inputs(found, options, f"{label}: ")


def _from_json(value: t.Any, label: str, wanted: str) -> t.Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except DuplicateKeyError as error:
        raise UsageError(f"{label} {error}.") from None
    except ValueError:
        raise UsageError(f"{label} is a text that is not JSON: give {wanted}.") from None


def _described(value: t.Any) -> str:
    """What a value is, as YAML writes it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a dictionary"
