# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options of a plan that say something, as people read them. Pure."""

from __future__ import annotations

import typing as t

from .._plan.limits import OnLimit
from .._rules.options import IN_USE, RULES

# So many options and rules are shown: a document may have thousands.
MOST_OPTIONS = 200
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


class ToldOption(t.NamedTuple):
    """What a plan was made by.

    Args:
        name: an option, or a part of one that has several lines, such as a rule.
        text: what it is set to.
    """

    name: str
    text: str


def set_options(options: t.Mapping[str, t.Any]) -> list[ToldOption]:
    """The options that are not left at their defaults. Each rule, rule set and exception is told by itself.

    Args:
        options: as a plan has them. Whoever may have written the plan, so a value may be anything.
    """
    found: list[ToldOption] = []
    for name, value in options.items():
        if _is_nothing(value) or value == DEFAULTS.get(name):
            continue
        if name == "rules" and isinstance(value, list):
            found += _rules(value)
        elif name == "retention" and isinstance(value, dict):
            found += _document(value)
        else:
            found.append(ToldOption(name, _told(value, "; ") if isinstance(value, dict) else _shown(value)))
    return found


def _rules(rules: t.Sequence[t.Any], rule_set: str = "") -> t.Iterator[ToldOption]:
    """The rules of a list, by the names that tags have. rule_set: that they are of; empty if of none."""
    before, unnamed = (f"{rule_set}/", "rule ") if rule_set else ("", "")
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, dict):
            yield ToldOption(f"rule {before}{unnamed}{number}", _shown(rule))
            continue
        own = {key: value for key, value in rule.items() if key not in ("name", "match")}
        told = {key: value for key, value in own.items() if value is not False and value != _OF_A_RULE.get(key)}
        name = _shown(rule.get("name") or f"{unnamed}{number}")
        yield ToldOption(f"rule {before}{name}", _told({"match": rule.get("match"), **told}, "; "))


def _document(document: t.Mapping[str, t.Any]) -> t.Iterator[ToldOption]:
    """A retention document: what each rule set deletes and keeps, where it holds, and what is an exception."""
    for each in _entries(document, "rule_sets"):
        name = _shown(each.get("name"))
        if own := _told({key: value for key, value in each.items() if key not in ("name", "rules")}, "; "):
            yield ToldOption(f"rule set {name}", own)
        rules = each.get("rules")
        yield from _rules(rules if isinstance(rules, list) else [], name)
    for each in _entries(document, "assignments"):
        where = _told({key: value for key, value in each.items() if key != "rule_set"}, "; ")
        yield ToldOption(f"rule set {_shown(each.get('rule_set'))} is for", where)
    yield ToldOption("rule set of everything else", _shown(document.get("default") or "none, so it is kept"))
    for each in _entries(document, "exceptions"):
        yield ToldOption("exception", _told(each, "; "))


def _entries(document: t.Mapping[str, t.Any], key: str) -> list[dict[str, t.Any]]:
    value = document.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is_nothing(value: t.Any) -> bool:
    return value is None or value in ("", [], {})


def _told(values: t.Mapping[str, t.Any], separator: str) -> str:
    """What a mapping says that is set."""
    return separator.join(f"{key} {_shown(value)}" for key, value in values.items() if not _is_nothing(value))


def _shown(value: t.Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return _told(value, " ")
    return str(value).lower() if isinstance(value, bool) else str(value)
