# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What is wanted of the repositories of a scope, of which conditions choose those that are deleted. Pure."""

from __future__ import annotations

import json
import typing as t

from .._core.errors import UsageError
from .._core.run_by import run_by_of
from .._core.scope import Scope
from .._core.server import DeleteMethod, requested_method
from .._module.options import check_not_negative, scope_of
from .._plan.approval import Approval, check_plan, given_approval
from .._plan.limits import Limits
from .._plan.plan_file import REPOSITORY_FORMAT
from .._plan.plan_reading import parse_plan
from .._rules.durations import seconds
from .._rules.in_use import InUse
from .._rules.matches import OnUnmatched
from .._rules.options import used_of
from .._rules.rules import Rules
from .conditions import CONDITIONS, Conditions, conditions_of
from .request import COUNTS, DesiredState, tag_limits_of, tag_rules_of, wait_of

SCOPES = ("project", "group")
# What the plan of a scope is made by, as its first line names it.
PLANNED_BY = (
    *("conditions", "protect", "require_digest", "in_use", "in_use_sources", "in_use_sources_expected"),
    *("max_repositories", "max_repositories_percent", "min_remaining_repositories"),
    *("max_deletions", "max_deletions_total", "delete_via"),
)


# What is found again when a plan is carried out, and may be something else by then.
_MAY_DIFFER = ("in_use", "in_use_sources")


class RepositoryLimits(t.NamedTuple):
    """How many whole repositories may be deleted; None is no limit.

    Args:
        most: altogether.
        most_percent: in percent of all repositories in scope.
        min_remaining: how many repositories in scope have to stay in a project that loses some.
    """

    most: int | None = None
    most_percent: float | None = None
    min_remaining: int = 0


class ScopeRequest(t.NamedTuple):
    """The checked options of registry_repository for the repositories of a scope.

    Args:
        scope: which repositories.
        conditions: which of them are deleted.
        rules: which tags keep the repository that holds them.
        used: the images that are in use.
        use_unknown: why it is not known what is in use, one sentence each without its full stop.
        in_use_max_age: seconds since sources of what is in use were read.
        limits: how many tags may be deleted.
        repository_limits: how many repositories may be deleted.
        on_unmatched: auto, warn or fail, if an entry of protect or exclude_repositories matches nothing.
        options: the values that the first line of the plan names, by option.
        wait: for how many seconds GitLab's deletion is waited for, None is not at all.
        delete_via: how tags are deleted, None for the best way that there is.
        approval: the approved plan and its terms; None if none was given.
        run_by: who and what runs this, by what it is called.
    """

    scope: Scope
    conditions: Conditions
    rules: Rules
    used: InUse = InUse()
    use_unknown: tuple[str, ...] = ()
    in_use_max_age: int = 3600
    limits: Limits = Limits(min_remaining=0)
    repository_limits: RepositoryLimits = RepositoryLimits()
    on_unmatched: OnUnmatched = OnUnmatched.AUTO
    options: t.Mapping[str, t.Any] = {}
    wait: float | None = None
    delete_via: DeleteMethod | None = None
    approval: Approval | None = None
    run_by: t.Mapping[str, str] = {}


def names_scope(params: t.Mapping[str, t.Any], given: t.Collection[str], only_with_scope: t.Collection[str]) -> bool:
    """Whether the options are about the repositories of a scope, and not about named ones.

    Args:
        params: the module's options.
        given: the options that the task has.
        only_with_scope: the options that mean nothing for named repositories.

    Raises:
        UsageError: options of both are given, or a scope has no conditions.
    """
    if any(params[option] is not None for option in SCOPES):
        if params["conditions"] is None:
            raise UsageError(
                "conditions is missing: a scope alone deletes nothing. Say which of its repositories to delete, "
                "such as those that are empty."
            )
        return True
    for option in only_with_scope:
        if option in given:
            raise UsageError(f"{option} is for the repositories of a scope: set project or group.")
    return False


