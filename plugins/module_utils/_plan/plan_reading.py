# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The file of a plan, read and checked again. Of its tags, only deleted ones are kept in memory. Pure.

A fingerprint says that a plan is the one that was approved, and not that it is one that a cleanup writes. So whatever a
plan says twice has to be the same: whoever reads one of both then reads what is going to be deleted.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from .._core.errors import UsageError
from .._core.models import ListingState, parse_time
from .._core.numbers import amount, whole
from .._rules.reasons import Reason, reason_counts
from .approval import Approved
from .plan_file import (
    FILE_FORMAT,
    FILE_VERSION,
    NUMBERS,
    REPOSITORY_FORMAT,
    PlanLine,
    whole_totals,
    with_fingerprint,
    written_line,
)
from .repository_decision import RepositoryReason
from .results import PlannedAction
from .run_budget import RunBudget, budget_in

_REASONS = {reason.value: reason for reason in Reason}
_WHOLE_REASONS = {reason.value: reason for reason in RepositoryReason}
_WRITTEN_BY = {FILE_FORMAT: "registry_cleanup", REPOSITORY_FORMAT: "registry_repository"}
ANY_FORMAT = tuple(_WRITTEN_BY)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LISTINGS = [state.value for state in ListingState]
_ACTIONS = {reason: [(PlannedAction.DELETE if reason.deletes else PlannedAction.KEEP).value] for reason in Reason}
# A sample of no tags keeps them all.
_ACTIONS[Reason.SAMPLED].append(PlannedAction.KEEP.value)


class PlanCursor:
    """The lines of a plan file, one after another.

    Args:
        lines: with or without their ends.
        formats: those that the file may have.

    Raises:
        UsageError: there is none, or the first one is of no plan that is known here.
    """

    def __init__(self, lines: t.Iterable[str], *formats: str) -> None:
        self._lines = iter(lines)
        self._formats = formats or (FILE_FORMAT,)
        self.file_format: str
        self.number = 0
        self.line = ""
        self.row: dict[str, t.Any] = {}
        self.kind: PlanLine | None = None
        self.advance()
        if self.kind is None:
            raise UsageError("The plan is empty.")

    @property
    def fingerprint(self) -> str:
        """The one that the line at hand has; empty where it has none."""
        return str(self.row.get("fingerprint") or "")

    def advance(self) -> None:
        """Go to the next line. Behind the last one there is no kind of line.

        Raises:
            UsageError: it is not a line of a plan, or of one that is not known here.
        """
        text = next(self._lines, None)
        if text is None:
            self.kind = None
            return
        self.number += 1
        self.line = whole_line(text)
        self.row = _row_of(self.line)
        if self.number == 1:
            self.file_format = self._known_format()
        if self.number == 1 and self.row.get("version") != FILE_VERSION:
            raise UsageError(
                f"The plan has version {self.row.get('version')!r:.20} of its format, and this collection knows "
                f"{FILE_VERSION}: make a new one."
            )
        try:
            self.kind = PlanLine(self.row.get("type"))
        except ValueError:
            raise self.altered(f"line {self.number} is not a line of a plan") from None

    def _known_format(self) -> str:
        """The format that the first line tells.

        Raises:
            UsageError: it is none of those that the file may have.
        """
        found = next((each for each in self._formats if self.row.get("format") == each), None)
        if found is None:
            modules = " or ".join(_WRITTEN_BY[each] for each in self._formats)
            raise UsageError(f"This is not a plan of {modules}: give a file that plan_path wrote.")
        return found

    def read_head(self, **types: type) -> dict[str, t.Any]:
        """The line at hand, which those after it are counted by, without its fingerprint; goes on to the next one.

        Args:
            types: of its fields.

        Raises:
            UsageError: it was altered.
        """
        row = self.row
        if self.line != written_line(row) or not all(isinstance(row.get(key), of) for key, of in types.items()):
            raise self.altered(f"line {self.number} is not as written")
        self.advance()
        return {key: value for key, value in row.items() if key != "fingerprint"}

    def check_end(self) -> None:
        """See that there are no more lines.

        Raises:
            UsageError: there are.
        """
        if self.kind:
            raise self.altered(f"line {self.number} comes after the end of the plan")

    def altered(self, what: str) -> UsageError:
        """The error for a plan that is not as it was written. what: a part of a sentence that names the line."""
        shown = "".join(each if each.isprintable() else "?" for each in what)
        return UsageError(
            f"The plan was altered after it was made: {shown}. Fetch it again, or make a new plan and have it approved."
        )

    def miscounted(self, what: str, *, line: int, told: int, seen: int) -> UsageError:
        """The error for lines that are missing here, or too many.

        Args:
            what: these lines are.
            line: number of the line that tells how many there are.
            told: how many it tells of.
            seen: how many there are before this one.
        """
        if seen >= told:
            return self.altered(f"line {self.number} is more than the {what} that line {line} announces ({told})")
        here = f"line {self.number} comes" if self.kind else f"it ends with line {self.number},"
        return self.altered(f"{here} after {seen} of the {what} that line {line} announces ({told})")


