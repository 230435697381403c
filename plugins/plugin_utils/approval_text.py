# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What an approver reads of a plan: what is deleted and why, what was not read, and what to type. Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping, Sequence

from .screen import counted, freed_of

MOST_LINES = 200
_LONGEST_LINE = 300
_MOST_NOTES, _MOST_REPOSITORIES = 30, 50
_TYPED_DIGITS = 12

# Why a tag is deleted, in words. Any other reason keeps it.
_DELETED = {
    "expired": "a rule chose them, and they are older than it asks for",
    "matched": "a rule chose them by their names, whatever their age",
    "with_subject": "they belong to an image that is deleted",
    "orphaned": "they belong to an image that is not there any more",
}

_Row = Mapping[str, t.Any]


def approval_text(rows: Sequence[_Row]) -> str:
    """The text for an approver, of at most 200 lines.

    Args:
        rows: for each host its name as host, what registry_cleanup or registry_plan_merge returned as result, the
            options of scope as scope, and where the plan is as place.
    """
    if len(rows) != 1:
        lines = _of_several(rows)
    elif "parts" in rows[0]["result"]:
        lines = _of_merged(rows[0])
    else:
        lines = _of_one(rows[0])
    return "\n".join(_line(each) for each in _first(lines, MOST_LINES, "lines"))


def _of_several(rows: Sequence[_Row]) -> list[str]:
    """That there are several plans, and none of them to approve alone."""
    found = ["Nothing to approve yet: there is no plan."]
    if rows:
        found = [f"Nothing to approve yet: {len(rows)} hosts made a plan each. Merge them, and approve the merged one."]
    return found + [
        f"  {row['host']}: {row['result']['plan']['totals']['delete']} of {row['result']['plan']['totals']['tags']} "
        f"tags, {row['result']['plan']['fingerprint']}"
        for row in rows
    ]


def _of_one(row: _Row) -> list[str]:
    result = row["result"]
    plan, server = result["plan"], result.get("server") or {}
    totals = plan["totals"]
    affected = sorted((each for each in plan["repositories"] if each["delete"]), key=_most_deleted)
    refusals = [*plan["refusals"], *_undecided(server)]
    lines = [
        *_head(totals, refusals),
        f"server: {server.get('url')}, by its clock {server.get('clock')}",
        f"scope: {_scope(row['scope'])}",
        *([] if refusals else _fingerprint(plan["fingerprint"])),
        *([f"plan: {row['place']}"] if row.get("place") else []),
        *_planned_by(result.get("run_by") or {}),
        *_freed(totals),
        *_reasons(totals["reasons"]),
        *_section("Mind", _notes(result), _MOST_NOTES),
        *_section(_from(plan), [f"{each['path']}: {_share(each)}" for each in affected], _MOST_REPOSITORIES),
    ]
    return lines + _tags(plan["delete"], totals["delete"], MOST_LINES - len(lines))


