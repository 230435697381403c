# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a cleanup shows: what it would delete or what it did, of what was approved, and how to go on. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.words import counted, were
from ..module_utils._plan.results import named_rule
from .plan_screen import head_of, left_out_of, more, nothing_of, places_of, table_of, tag_lines, tags_of
from .screen import labelled, lines_of, sections, wrapped

_Result = t.Mapping[str, t.Any]

# What became of tags, what went wrong first.
_OUTCOMES = {
    "not_deleted": "not deleted",
    "recreated": "exist again after they were deleted",
    "not_tried": "not tried",
    "left_for_next_run": "left for the next run",
    "unverified": "deleted according to GitLab, but no complete list of tags confirms it",
    "changed_since": "kept, since they changed after the plan",
    "already_gone": "already deleted by somebody else",
    "deleted": "deleted",
}
# How an approved tag is not as it was, what needs a look first.
_DRIFT = {
    "moved": "another image now",
    "kept": "kept by today's rules or limits",
    "rule_set": "in repositories with another rule set now, and kept",
    "renamed": "in repositories that have another path now",
    "unread": "in repositories that could not be read",
    "vanished": "no longer there",
    "new": "chosen by today's rules and kept, since the approved plan does not delete them",
}


# Without its journal nothing tells a tag that an earlier run deleted from one that somebody else did.
_JOURNAL = (
    " (if an earlier run deleted them, give this one its journal in registry_cleanup_journal_path, or fetch it from "
    "its package with registry_plan_package)"
)


def cleanup_lines(
    found: _Result, *, check_mode: bool, limit: int, package: _Result | None = None, files: t.Sequence[str] = ()
) -> list[str]:
    """The screen of a cleanup.

    Args:
        found: what registry_cleanup returned.
        check_mode: whether nothing was deleted for that reason.
        limit: the most lines of a kind.
        package: where the plan was stored: project, package, version and file_name; None if it was not.
        files: the reports that were written.
    """
    plan, outcome = found["plan"], found.get("outcome")
    deletes = plan["totals"]["delete"] > 0
    head = [*head_of(found, limit), *left_out_of(found.get("server", {})), *_headline(found, check_mode=check_mode)]
    places = []
    if deletes or found.get("plan_path") or package:
        # A fingerprint alone approves nothing.
        kept = bool(found.get("plan_path") or package)
        approvable = kept and check_mode and deletes and not plan["approved"]
        places = places_of(plan, plan_path=found.get("plan_path") or "", package=package, approvable=approvable)
    return sections(
        [*head, *(table_of(plan) if deletes or plan["refusals"] else [])],
        _approved(plan),
        tags_of("would be deleted", plan) if outcome is None else _outcome(plan, outcome),
        _pinned(found),
        [*places, *(line for path in files for line in labelled("file", path))],
    )


def _headline(found: _Result, *, check_mode: bool) -> list[str]:
    plan, outcome = found["plan"], found.get("outcome")
    if outcome is not None:
        stopped = wrapped(f"stopped: {outcome['stopped']}") if outcome.get("stopped") else []
        budget = wrapped(f"budget used up: {outcome['budget']}") if outcome.get("budget") else []
        return [*wrapped(f"outcome: {outcome['summary']}"), *stopped, *budget]
    if plan["refusals"]:
        return wrapped(f"nothing {'would be' if check_mode else 'was'} deleted; {plan['summary']}")
    if not plan["totals"]["delete"]:
        return wrapped(f"nothing is left to delete: {plan['summary']}" if plan["approved"] else nothing_of(plan))
    return wrapped(f"check mode: nothing was deleted; {plan['summary']}" if check_mode else f"plan: {plan['summary']}")


def _approved(plan: _Result) -> list[str]:
    """What differs from the approved plan, and what earlier runs did."""
    before, approved = plan["deleted_before"], plan["approved"]
    if not approved:
        text = f"{counted(before, 'tag')} {were(before)} deleted by earlier runs of this journal"
        return [text] if before else []
    lines = [
        f"approved: {counted(approved['totals']['delete'], 'tag')} by the plan of {approved['clock']}",
        f"  {approved['fingerprint']}",
    ]
    if before:
        lines.append(f"  {before:,} of them {were(before)} deleted by an earlier run")
    counts = {kind: approved["counts"].get(kind, 0) for kind in _DRIFT}
    drift = [row for kind in _DRIFT for row in approved["drift"] if row["kind"] == kind]
    for kind, words in _DRIFT.items():
        if counts[kind]:
            kept_by = ", ".join(f"{reason} {count:,}" for reason, count in approved["kept_by"].items())
            why = f" ({kept_by})" if kind == "kept" and kept_by else ""
            hint = _JOURNAL if kind == "vanished" and not before else ""
            lines += wrapped(f"{kind}: {counted(counts[kind], 'tag')}, {words}{why}{hint}", "  ")
    for row in drift:
        lines += lines_of((f"{row['repository']}:{row['name']}", row["kind"], _why(row)), "  ")
    return lines + more(sum(counts.values()) - len(drift), "tag", after="not as approved")


def _why(row: _Result) -> str:
    rule = named_rule(row)
    return ", ".join(filter(None, [row["reason"], f"rule {rule}" if rule else ""]))


def _outcome(plan: _Result, outcome: _Result) -> list[str]:
    """What became of the tags."""
    planned = {(tag["repository"], tag["name"]): tag for tag in plan["delete"]}
    lines = []
    for key, words in _OUTCOMES.items():
        rows, number = outcome[key], outcome["counts"][key]
        if not number:
            continue
        lines += wrapped(f"{words}: {counted(number, 'tag')}")
        for row in rows:
            place = {"repository": row["repository"], "name": row["name"]}
            tag = planned.get((row["repository"], row["name"]), place)
            lines += tag_lines(tag, row["message"])
        lines += more(number - len(rows), "tag")
    return lines


def _pinned(found: _Result) -> list[str]:
    """The tags that images get which are in use and have none."""
    rows = (found.get("outcome") or found.get("in_use") or {}).get("pinned") or []
    lines = ["tags that are added to images in use without a tag:"] if rows else []
    for row in rows:
        lines += lines_of((f"{row['repository']}:{row['name']}", row.get("outcome", ""), row.get("message", "")), "  ")
    return lines
