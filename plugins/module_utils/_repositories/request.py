# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is wanted of container repositories."""

from __future__ import annotations

import enum
import typing as t

from .._core.errors import UsageError
from .._core.scope import repository_path
from .._core.server import DeleteMethod, requested_method
from .._module.options import check_left_out, check_not_negative
from .._plan.limits import Limits
from .._rules.matches import OnUnmatched
from .._rules.patterns import compile_pattern
from .._rules.rules import Rule, Rules

COUNTS = ("max_deletions", "max_deletions_total", "wait_timeout", "return_limit")


class DesiredState(enum.Enum):
    """What is to become of the repositories."""

    ABSENT = "absent"
    EMPTY = "empty"


class RepositoryRequest(t.NamedTuple):
    """The checked options of registry_repository.

    Args:
        state: what is to become of the repositories.
        paths: of the repositories, each once.
        ids: of the repositories, each once. Either paths or ids are given.
        rules: by which tags are deleted.
        limits: what the plan must not go beyond.
        on_unmatched: auto, warn or fail, if an entry of protect matches nothing.
        force: repositories are deleted with whatever is in them.
        empty_first: tags are deleted one by one before their repository.
        wait: for how many seconds GitLab's deletion is waited for, None is not at all.
        delete_via: how tags are deleted, None for the best way that there is.
    """

    state: DesiredState
    paths: tuple[str, ...]
    ids: tuple[int, ...]
    rules: Rules
    limits: Limits
    on_unmatched: OnUnmatched = OnUnmatched.AUTO
    force: bool = False
    empty_first: bool = False
    wait: float | None = None
    delete_via: DeleteMethod | None = None

    @property
    def deletes_repositories(self) -> bool:
        """Whether repositories are deleted, and not only their tags."""
        return self.state is DesiredState.ABSENT

    @property
    def deletes_tags(self) -> bool:
        """Whether tags are deleted one by one."""
        return self.state is DesiredState.EMPTY or self.empty_first


def request_of(params: t.Mapping[str, t.Any], *, job_token: bool) -> RepositoryRequest:
    """Check the options of registry_repository.

    Args:
        params: the module's options.
        job_token: whether GitLab is asked with a CI/CD job token.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_not_negative(params, *COUNTS)
    state = DesiredState(params["state"])
    absent = state is DesiredState.ABSENT
    check_left_out(params, state.value, *(("protect",) if absent else ("force", "empty_first")))
    if absent and params["wait"] and job_token:
        raise UsageError(
            "A CI/CD job token can't see whether a repository was deleted: set wait to false, or give a "
            "project access token in api_token."
        )
    return RepositoryRequest(
        state=state,
        paths=tuple(dict.fromkeys(repository_path(path) for path in params["repository"] or ())),
        ids=tuple(dict.fromkeys(params["repository_id"] or ())),
        rules=tag_rules_of(params),
        limits=tag_limits_of(params),
        on_unmatched=OnUnmatched(params["on_unmatched"]),
        force=params["force"],
        empty_first=params["empty_first"],
        wait=wait_of(params),
        delete_via=requested_method(DeleteMethod, params["delete_via"]),
    )


def tag_rules_of(params: t.Mapping[str, t.Any]) -> Rules:
    """The rules by which all tags are deleted but those to protect.

    Raises:
        UsageError: a pattern can't be meant as it is written.
    """
    return Rules(
        (Rule(compile_pattern(".*", "the pattern of all names")),),
        protect=tuple(compile_pattern(pattern, "protect") for pattern in params["protect"] or ()),
        allow_latest=True,
        allow_signatures=True,
        require_digest=params["require_digest"],
    )


def tag_limits_of(params: t.Mapping[str, t.Any]) -> Limits:
    """How many tags may be deleted."""
    return Limits(
        min_remaining=0, max_deletions=params["max_deletions"], max_deletions_total=params["max_deletions_total"]
    )


def wait_of(params: t.Mapping[str, t.Any]) -> float | None:
    """For how many seconds GitLab's deletion is waited for; None is not at all."""
    return float(params["wait_timeout"]) if params["wait"] else None
