# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What an approver reads of a plan: what would be deleted and why, what was not read, and what to type. Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping, Sequence
from datetime import timedelta

from ..module_utils._core.errors import UsageError
from ..module_utils._core.models import format_time, parse_time
from ..module_utils._core.plan_package import package_in_words
from ..module_utils._core.words import counted
from ..module_utils._plan.repository_decision import RepositoryReason
from ..module_utils._plan.results import named_rule
from ..module_utils._plan.run_budget import budget_in
from ..module_utils._report.set_options import set_options
from ..module_utils._rules.durations import seconds
from .plan_screen import DELETING
from .screen import freed_of

MOST_LINES = 200
_LONGEST_LINE = 300
_MOST_NOTES, _MOST_REPOSITORIES, _MOST_RULES, _MOST_PARTS = 30, 50, 40, 20
_TYPED_DIGITS = 12

# Why a tag would be deleted, in words.
_DELETED = {
    "expired": "a rule matches them, and they are older than its older_than",
    "label_expired": "a rule matches them, and their images have expired by their own label",
    "matched": "a rule matches their names, whatever their age",
    "with_subject": "they belong to an image that the plan deletes",
    "orphaned": "they belong to an image that no longer exists",
}
# The same of a whole repository.
_DELETED_WHOLE = {
    "empty": "they have no tags, and the registry itself confirms that",
    "ref_gone": "they are not named after a git reference that exists",
    "not_pushed": "they were created, and last pushed to, long enough ago",
    "matched": "their paths match",
}
_DELETING_WHOLE = frozenset(reason.value for reason in RepositoryReason if reason.deletes)

# Told in a line of its own.
_IN_USE = ("in_use", "in_use_sources")

_Row = Mapping[str, t.Any]


def approval_text(rows: Sequence[_Row]) -> str:
    """The text for an approver, of at most 200 lines.

    Args:
        rows: for each host its name as host, what registry_cleanup, registry_repository or registry_plan_merge returned
            as result, the options of scope as scope, and the file or the package of the plan as path or package. If
            they are known, who planned it as planned_by, and how old the plan may be when it is applied as max_age.
    """
    lines = _of_one(rows[0]) if len(rows) == 1 else _of_several(rows)
    return "\n".join(_line(each) for each in _first(lines, MOST_LINES, "lines"))


def _of_several(rows: Sequence[_Row]) -> list[str]:
    """That there are several plans, and none of them to approve alone."""
    found = ["Nothing to approve yet: there is no plan."]
    if rows:
        plans = counted(len(rows), "host made a plan", "hosts made a plan each")
        whole = any(_is_whole(row["result"]["plan"]["totals"]) for row in rows)
        way_on = "Approve each by itself" if whole else "Merge them, and approve the merged one"
        found = [f"Nothing to approve yet: {plans}. {way_on}."]
    return found + [
        f"  {row['host']}: {_planned(row['result']['plan']['totals'])}, {row['result']['plan']['fingerprint']}"
        for row in rows
    ]


def _of_one(row: _Row) -> list[str]:
    result = row["result"]
    parts = sorted(result.get("parts", ()), key=_most_deleted)
    plan, server = _plan_of(result), result.get("server") or {}
    totals = plan["totals"]
    refusals = [*plan["refusals"], *_undecided(server)]
    lines = [
        *_head(totals, refusals),
        f"server: {server.get('url')}, by its clock {server.get('clock')}",
        *([] if parts else [f"scope: {_scope(row['scope'])}"]),
        *([] if refusals else _fingerprint(plan["fingerprint"])),
        f"plan: {_place(row)}",
        *_valid_until(server.get("clock"), row.get("max_age")),
        *_planned_by(row.get("planned_by") or result.get("run_by") or {}, "merged" if parts else "planned"),
        *_budget(plan.get("budget"), len(parts)),
        *_freed(totals),
        f"complete: {_complete(totals, plan['errors'])}",
        *_rules(plan, parts),
        *_reasons(totals),
        *_section("Warnings", _notes(plan), _MOST_NOTES),
        *_section("Merged from", [f"{_scope(each['scope'])}: {_share(each)}" for each in parts], _MOST_PARTS),
    ]
    if _is_whole(totals):
        return lines + _whole_repositories(plan, MOST_LINES - len(lines))
    affected = sorted((each for each in plan["repositories"] if each["delete"]), key=_most_deleted)
    by_repository = [f"{each['path']}: {_share(each)}" for each in affected]
    lines += _section(_by_repository(plan), by_repository, _MOST_REPOSITORIES)
    return lines + _tags(plan["delete"], totals["delete"], MOST_LINES - len(lines))


