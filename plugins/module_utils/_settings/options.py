# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options that are about settings of projects, and what they ask for."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.models import DELETE_LEVEL, POLICY_KEYS, PUSH_LEVEL, AccessLevel, RuleKind
from .._core.scope import ProjectScope, full_path, project_path
from .._module.options import CONNECTION, RESULT, ArgumentSpec, check_not_negative
from .plan import CLEARABLE, Value, check_policy
from .protection import LEVELS, NO_LEVEL, DesiredRule, DesiredRules, checked_rules

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
    "choices": [each.value for each in AccessLevel],
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


def protection_options(kind: RuleKind) -> dict[str, t.Any]:
    """The options for protection rules of a kind."""
    levels = [*LEVELS, NO_LEVEL] if kind is RuleKind.REPOSITORY else list(LEVELS)
    rule = {
        kind.pattern_option: {"type": "str", "required": True, "aliases": ["pattern"]},
        PUSH_LEVEL: {"type": "str", "choices": levels},
        DELETE_LEVEL: {"type": "str", "choices": levels},
    }
    return {
        "rules": {"type": "list", "elements": "dict", "required": True, "options": rule},
        "exclusive": {"type": "bool", "default": False},
    }


def protection_arguments(kind: RuleKind) -> ArgumentSpec:
    """All options of a module for one kind of protection rules."""
    state = {"type": "str", "choices": ["present", "absent"], "default": "present"}
    own = ArgumentSpec({**protection_options(kind), "state": state})
    return CONNECTION.merged(SETTINGS).merged(PROJECTS).merged(own)


def desired_policy(params: t.Mapping[str, t.Any]) -> dict[str, Value]:
    """The cleanup policy that the options of POLICY ask for, by their names.

    Raises:
        UsageError: an option is given and cleared as well, or no project could have the policy.
    """
    cleared = params["clear"] or []
    policy: dict[str, Value] = {name: params[name] for name in POLICY_KEYS if params[name] is not None}
    for name in cleared:
        if name in policy:
            raise UsageError(f"{name} is set and also in clear: remove one of the two.")
    policy.update(dict.fromkeys(cleared))
    check_policy(policy)
    return policy


def desired_rules(
    kind: RuleKind, params: t.Mapping[str, t.Any], *, absent: bool = False, relative: bool = False
) -> DesiredRules:
    """The protection rules that the options ask for.

    Args:
        kind: what the rules protect.
        params: the options of protection_options.
        absent: projects are to have none of them.
        relative: patterns of repositories go on behind the path of each project.

    Raises:
        UsageError: no project could have them.
    """
    rules = tuple(
        DesiredRule(pattern=row[kind.pattern_option], push=row[PUSH_LEVEL], delete=row[DELETE_LEVEL])
        for row in params["rules"]
    )
    return checked_rules(
        DesiredRules(kind=kind, rules=rules, exclusive=params["exclusive"], absent=absent, relative=relative)
    )


def rules_of_module(kind: RuleKind, params: t.Mapping[str, t.Any]) -> DesiredRules:
    """The protection rules that a module with protection_arguments is asked for.

    Raises:
        UsageError: they can't be served as they are written.
    """
    return desired_rules(kind, params, absent=params["state"] == "absent", relative=params["group"] is not None)


def scope_of(params: t.Mapping[str, t.Any], server: str) -> ProjectScope:
    """The projects that the options of PROJECTS name.

    Args:
        params: the options of PROJECTS.
        server: URL of the GitLab that is asked.

    Raises:
        UsageError: they name none, or one that no server could look up.
    """
    groups = (full_path(params["group"], "group", server),) if params["group"] is not None else ()
    projects = tuple(project_path(name, "project", server) for name in params["project"] or ())
    return ProjectScope(projects=projects, groups=groups)


def check_settings(params: t.Mapping[str, t.Any], *, job_token: bool) -> None:
    """Check what all modules of settings refuse alike.

    Args:
        params: the options of SETTINGS.
        job_token: whether GitLab is asked with a CI/CD job token.

    Raises:
        UsageError: a number is negative, or the token can't change settings.
    """
    check_not_negative(params, "max_changed_projects", "return_limit")
    if job_token:
        raise UsageError(
            "Settings of projects can't be read or changed with a CI/CD job token: give a personal, project or group "
            "access token of a Maintainer in api_token."
        )
