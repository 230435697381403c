# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Plans of several tasks as one, with a single fingerprint and limits over all of them. Pure.

A merged plan is a line of its own, which has the fingerprints of all plans, and then these as they are, in the order of
their scopes.
"""

from __future__ import annotations

import functools
import hashlib
import json
import typing as t
from collections import Counter

from .._core.errors import UsageError
from .._core.words import counted
from .._rules.matches import EntryMatches, summed
from .approval import Approved, scope_text
from .plan_file import FILE_FORMAT, FILE_VERSION, NUMBERS, PlanLine, with_fingerprint, written_line
from .plan_reading import ANY_FORMAT, PlanCursor, last_plan_at, parse_plan, plan_at, whole_line
from .results import PlannedAction, most_affected, shares_of
from .run_budget import tightest

# The numbers of plans that add up. One project may be in several plans, so that numbers of projects do not.
_SUMS = tuple(number for number in NUMBERS if number != "projects")


class PlanPart(t.NamedTuple):
    """A plan of several.

    Args:
        approved: what is known of it.
        lines: reads its lines.
    """

    approved: Approved
    lines: t.Callable[[], t.Iterator[str]]

    def as_result(self) -> dict[str, t.Any]:
        """The plan in numbers, as a module returns it."""
        return _named(self.approved)


class Merged(t.NamedTuple):
    """Several plans as one.

    Args:
        parts: the plans.
        header: the first line.
    """

    parts: tuple[PlanPart, ...]
    header: t.Mapping[str, t.Any]

    @property
    def fingerprint(self) -> str:
        """Of the merged plan."""
        return str(self.header["fingerprint"])

    @property
    def totals(self) -> dict[str, t.Any]:
        """All plans in numbers."""
        return dict(self.header["totals"])

    def lines(self) -> t.Iterator[str]:
        """The lines of its file.

        Raises:
            UsageError: a plan is another one by now.
        """
        yield written_line(self.header)
        for part in self.parts:
            yield from part.lines()


class Preview(t.NamedTuple):
    """The beginning of what several plans do.

    Args:
        repositories: those with the most deletions, in the order of the plans.
        deletions: the first tags that are deleted, a few of each repository before more of a larger one.
        unread: the first repositories that could not be read.
        freed_most: bytes that are freed at most; None if the size of an image is not known.
    """

    repositories: tuple[dict[str, t.Any], ...]
    deletions: tuple[dict[str, t.Any], ...]
    unread: tuple[dict[str, t.Any], ...]
    freed_most: int | None


def preview(merged: Merged, limit: int) -> Preview:
    """What the plans do, as far as it is shown. It reads all their lines, and keeps few of them.

    Args:
        merged: the plans.
        limit: the most repositories, and tags.

    Raises:
        UsageError: a plan is another one by now.
    """
    counts = Counter(path for part in merged.parts for path, _name in part.approved.digests)
    paths = [path for part in merged.parts for path in part.approved.repositories]
    deletions = [counts[path] for path in paths]
    largest = {paths[place] for place in most_affected(deletions)[:limit]}
    left = {paths[place]: share for place, share in shares_of(deletions, limit).items()}
    repositories: list[dict[str, t.Any]] = []
    shown: list[dict[str, t.Any]] = []
    unread: list[dict[str, t.Any]] = []
    sizes: dict[tuple[str, str], int | None] = {}
    for row in map(json.loads, merged.lines()):
        if row["type"] == PlanLine.REPOSITORY.value:
            if row["path"] in largest:
                repositories.append(row)
            if row.get("error") and len(unread) < limit:
                unread.append(row)
        elif row["type"] == PlanLine.TAG.value and row["action"] != PlannedAction.KEEP.value:
            path = row["repository"]
            sizes[path, row["digest"] or row["name"]] = row["size"]
            if left.get(path, 0) > 0:
                left[path] -= 1
                shown.append(row)
    known = [size for size in sizes.values() if size is not None]
    return Preview(
        repositories=tuple(repositories),
        deletions=tuple(shown),
        unread=tuple(unread),
        freed_most=sum(known) if len(known) == len(sizes) else None,
    )


def part_of(read: t.Callable[[], t.Iterable[str]]) -> PlanPart:
    """A plan of a file.

    Args:
        read: gives the lines, each time anew: a plan may be larger than what is to be kept in memory.

    Raises:
        UsageError: for one that is damaged, altered or of another version.
    """
    digest = hashlib.sha256()
    approved = parse_plan(_copied(read(), digest))
    return PlanPart(approved, lines=functools.partial(_unchanged, read, digest.digest(), scope_text(approved.scope)))


def _unchanged(read: t.Callable[[], t.Iterable[str]], digest: bytes, scope: str) -> t.Iterator[str]:
    """The lines, as long as all of them have this digest.

    Raises:
        UsageError: they don't.
    """
    found = hashlib.sha256()
    yield from _copied(read(), found)
    if found.digest() != digest:
        raise UsageError(f"The plan of {scope} was changed while it was merged.")


def _copied(lines: t.Iterable[str], digest: hashlib._Hash) -> t.Iterator[str]:
    """The lines with their ends, which join a digest."""
    for line in lines:
        whole = whole_line(line)
        digest.update(whole.encode())
        yield whole


def merge(parts: t.Sequence[PlanPart]) -> Merged:
    """Make one plan of several.

    Raises:
        UsageError: where they can't be combined.
    """
    if not parts:
        raise UsageError("There is no plan to merge.")
    ordered = tuple(sorted(parts, key=lambda part: (_scope_key(part.approved), part.approved.fingerprint)))
    return Merged(ordered, header=with_fingerprint(_first_row([part.approved for part in ordered])))


def _first_row(plans: t.Sequence[Approved]) -> dict[str, t.Any]:
    """The first line of these plans as one, without its fingerprint.

    Raises:
        UsageError: they can't be combined.
    """
    servers = sorted({approved.server for approved in plans})
    if len(servers) > 1:
        raise UsageError(
            f"The plans were made for several servers, {', '.join(servers)}: merge only plans of one server."
        )
    seen: set[str] = set()
    scopes: set[str] = set()
    for approved in plans:
        scope = _scope_key(approved)
        if approved.refusals:
            raise UsageError(
                f"The plan of {scope_text(approved.scope)} was already refused when it was made: "
                f"{approved.refusals[0]}."
            )
        twice = sorted(seen.intersection(approved.repositories))
        if twice:
            raise UsageError(f"{twice[0]} is in more than one plan: each repository may be in only one plan.")
        if scope in scopes:
            raise UsageError(
                f"Two plans were made for {scope_text(approved.scope)}: each scope may have only one plan."
            )
        seen.update(approved.repositories)
        scopes.add(scope)
    budget = tightest(approved.budget for approved in plans)
    return {
        "type": PlanLine.PLANS.value,
        "format": FILE_FORMAT,
        "version": FILE_VERSION,
        "server": servers[0],
        "budget": budget.as_row() if budget else None,
        "parts": [_named(approved) for approved in plans],
        "totals": _sums(plans),
    }


def _named(plan: Approved) -> dict[str, t.Any]:
    """A plan in numbers, as the first line of a merged one names it."""
    return {
        "scope": dict(plan.scope),
        "fingerprint": plan.fingerprint,
        "tags": plan.totals["tags"],
        "delete": plan.totals["delete"],
    }


def _sums(plans: t.Sequence[Approved]) -> dict[str, t.Any]:
    """All plans in numbers."""
    reasons: Counter[str] = Counter()
    for plan in plans:
        reasons.update(plan.totals["reasons"])
    matches = summed(entry for plan in plans for entry in _matches(plan))
    return {
        **{key: sum(plan.totals[key] for plan in plans) for key in _SUMS},
        "reasons": dict(sorted(reasons.items())),
        "matches": [each.as_result() for each in matches],
    }


def _matches(plan: Approved) -> t.Iterator[EntryMatches]:
    """What the entries of a plan match, as its first line says.

    Raises:
        UsageError: it says something else.
    """
    try:
        for row in plan.totals["matches"]:
            references = row["references"]
            yield EntryMatches(
                str(row["option"]),
                str(row["entry"]),
                rule=str(row["rule"] or ""),
                matched=int(row["matched"]),
                references=None if references is None else int(references),
                rule_set=str(row["rule_set"] or ""),
            )
    except (KeyError, OverflowError, TypeError, ValueError):
        raise UsageError(f"The plan of {scope_text(plan.scope)} is damaged: it has no counts of matches.") from None


def approved_in(lines: t.Iterable[str], scope: t.Mapping[str, t.Any] | None) -> Approved:
    """The approved plan of a file, of a merged one the part for a scope.

    Args:
        lines: of the file.
        scope: as the options name it; None if they name none, which is that of the only plan.

    Raises:
        UsageError: for what is no plan, was altered, or has no part for the scope.
    """
    cursor = PlanCursor(lines)
    if cursor.kind is PlanLine.PLAN:
        return last_plan_at(cursor)
    fingerprint = cursor.fingerprint
    found, budget = None, None
    searched = 0
    for part in _parts_at(cursor):
        searched += 1
        budget = tightest([budget, part.budget])
        if scope is None or dict(part.scope) == dict(scope):
            found = part._replace(fingerprint=fingerprint)
    if scope is None and searched != 1:
        plans = counted(searched, "plan")
        raise UsageError(f"The approved plan is one of {plans}: name the scope of the one to carry out.")
    if found is None:
        raise UsageError(
            f"The approved plan has {counted(searched, 'plan')}, and none for this scope, {scope_text(scope or {})}: "
            "name the same projects, group or repositories as one of them."
        )
    return found._replace(budget=budget)


def fingerprint_in(lines: t.Iterable[str]) -> str:
    """The fingerprint of a plan, merged or not, of tags or of whole repositories.

    Raises:
        UsageError: for what is no plan or was altered.
    """
    cursor = PlanCursor(lines, *ANY_FORMAT)
    fingerprint = cursor.fingerprint
    for _plan in [last_plan_at(cursor)] if cursor.kind is PlanLine.PLAN else _parts_at(cursor):
        pass
    return fingerprint


def is_merged(lines: t.Iterable[str]) -> bool:
    """Whether a plan holds several others.

    Raises:
        UsageError: it is no plan.
    """
    return PlanCursor(lines, *ANY_FORMAT).kind is not PlanLine.PLAN


def _parts_at(cursor: PlanCursor) -> t.Iterator[Approved]:
    """The plans in a merged one, one after another.

    Raises:
        UsageError: it was altered.
    """
    line, fingerprint = cursor.number, cursor.fingerprint
    header = cursor.read_head(parts=list)
    if with_fingerprint(header)["fingerprint"] != fingerprint:
        raise cursor.altered(f"line {line} is not as written")
    expected = [row.get("fingerprint") if isinstance(row, dict) else None for row in header["parts"]]
    read: list[Approved] = []
    for number, one in enumerate(expected):
        if cursor.kind is not PlanLine.PLAN:
            raise cursor.miscounted("plans", line=line, told=len(expected), seen=number)
        first = cursor.number
        part = plan_at(cursor)
        if part.fingerprint != one:
            raise cursor.altered(f"line {first} begins another plan than line {line} announces")
        # What is deleted of all parts would be too much to keep in memory.
        read.append(part._replace(digests={}))
        yield part
    cursor.check_end()
    if not read or written_line(_first_row(read)) != written_line(header):
        raise cursor.altered(f"line {line} does not fit the lines after it")


def _scope_key(approved: Approved) -> str:
    return json.dumps(dict(approved.scope), sort_keys=True)
