# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The approved plan that a task is given, and what it says instead of the task. Pure."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.scope import Scope
from .._core.words import are, some
from .._plan.approval import Approval, given_approval
from .._plan.merge import approved_in
from .._rules.options import RULE_SOURCES, expected_sources

SCOPES = ("project", "group", "repository_id")


def approval_of(
    params: t.Mapping[str, t.Any], lines: t.Iterable[str] | None, scope: Scope | None = None
) -> Approval | None:
    """The plan of a cleanup that was approved, of several the one that is for a scope.

    Args:
        params: the module's options.
        lines: of the approved plan; None where there is none.
        scope: what the scope options name; None if they name none.

    Returns:
        None where there is no plan and none is required.

    Raises:
        UsageError: there is no plan or no fingerprint, they do not belong together, or the plan was altered.
    """
    return given_approval(params, lines, lambda given: approved_in(given, scope.as_result() if scope else None))


def options_of_plan(
    approval: Approval | None, given: t.Collection[str], specs: t.Mapping[str, t.Mapping[str, t.Any]]
) -> dict[str, t.Any]:
    """The options that a task leaves to the approved plan, with their values there.

    A task without project, group and repository_id leaves the scope to it, one without rules of its own all that the
    plan was made by. What is in use is no matter of the plan: check_sources sees that it was found again.

    Args:
        approval: the approved plan; None where there is none.
        given: the options that the task has.
        specs: the specification of each option that a plan may have.
    """
    found: dict[str, t.Any] = {}
    if approval and not {*SCOPES}.intersection(given):
        found.update(approval.plan.scope)
    if approval and not {*RULE_SOURCES}.intersection(given):
        found.update(approval.plan.rules)
        found.pop("in_use_sources", None)
    return {
        option: _written(value)
        for option, value in found.items()
        if option in specs and option not in given and value not in (None, [], specs[option].get("default"))
    }


def check_sources(approval: Approval | None, params: t.Mapping[str, t.Any]) -> None:
    """See that what is in use was found again wherever the approved plan had it from, whatever rules the task has.

    Args:
        approval: the approved plan; None where there is none.
        params: the module's options, with those of the plan.

    Raises:
        UsageError: a source of the plan is missing, or fewer of them are expected.
    """
    if approval is None:
        return
    rules = approval.plan.rules
    needed = {row["name"] for row in _rows(rules.get("in_use_sources"))}
    given = {row["name"] for row in params["in_use_sources"] or ()}
    least = expected_sources(rules.get("in_use_sources_expected"))
    if isinstance(least, list):
        needed.update(least)
    if needed and not given:
        raise UsageError(
            f"The approved plan was made with in_use_sources ({some(sorted(needed))}): find the images in use again, "
            "and set in_use_sources."
        )
    if needed - given:
        raise UsageError(
            f"The approved plan was made with more in_use_sources, and {some(sorted(needed - given))} "
            f"{are(len(needed - given))} missing: find the images in use there again and add them, or make a new plan "
            "and "
            "have it approved."
        )
    if isinstance(least, int) and len(given) < least:
        raise UsageError(
            f"The approved plan was made with in_use_sources_expected {least}, and in_use_sources has {len(given)}: "
            "find the images in use at all of them again, or make a new plan and have it approved."
        )
    expected = expected_sources(params["in_use_sources_expected"])
    if least is not None and expected is not None and _is_less(expected, least):
        raise UsageError(
            f"The approved plan was made with in_use_sources_expected {_told(least)}, and {_told(expected)} is less: "
            "leave it out, or make a new plan and have it approved."
        )


def _rows(found: t.Any) -> list[dict[str, t.Any]]:
    """The sources that a plan names.

    Raises:
        UsageError: they are none.
    """
    rows = found or []
    if isinstance(rows, list) and all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        return rows
    raise UsageError("The approved plan does not contain the sources of its images in use: make a new plan.")


def _is_less(expected: list[str] | int, least: list[str] | int) -> bool:
    """Whether fewer sources are expected, or not all of those that were."""
    if isinstance(expected, list) and isinstance(least, list):
        return not set(least) <= set(expected)
    number, most = (len(set(each)) if isinstance(each, list) else each for each in (expected, least))
    return number < most


def _told(expected: list[str] | int) -> str:
    return some(sorted(set(expected))) if isinstance(expected, list) else str(expected)


def _written(value: t.Any) -> t.Any:
    """A value as a task has it: without what is not set inside of it."""
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, dict):
        return {key: _written(each) for key, each in value.items() if each is not None}
    return value
