# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What a cleanup is going to do: a decision for every tag, the limits over them, and how it is shown. Pure."""

from __future__ import annotations

import enum
import functools
import hashlib
import json
import typing as t
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from .._core.errors import RequestError
from .._core.models import SIGNATURE, ListingState, Repository, ServerPolicy, format_time
from .._rules.dates import DateSource
from .._rules.reasons import Certainty, Reason
from .._rules.retention import Decision

FILE_FORMAT = "containerops.gitlab/cleanup-plan"
FILE_VERSION = 1

_LONG_AGO = datetime(1, 1, 1, tzinfo=timezone.utc)


class OnLimit(enum.Enum):
    """What happens when a repository is beyond a limit: nothing is deleted at all, or nothing of the repository."""

    FAIL = "fail"
    SKIP_REPOSITORY = "skip_repository"


@dataclass(frozen=True)
class Limits:
    """What a plan must not go beyond; None is no limit. min_remaining does not count signatures."""

    min_remaining: int = 1
    max_deletions: int | None = None
    max_deletions_percent: float | None = None
    max_deletions_total: int | None = None
    max_deletions_total_percent: float | None = None
    max_unknown_percent: float | None = None
    on_limit: OnLimit = OnLimit.FAIL


@dataclass(frozen=True)
class RepositoryPlan:
    """One repository's part. decisions: in the order of the names. listing: complete, empty or capped.

    error: why it is unread; there are no decisions then. policy: the project's own cleanup policy, None when not known.
    policy_known: whether the policy could be seen at all. certainty, uncertainties, expected: where GitLab itself
    decides what goes, how sure that is, why it is not, and how many go at least and at most.
    """

    repository: Repository
    decisions: tuple[Decision, ...] = ()
    date_source: DateSource = DateSource.NONE
    listing: ListingState = ListingState.COMPLETE
    policy: ServerPolicy | None = None
    policy_known: bool = False
    limit: str | None = None
    error: RequestError | None = None
    certainty: Certainty = Certainty.EXACT
    uncertainties: tuple[str, ...] = ()
    expected: tuple[int, int] | None = None

    @property
    def deletion_range(self) -> tuple[int, int]:
        """How many tags go, at least and at most."""
        planned = len(self.deletions)
        least, most = self.expected or (planned, planned)
        return min(least, planned), min(most, planned)

    @functools.cached_property
    def deletions(self) -> list[Decision]:
        """What goes, oldest first, then by name, and what belongs to other tags after them.

        Tags whose date was not needed go by name.
        """
        planned = [decision for decision in self.decisions if decision.delete]
        return sorted(planned, key=lambda decision: (decision.depth, decision.date or _LONG_AGO, decision.tag.name))

    @functools.cached_property
    def kept(self) -> list[Decision]:
        return [decision for decision in self.decisions if not decision.delete]

    @property
    def reasons(self) -> dict[Reason, int]:
        """Number of tags by reason. A repository that was not read counts once."""
        if self.error:
            return {Reason.REPOSITORY_UNREAD: 1}
        return Counter(decision.reason for decision in self.decisions)


@dataclass(frozen=True)
class Plan:
    """All repositories by path. refusals: why nothing at all may be deleted, one sentence each."""

    repositories: tuple[RepositoryPlan, ...]
    refusals: tuple[str, ...] = ()

    @property
    def deletions(self) -> int:
        return sum(len(part.deletions) for part in self.repositories)

    @property
    def changed(self) -> bool:
        return not self.refusals and self.deletions > 0

    @property
    def unread(self) -> list[RepositoryPlan]:
        return [part for part in self.repositories if part.error]

    def deletion_rows(self) -> t.Iterator[dict[str, t.Any]]:
        """What goes, as it is written, in the order of repositories and names."""
        for part in self.repositories:
            for decision in part.decisions:
                if decision.delete:
                    yield decision_result(part, decision)