def whole_line(text: str) -> str:
    """A line with the end that it was written with, whatever end it has."""
    return text.rstrip("\r\n") + "\n"


def _row_of(line: str) -> dict[str, t.Any]:
    """What a line says; nothing where it is none that is written here."""
    try:
        row = json.loads(line) if line.isascii() else None
    except (ValueError, RecursionError):
        row = None
    return row if isinstance(row, dict) else {}


def parse_plan(lines: t.Iterable[str], file_format: str = FILE_FORMAT) -> Approved:
    """The plan of a file or variable.

    Args:
        lines: as they were written, with or without their ends.
        file_format: the format that the file has to have.

    Raises:
        UsageError: for one that is damaged, altered, merged or of another version.
    """
    cursor = PlanCursor(lines, file_format)
    if cursor.kind is PlanLine.PLANS:
        raise UsageError("The plan is a merged one: give the plans from which it was made.")
    return last_plan_at(cursor)


def last_plan_at(cursor: PlanCursor) -> Approved:
    """The plan that begins at a line and ends with the file.

    Raises:
        UsageError: for one that was altered.
    """
    approved = plan_at(cursor)
    cursor.check_end()
    return approved


def plan_at(cursor: PlanCursor) -> Approved:
    """The plan that begins at a line; the cursor goes behind its last one.

    Raises:
        UsageError: for one that was altered.
    """
    line, fingerprint = cursor.number, cursor.fingerprint
    header = cursor.read_head(server=str, scope=dict, rules=dict, totals=dict, refusals=list)
    totals_told = header["totals"]
    clock = parse_time(header.get("clock"))
    if clock is None:
        raise UsageError("The plan does not say when it was made.")
    repositories = whole(totals_told.get("repositories"))
    if repositories is None:
        raise cursor.altered(f"line {line} is not as written")
    budget = _budget_in(header, cursor, line)
    found = _Contents()
    while cursor.kind is PlanLine.REPOSITORY and len(found.fingerprints) < repositories:
        _read_repository(cursor, found)
    if cursor.kind in (PlanLine.REPOSITORY, PlanLine.TAG) or len(found.fingerprints) < repositories:
        raise cursor.miscounted("repositories", line=line, told=repositories, seen=len(found.fingerprints))
    if with_fingerprint(header, found.fingerprints.values())["fingerprint"] != fingerprint:
        raise cursor.altered(f"line {line} was changed, or a whole repository after it")
    expected = found.totals()
    if cursor.file_format == REPOSITORY_FORMAT:
        expected.update(whole_totals(Counter(found.whole.values())))
    if not _says(totals_told, expected):
        raise cursor.altered(f"line {line} does not fit the lines after it")
    return Approved(
        fingerprint=fingerprint,
        server=header["server"],
        scope=header["scope"],
        clock=clock,
        digests=found.digests,
        repositories=tuple(found.fingerprints),
        totals=totals_told,
        rules=header["rules"],
        refusals=tuple(map(str, header["refusals"])),
        numbers={path: number for number, path in found.paths.items()},
        rule_sets=found.rule_sets,
        removals=frozenset(path for path, reason in found.whole.items() if reason.deletes),
        budget=budget,
    )


