# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Plans of several files as one: what goes together, and what would be written."""

from __future__ import annotations

import itertools
import typing as t

from .._core.diffs import diff_part, hidden_line
from .._core.errors import UsageError
from .._core.models import format_time
from .._core.words import are, counted
from .._module.intent import Intent
from .._module.options import check_not_negative
from .._module.results import truncate_lists
from .._plan.limits import Limits, broken_totals
from .._plan.merge import Merged, PlanPart, merge, part_of, preview
from .._plan.results import rules_result


class MergeRequest(t.NamedTuple):
    """The checked options of registry_plan_merge.

    Args:
        sources: paths of the plans, each once.
        target: path of the merged plan, None if it is not written.
        limits: what all plans together must not go beyond.
        return_limit: the most plans, repositories and tags that are returned.
    """

    sources: tuple[str, ...]
    target: str | None
    limits: Limits
    return_limit: int


def request_of(params: t.Mapping[str, t.Any]) -> MergeRequest:
    """Check the options of registry_plan_merge.

    Raises:
        UsageError: they can't be served as they are written.
    """
    check_not_negative(params, "return_limit")
    sources, expected = tuple(dict.fromkeys(params["plan_paths"])), params["expected"]
    if expected is not None and len(sources) != expected:
        raise UsageError(f"{counted(expected, 'plan is', 'plans are')} expected, and plan_paths names {len(sources)}.")
    limits = Limits(
        max_deletions_total=params["max_deletions_total"],
        max_deletions_total_percent=params["max_deletions_total_percent"],
    )
    return MergeRequest(
        sources=sources, target=params["merged_plan_path"] or None, limits=limits, return_limit=params["return_limit"]
    )


def merge_files(files: t.Mapping[str, t.Callable[[], t.Iterable[str]]]) -> Merged:
    """The plans of several files as one.

    Args:
        files: what reads the lines of each, by its path.

    Raises:
        UsageError: a file holds no plan, its plan was altered, or the plans can't be combined.
    """
    parts = []
    for path, read in files.items():
        try:
            parts.append(part_of(read))
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
    return merge(parts)


def intent_of(merged: Merged, request: MergeRequest, present: t.Iterable[str]) -> Intent:
    """What would be written.

    Args:
        merged: the plans as one.
        request: what was asked for.
        present: the lines that the target has now.
    """
    refusals = broken_totals(merged.totals["delete"], merged.totals["tags"], request.limits)
    if request.target is None or refusals or _are_equal(present, merged.lines()):
        return Intent(changed=False, diff=[], refusals=refusals, verb="written")
    return Intent(changed=True, diff=[_difference(merged, request.target, request.return_limit)], verb="written")


def warnings_of(merged: Merged) -> list[str]:
    """The entries that keep or exclude and match nothing in any plan, one sentence each.

    What stands for references may stand for none, and a rule with groups may have no tags.
    """
    return [
        f"{'rules, ' + row['rule'] + ': ' if row['rule'] else ''}{row['option']} '{row['entry']}' matches nothing in "
        "any of the plans."
        for row in merged.totals["matches"]
        if not row["matched"] and row["references"] is None and row["option"] != "keep_n_per"
    ]


def _are_equal(present: t.Iterable[str], wanted: t.Iterable[str]) -> bool:
    """Whether lines are the same, without keeping them."""
    return all(one == other for one, other in itertools.zip_longest(present, wanted))


def _difference(merged: Merged, path: str, limit: int) -> dict[str, str]:
    rows = [part.as_result() for part in merged.parts]
    lines = [
        f"{_in_words(row['scope'])}  {row['delete']:,} of {counted(row['tags'], 'tag')} {are(row['delete'])} deleted\n"
        for row in rows[:limit]
    ]
    if len(rows) > limit:
        lines.append(hidden_line(counted(len(rows) - limit, "more plan")))
    return diff_part(path, after="".join(lines))


def _in_words(scope: t.Mapping[str, t.Any]) -> str:
    """A scope such as project team/app."""
    given = ((option, value if isinstance(value, list) else [value]) for option, value in scope.items() if value)
    return " ".join(f"{option} {', '.join(map(str, values))}" for option, values in given)


def result_of(merged: Merged, request: MergeRequest) -> dict[str, t.Any]:
    """What registry_plan_merge returns.

    Raises:
        UsageError: a plan is another one by now.
    """
    limit, totals = request.return_limit, merged.totals
    first = preview(merged, limit)
    result = truncate_lists(
        {
            "fingerprint": merged.fingerprint,
            "parts": [_part_result(part) for part in merged.parts],
            "delete": [_told(row) for row in first.deletions],
            "repositories": [_told(row) for row in first.repositories],
            "unread": [{"repository": row["path"], "message": row["error"]} for row in first.unread],
            "unmatched": warnings_of(merged),
        },
        limit,
    )
    longest = max(totals["delete"], totals["repositories"], totals["repositories_unread"])
    return {
        **result,
        "totals": {**totals, "freed_most": first.freed_most},
        "budget": merged.header["budget"],
        "server": {
            "url": merged.parts[0].approved.server,
            "clock": format_time(min(part.approved.clock for part in merged.parts)),
        },
        "truncated": result["truncated"] or longest > limit,
    }


def _part_result(part: PlanPart) -> dict[str, t.Any]:
    clock = format_time(part.approved.clock)
    return {**part.as_result(), "clock": clock, "rules": rules_result(part.approved.rules)}


def _told(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A line of a plan as registry_cleanup returns it."""
    return {key: value for key, value in row.items() if key not in ("type", "fingerprint")}
