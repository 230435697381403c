# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""A plan as people read it: what stops or surprises them, the repositories most affected first, the tags. Pure."""

from __future__ import annotations

import typing as t

from ..module_utils._core.diffs import printable
from ..module_utils._core.plan_package import package_in_words
from ..module_utils._core.words import are, counted
from ..module_utils._plan.results import named_rule
from ..module_utils._rules.reasons import Reason
from .screen import (
    Row,
    bytes_of,
    freed_of,
    labelled,
    lines_of,
    named,
    table,
    wrapped,
    wrapped_list,
)

_Result = t.Mapping[str, t.Any]

# The reasons of tags that are deleted; all other ones keep a tag.
DELETING = frozenset(reason.value for reason in Reason if reason.deletes)
# Counts repositories among the numbers of tags.
_UNREAD = "repository_unread"


def head_of(found: _Result, limit: int) -> list[str]:
    """What a person has to know before the table: refusals, entries that match nothing, repositories not read, notes.

    Args:
        found: what registry_cleanup returned.
        limit: the most lines of a kind.
    """
    plan = found["plan"]
    lines = [line for text in plan["refusals"] for line in wrapped(f"refused: {text}")]
    for text in plan["unmatched"]:
        if text not in plan["refusals"]:
            lines += wrapped(f"warning: {text}")
    sentences = {row["path"]: row["error"] for row in plan["repositories"]}
    lines += unread_lines(found.get("errors", []), sentences, limit, "unread, so its tags are kept")
    for row in plan["repositories"]:
        if row["doubts"]:
            bounds = " to ".join(dict.fromkeys([f"{row['delete_least']:,}", f"{row['delete_most']:,}"]))
            text = f"{row['path']}: {bounds} of {counted(row['delete'], 'tag')} {are(row['delete'])} deleted"
            lines += wrapped(f"{row['certainty']}: {text}: {'; '.join(row['doubts'])}")
    lines += _skipped(plan, limit)
    for note in found.get("notes", []):
        lines += wrapped(f"note: {note}")
    return lines


def _skipped(plan: _Result, limit: int) -> list[str]:
    """The repositories of which nothing is deleted, since they exceed a limit."""
    rows = [row for row in plan["repositories"] if row.get("limit") and row["limit"] not in plan["refusals"]]
    number = max(plan["totals"].get("repositories_limited", 0), len(rows)) if rows else 0
    lines = [line for row in rows[:limit] for line in wrapped(f"skipped: {row['limit']}")]
    return lines + more(number - len(rows[:limit]), "repository", "repositories", after="beyond a limit")


def unread_lines(
    errors: t.Sequence[_Result], sentences: t.Mapping[str, str | None], limit: int, title: str = "unread"
) -> list[str]:
    """What could not be read, and why.

    Args:
        errors: as modules return them.
        sentences: the same as whole sentences, by the paths of repositories, as far as they are known.
        limit: the most lines.
        title: what is said before each.
    """
    lines = []
    for row in errors[:limit]:
        what = row["repository"] or f"project {row.get('project')}"
        lines += wrapped(f"{title}: {what}: {sentences.get(what) or row['message']}")
    return lines + more(len(errors) - limit, "error")


def left_out_of(found: _Result) -> list[str]:
    """The repositories and projects that were left out. found: what holds their paths."""
    lines = []
    for key, why, word, words in (
        ("being_deleted", "GitLab is deleting them", "repository", "repositories"),
        ("registry_disabled", "their registry is disabled", "project", "projects"),
    ):
        paths = found.get(key) or []
        if paths:
            lines += wrapped(f"left out, since {why}: {counted(len(paths), word, words)} ({named(paths)})")
    return lines


def table_of(plan: _Result) -> list[str]:
    """The table of a plan, with its sums, reasons and what its entries match. plan: as registry_cleanup returns it."""
    totals = plan["totals"]
    affected = sorted((row for row in plan["repositories"] if row["delete"]), key=_most_affected)
    frees = any(_freed(row) for row in [totals, *affected])
    sized = any(row.get("bytes") is not None for row in [totals, *affected])
    others = totals["repositories"] - totals["repositories_unread"] - len(affected)
    deletions = totals["delete"] - sum(row["delete"] for row in affected)
    tags = totals["tags"] - sum(row["tags"] for row in affected)

    def cells(row: _Result) -> tuple[str, ...]:
        numbers = (f"{row['tags']:,}", f"{row['delete']:,}", f"{row['keep']:,}")
        return (
            *numbers,
            *([bytes_of(row.get("bytes"))] if sized else []),
            *([_freed(row) or "?"] if frees else []),
        )

    head = ("tags", "delete", "keep", *(["size"] if sized else []), *(["frees"] if frees else []))
    rows: list[Row | str] = [Row(row["path"], cells(row), _reasons(row["reasons"], deleting=True)) for row in affected]
    if others > 0:
        what = counted(others, "repository", "repositories")
        held = counted(tags, "tag")
        rows.append(
            f"and {counted(others, 'more repository', 'more repositories')} with {held}, of which {deletions:,} "
            f"{are(deletions)} deleted"
            if deletions
            else f"and {what} where nothing is deleted, with {held}"
        )
    if totals["repositories_unread"]:
        rows.append(
            f"and {counted(totals['repositories_unread'], 'repository', 'repositories')} that could not be read"
        )
    rows.append(Row("total", cells(totals)))
    return [*table(Row("repository", head, ("reasons",)), rows), *_sums(totals), *_matches(totals["matches"])]