def _of_merged(row: _Row) -> list[str]:
    result = row["result"]
    totals, parts = result["totals"], sorted(result["parts"], key=_most_deleted)
    unread = totals.get("repositories_unread", 0)
    return [
        *_head(totals, ()),
        *_fingerprint(result["fingerprint"]),
        *([f"plan: {row['place']}"] if row.get("place") else []),
        *_reasons(totals["reasons"]),
        *_section("Mind", [_unread(unread)] if unread else [], _MOST_NOTES),
        *_section("Merged of", [f"{_scope(each['scope'])}: {_share(each)}" for each in parts], MOST_LINES // 2),
    ]


def _head(totals: _Row, refusals: Sequence[str]) -> list[str]:
    if refusals:
        return ["This plan is refused and can't be approved:", *(f"  {each}" for each in refusals[:_MOST_NOTES])]
    if not totals["delete"]:
        return [f"Nothing to approve: none of {counted(totals['tags'], 'tag')} is deleted."]
    verb = "is" if totals["delete"] == 1 else "are"
    repositories = counted(totals["repositories"], "repository", "repositories")
    return [f"To approve: {_share(totals)} in {repositories} {verb} deleted."]


def _undecided(server: _Row) -> list[str]:
    if server.get("delete_via") != "bulk_unpinned":
        return []
    return ["with delete_via bulk_unpinned GitLab decides what is deleted, and the plan is a guess"]


def _share(counts: _Row) -> str:
    return f"{counts['delete']:,} of {counted(counts['tags'], 'tag')}"


def _scope(scope: _Row) -> str:
    given = ((option, value if isinstance(value, (list, tuple)) else [value]) for option, value in scope.items())
    return "; ".join(f"{option} {', '.join(map(str, values))}" for option, values in given if any(values))


def _fingerprint(fingerprint: str) -> list[str]:
    typed = fingerprint.partition(":")[2][:_TYPED_DIGITS]
    return [f"fingerprint: {fingerprint}", f"  typed by hand, its beginning is enough: {typed}"]


def _planned_by(run_by: _Row) -> list[str]:
    return [f"planned by: {', '.join(f'{name} {value}' for name, value in run_by.items())}"] if run_by else []


def _freed(totals: _Row) -> list[str]:
    space = freed_of(totals.get("freed_least"), totals.get("freed_most"))
    return [f"frees: {space} after garbage collection"] if space else []


def _reasons(reasons: _Row) -> list[str]:
    deleted = [f"  {count} {reason}: {_DELETED[reason]}" for reason, count in reasons.items() if reason in _DELETED]
    kept = [f"{count} {reason}" for reason, count in reasons.items() if reason not in _DELETED]
    return [*(["Deleted:", *deleted] if deleted else []), *([f"Kept: {', '.join(kept)}"] if kept else [])]


def _notes(result: _Row) -> list[str]:
    """What an approver has to know besides."""
    plan = result["plan"]
    unread = plan["totals"]["repositories_unread"]
    return [
        *([_unread(unread)] if unread else []),
        *(f"{each['repository']}: {each['message']}" for each in result.get("errors") or ()),
        *(each for each in plan["unmatched"] if each not in plan["refusals"]),
        *(f"{each['path']}: {each['limit']}" for each in plan["repositories"] if each.get("limit")),
        *(result.get("notes") or ()),
    ]


def _unread(count: int) -> str:
    return f"{count} {'repository' if count == 1 else 'repositories'} could not be read: all tags there are kept"


def _from(plan: _Row) -> str:
    """The title of the repositories: a result does not have all of them."""
    listed, number = len(plan["repositories"]), plan["totals"]["repositories"]
    return "From" if listed >= number else f"From {listed} of {number} repositories"


def _most_deleted(row: _Row) -> tuple[int, str]:
    return -row["delete"], str(row.get("path") or row.get("scope"))


def _tags(rows: Sequence[_Row], total: int, room: int) -> list[str]:
    """The first tags that are deleted, in what is left of the lines. total: number of all of them."""
    if not rows:
        return []
    shown = rows if len(rows) == total < room else rows[: room - 2]
    lines = [
        f"  {row['repository']}:{row['name']}  {row['date'] or 'date not needed'}  {row['reason']}"
        + (f"  rule {row['rule']}" if row.get("rule") else "")
        for row in shown
    ]
    return ["Tags, oldest first in each repository:", *lines, *_more(total - len(shown), "tags")]


def _section(title: str, lines: Sequence[str], most: int) -> list[str]:
    return [f"{title}:", *_first([f"  {each}" for each in lines], most, "")] if lines else []


def _first(lines: Sequence[str], most: int, what: str) -> list[str]:
    """The first lines, and how many more there are; never more than most."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], *_more(len(lines) - most + 1, what)]


def _more(count: int, what: str) -> list[str]:
    return [f"  ... and {count} more {what}".rstrip() + ", see the plan itself"] if count > 0 else []


def _line(text: str) -> str:
    """A text in one line that can be shown anywhere, and is no template where it comes as a variable."""
    found = re.sub(r"\{(?=[{%#])", "{ ", "".join(each if each.isprintable() else "?" for each in text))
    return found if len(found) <= _LONGEST_LINE else f"{found[: _LONGEST_LINE - 3]}..."
