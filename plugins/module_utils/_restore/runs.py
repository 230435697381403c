# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The runs that a journal tells of, and the tags that each of them deleted. Pure.

A journal may come from anywhere. A line that is torn was not followed by a request and is passed over; any other line
that no cleanup writes is refused.
"""

from __future__ import annotations

import json
import typing as t

from .._core.errors import UsageError, quotable
from .._core.models import TAG_NAME
from .._core.oci import DIGEST
from .._core.scope import is_repository_path
from .._core.words import counted
from .._deletion.earlier_runs import JournalEvent
from .._deletion.outcomes import TagOutcome

# Longer lines hold more digests than an image has referrers.
LONGEST_LINE = 1024 * 1024
# Asked for, and then left: it was gone already, or is another image now, or nothing was sent.
_NOT_DELETED = {TagOutcome.ALREADY_GONE, TagOutcome.CHANGED_SINCE, TagOutcome.NOT_TRIED, TagOutcome.LEFT}
_LONGEST_TEXT = 200
_EVENTS = [each.value for each in JournalEvent]
# GitLab: a project's path and the name of a repository in it have at most 255 characters each.
_LONGEST_PATH = 511
LAST, ALL = "last", "all"
_BEFORE_ANY = "comes before the start of a run"


class DeletedTag(t.NamedTuple):
    """A tag whose deletion a run asked for.

    Args:
        repository: its path.
        name: of the tag.
        digest: of its image; None if the run did not know it.
        outcome: what became of it; None if the run was killed before it knew.
    """

    repository: str
    name: str
    digest: str | None
    outcome: TagOutcome | None = None


class JournalRun(t.NamedTuple):
    """A run of a cleanup.

    Args:
        time: when it began, by the clock of its machine.
        server: URL of GitLab.
        fingerprint: of its plan.
        approved: fingerprint of the approved plan; empty if there was none.
        tags: those that it deleted, or may have deleted.
        ended: whether it told its end.
        repositories: how many whole repositories it asked GitLab to delete.
    """

    time: str
    server: str
    fingerprint: str
    approved: str
    tags: tuple[DeletedTag, ...] = ()
    ended: bool = False
    repositories: int = 0

    @property
    def plan(self) -> str:
        """What tells its plan from others: a run that goes on with an approved plan makes one of its own."""
        return self.approved or self.fingerprint

    @property
    def label(self) -> str:
        """The run in a sentence."""
        return f"{self.time} (plan {self.plan.removeprefix('sha256:')[:12]}, {counted(len(self.tags), 'tag')})"

    def as_result(self) -> dict[str, t.Any]:
        return {
            "time": self.time,
            "fingerprint": self.fingerprint,
            "approved": self.approved or None,
            "tags": len(self.tags),
            "ended": self.ended,
        }


def runs_in(lines: t.Iterable[str]) -> list[JournalRun]:
    """The runs of a journal, in their order.

    Raises:
        UsageError: a line is none that a cleanup writes.
    """
    runs: list[JournalRun] = []
    tags: dict[tuple[str, str], DeletedTag] = {}
    for number, line in enumerate(lines, 1):
        row = _row_of(line, number)
        event = row.get("event")
        if event == JournalEvent.START.value:
            _close(runs, tags)
            runs.append(_started(row, number))
        elif event in (JournalEvent.DELETE_REQUESTED.value, JournalEvent.OUTCOME.value):
            if not runs:
                raise _refusal(number, _BEFORE_ANY)
            tag = _tag_of(row, number)
            key = (tag.repository, tag.name)
            if event == JournalEvent.DELETE_REQUESTED.value:
                tags[key] = tag
            elif key in tags:
                tags[key] = tags[key]._replace(outcome=_outcome_of(row, number))
        elif event == JournalEvent.REPOSITORY_REQUESTED.value:
            if not runs:
                raise _refusal(number, _BEFORE_ANY)
            runs[-1] = runs[-1]._replace(repositories=runs[-1].repositories + 1)
        elif event == JournalEvent.END.value and runs:
            runs[-1] = runs[-1]._replace(ended=True)
    _close(runs, tags)
    return runs


def _close(runs: list[JournalRun], tags: dict[tuple[str, str], DeletedTag]) -> None:
    """Give the last run its tags; those of the next one are none yet."""
    if runs:
        left = tuple(tag for tag in tags.values() if tag.outcome not in _NOT_DELETED)
        runs[-1] = runs[-1]._replace(tags=left)
    tags.clear()


def _row_of(line: str, number: int) -> dict[str, t.Any]:
    """What a line tells; nothing if it is torn, or empty.

    Raises:
        UsageError: it is none that a cleanup writes.
    """
    if len(line) >= LONGEST_LINE:
        raise _refusal(number, f"is longer than {LONGEST_LINE} characters")
    row = _parsed(line)
    if row is None:
        text = line.strip()
        if text and not _is_torn(text):
            raise _refusal(number, "can't be read, and may be about a tag that was deleted")
        return {}
    if not isinstance(row, dict) or row.get("event") not in _EVENTS:
        raise _refusal(number, "is not from a cleanup")
    return row


def _is_torn(text: str) -> bool:
    """Whether a text may be the beginning of an object, and no more. It may end with an object inside of it."""
    return text.startswith("{") and (not text.endswith("}") or _parsed(text + "}") is not None)


def _parsed(text: str) -> t.Any:
    """What a text says in JSON; None if it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _started(row: t.Mapping[str, t.Any], number: int) -> JournalRun:
    return JournalRun(
        time=_text(row, "time", number),
        server=_text(row, "server", number),
        fingerprint=_text(row, "fingerprint", number),
        approved=_text(row, "approved", number) if row.get("approved") is not None else "",
    )