def limited(repositories: t.Sequence[RepositoryPlan], limits: Limits) -> Plan:
    """The plan with its limits applied.

    A repository beyond a limit refuses the plan, or under skip_repository stays whole; the total always refuses.
    """
    parts = []
    refusals = []
    for part in repositories:
        broken = _broken_limit(part, limits)
        if not broken:
            parts.append(part)
        elif limits.on_limit is OnLimit.SKIP_REPOSITORY:
            parts.append(_kept_whole(part, broken))
        else:
            parts.append(replace(part, limit=broken))
            refusals.append(broken)
    total, listed = sum(len(part.deletions) for part in parts), sum(len(part.decisions) for part in parts)
    return Plan(tuple(parts), (*refusals, *broken_totals(total, listed, limits)))


def broken_totals(total: int, listed: int, limits: Limits) -> list[str]:
    """What is said against deleting so many of the listed tags, one sentence each without its end."""
    most, percent = limits.max_deletions_total, limits.max_deletions_total_percent
    found = []
    if most is not None and total > most:
        found.append(f"{total} tags would be deleted in total, more than max_deletions_total {most}")
    if percent is not None and total * 100 > percent * listed:
        found.append(
            f"{total} of {listed} tags would be deleted in total, more than max_deletions_total_percent {percent:g}"
        )
    return found


def _broken_limit(part: RepositoryPlan, limits: Limits) -> str | None:
    deletions = sum(1 for decision in part.decisions if decision.delete)
    if not deletions:
        return None
    listed, path = len(part.decisions), part.repository.path
    remaining = sum(1 for decision in part.kept if not SIGNATURE.fullmatch(decision.tag.name))
    if remaining < limits.min_remaining:
        return (
            f"{path}: {deletions} of {deletions + remaining} tags would be deleted and {remaining} remain, "
            f"fewer than min_remaining {limits.min_remaining}"
        )
    if limits.max_deletions is not None and deletions > limits.max_deletions:
        return f"{path}: {deletions} tags would be deleted, more than max_deletions {limits.max_deletions}"
    if limits.max_deletions_percent is not None and deletions * 100 > limits.max_deletions_percent * listed:
        return (
            f"{path}: {deletions} of {listed} tags would be deleted, more than max_deletions_percent "
            f"{limits.max_deletions_percent:g}"
        )
    unknown = sum(1 for decision in part.decisions if decision.reason.is_unknown)
    if limits.max_unknown_percent is not None and unknown * 100 > limits.max_unknown_percent * listed:
        return (
            f"{path}: of {unknown} of {listed} tags it is not known whether they may be deleted, more than "
            f"max_unknown_percent {limits.max_unknown_percent:g}"
        )
    return None


def _kept_whole(part: RepositoryPlan, limit: str) -> RepositoryPlan:
    kept = tuple(decision.kept(Reason.LIMIT) if decision.delete else decision for decision in part.decisions)
    return replace(part, decisions=kept, limit=limit)


def decision_result(part: RepositoryPlan, decision: Decision) -> dict[str, t.Any]:
    """A tag with its decision, for results and files."""
    tag = decision.tag
    return {
        "repository": part.repository.path,
        "name": tag.name,
        "action": "delete" if decision.delete else "keep",
        "reason": decision.reason.value,
        "rule": decision.rule or None,
        "digest": tag.digest,
        "date": format_time(decision.date),
        "size": tag.size,
    }


def repository_result(part: RepositoryPlan) -> dict[str, t.Any]:
    """A repository with its counts, for results and files."""
    policy = part.policy
    return {
        "id": part.repository.id,
        "path": part.repository.path,
        "project": part.repository.project_path,
        "project_id": part.repository.project_id,
        "listing": (ListingState.UNREAD if part.error else part.listing).value,
        "date_source": part.date_source.value,
        "tags": len(part.decisions),
        "delete": len(part.deletions),
        "delete_least": part.deletion_range[0],
        "delete_most": part.deletion_range[1],
        "keep": len(part.kept),
        "certainty": part.certainty.value,
        "doubts": list(part.uncertainties),
        "reasons": reason_counts(part.reasons),
        "limit": part.limit,
        "error": str(part.error) if part.error else None,
        "server_policy": {
            "state": "unknown" if not part.policy_known else "enabled" if policy and policy.enabled else "disabled",
            "next_run_at": policy.next_run_at if policy and policy.enabled else None,
        },
    }


def reason_counts(reasons: t.Mapping[Reason, int]) -> dict[str, int]:
    """The counts as a module returns them, by the texts of the reasons."""
    return dict(sorted((reason.value, count) for reason, count in reasons.items()))


