# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options that are about settings of projects, and the wishes that they make."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.models import DELETE, PATTERN, PUSH, REPOSITORY
from .._gitlab.project_scope import ProjectScope, check_projects
from .._module.options import CONNECTION, RESULT, ArgumentSpec
from .plan import ACCESS_LEVELS, CLEARABLE, POLICY_KEYS, Value, check_policy
from .protection import LEVELS, NO_LEVEL, Protection, RuleWish, checked

# Which projects, and what all modules of settings share.
PROJECTS = ArgumentSpec(
    {
        "project": {"type": "list", "elements": "str"},
        "group": {"type": "str"},
    },
    mutually_exclusive=(("project", "group"),),
    required_one_of=(("project", "group"),),
)
SETTINGS = RESULT.merged(ArgumentSpec({"max_changed_projects": {"type": "int"}, "output_path": {"type": "path"}}))

ACCESS_LEVEL: dict[str, t.Any] = {
    "type": "str",
    "choices": list(ACCESS_LEVELS),
    "aliases": ["container_registry_access_level"],
}
POLICY: dict[str, t.Any] = {
    "enabled": {"type": "bool"},
    "cadence": {"type": "str"},
    "keep_n": {"type": "int"},
    "older_than": {"type": "str"},
    "name_regex_delete": {"type": "str", "aliases": ["name_regex"]},
    "name_regex_keep": {"type": "str"},
    "clear": {"type": "list", "elements": "str", "choices": list(CLEARABLE)},
}


def protection_options(kind: str) -> dict[str, t.Any]:
    """The options for protection rules of a kind."""
    levels = [*LEVELS, NO_LEVEL] if kind == REPOSITORY else list(LEVELS)
    rule = {
        PATTERN[kind]: {"type": "str", "required": True, "aliases": ["pattern"]},
        PUSH: {"type": "str", "choices": levels},
        DELETE: {"type": "str", "choices": levels},
    }
    return {
        "rules": {"type": "list", "elements": "dict", "required": True, "options": rule},
        "exclusive": {"type": "bool", "default": False},
    }


def protection_arguments(kind: str) -> ArgumentSpec:
    """All options of a module for one kind of protection rules."""
    state = {"type": "str", "choices": ["present", "absent"], "default": "present"}
    own = ArgumentSpec({**protection_options(kind), "state": state})
    return CONNECTION.merged(SETTINGS).merged(PROJECTS).merged(own)


def policy_of(params: t.Mapping[str, t.Any]) -> dict[str, Value]:
    """The policy that is wanted, by the names of options; raises UsageError."""
    cleared = params["clear"] or []
    policy: dict[str, Value] = {name: params[name] for name in POLICY_KEYS if params[name] is not None}
    for name in cleared:
        if name in policy:
            raise UsageError(f"{name} is given and in clear as well: it can't have a value and none.")
    policy.update(dict.fromkeys(cleared))
    check_policy(policy)
    return policy


def protection_of(
    kind: str, params: t.Mapping[str, t.Any], *, absent: bool = False, relative: bool = False
) -> Protection:
    """The protection rules that are wanted; raises UsageError."""
    rules = tuple(RuleWish(row[PATTERN[kind]], row[PUSH], row[DELETE]) for row in params["rules"])
    return checked(Protection(kind, rules, params["exclusive"], absent, relative))


def projects_of(params: t.Mapping[str, t.Any]) -> ProjectScope:
    """The projects and the group that were named; raises UsageError."""
    if params["project"] == []:
        raise UsageError("project is empty: name at least one.")
    groups = (params["group"],) if params["group"] is not None else ()
    scope = ProjectScope(tuple(params["project"] or ()), groups)
    check_projects(scope)
    return scope


def check_settings(params: t.Mapping[str, t.Any], *, job_token: bool) -> None:
    """Raises UsageError for what all modules of settings refuse alike."""
    for option in ("max_changed_projects", "return_limit"):
        if params[option] is not None and params[option] < 0:
            raise UsageError(f"{option} is {params[option]}: it can't be negative.")
    if job_token:
        raise UsageError(
            "Settings of projects can't be read or changed with a CI/CD job token: give a personal, project or group "
            "access token of a Maintainer in api_token."
        )