def _budget_in(header: t.Mapping[str, t.Any], cursor: PlanCursor, line: int) -> RunBudget | None:
    """How much of a plan one run may do. Only plans of tags say so, each of them.

    Args:
        header: the first line.
        cursor: behind it.
        line: its number.

    Raises:
        UsageError: the line was altered.
    """
    try:
        if ("budget" in header) != (cursor.file_format == FILE_FORMAT):
            raise UsageError("The budget is missing, or is not allowed here.")
        return budget_in(header.get("budget"))
    except UsageError:
        raise cursor.altered(f"line {line} has a budget that is not from a cleanup") from None


@dataclass
class _Contents:
    """What the lines of repositories and tags say together.

    Args:
        fingerprints: of the repositories, by path.
        digests: of deleted tags, by repository and name.
        paths: of the repositories, by id.
        rule_sets: the names of their rule sets, by path; empty if one has none.
        reasons: number of tags by reason.
        projects: the ids of all projects.
        tags: how many there are.
        unread: how many repositories could not be read.
        limited: how many are beyond a limit.
        whole: why each repository is deleted or kept as a whole, by path; empty if the plan is about tags alone.
    """

    fingerprints: dict[str, str] = field(default_factory=dict)
    digests: dict[tuple[str, str], str | None] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    rule_sets: dict[str, str] = field(default_factory=dict)
    reasons: Counter[Reason] = field(default_factory=Counter)
    projects: set[int] = field(default_factory=set)
    tags: int = 0
    unread: int = 0
    limited: int = 0
    whole: dict[str, RepositoryReason] = field(default_factory=dict)

    def totals(self) -> dict[str, t.Any]:
        """The numbers as the first line tells them."""
        deleted = len(self.digests)
        numbers = (len(self.fingerprints), self.unread, self.limited, len(self.projects), self.tags, deleted)
        return {**dict(zip(NUMBERS, (*numbers, self.tags - deleted))), "reasons": reason_counts(self.reasons)}


def _read_repository(cursor: PlanCursor, contents: _Contents) -> None:
    """Read a repository with its tags.

    Args:
        cursor: at its line; goes behind its last tag.
        contents: of the repositories before it; its own join them.

    Raises:
        UsageError: it was altered.
    """
    line, fingerprint = cursor.number, cursor.fingerprint
    row = cursor.read_head(path=str, project_id=int)
    path, told, number = row["path"], _number(row, "tags"), _number(row, "id")
    rule_set = row.get("rule_set")
    if contents.fingerprints and path <= next(reversed(contents.fingerprints)):
        raise cursor.altered(f"line {line}, on {path}, is not in the order of the paths")
    if not _is_name(path) or number < 0 or number in contents.paths:
        raise cursor.altered(f"line {line} is not as written")
    found = hashlib.sha256(written_line(row).encode())
    seen, before = 0, len(contents.digests)
    reasons: Counter[Reason] = Counter()
    name: str | None = None
    while cursor.kind is PlanLine.TAG and seen < told:
        found.update(cursor.line.encode())
        name, reason = _tag_at(cursor, path, after=name)
        if cursor.row.get("rule_set", "") != rule_set:
            raise cursor.altered(f"line {cursor.number}, on {path}:{name}, has another rule set than its repository")
        if cursor.row["action"] == PlannedAction.DELETE.value:
            contents.digests[path, name] = cursor.row["digest"]
        reasons[reason] += 1
        seen += 1
        cursor.advance()
    if cursor.kind is PlanLine.TAG or seen < told:
        raise cursor.miscounted(f"tags of {path}", line=line, told=told, seen=seen)
    listing, error, limit = row.get("listing"), row.get("error"), row.get("limit")
    unread = listing == ListingState.UNREAD.value
    if unread:
        reasons[Reason.REPOSITORY_UNREAD] = 1
    deleted = len(contents.digests) - before
    counts = {"tags": seen, "delete": deleted, "keep": seen - deleted, "reasons": reason_counts(reasons)}
    texts = "rule_set" in row and all(
        each is None or (isinstance(each, str) and each) for each in (error, limit, rule_set)
    )
    fits = listing in _LISTINGS and "action" not in row
    if cursor.file_format == REPOSITORY_FORMAT:
        fits = _fits_whole(row, seen=seen, deleted=deleted)
        contents.whole[path] = _WHOLE_REASONS.get(str(row.get("reason")), RepositoryReason.REPOSITORY_UNREAD)
    whole = f"sha256:{found.hexdigest()}" == fingerprint and _says(row, counts) and texts and fits
    if not whole or (seen > 0 and unread) or unread != (error is not None):
        lines = f"lines {line} to {line + seen}, on {path}, are" if seen else f"line {line}, on {path}, is"
        raise cursor.altered(f"{lines} not as written")
    contents.fingerprints[path] = fingerprint
    contents.paths[number] = path
    contents.rule_sets[path] = rule_set or ""
    contents.reasons.update(reasons)
    contents.projects.add(row["project_id"])
    contents.tags += seen
    contents.unread += unread
    contents.limited += limit is not None