def totals(plan: Plan) -> dict[str, t.Any]:
    """The plan in numbers."""
    reasons: Counter[Reason] = Counter()
    for part in plan.repositories:
        reasons.update(part.reasons)
    return {
        "repositories": len(plan.repositories),
        "repositories_unread": len(plan.unread),
        "repositories_limited": sum(1 for part in plan.repositories if part.limit),
        "projects": len({part.repository.project_id for part in plan.repositories}),
        "tags": sum(len(part.decisions) for part in plan.repositories),
        "delete": plan.deletions,
        "keep": sum(len(part.kept) for part in plan.repositories),
        "reasons": reason_counts(reasons),
    }


def header_of(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What a header says of the circumstances: where, when, of what, and by which rules."""
    return {key: value for key, value in row.items() if key not in ("type", "fingerprint", "totals", "refusals")}


def fingerprint_of(header: t.Mapping[str, t.Any], deletions: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """A digest of the circumstances and of every tag that goes: equal plans have equal ones, any change another."""
    found = hashlib.sha256()
    for row in (header, *deletions):
        found.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return "sha256:" + found.hexdigest()


def result(plan: Plan, limit: int, fingerprint: str) -> dict[str, t.Any]:
    """The plan as a module returns it: every list holds at most limit entries. fingerprint: of the plan."""
    deletions = (decision_result(part, decision) for part in plan.repositories for decision in part.deletions)
    kept = (decision_result(part, decision) for part in plan.repositories for decision in part.kept)
    numbers = totals(plan)
    return {
        "fingerprint": fingerprint,
        "delete": _first(deletions, limit),
        "keep": _first(kept, limit),
        "repositories": [repository_result(part) for part in plan.repositories[:limit]],
        "totals": numbers,
        "refusals": list(plan.refusals),
        "truncated": max(numbers["delete"], numbers["keep"], len(plan.repositories)) > limit,
    }


def _first(rows: t.Iterator[dict[str, t.Any]], limit: int) -> list[dict[str, t.Any]]:
    return [row for _number, row in zip(range(limit), rows)]


def diff(plan: Plan, limit: int) -> list[dict[str, str]]:
    """What goes, repository by repository; empty when nothing goes.

    At most limit lines, shared out evenly, but at least one for each of at most limit repositories.
    """
    affected = [part for part in plan.repositories if plan.changed and part.deletions]
    share = max(1, limit // max(1, len(affected)))
    parts = []
    for part in affected[: max(1, limit)]:
        deletions = part.deletions
        lines = [_diff_line(decision) for decision in deletions[:share]]
        if len(lines) < len(deletions):
            lines.append(f"... and {len(deletions) - len(lines)} more, see plan_path")
        counts = f"{len(deletions)} of {len(part.decisions)} tags"
        parts.append(
            {
                "before_header": f"{part.repository.path} ({counts} are deleted)",
                "after_header": f"{part.repository.path} ({len(part.kept)} tags are kept)",
                "before": "".join(line + "\n" for line in lines),
                "after": "",
            }
        )
    hidden = len(affected) - len(parts)
    if hidden:
        text = f"... and tags of {hidden} more repositories, see plan_path\n"
        parts.append({"before_header": "more", "after_header": "more", "before": text, "after": ""})
    return parts


def _diff_line(decision: Decision) -> str:
    date = format_time(decision.date)
    return "  ".join(part for part in (decision.tag.name, date, decision.tag.digest, decision.reason.value) if part)


def file_lines(plan: Plan, header: t.Mapping[str, t.Any], fingerprint: str) -> t.Iterator[str]:
    """The plan as JSON Lines: a header, then each repository followed by its tags. fingerprint: of the plan.

    Equal plans give equal lines, so that check mode's file and a run's file can be compared.
    """
    first = {"type": "plan", **header, "fingerprint": fingerprint}
    yield _line({**first, "totals": totals(plan), "refusals": list(plan.refusals)})
    for part in plan.repositories:
        yield _line({"type": "repository", **repository_result(part)})
        for decision in part.decisions:
            yield _line({"type": "tag", **decision_result(part, decision)})


def _line(row: t.Mapping[str, t.Any]) -> str:
    return json.dumps(row) + "\n"
