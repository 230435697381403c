# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What an audit shows: repositories, what a cleanup would delete, settings of projects and their policies. Pure."""

from __future__ import annotations

import json
import typing as t

from ..module_utils._core.models import known_sum
from ..module_utils._core.words import counted
from .plan_screen import head_of, left_out_of, nothing_of, places_of, table_of, tags_of, unread_lines
from .policy_screen import policy_lines
from .screen import Row, bytes_of, labelled, named, number_of, sections, table, wrapped, wrapped_list

_Result = t.Mapping[str, t.Any]

# So many projects are named.
_FEW = 5
# What has settings shown.
_OF_PROJECTS = frozenset({"projects", "protection_rules"})
_CHANGES_NOTHING = "an audit changes nothing: no tag was deleted"


def audit_lines(
    found: _Result,
    preview: _Result,
    lines: t.Sequence[str],
    *,
    gather: t.Collection[str],
    limit: int,
    disabled_policies: bool,
    plan_path: str = "",
    files: t.Sequence[str] = (),
) -> list[str]:
    """The screen of an audit.

    Args:
        found: what registry_info returned; empty if it was not asked.
        preview: what registry_cleanup returned in check mode; empty without rules.
        lines: the file that registry_info wrote, which has all repositories and projects.
        gather: what was asked for.
        limit: the most lines of a kind.
        disabled_policies: whether policies are shown that are disabled.
        plan_path: where the plan is, if somebody asked for it.
        files: the other files that were written.
    """
    rows = [_without_tags(line) for line in lines]
    repositories = [row for row in rows if row["type"] == "repository"]
    projects = [row for row in rows if row["type"] == "project"]
    shown, places = [], []
    if preview:
        shown = _preview(found, preview, repositories, limit)
    elif found:
        shown = [*unread_lines(found.get("errors", []), _errors(repositories), limit), *left_out_of(found)]
        if found["totals"]["repositories"] is not None:
            shown += _repositories(repositories, found["totals"], "size" in gather, limit)
    if preview and plan_path:
        approvable = preview["plan"]["totals"]["delete"] > 0
        places = places_of(preview["plan"], plan_path=plan_path, approvable=approvable)
    return sections(
        shown,
        _estimate(found.get("estimate")),
        _settings([row for row in projects if row["archived"] is not None] if _OF_PROJECTS & {*gather} else []),
        policy_lines(repositories, limit=limit, disabled=disabled_policies),
        [] if preview or found.get("estimate") else _unasked(gather, repositories),
        [*places, *(line for path in files for line in labelled("file", path))],
    )


def _without_tags(line: str) -> dict[str, t.Any]:
    """A line of the file without what takes most of the memory."""
    row: dict[str, t.Any] = json.loads(line)
    row.pop("tags", None)
    return row


def _preview(found: _Result, preview: _Result, repositories: t.Sequence[_Result], limit: int) -> list[str]:
    """What a cleanup by the variables of its role would do."""
    plan = preview["plan"]
    deletes = plan["totals"]["delete"] > 0
    read_twice = {row["repository"] for row in preview.get("errors", [])}
    others = [row for row in found.get("errors", []) if row["repository"] not in read_twice or row["project"]]
    return [
        *head_of(preview, limit),
        *unread_lines(others, _errors(repositories), limit),
        *left_out_of(preview.get("server", {})),
        *wrapped(f"preview: {plan['summary']}; {_CHANGES_NOTHING}" if deletes else nothing_of(plan)),
        *(table_of(plan) if deletes or plan["refusals"] else []),
        *([""] if plan["delete"] else []),
        *tags_of("would be deleted", plan),
    ]


def _errors(rows: t.Sequence[_Result]) -> dict[str, str | None]:
    return {row["path"]: row["error"] for row in rows}


