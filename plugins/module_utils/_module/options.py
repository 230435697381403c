# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The options that modules share, with their conditions."""

from __future__ import annotations

import enum
import typing as t

from .._core.errors import UsageError
from .._core.scope import Scope, check_globs, full_path, project_path
from .._core.server import ReadMethod, choices_of

TOKEN_OPTIONS = ("api_token", "api_oauth_token", "api_job_token")


class Gather(enum.Enum):
    """What is read, as users write it; each module takes some of these."""

    REPOSITORIES = "repositories"
    TAGS_COUNT = "tags_count"
    TAGS = "tags"
    TAG_DETAILS = "tag_details"
    SIZE = "size"
    LAYERS = "layers"
    POLICY_PREVIEW = "policy_preview"
    PROJECTS = "projects"
    PROTECTION_RULES = "protection_rules"


class OnError(enum.Enum):
    """What becomes of a task that could not read everything."""

    FAIL = "fail"
    REPORT = "report"


class ArgumentSpec(t.NamedTuple):
    """Options together with the conditions between them, as AnsibleModule takes them.

    Args:
        options: the specification of each option.
        mutually_exclusive: options of which at most one may be given.
        required_one_of: options of which at least one has to be given.
        required_together: options that are given together or not at all.
        required_if: an option, a value, and the options that it then needs.
    """

    options: dict[str, t.Any]
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[str, t.Any, tuple[str, ...]], ...] = ()

    def merged(self, other: ArgumentSpec) -> ArgumentSpec:
        """The options and conditions of both."""
        return ArgumentSpec(
            options={**self.options, **other.options},
            mutually_exclusive=self.mutually_exclusive + other.mutually_exclusive,
            required_one_of=self.required_one_of + other.required_one_of,
            required_together=self.required_together + other.required_together,
            required_if=self.required_if + other.required_if,
        )


# No fallback to the environment here: it would count as given for mutually_exclusive, and a CI job always has a token.
CONNECTION = ArgumentSpec(
    {
        "api_url": {"type": "str"},
        "api_token": {"type": "str", "no_log": True},
        "api_oauth_token": {"type": "str", "no_log": True},
        "api_job_token": {"type": "str", "no_log": True},
        "api_token_file": {"type": "path", "no_log": False},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "timeout": {"type": "float", "default": 60.0},
        "retries": {"type": "int", "default": 5},
        "concurrency": {"type": "int", "default": 4},
        "max_requests_per_minute": {"type": "int"},
        "max_requests": {"type": "int"},
    },
    mutually_exclusive=((*TOKEN_OPTIONS, "api_token_file"),),
)

REGISTRY = ArgumentSpec(
    {
        "registry_url": {"type": "str"},
        "registry_username": {"type": "str"},
        "registry_password": {"type": "str", "no_log": True},
    },
    required_together=(("registry_username", "registry_password"),),
)

READING = REGISTRY.merged(
    ArgumentSpec(
        {
            "read_via": {"type": "str", "choices": choices_of(ReadMethod), "default": "auto"},
            "cache_path": {"type": "path"},
            "on_error": {"type": "str", "choices": [each.value for each in OnError], "default": OnError.FAIL.value},
        }
    )
)

RESULT = ArgumentSpec({"return_limit": {"type": "int", "default": 100}})
WAIT = ArgumentSpec({"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": 300}})

SCOPE = ArgumentSpec(
    {
        "project": {"type": "list", "elements": "str"},
        "group": {"type": "str"},
        "repository_id": {"type": "list", "elements": "int"},
        "repositories": {"type": "list", "elements": "str"},
        "exclude_repositories": {"type": "list", "elements": "str"},
    },
    mutually_exclusive=(("project", "group", "repository_id"),),
    required_one_of=(("project", "group", "repository_id"),),
)

# What instance goes with is up to scope_of(): a default counts as given.
SCOPE_OR_INSTANCE = ArgumentSpec(
    {**SCOPE.options, "instance": {"type": "bool", "default": False}}, SCOPE.mutually_exclusive
)


def check_not_negative(params: t.Mapping[str, t.Any], *options: str) -> None:
    """See that none of these options is given and negative.

    Raises:
        UsageError: one is.
    """
    for option in options:
        if params[option] is not None and params[option] < 0:
            raise UsageError(f"{option} is {params[option]}: it can't be negative.")


def check_left_out(params: t.Mapping[str, t.Any], state: str, *options: str) -> None:
    """See that none of the options is given that mean nothing with a state.

    Raises:
        UsageError: one is.
    """
    for option in options:
        if params[option]:
            raise UsageError(f"{option} has no effect with state {state}: leave it out.")


def check_one_scope(instance: bool, others: t.Mapping[str, t.Any]) -> None:
    """Check that exactly one scope is given.

    Args:
        instance: whether it is the whole instance.
        others: the other scopes by the names of their options, None where not given.

    Raises:
        UsageError: it is none, or more than one.
    """
    given = [*(name for name, value in others.items() if value is not None), *(["instance"] if instance else [])]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} can't be combined: give one of them.")
    if not given:
        raise UsageError(f"one of the following is required: {', '.join(others)}, instance.")


def scope_of(params: t.Mapping[str, t.Any], server: str) -> Scope:
    """The repositories that the options name.

    Args:
        params: the options of SCOPE or SCOPE_OR_INSTANCE.
        server: URL of the GitLab that is asked.

    Raises:
        UsageError: instance does not go with the others, or a name or glob can't be one.
    """
    instance = bool(params.get("instance"))
    check_one_scope(instance, {name: params[name] for name in ("project", "group", "repository_id")})
    projects = tuple(project_path(name, "project", server) for name in params["project"] or ())
    group = full_path(params["group"], "group", server) if params["group"] is not None else None
    names = [*projects, *([group] if group else [])]
    known = set() if any(name.isdigit() for name in names) else {name.partition("/")[0].lower() for name in names}
    for option in ("repositories", "exclude_repositories"):
        check_globs(params[option] or (), option, known)
    return Scope(
        projects=projects,
        group=group,
        repository_ids=tuple(params["repository_id"] or ()),
        include=tuple(params["repositories"] or ()),
        exclude=tuple(params["exclude_repositories"] or ()),
        instance=instance,
    )