def _is_whole(totals: _Row) -> bool:
    """Whether a plan deletes whole repositories, with all their tags."""
    return "repositories_deleted" in totals


def _place(row: _Row) -> str:
    if row.get("package"):
        return package_in_words(row["package"])
    return str(
        row.get("path") or "not written, so it can't be applied: set a file or a package, and run without --check"
    )


def _plan_of(result: _Row) -> _Row:
    """The plan of one task, and that of several which were merged, in the same form."""
    if "parts" in result:
        return {"refusals": [], **result, "errors": result["unread"], "notes": []}
    beside = {key: result[key] for key in ("repositories", "unmatched", "notes") if key in result}
    return {"notes": (), **result["plan"], **beside, "errors": result.get("errors") or ()}


def _head(totals: _Row, refusals: Sequence[str]) -> list[str]:
    if refusals:
        return ["This plan is refused and can't be approved:", *(f"  {each}" for each in refusals[:_MOST_NOTES])]
    if not totals.get("repositories_deleted", totals["delete"]):
        return [f"Nothing to approve: {_nothing(totals)}."]
    return [f"To approve: delete {_planned(totals) if _is_whole(totals) else _of_all(totals)}"]


def _planned(totals: _Row) -> str:
    """What a plan deletes, and of how much."""
    if not _is_whole(totals):
        return _share(totals)
    repositories = counted(totals["repositories"], "repository", "repositories")
    return f"{totals['repositories_deleted']:,} of {repositories} as a whole, with {counted(totals['delete'], 'tag')}"


def _of_all(totals: _Row) -> str:
    """What a plan deletes of the tags in all repositories of its scope, not of those in which it deletes some."""
    repositories = counted(totals["repositories"], "repository", "repositories")
    return f"{totals['delete']:,} of the {counted(totals['tags'], 'tag')} in {repositories}"


def _nothing(totals: _Row) -> str:
    number, unread = totals["repositories"], totals["repositories_unread"]
    if not number:
        return "there is no repository"
    if _is_whole(totals):
        return f"none of {counted(number, 'repository', 'repositories')} is deleted"
    tags = counted(totals["tags"], "tag")
    if not unread:
        return f"none of {tags} is deleted"
    share = f"{unread:,} of {counted(number, 'repository', 'repositories')} could not be read"
    return share if unread == number else f"{share}, and none of {tags} in the others is deleted"


def _undecided(server: _Row) -> list[str]:
    if server.get("delete_via") != "bulk_unpinned":
        return []
    return ["with delete_via bulk_unpinned GitLab decides what is deleted, and the plan is a prediction"]


def _share(counts: _Row) -> str:
    return f"{counts['delete']:,} of {counted(counts['tags'], 'tag')}"


def _scope(scope: _Row) -> str:
    given = ((option, value if isinstance(value, (list, tuple)) else [value]) for option, value in scope.items())
    return "; ".join(f"{option} {', '.join(map(str, values))}" for option, values in given if any(values))


def _fingerprint(fingerprint: str) -> list[str]:
    typed = fingerprint.partition(":")[2][:_TYPED_DIGITS]
    return [f"fingerprint: {fingerprint}", f"  the beginning is enough, if typed by hand: {typed}"]


def _valid_until(clock: str | None, max_age: str | None) -> list[str]:
    """Until when it can be applied. An age that can't be read is refused elsewhere."""
    made = parse_time(clock)
    try:
        age = timedelta(seconds=seconds(str(max_age), "plan_max_age")) if max_age else None
    except UsageError:
        age = None
    return [f"valid until: {format_time(made + age)} (plan_max_age {max_age})"] if made and age else []


def _planned_by(run_by: _Row, verb: str) -> list[str]:
    told = [f"{name} {value}" for name, value in run_by.items() if value]
    return [f"{verb} by: {', '.join(told)}"] if told else []


def _budget(row: _Row | None, parts: int) -> list[str]:
    """How much one run deletes. parts: number of plans that were merged, of which each has runs of its own."""
    budget = budget_in(row)
    if budget is None:
        return []
    return [f"each run: {budget.in_words}{'; each merged plan has runs of its own' if parts > 1 else ''}"]


def _freed(totals: _Row) -> list[str]:
    space = freed_of(totals.get("freed_least"), totals.get("freed_most"))
    return [f"frees: {space} after garbage collection"] if space else []


def _complete(totals: _Row, errors: Sequence[_Row]) -> str:
    """Whether everything in scope was read."""
    if unread := totals["repositories_unread"]:
        return f"no, {counted(unread, 'repository', 'repositories')} unread"
    return f"no, {counted(len(errors), 'error')}" if errors else "yes"


