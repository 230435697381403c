# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ..plugin_utils.role_specs import specs_of

# What is said of a document names keys of it, and no options of the task.
_OF_DOCUMENT = re.compile(r"(?:previous_)?retention(?:_path)?\b")
# Options that a role calls otherwise, by what its variables have after its name: it has several parts.
_RENAMED = {"registry_in_use": {"pull_max_gap": "max_gap", "pull_max_unreadable": "max_unreadable"}}
# Where Ansible's own check of options names one or several.
NAMED = re.compile(
    r"(?<=required: )[\w, ]+|(?<=required arguments: )[\w, ]+|(?<=mutually exclusive: )[\w|, ]+|(?<=value of )\w+"
    r"|(?<=argument ')\w+|(?<=option ')\w+"
)


def role_failure(result: Mapping[str, t.Any], *roles: str) -> str:
    """What failed, in the words of roles; empty if nothing did.

    Args:
        result: what a module of this collection returned; one that did not run failed nothing.
        roles: those whose variables the options are; the first one that has an option names it.
    """
    if not result or result.get("skipped") or result.get("result") == "ok":
        return ""
    message = str(result.get("msg") or "")
    summaries = [(result.get(part) or {}).get("summary") for part in ("plan", "outcome")]
    # What could not be read may be tolerated.
    if result.get("result") == "partial" and message in ("", *(f"{summary}." for summary in summaries)):
        return ""
    return in_role_words(message, *roles) or "The module failed and did not say why."


def in_role_words(message: str, *roles: str) -> str:
    """A module's message with its options called as the variables of roles.

    Args:
        message: what the module says.
        roles: those whose variables the options are; the first one that has an option names it.
    """
    variables: dict[str, str] = {}
    for role in roles:
        for name in specs_of(role):
            option = name[len(role) + 1 :]
            variables.setdefault(_RENAMED.get(role, {}).get(option, option), name)
    if re.match(r"rule [^:]+: ", message):
        return f"{variables['rules']}: {message}"
    inside = _OF_DOCUMENT.match(message) or re.search(r"(?<= found in )\w+", message)
    if inside:
        return _named(message, inside.span(), variables)
    every = rf"\b(?:{'|'.join(variables)})\b"
    several_words = "|".join(name for name in variables if "_" in name)
    found = NAMED.sub(lambda names: re.sub(every, lambda name: variables[name[0]], names[0]), message)
    # A single word is an option only where a message begins with it, or says what to set.
    found = re.sub(rf"^{every}(?=[ :])|(?<=\bset ){every}(?= to )", lambda name: variables[name[0]], found)
    return re.sub(rf"(?<![\w./'-])(?:{several_words})(?![\w/-])", lambda name: variables[name[0]], found)


def _named(message: str, span: tuple[int, int], variables: dict[str, str]) -> str:
    start, end = span
    name = message[start:end]
    return f"{message[:start]}{variables.get(name, name)}{message[end:]}"


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., str]]:
        return {"role_failure": role_failure}
