# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options of a plan that say something. Pure."""

from __future__ import annotations

import typing as t

from .._plan.limits import OnLimit
from .._rules.options import IN_USE, RULES

# What options are when nobody gives them.
DEFAULTS: t.Mapping[str, t.Any] = {
    **{name: spec.get("default") for name, spec in {**RULES, **IN_USE}.items()},
    "min_remaining": 1,
    "min_remaining_repositories": 0,
    "on_limit": OnLimit.FAIL.value,
    "delete_via": "auto",
    "read_via": "auto",
}
# The same of each rule of the list.
_OF_A_RULE: t.Mapping[str, t.Any] = {name: spec.get("default") for name, spec in RULES["rules"]["options"].items()}


def set_options(rules: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options that are not left at their defaults."""
    said = {name: _without_nothing(value) for name, value in rules.items()}
    given = {name: value for name, value in said.items() if not _is_nothing(value) and value != DEFAULTS.get(name)}
    if isinstance(given.get("rules"), list):
        given["rules"] = [_without_defaults(rule) for rule in given["rules"]]
    return given


def _without_defaults(rule: t.Any) -> t.Any:
    """A rule as a user wrote it."""
    if not isinstance(rule, dict):
        return rule
    return {name: value for name, value in rule.items() if name not in _OF_A_RULE or value != _OF_A_RULE[name]}


def _is_nothing(value: t.Any) -> bool:
    return value is None or value in ("", [], {})


def _without_nothing(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return [_without_nothing(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nothing(each) for name, each in value.items() if not _is_nothing(each)}
    return value