def _rules(plan: _Row, parts: Sequence[_Row]) -> list[str]:
    """By which options it was planned, and what was known to be in use. The plans of several hosts have their own."""
    given = [(each["rules"], _scope(each["scope"])) for each in parts] if parts else [(plan["rules"], "")]
    of = "" if all(rules == given[0][0] for rules, _scope_of in given) else " of "
    lines = []
    for rules, scope in given if of else given[:1]:
        title = f"{of}{scope}" if of else ""
        lines.append(f"in use{title}: {_in_use(rules)}")
        options = [f"{each.name}: {each.text}" for each in set_options(rules) if each.name not in _IN_USE]
        lines += _section(f"Rules{title}", options, _MOST_RULES)
    return _first(lines, _MOST_RULES, "lines of rules")


def _in_use(rules: _Row) -> str:
    images, found = rules.get("in_use"), rules.get("in_use_sources")
    if images is None and found is None:
        return "not checked; running images may be deleted"
    told = found or {"sources": 0, "images": 0}
    number = counted(told["images"] + (images or 0), "image")
    return number if found is None else f"{counted(told['sources'], 'source')}, {number}"


def _reasons(totals: _Row) -> list[str]:
    reasons, deleting, words = totals.get("repository_reasons"), _DELETING_WHOLE, _DELETED_WHOLE
    if reasons is None:
        reasons, deleting, words = totals["reasons"], DELETING, _DELETED
    deleted = [
        f"  {count} {reason}" + (f": {words[reason]}" if reason in words else "")
        for reason, count in reasons.items()
        if reason in deleting
    ]
    kept = [f"{count} {reason}" for reason, count in reasons.items() if reason not in deleting]
    return [*(["To delete:", *deleted] if deleted else []), *([f"To keep: {', '.join(kept)}"] if kept else [])]


def _notes(plan: _Row) -> list[str]:
    """What an approver has to be warned of."""
    unread = plan["totals"]["repositories_unread"]
    return [
        *([_unread(unread, "they" if _is_whole(plan["totals"]) else "all tags in it")] if unread else []),
        *(f"{each['repository']}: {each['message']}" for each in plan["errors"]),
        *(each for each in plan["unmatched"] if each not in plan["refusals"]),
        *(each["limit"] for each in plan["repositories"] if each.get("limit")),
        *plan["notes"],
    ]


def _unread(count: int, kept: str) -> str:
    return f"{counted(count, 'repository', 'repositories')} could not be read: {kept} are kept"


def _by_repository(plan: _Row) -> str:
    """The title of the repositories: a result does not have all of them."""
    listed, number = len(plan["repositories"]), plan["totals"]["repositories"]
    return "By repository" if listed >= number else f"By repository ({listed} of {number} listed)"


def _most_deleted(row: _Row) -> tuple[int, str]:
    return -row["delete"], str(row.get("path") or row.get("scope"))


def _whole_repositories(plan: _Row, room: int) -> list[str]:
    """The repositories that are deleted, in what is left of the lines."""
    going = [each for each in plan["repositories"] if each["reason"] in _DELETING_WHOLE]
    total = plan["totals"]["repositories_deleted"]
    shown = going if len(going) == total < room else going[: room - 2]
    if not going:
        return []
    lines = [f"  {each['path']}: {_with_tags(each)}  {each['reason']}: {each['why']}" for each in shown]
    return ["Repositories, with all their tags:", *lines, *_more(total - len(shown), "repositories")]


def _with_tags(row: _Row) -> str:
    """How many tags a repository has, and how large they are if that is known."""
    space = freed_of(row.get("freed_least"), row.get("freed_most")) if row["delete"] else ""
    return ", ".join(filter(None, [counted(row["delete"], "tag"), space]))


def _tags(rows: Sequence[_Row], total: int, room: int) -> list[str]:
    """The first tags that are deleted, in what is left of the lines. total: number of all of them."""
    if not rows:
        return []
    shown = rows if len(rows) == total < room else rows[: room - 2]
    lines = [
        f"  {row['repository']}:{row['name']}  {row['date'] or 'date not needed'}  {row['reason']}"
        + (f"  rule {named_rule(row)}" if named_rule(row) else "")
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
    return [f"  ... and {count} more {what}".rstrip() + ", see the plan file"] if count > 0 else []


def _line(text: str) -> str:
    """A text in one line that can be shown anywhere, and is no template where it comes as a variable."""
    found = re.sub(r"\{(?=[{%#])", "{ ", "".join(each if each.isprintable() else "?" for each in text))
    return found if len(found) <= _LONGEST_LINE else f"{found[: _LONGEST_LINE - 3]}..."
