# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Approved plans: what is known of one, and telling the approved one from another or a foreign one. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime

from .._core.errors import UsageError
from .._rules.durations import seconds
from .run_budget import RunBudget

# Inline plans travel through variables of job templates: awx/main/models/unified_jobs.py cuts larger ones.
LARGEST_INLINE = 64 * 1024
# A scope may name a thousand projects.
_LONGEST_SCOPE = 200
# What is typed by hand may be shorter: no two plans share so many digits by chance.
_SHORTEST_FINGERPRINT = 12
_FINGERPRINT = re.compile(rf"(?:sha256:\s*)?([0-9a-f]{{{_SHORTEST_FINGERPRINT},64}})", re.ASCII)


class Approved(t.NamedTuple):
    """An approved plan.

    Args:
        fingerprint: digest of all its lines.
        server: URL of the GitLab that it was made for.
        scope: the options of scope that it was made for.
        clock: the server's time when it was made.
        digests: of the tags that may be deleted, by repository and name; None where none was known.
        repositories: paths of those in it.
        totals: the whole plan in numbers.
        rules: the options that it was made by.
        refusals: why nothing may be deleted, one sentence each without its full stop.
        numbers: the id of each repository, by its path.
        rule_sets: the name of the rule set of each repository, by its path; empty if it had none.
        removals: paths of the repositories that may be deleted as a whole.
        budget: how much of it one run may do; None if it may do all of it.
    """

    fingerprint: str
    server: str
    scope: t.Mapping[str, t.Any]
    clock: datetime
    digests: t.Mapping[tuple[str, str], str | None]
    repositories: tuple[str, ...]
    totals: t.Mapping[str, t.Any]
    rules: t.Mapping[str, t.Any] = {}
    refusals: tuple[str, ...] = ()
    numbers: t.Mapping[str, int] = {}
    rule_sets: t.Mapping[str, str] = {}
    removals: frozenset[str] = frozenset()
    budget: RunBudget | None = None


class ApprovalTerms(t.NamedTuple):
    """On what terms an approved plan is taken.

    Args:
        fingerprint: the one that the plan must have, or what it must begin with.
        max_age: seconds since it was made.
        max_drift_percent: of its tags, how many may differ by now; None is no limit.
    """

    fingerprint: str
    max_age: int
    max_drift_percent: float | None = None


class Approval(t.NamedTuple):
    """A plan that somebody approved, and the terms on which it is taken."""

    plan: Approved
    terms: ApprovalTerms


def given_approval(
    params: t.Mapping[str, t.Any],
    lines: t.Iterable[str] | None,
    parse: t.Callable[[t.Iterable[str]], Approved],
) -> Approval | None:
    """The plan that was approved, whole and under its fingerprint.

    Args:
        params: the module's options.
        lines: of the approved plan; None where there is none.
        parse: reads the plan.

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
        raise UsageError(
            "An approved plan needs approved_fingerprint, which has to come from the person who approved it."
        )
    if inline is not None and len(inline.encode()) > LARGEST_INLINE:
        raise UsageError(f"approved_plan is larger than {LARGEST_INLINE} bytes: give a file in approved_plan_path.")
    terms = ApprovalTerms(
        fingerprint=_fingerprint_of_approval(fingerprint),
        max_age=seconds(params["plan_max_age"], "plan_max_age"),
        max_drift_percent=params.get("max_drift_percent"),
    )
    option = "approved_plan" if inline is not None else f"approved_plan_path {params['approved_plan_path']}"
    try:
        plan = parse(lines)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None
    check_fingerprint(plan, terms)
    return Approval(plan=plan, terms=terms)


def _fingerprint_of_approval(text: str) -> str:
    """A fingerprint as plans have it, or its beginning: it may be given in capitals, in quotes, and without sha256:.

    Args:
        text: the value of approved_fingerprint.

    Raises:
        UsageError: it is none.
    """
    found = _FINGERPRINT.fullmatch(text.strip("\"'` \t\r\n").lower())
    if found is None:
        raise UsageError(
            f"approved_fingerprint {text!r} is not a fingerprint: write the fingerprint of the approved plan, sha256: "
            f"and 64 hexadecimal digits, or at least the first {_SHORTEST_FINGERPRINT} of them."
        )
    return f"sha256:{found[1]}"


def check_fingerprint(approved: Approved, terms: ApprovalTerms) -> None:
    """Check that this is the plan that was approved.

    Raises:
        UsageError: another plan was approved.
    """
    if not approved.fingerprint.startswith(terms.fingerprint):
        raise UsageError(
            f"approved_fingerprint {terms.fingerprint} is not the fingerprint of the given plan, so another plan was "
            "approved: ask the person who approved it, or fetch the approved plan."
        )


def check_plan(approved: Approved, server: str, scope: t.Mapping[str, t.Any]) -> None:
    """Check that a plan was approved for the same, and may be carried out.

    Raises:
        UsageError: it is for something else, or refused itself.
    """
    if approved.refusals:
        raise UsageError(
            f"The approved plan was already refused when it was made: {approved.refusals[0]}. Make a new plan and "
            "have it approved."
        )
    if approved.server != server:
        raise UsageError(f"The approved plan was made for {approved.server}, and this is {server}.")
    if dict(approved.scope) != dict(scope):
        raise UsageError(
            f"The approved plan was made for another scope, {scope_text(approved.scope)}, and this task is for "
            f"{scope_text(scope)}: name the same projects, group or repositories, or leave them out."
        )


def scope_text(scope: t.Mapping[str, t.Any]) -> str:
    """The options of scope that were given, for messages."""
    text = json.dumps({option: value for option, value in sorted(scope.items()) if value})
    return text if len(text) <= _LONGEST_SCOPE else f"{text[:_LONGEST_SCOPE]}..."
