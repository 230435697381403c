# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What GitLab's own cleanup policies would delete, a line for each that is enabled. Pure."""

from __future__ import annotations

import json
import typing as t

from ..module_utils._core.words import counted
from .plan_screen import more
from .screen import Row, named, table, wrapped

_Result = t.Mapping[str, t.Any]


# The less sure, the later.
_CERTAINTIES = ("exact", "upper_bound", "unknown")
# How many notes, and sets of options, are shown.
_FEW = 5


class _Policy(t.NamedTuple):
    """The policy of a project, with the previews of its repositories.

    Args:
        project: path of the project.
        rows: its repositories, each with its preview.
    """

    project: str
    rows: list[_Result]

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest number of tags that it deletes."""
        return (
            sum(row["policy_preview"]["delete_least"] for row in self.rows),
            sum(row["policy_preview"]["delete_most"] for row in self.rows),
        )


def policy_lines(repositories: t.Sequence[_Result], *, limit: int, disabled: bool) -> list[str]:
    """What the policies would delete.

    Args:
        repositories: rows of registry_info.
        limit: the most lines of a kind.
        disabled: whether those are shown that are disabled.
    """
    by_project: dict[str, list[_Result]] = {}
    for row in repositories:
        if row["policy_preview"]:
            by_project.setdefault(row["project"], []).append(row)
    policies = [_Policy(project, rows) for project, rows in by_project.items()]
    if not policies:
        return []
    enabled = [policy for policy in policies if policy.rows[0]["policy_preview"]["enabled"]]
    others = [policy for policy in policies if not policy.rows[0]["policy_preview"]["enabled"]]
    lines = []
    if enabled:
        lines += [*_notes(enabled), "GitLab's own cleanup policies delete at their next run:"]
        lines += [*_table(enabled, limit), *_options(enabled)]
    else:
        lines.append("no cleanup policy of GitLab is enabled")
    if others and disabled:
        lines += ["disabled policies, and what each would delete if it were enabled:", *_table(others, limit)]
    elif others:
        words = "policy is" if len(others) == 1 else "policies are"
        lines += wrapped(
            f"{len(others):,} {words} disabled and {'deletes' if len(others) == 1 else 'delete'} nothing "
            "(registry_audit_disabled_policies: true shows what would be deleted if they were enabled)"
        )
    return lines


def _table(policies: t.Sequence[_Policy], limit: int) -> list[str]:
    ordered = sorted(policies, key=lambda policy: (-policy.bounds[1], policy.project))
    rows: list[Row | str] = [_row(policy) for policy in ordered[:limit]]
    hidden = len(policies) - limit
    if hidden > 0:
        rows.append(f"and {counted(hidden, 'more policy', 'more policies')}")
    least, most = (sum(policy.bounds[place] for policy in policies) for place in (0, 1))
    tags = sum(row["tags_count"] or 0 for policy in policies for row in policy.rows)
    total = Row(f"total of {counted(len(policies), 'policy', 'policies')}", ("", f"{tags:,}", _span(least, most)))
    return table(Row("project", ("at", "tags", "delete"), ("certainty",)), [*rows, total])


def _row(policy: _Policy) -> Row:
    previews = [row["policy_preview"] for row in policy.rows]
    tags = sum(row["tags_count"] or 0 for row in policy.rows)
    sure = max((preview["certainty"] for preview in previews), key=_CERTAINTIES.index)
    notes = len({text for row in policy.rows for text in _texts(row)})
    remarks = (sure, *([counted(notes, "note")] if notes else []))
    return Row(policy.project, (previews[0]["at"] or "?", f"{tags:,}", _span(*policy.bounds)), remarks)


def _span(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _texts(row: _Result) -> list[str]:
    """What is odd or not sure."""
    preview = row["policy_preview"]
    return [*preview["lint"], *preview["doubts"], *filter(None, [preview["message"]])]


def _notes(policies: t.Sequence[_Policy]) -> list[str]:
    """What is odd or not sure of most repositories, each text once."""
    about: dict[str, list[str]] = {}
    for policy in policies:
        for row in policy.rows:
            for text in _texts(row):
                about.setdefault(text, []).append(row["path"])
    lines = []
    for text, paths in sorted(about.items(), key=lambda each: -len(each[1]))[:_FEW]:
        lines += wrapped(f"policy of {named(paths, 3)}: {text}")
    return lines + more(len(about) - _FEW, "note", after="(registry_audit_json_path has all of them)")


def _options(policies: t.Sequence[_Policy]) -> list[str]:
    """The same rules as options of registry_cleanup, each once, and how many tags they treat in another way."""
    about: dict[str, list[_Policy]] = {}
    for policy in policies:
        options = policy.rows[0]["policy_preview"]["options"]
        if options:
            about.setdefault(json.dumps(options), []).append(policy)
    lines = []
    for text, same in sorted(about.items(), key=lambda each: -len(each[1]))[:_FEW]:
        differing = sum(row["policy_preview"]["differences_count"] for policy in same for row in policy.rows)
        but = f", which treat {counted(differing, 'tag')} differently" if differing else ""
        projects = named([policy.project for policy in same], 3)
        lines += wrapped(f"the rules of {projects} as options of registry_cleanup{but}: {text}")
    return lines + more(len(about) - _FEW, "set of options", "sets of options")