def _repositories(rows: t.Sequence[_Result], totals: _Result, with_size: bool, limit: int) -> list[str]:
    """The repositories, largest first, with their sums."""
    if not rows:
        return ["there is no repository"]
    with_size = with_size or any(_size(row) is not None for row in rows)
    with_age = any(row.get("oldest_tag_at") for row in rows)
    holding = sorted((row for row in rows if not _is_empty(row)), key=_largest)
    small = holding[limit:]

    def cells(tags: int | None, size: int | None, oldest: str | None) -> tuple[str, ...]:
        return (
            number_of(tags),
            *([bytes_of(size)] if with_size else []),
            *([(oldest or "?")[:10]] if with_age else []),
        )

    table_rows: list[Row | str] = [
        Row(row["path"], cells(row["tags_count"], _size(row), row.get("oldest_tag_at")), _remarks(row))
        for row in holding[:limit]
    ]
    if small:
        tags, size = known_sum(row["tags_count"] for row in small), known_sum(map(_size, small))
        held = f" with {counted(tags, 'tag')}" if tags is not None else ""
        held += f", {bytes_of(size)}" if with_size else ""
        table_rows.append(f"and {counted(len(small), 'smaller repository', 'smaller repositories')}{held}")
    empty = len(rows) - len(holding)
    if empty:
        table_rows.append(f"and {counted(empty, 'repository', 'repositories')} without tags")
    dates = [row["oldest_tag_at"] for row in rows if row.get("oldest_tag_at")]
    table_rows.append(Row("total", cells(totals["tags"], _size(totals), min(dates, default=None))))
    head = ("tags", *(["size"] if with_size else []), *(["oldest tag"] if with_age else []))
    return table(Row("repository", head, ("remarks",) if any(map(_remarks, rows)) else ()), table_rows)


def _size(row: _Result) -> int | None:
    found: int | None = row.get("size") if row.get("size") is not None else row.get("bytes")
    return found


def _is_empty(row: _Result) -> bool:
    return row["tags_count"] == 0 and not _size(row) and not _remarks(row)


def _largest(row: _Result) -> tuple[int, int, str]:
    return (-(_size(row) or 0), -(row["tags_count"] or 0), row["path"])


def _remarks(row: _Result) -> tuple[str, ...]:
    return tuple(filter(None, ["unread" if row["error"] else "", row["status"]]))


def _unasked(gather: t.Collection[str], rows: t.Sequence[_Result]) -> list[str]:
    """How to see more, where sizes and dates of repositories were not asked for."""
    if not rows or not {"tag_details", "size", "layers"}.isdisjoint(gather):
        return []
    wanted = '{"registry_audit_gather": ["tag_details", "size", "projects"]}'
    return [*wrapped("sizes and ages, settings of projects, for more requests:"), f"  -e '{wanted}'"]


def _estimate(estimate: _Result | None) -> list[str]:
    """What it takes to read the dates."""
    if not estimate:
        return []
    requests = [
        f"{counted(estimate['requests'], 'request')} to GitLab" if estimate["requests"] else "",
        f"{estimate['registry_requests']:,} to its registry" if estimate["registry_requests"] else "",
    ]
    uncounted = estimate["repositories_uncounted"]
    besides = f", not counting {counted(uncounted, 'repository', 'repositories')}" if uncounted else ""
    return wrapped(
        f"reading the dates of {counted(estimate['tags'], 'tag')} takes about "
        f"{' and '.join(filter(None, requests)) or 'no request'} by {estimate['read_via']}{besides}"
    )


def _settings(rows: t.Sequence[_Result]) -> list[str]:
    """The settings of all projects, a line for each kind of them."""
    if not rows:
        return []
    paths = [row["path"] for row in rows]
    lines = wrapped(f"settings of {counted(len(rows), 'project')}{f' ({named(paths)})' if len(rows) <= _FEW else ''}:")
    for title, values in (
        ("cleanup policies", [_policy_state(row) for row in rows]),
        ("registry", [row["access_level"] or "unknown" for row in rows]),
        ("images can be pulled by", [row["exposed_to"] for row in rows if row.get("exposed_to")]),
    ):
        counts = sorted({value: values.count(value) for value in values}.items(), key=lambda each: (-each[1], each[0]))
        if counts:
            lines += wrapped_list(title, [f"{count:,} {value}" for value, count in counts], "  ")
    for title, paths in (
        ("archived", [row["path"] for row in rows if row["archived"]]),
        ("open to anyone", [row["path"] for row in rows if row.get("exposed_to") == "anyone"]),
        ("rules for repositories", [row["path"] for row in rows if row["repository_protection"]]),
        ("rules for tags", [row["path"] for row in rows if row["tag_protection"]]),
    ):
        if paths:
            lines += wrapped(f"{title}: {counted(len(paths), 'project')} ({named(paths)})", "  ")
    return lines


def _policy_state(row: _Result) -> str:
    state: str | None = row.get("policy_state")
    if state:
        return state
    policy = row["cleanup_policy"]
    return "none or unknown" if policy is None else "enabled" if policy["enabled"] else "disabled"