def _sums(totals: _Result) -> list[str]:
    lines = []
    for label, deleting in (("delete", True), ("keep", False)):
        reasons = _reasons(totals["reasons"], deleting=deleting)
        if reasons:
            lines += wrapped_list(label, reasons, "  ")
    freed = _freed(totals)
    if freed:
        # Each repository tells what it holds, and another one may hold the same.
        sharing = totals.get("freed_least") and totals.get("bytes_method") != "layers" and totals["repositories"] > 1
        lines += wrapped(
            f"frees {freed} after garbage collection{', less if repositories share layers' if sharing else ''}", "  "
        )
    return lines


def nothing_of(plan: _Result) -> str:
    """That a plan deletes nothing, in one sentence."""
    totals = plan["totals"]
    if not totals["repositories"]:
        return "nothing to delete: there is no repository"
    read = " that could be read" if totals["repositories_unread"] else ""
    repositories = counted(totals["repositories"] - totals["repositories_unread"], "repository", "repositories")
    text = f"nothing to delete in {repositories}{read}: {counted(totals['tags'], 'tag')} {are(totals['tags'])} kept"
    reasons = ", ".join(_reasons(totals["reasons"], deleting=False))
    return f"{text} ({reasons})" if reasons else text


def tags_of(title: str, plan: _Result) -> list[str]:
    """The names of the tags to delete, as many as were returned, most affected repositories first.

    Args:
        title: what is said of them.
        plan: as registry_cleanup returns it.
    """
    if not plan["delete"]:
        return []
    shown: dict[str, list[_Result]] = {}
    for tag in plan["delete"]:
        shown.setdefault(tag["repository"], []).append(tag)
    counts = {row["path"]: row.get("delete_this_run", row["delete"]) for row in plan["repositories"]}
    order = " (in turns of up to 20 tags by repository, the oldest first)" if plan.get("this_run") else ""
    lines, left = [f"{title}{order}:"], plan["totals"].get("delete_this_run", plan["totals"]["delete"])
    for path, tags in sorted(shown.items(), key=lambda each: (-counts.get(each[0], 0), each[0])):
        for tag in tags:
            lines += tag_lines(tag)
        number = counts.get(path, len(tags))
        lines += [f"  {line}" for line in more(number - len(tags), "tag", after=f"of {printable(path)}")]
        left -= number
    return lines + more(left, "tag", after="of other repositories")


def tag_lines(tag: _Result, message: str = "") -> list[str]:
    """A tag on its line: where it is, its date or digest, the reason and the rule, and what happened to it."""
    rule = named_rule(tag)
    reason = f"{tag.get('reason', '')} ({rule})" if rule else tag.get("reason", "")
    where = tag.get("date") or tag.get("digest") or ""
    return lines_of((f"{tag['repository']}:{tag['name']}", where, reason, message), "  ")


def more(number: int, word: str, words: str = "", after: str = "") -> list[str]:
    """The line for what is not shown, if there is anything."""
    return (
        [
            " ".join(
                filter(None, [f"... and {counted(number, f'more {word}', f'more {words or word + chr(115)}')}", after])
            )
        ]
        if number > 0
        else []
    )


def places_of(plan: _Result, *, plan_path: str = "", package: _Result | None = None, approvable: bool) -> list[str]:
    """Where the plan is, and its fingerprint, which a refused plan does not show: it can't be approved.

    Args:
        plan: as registry_cleanup returns it.
        plan_path: its file; empty if it was not written.
        package: where it was stored: project, package, version and file_name; empty if it was not.
        approvable: whether a run may be told to delete exactly what it says.
    """
    refused = bool(plan["refusals"])
    of_what = "refused plan" if refused else "plan"
    lines = labelled(f"{of_what} file", plan_path) if plan_path else []
    if package:
        lines += wrapped(f"{of_what} package: {package_in_words(package)}")
    if refused:
        return lines
    if approvable:
        return lines + labelled("to approve it", f"registry_cleanup_approved_fingerprint={plan['fingerprint']}")
    return lines + labelled("fingerprint of today's plan" if plan["approved"] else "fingerprint", plan["fingerprint"])


def _matches(rows: t.Sequence[_Result]) -> list[str]:
    lines = []
    for row in rows:
        words = ("repository", "repositories") if row["option"] == "exclude_repositories" else ("tag", "tags")
        named, kind = named_rule(row), "rule" if row["rule"] else "rule set"
        rule = f" of {kind} {named}" if named else ""
        entry = f" {row['entry']}" if row["entry"] else ""
        option = "the exception for" if row["option"] == "exceptions" else row["option"]
        lines += wrapped(f"matched by {option}{entry}{rule}: {counted(row['matched'], *words)}")
    return lines


def _reasons(counts: t.Mapping[str, int], *, deleting: bool) -> tuple[str, ...]:
    """The reasons to delete, or to keep, with the numbers of tags, the most frequent first."""
    found = [
        (reason, count) for reason, count in counts.items() if (reason in DELETING) is deleting and reason != _UNREAD
    ]
    return tuple(f"{reason} {count:,}" for reason, count in sorted(found, key=lambda each: (-each[1], each[0])))


def _most_affected(row: _Result) -> tuple[int, int, int, str]:
    return (-row["delete"], -(row.get("freed_most") or 0), -row["tags"], row["path"])


def _freed(row: _Result) -> str:
    return freed_of(row.get("freed_least"), row.get("freed_most"))
