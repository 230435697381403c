# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Plans of several tasks as one, with a single fingerprint and limits over all of them. Pure.

A merged plan is a line of its own and then the plans as they are, in the order of their scopes.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from collections import Counter
from dataclasses import replace

from .._core.errors import UsageError
from .._rules.matches import EntryMatches, summed
from .approval import Approved, parse_plan
from .results import FILE_FORMAT, FILE_VERSION, PlanLine


class PlanPart(t.NamedTuple):
    """A plan with its lines."""

    approved: Approved
    lines: tuple[str, ...]

    def as_result(self) -> dict[str, t.Any]:
        """The plan in numbers, as a module returns it and the first line of a merged one names it."""
        return {
            "scope": dict(self.approved.scope),
            "fingerprint": self.approved.fingerprint,
            "tags": self.approved.listed,
            "delete": len(self.approved.digests),
        }


class Merged(t.NamedTuple):
    """Several plans as one.

    Args:
        parts: the plans.
        fingerprint: of the merged plan.
        totals: all plans in numbers, as a plan has them.
    """

    parts: tuple[PlanPart, ...]
    fingerprint: str
    totals: t.Mapping[str, t.Any]

    def lines(self) -> t.Iterator[str]:
        """The lines of its file."""
        header = {
            "type": PlanLine.PLANS.value,
            "format": FILE_FORMAT,
            "version": FILE_VERSION,
            "fingerprint": self.fingerprint,
            "server": self.parts[0].approved.server,
            "parts": [part.as_result() for part in self.parts],
            "totals": dict(self.totals),
        }
        yield json.dumps(header) + "\n"
        for part in self.parts:
            yield from part.lines


def part_of(lines: t.Iterable[str]) -> PlanPart:
    """A plan of a file.

    Raises:
        UsageError: for one that is damaged, altered or of another version.
    """
    kept = tuple(line if line.endswith("\n") else f"{line}\n" for line in lines if line.strip())
    return PlanPart(parse_plan(kept), lines=kept)


def merge(parts: t.Sequence[PlanPart]) -> Merged:
    """Make one plan of several.

    Raises:
        UsageError: where they can't be combined.
    """
    if not parts:
        raise UsageError("There is no plan to merge.")
    ordered = tuple(sorted(parts, key=lambda part: (_scope_key(part.approved), part.approved.fingerprint)))
    servers = sorted({part.approved.server for part in ordered})
    if len(servers) > 1:
        raise UsageError(f"The plans were made for several servers, {', '.join(servers)}: merge those of one.")
    seen: set[str] = set()
    reasons: Counter[str] = Counter()
    for approved in (part.approved for part in ordered):
        if approved.refusals:
            raise UsageError(f"The plan of {_scope_key(approved)} is refused itself: {approved.refusals[0]}.")
        twice = sorted(seen.intersection(approved.reasons))
        if twice:
            raise UsageError(f"{twice[0]} is in more than one plan: each repository may be in one alone.")
        seen.update(approved.reasons)
        for counts in approved.reasons.values():
            reasons.update(counts)
    totals = {
        "repositories": len(seen),
        "tags": sum(part.approved.listed for part in ordered),
        "delete": sum(len(part.approved.digests) for part in ordered),
        "reasons": dict(sorted(reasons.items())),
        "matches": [each.as_result() for each in summed(entry for part in ordered for entry in _matches(part))],
    }
    fingerprint = _merged_fingerprint([part.approved for part in ordered])
    return Merged(parts=ordered, fingerprint=fingerprint, totals=totals)


def _matches(part: PlanPart) -> t.Iterator[EntryMatches]:
    """What the entries of a plan match, as its first line says.

    Raises:
        UsageError: it says something else.
    """
    try:
        for row in json.loads(part.lines[0])["totals"]["matches"]:
            references = row["references"]
            yield EntryMatches(
                str(row["option"]),
                str(row["entry"]),
                rule=str(row["rule"] or ""),
                matched=int(row["matched"]),
                references=None if references is None else int(references),
            )
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"The plan of {_scope_key(part.approved)} is damaged: it has no counts of matches.") from None


def approved_in(lines: t.Iterable[str], scope: t.Mapping[str, t.Any]) -> Approved:
    """The approved plan of a file, of a merged one the part for a scope.

    Args:
        lines: of the file.
        scope: as the options name it.

    Raises:
        UsageError: for what is no plan, was altered, or has no part for the scope.
    """
    kept = [line for line in lines if line.strip()]
    if _type(kept[0] if kept else "") != PlanLine.PLANS.value:
        return parse_plan(kept)
    parts, fingerprint = _parts_in(kept)
    for part in parts:
        if dict(part.scope) == dict(scope):
            return replace(part, fingerprint=fingerprint)
    raise UsageError(
        f"None of the {len(parts)} plans in the approved plan was made for this scope: name the same projects, group "
        "or repositories as one of them."
    )


def fingerprint_in(lines: t.Sequence[str]) -> str:
    """The fingerprint of a plan, merged or not.

    Raises:
        UsageError: for what is no plan or was altered.
    """
    if _type(lines[0] if lines else "") != PlanLine.PLANS.value:
        return parse_plan(lines).fingerprint
    return _parts_in(lines)[1]


def _parts_in(lines: t.Sequence[str]) -> tuple[list[Approved], str]:
    """The plans in a merged one, and its fingerprint."""
    header = json.loads(lines[0])
    starts = [position for position, line in enumerate(lines) if _type(line) == PlanLine.PLAN.value]
    parts = [parse_plan(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)])]
    if not parts or starts[0] != 1 or _merged_fingerprint(parts) != header.get("fingerprint"):
        raise UsageError("The approved plan was altered after it was made: its own fingerprint does not fit it.")
    return parts, str(header["fingerprint"])


def _scope_key(approved: Approved) -> str:
    return json.dumps(dict(approved.scope), sort_keys=True)


def _merged_fingerprint(parts: t.Sequence[Approved]) -> str:
    """A digest of the fingerprints, which cover the deleted tags, and of their number and order."""
    text = "\n".join([FILE_FORMAT, PlanLine.PLANS.value, *(part.fingerprint for part in parts)])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _type(line: str) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return str(row.get("type")) if isinstance(row, dict) else ""