def _text(row: t.Mapping[str, t.Any], key: str, number: int) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise _refusal(number, f"has no valid {key}")
    return value


def _tag_of(row: t.Mapping[str, t.Any], number: int) -> DeletedTag:
    path, name, digest = row.get("repository"), row.get("name"), row.get("digest")
    if not isinstance(path, str) or len(path) > _LONGEST_PATH or not is_repository_path(path):
        raise _refusal(number, f"names {_shown(path)}, which is not the path of a repository")
    if not isinstance(name, str) or not TAG_NAME.fullmatch(name):
        raise _refusal(number, f"names {_shown(name)}, which is not the name of a tag")
    if digest is not None and (not isinstance(digest, str) or not DIGEST.fullmatch(digest)):
        raise _refusal(number, f"names {_shown(digest)}, which is not a digest")
    return DeletedTag(path, name, digest=digest)


def _outcome_of(row: t.Mapping[str, t.Any], number: int) -> TagOutcome:
    try:
        return TagOutcome(row.get("outcome"))
    except ValueError:
        raise _refusal(number, f"tells {_shown(row.get('outcome'))}, which is not an outcome of a tag") from None


def _shown(value: t.Any) -> str:
    return repr(quotable(str(value), 60))


def _refusal(number: int, what: str) -> UsageError:
    return UsageError(
        f"Line {number} of journal_path {what}: give a file that journal_path of registry_cleanup wrote, or that "
        "registry_plan_package fetched."
    )


def choose_runs(runs: t.Sequence[JournalRun], run: str, server: str) -> list[JournalRun]:
    """The runs that are meant, in their order.

    Args:
        runs: all that the journal tells of.
        run: last, all, or the beginning of a time or of a fingerprint. Runs of one plan belong together.
        server: URL of GitLab.

    Raises:
        UsageError: none is meant, it is not clear which one, or it deleted what can't be restored.
    """
    if not runs:
        raise UsageError("journal_path contains no run of registry_cleanup: give a file of its journal_path.")
    here = [each for each in runs if each.server == server]
    if not here:
        others = ", ".join(sorted({each.server for each in runs})[:3])
        raise UsageError(f"journal_path contains only runs on {others}, and api_url leads to {server}.")
    deleting = [each for each in here if each.tags or each.repositories]
    if run == ALL or not deleting:
        return _of_tags(deleting)
    meant = deleting[-1:] if run == LAST else [each for each in here if _is_named(each, run)]
    plans = {each.plan for each in meant}
    if len(plans) == 1:
        return _of_tags([each for each in deleting if each.plan in plans])
    found = "matches several runs" if plans else "matches no run"
    told = ", ".join(each.label for each in (meant or deleting)[-5:])
    raise UsageError(f"run {run!r} {found} of journal_path: {told}.")


def _of_tags(runs: list[JournalRun]) -> list[JournalRun]:
    """The runs, if all of them deleted tags alone.

    Raises:
        UsageError: one asked for the deletion of whole repositories.
    """
    whole = next((each for each in runs if each.repositories), None)
    if whole:
        raise UsageError(
            f"The run of {whole.label} asked GitLab to delete whole repositories, and these can't be restored: choose "
            "another run, or restore tags with registry_tag if their repository still exists."
        )
    return runs


def _is_named(run: JournalRun, beginning: str) -> bool:
    bare = (each.removeprefix("sha256:") for each in (run.fingerprint, run.approved))
    return any(text.startswith(beginning) for text in (run.time, run.fingerprint, run.approved, *bare))


def left_out(runs: t.Sequence[JournalRun], chosen: t.Sequence[JournalRun], server: str) -> list[JournalRun]:
    """Runs right before the last chosen one that did not end: it may have gone on with what they began.

    Args:
        runs: all that the journal tells of.
        chosen: those of them that are meant.
        server: URL of GitLab.
    """
    meant = {id(each) for each in chosen}
    here = [each for each in runs if each.server == server]
    last = max((position for position, each in enumerate(here) if id(each) in meant), default=0)
    found: list[JournalRun] = []
    for each in reversed(here[:last]):
        if each.ended:
            break
        found.append(each)
    return [each for each in reversed(found) if each.tags and not each.repositories and id(each) not in meant]


def tags_of(runs: t.Iterable[JournalRun]) -> list[DeletedTag]:
    """The tags that runs deleted, each as it was deleted last, by repository and name."""
    found = {(tag.repository, tag.name): tag for run in runs for tag in run.tags}
    return [found[key] for key in sorted(found)]
