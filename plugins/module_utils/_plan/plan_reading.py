# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The file of a plan, read and checked again. Of its tags, only deleted ones are kept in memory. Pure."""

from __future__ import annotations

import hashlib
import json
import typing as t

from .._core.errors import UsageError
from .._core.models import parse_time
from .approval import Approved
from .plan_file import FILE_FORMAT, FILE_VERSION, NUMBERS, PlanLine, with_fingerprint, written_line
from .results import PlannedAction


class PlanCursor:
    """The lines of a plan file, one after another.

    Args:
        lines: with or without their ends.

    Raises:
        UsageError: there is none, or the first one is of no plan that is known here.
    """

    def __init__(self, lines: t.Iterable[str]) -> None:
        self._lines = iter(lines)
        self.number = 0
        self.line = ""
        self.row: dict[str, t.Any] = {}
        self.kind: PlanLine | None = None
        self.advance()
        if self.kind is None:
            raise UsageError("The plan is empty, or not there.")

    @property
    def fingerprint(self) -> str:
        """The one that the line at hand has; empty where it has none."""
        return str(self.row.get("fingerprint") or "")

    def advance(self) -> None:
        """Go to the next line. Behind the last one there is no kind of line.

        Raises:
            UsageError: it is no line of a plan, or of one that is not known here.
        """
        text = next(self._lines, None)
        if text is None:
            self.kind = None
            return
        self.number += 1
        self.line = whole_line(text)
        self.row = _row_of(self.line)
        if self.number == 1 and self.row.get("format") != FILE_FORMAT:
            raise UsageError("This is no plan of registry_cleanup: give a file that plan_path wrote.")
        if self.number == 1 and self.row.get("version") != FILE_VERSION:
            raise UsageError(
                f"The plan has version {self.row.get('version')!r:.20} of its format, and this collection knows "
                f"{FILE_VERSION}: make a new one."
            )
        try:
            self.kind = PlanLine(self.row.get("type"))
        except ValueError:
            raise self.altered(f"line {self.number} is no line of a plan") from None

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
            raise self.altered(f"line {self.number} is behind the end of the plan")

    def altered(self, what: str) -> UsageError:
        """The error for a plan that is not as it was written. what: a part of a sentence that names the line."""
        shown = "".join(each if each.isprintable() else "?" for each in what)
        return UsageError(f"The plan was altered after it was made: {shown}.")

    def miscounted(self, what: str, *, line: int, told: int, seen: int) -> UsageError:
        """The error for lines that are missing here, or too many.

        Args:
            what: these lines are.
            line: number of the line that tells how many there are.
            told: how many it tells of.
            seen: how many there are before this one.
        """
        if seen >= told:
            return self.altered(f"line {self.number} is more than the {told} {what} that line {line} tells of")
        here = f"line {self.number} comes" if self.kind else f"it ends with line {self.number},"
        return self.altered(f"{here} after {seen} of the {told} {what} that line {line} tells of")


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


def parse_plan(lines: t.Iterable[str]) -> Approved:
    """The plan of a file or variable.

    Args:
        lines: as they were written, with or without their ends.

    Raises:
        UsageError: for one that is damaged, altered, merged or of another version.
    """
    cursor = PlanCursor(lines)
    if cursor.kind is PlanLine.PLANS:
        raise UsageError("The plan is a merged one: give the plans that it was made of.")
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
    if not _are_totals(totals_told):
        raise cursor.altered(f"line {line} is not as written")
    repositories = totals_told["repositories"]
    fingerprints: dict[str, str] = {}
    digests: dict[tuple[str, str], str | None] = {}
    listed = 0
    while cursor.kind is PlanLine.REPOSITORY and len(fingerprints) < repositories:
        listed += _number(cursor.row, "tags")
        _read_repository(cursor, fingerprints, digests)
    if cursor.kind in (PlanLine.REPOSITORY, PlanLine.TAG) or len(fingerprints) < repositories:
        raise cursor.miscounted("repositories", line=line, told=repositories, seen=len(fingerprints))
    sealed_as = with_fingerprint(header, fingerprints.values())["fingerprint"]
    if sealed_as != fingerprint or (listed, len(digests)) != (totals_told["tags"], totals_told["delete"]):
        raise cursor.altered(f"line {line} does not fit the lines after it")
    return Approved(
        fingerprint=fingerprint,
        server=header["server"],
        scope=header["scope"],
        clock=clock,
        digests=digests,
        repositories=tuple(fingerprints),
        totals=totals_told,
        rules=header["rules"],
        refusals=tuple(map(str, header["refusals"])),
    )


def _are_totals(found: t.Mapping[str, t.Any]) -> bool:
    """Whether these are the numbers that the first line of a plan tells."""
    reasons = found.get("reasons")
    numbers = [found.get(key) for key in NUMBERS]
    return isinstance(reasons, dict) and all(isinstance(each, int) for each in [*numbers, *reasons.values()])


def _read_repository(
    cursor: PlanCursor, fingerprints: dict[str, str], digests: dict[tuple[str, str], str | None]
) -> None:
    """Read a repository with its tags.

    Args:
        cursor: at its line; goes behind its last tag.
        fingerprints: of the repositories before it, by path; its own joins them.
        digests: of deleted tags, by repository and name; those of its tags join them.

    Raises:
        UsageError: it was altered.
    """
    line, fingerprint = cursor.number, cursor.fingerprint
    row = cursor.read_head(path=str)
    path, told = row["path"], _number(row, "tags")
    if fingerprints and path <= next(reversed(fingerprints)):
        raise cursor.altered(f"line {line}, on {path}, is not in the order of the paths")
    found = hashlib.sha256(written_line(row).encode())
    seen, before = 0, len(digests)
    while cursor.kind is PlanLine.TAG and seen < told:
        found.update(cursor.line.encode())
        if cursor.row.get("action") != PlannedAction.KEEP.value:
            digests.update([_deleted_tag(cursor, path)])
        seen += 1
        cursor.advance()
    if cursor.kind is PlanLine.TAG or seen < told:
        raise cursor.miscounted(f"tags of {path}", line=line, told=told, seen=seen)
    if f"sha256:{found.hexdigest()}" != fingerprint or len(digests) - before != _number(row, "delete"):
        lines = f"lines {line} to {line + seen}, on {path}, are" if seen else f"line {line}, on {path}, is"
        raise cursor.altered(f"{lines} not as written")
    fingerprints[path] = fingerprint


def _deleted_tag(cursor: PlanCursor, path: str) -> tuple[tuple[str, str], str | None]:
    """The tag of the line at hand, with its digest.

    Raises:
        UsageError: the line was altered.
    """
    name, digest = cursor.row.get("name"), cursor.row.get("digest")
    whole = isinstance(name, str) and (digest is None or isinstance(digest, str))
    if not whole or cursor.row.get("repository") != path:
        raise cursor.altered(f"line {cursor.number} is no tag of {path}")
    return (path, str(name)), digest


def _number(row: t.Mapping[str, t.Any], key: str) -> int:
    """A count that a line tells; less than any where it tells none."""
    found = row.get(key)
    return found if isinstance(found, int) else -1