def _fits_whole(row: t.Mapping[str, t.Any], *, seen: int, deleted: int) -> bool:
    """Whether the line of a repository that is deleted or kept as a whole fits its tags.

    Args:
        row: the line.
        seen: number of its tags.
        deleted: how many of them are deleted.
    """
    reason, listing = _WHOLE_REASONS.get(str(row.get("reason"))), row.get("listing")
    if reason is None or not isinstance(row.get("why"), str):
        return False
    if not reason.deletes:
        return row.get("action") == PlannedAction.KEEP.value and not seen and (listing is None or listing in _LISTINGS)
    is_whole = listing == (ListingState.COMPLETE if seen else ListingState.EMPTY).value
    return row.get("action") == PlannedAction.DELETE.value and seen == deleted and is_whole


def _tag_at(cursor: PlanCursor, path: str, *, after: str | None) -> tuple[str, Reason]:
    """The tag of the line at hand, and why it is deleted or kept.

    Args:
        cursor: at its line.
        path: of its repository.
        after: name of the tag before it; None if it is the first one.

    Raises:
        UsageError: the line was altered.
    """
    row, line = cursor.row, cursor.number
    name: str = row["name"] if _is_name(row.get("name")) else ""
    digest = row.get("digest", "")
    whole = name and (digest is None or (isinstance(digest, str) and digest))
    if not whole or row.get("repository") != path or cursor.line != written_line(row):
        raise cursor.altered(f"line {line} is not a tag of {path}")
    if after is not None and name <= after:
        raise cursor.altered(f"line {line}, on {path}:{name}, is not in the order of the names")
    reason = _REASONS.get(str(row.get("reason")))
    if reason is None or row.get("action") not in _ACTIONS[reason]:
        raise cursor.altered(f"line {line}, on {path}:{name}, has no action that fits its reason")
    return name, reason


def _is_name(found: t.Any) -> bool:
    """Whether this is a name or path that is shown as it is: half of a pair of surrogates is not."""
    return isinstance(found, str) and found != "" and (found.isascii() or not _SURROGATE.search(found))


def _says(row: t.Mapping[str, t.Any], expected: t.Mapping[str, t.Any]) -> bool:
    """Whether a line says exactly this: true is no 1 here."""
    return json.dumps({key: row.get(key) for key in expected}) == json.dumps(dict(expected))


def _number(row: t.Mapping[str, t.Any], key: str) -> int:
    """A number that a line tells; less than any where it tells none."""
    found = amount(row.get(key))
    return -1 if found is None else found
