# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The approved plan that a task is given, and what it says instead of the task. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.scope import Scope
from .._plan.approval import LARGEST_INLINE, ApprovalTerms, Approved, check_fingerprint, fingerprint_of_approval
from .._plan.merge import approved_in
from .._rules.durations import seconds
from .._rules.options import EITHER

SCOPES = ("project", "group", "repository_id")


class Approval(t.NamedTuple):
    """A plan that somebody approved, and the terms on which it is taken."""

    plan: Approved
    terms: ApprovalTerms


def approval_of(
    params: t.Mapping[str, t.Any], lines: t.Iterable[str] | None, scope: Scope | None = None
) -> Approval | None:
    """The plan that was approved, whole and under its fingerprint.

    Args:
        params: the module's options.
        lines: of the approved plan; None where there is none.
        scope: what the scope options name; None if they name none.

    Returns:
        None where there is no plan and none is required.

    Raises:
        UsageError: there is no plan or no fingerprint, they do not belong together, or the plan was altered.
    """
    inline, fingerprint = params["approved_plan"], params["approved_fingerprint"]
    if lines is None:
        if params["require_approval"]:
            raise UsageError(
                "Nothing is deleted here without approval: give approved_plan_path or approved_plan, and "
                "approved_fingerprint."
            )
        if fingerprint is not None:
            raise UsageError("approved_fingerprint needs approved_plan_path or approved_plan.")
        return None
    if not fingerprint:
        raise UsageError("An approved plan needs approved_fingerprint, which does not come from the plan itself.")
    if inline is not None and len(inline.encode()) > LARGEST_INLINE:
        raise UsageError(f"approved_plan is larger than {LARGEST_INLINE} bytes: give a file in approved_plan_path.")
    terms = ApprovalTerms(
        fingerprint=fingerprint_of_approval(fingerprint),
        max_age=seconds(params["plan_max_age"], "plan_max_age"),
        max_drift_percent=params["max_drift_percent"],
    )
    option = "approved_plan" if inline is not None else f"approved_plan_path {params['approved_plan_path']}"
    try:
        plan = approved_in(lines, scope.as_result() if scope else None)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None
    check_fingerprint(plan, terms)
    return Approval(plan=plan, terms=terms)


def options_of_plan(
    approval: Approval | None, given: t.Collection[str], specs: t.Mapping[str, t.Mapping[str, t.Any]]
) -> dict[str, t.Any]:
    """The options that a task leaves to the approved plan, with their values there.

    A task without project, group and repository_id leaves the scope to it, one without name_regex_delete and rules all
    that the plan was made by. What is in use is no matter of the plan: it has to be found again.

    Args:
        approval: the approved plan; None where there is none.
        given: the options that the task has.
        specs: the specification of each option that a plan may have.

    Raises:
        UsageError: the plan was made with sources of what is in use, and the task has none.
    """
    found: dict[str, t.Any] = {}
    if approval and not {*SCOPES}.intersection(given):
        found.update(approval.plan.scope)
    if approval and not {*EITHER}.intersection(given):
        found.update(approval.plan.rules)
        sources = found.pop("in_use_sources", None)
        if sources and "in_use_sources" not in given:
            raise UsageError(
                "The approved plan was made with in_use_sources: find again what is in use, and give in_use_sources."
            )
    return {
        option: _written(value)
        for option, value in found.items()
        if option in specs and option not in given and value not in (None, [], specs[option].get("default"))
    }


def _written(value: t.Any) -> t.Any:
    """A value as a task has it: without what is not set inside of it."""
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, dict):
        return {key: _written(each) for key, each in value.items() if each is not None}
    return value