def scope_request_of(
    params: t.Mapping[str, t.Any], plan_lines: t.Iterable[str] | None, *, url: str, job_token: bool
) -> ScopeRequest:
    """Check the options of registry_repository for the repositories of a scope.

    Args:
        params: the module's options.
        plan_lines: of the approved plan; None if there is none.
        url: of GitLab.
        job_token: whether GitLab is asked with a CI/CD job token.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_not_negative(params, *COUNTS, "max_repositories", "min_remaining_repositories")
    percent = params["max_repositories_percent"]
    if percent is not None and not 0 <= percent <= 100:
        raise UsageError(f"max_repositories_percent is {percent:g}: it has to be between 0 and 100.")
    if job_token:
        raise UsageError(
            "conditions can't be checked with a CI/CD job token, which may not read protection rules: give a project "
            "or "
            "group access token in api_token."
        )
    if DesiredState(params["state"]) is not DesiredState.ABSENT:
        raise UsageError("conditions choose whole repositories: set state to absent, or use registry_cleanup for tags.")
    if params["force"]:
        raise UsageError(
            "force can't be used with conditions: the tags of each repository are deleted one by one before it, so "
            "that no tag that was pushed meanwhile is deleted."
        )
    scope = scope_of({**params, "repository_id": None}, url)
    used, use_unknown = used_of(params)
    options = {option: _planned_by(option, params[option]) for option in PLANNED_BY}
    approval = given_approval(params, plan_lines, lambda lines: parse_plan(lines, REPOSITORY_FORMAT))
    if approval:
        check_plan(approval.plan, url, scope.as_result())
        _check_options(approval.plan.rules, options)
    return ScopeRequest(
        scope=scope,
        conditions=conditions_of(params["conditions"], names_repositories=bool(scope.include)),
        rules=tag_rules_of(params),
        used=used,
        use_unknown=use_unknown,
        in_use_max_age=seconds(params["in_use_max_age"], "in_use_max_age"),
        limits=tag_limits_of(params),
        repository_limits=RepositoryLimits(
            most=params["max_repositories"],
            most_percent=percent,
            min_remaining=params["min_remaining_repositories"],
        ),
        on_unmatched=OnUnmatched(params["on_unmatched"]),
        options=options,
        wait=wait_of(params),
        delete_via=requested_method(DeleteMethod, params["delete_via"]),
        approval=approval,
        run_by=run_by_of(params["run_by"]),
    )


def _planned_by(option: str, value: t.Any) -> t.Any:
    """The value of an option as a plan names it: what was given of conditions, and not when sources were read."""
    if option == "conditions":
        return {key: each for key, each in value.items() if each != CONDITIONS[key].get("default")}
    if option != "in_use_sources" or value is None:
        return value
    return [{key: each for key, each in row.items() if key != "read_at"} for row in value]


def _check_options(planned: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> None:
    """See that a plan is carried out by the options that it was made by. What is in use by now may be other images.

    Raises:
        UsageError: an option is another one, or a source of what is in use is missing.
    """
    for option in PLANNED_BY:
        if option not in _MAY_DIFFER and planned.get(option) != json.loads(json.dumps(options[option])):
            raise UsageError(
                f"The approved plan was made with another value of {option}, {json.dumps(planned.get(option))}: give "
                "the same, or make a new plan and have it approved."
            )
    if planned.get("in_use") and not options["in_use"]:
        raise UsageError("The approved plan was made with in_use: find the images in use again, and set in_use.")
    missing = _source_names(planned.get("in_use_sources")) - _source_names(options["in_use_sources"])
    if missing:
        raise UsageError(
            f"The approved plan was made with more in_use_sources, and {', '.join(sorted(missing))} is missing: find "
            "the images in use there again and add them, or make a new plan and have it approved."
        )


def _source_names(rows: t.Any) -> set[str]:
    return {str(row["name"]) for row in rows or ()}
