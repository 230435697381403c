# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Deleting whole repositories, which GitLab does in the background, and following how far it is."""

from __future__ import annotations

import typing as t

from .._core.errors import ErrorKind, RequestError, unexpected
from .._core.server import Mode
from .._core.words import counted
from .._deletion.attempts import is_changed
from .._deletion.deletion import delete
from .._deletion.host import RegistryHost
from .._deletion.journal import (
    JournalWriter,
    Record,
    journal_repository_request,
    journal_repository_result,
    null_journal,
)
from .._deletion.outcomes import DeletionResult, RepositoryOutcome
from .._deletion.verification import why_not_empty
from .._deletion.ways import DeletionWay
from .._gitlab.repositories import delete_repository, get_repository
from .._plan.plan import Plan
from .._tags.reader import TagReader, confirm_empty, look_again
from .planning import RepositoryRemoval, RepositoryResult

_WHY_FAILED = (
    "GitLab failed to delete it: without a metadata database it deletes at most 200 tags in each of 10 tries "
    "(empty_first deletes them before), and it keeps tags that a protection rule covers (remove the rule); deleting "
    "the repository again continues from here"
)


def delete_repositories(
    reader: TagReader,
    way: DeletionWay,
    host: RegistryHost,
    removals: t.Sequence[RepositoryRemoval],
    wait: float | None,
    journal: JournalWriter = null_journal,
) -> list[RepositoryResult]:
    """Delete repositories, and follow that.

    Args:
        reader: Reads their tags.
        way: How tags are deleted before.
        host: The registry that holds them.
        removals: The repositories.
        wait: How many seconds to wait until they are gone; None is not to wait.
        journal: Gets what is asked for, before it is, and what became of it.

    Returns:
        What became of each. Whatever goes wrong is told there, so nothing is raised.
    """
    client = reader.client
    results = client.parallel(lambda removal: _noted(journal, _delete(reader, way, host, removal, journal)), removals)
    if wait is None:
        return results
    for _pause in client.poll_intervals(wait):
        left = [position for position, result in enumerate(results) if result.outcome is RepositoryOutcome.SCHEDULED]
        if not left:
            break
        polled = client.parallel(lambda position: _poll(reader, results[position].removal), left)
        for position, result in zip(left, polled):
            settled = result.outcome is not RepositoryOutcome.SCHEDULED
            results[position] = _noted(journal, result) if settled else result
    late = f"GitLab has not deleted it within {counted(wait, 'second')}, and may try for hours"
    return [
        result._replace(message=result.message or late) if result.outcome is RepositoryOutcome.SCHEDULED else result
        for result in results
    ]


def removals_so_far(removals: t.Sequence[RepositoryRemoval], record: Record, reason: str) -> list[RepositoryResult]:
    """What became of repositories that were to be deleted, if the run ended in a way that nobody thought of.

    Args:
        removals: what was to be done.
        record: what the run noted.
        reason: why it ended.
    """
    return [RepositoryResult(each, *record.repository_outcome(each.repository.path, reason)) for each in removals]


def _noted(journal: JournalWriter, result: RepositoryResult) -> RepositoryResult:
    """What became of a repository, once the journal has it."""
    journal_repository_result(journal, result.removal.repository, result.outcome, result.message)
    return result


def _delete(
    reader: TagReader, way: DeletionWay, host: RegistryHost, removal: RepositoryRemoval, journal: JournalWriter
) -> RepositoryResult:
    if removal.asked_before:
        return RepositoryResult(removal, RepositoryOutcome.SCHEDULED)
    try:
        change = _change_since(reader, removal) if removal.only_unchanged else ""
        if change:
            return RepositoryResult(removal, RepositoryOutcome.CHANGED_SINCE, message=change)
        emptied = _empty(reader, way, host, removal, journal)
        if not emptied.ok:
            message = next((tag.message for tag in emptied.tags if tag.message), emptied.stopped)
            return RepositoryResult(removal, RepositoryOutcome.NOT_EMPTIED, message=message)
        # A registry that lost its storage meanwhile has none of the tags either, but not because they were deleted.
        by_this_run = bool(emptied.tags) and all(tag.changed for tag in emptied.tags)
        refusal = _refusal_to_delete(reader, removal, emptied=by_this_run)
        if refusal:
            return RepositoryResult(removal, RepositoryOutcome.NOT_DELETED, message=refusal)
        journal_repository_request(journal, removal.repository)
        delete_repository(reader.client, removal.repository)
    except RequestError as error:
        if error.kind is ErrorKind.NOT_FOUND and _is_gone(reader, removal):
            return RepositoryResult(removal, RepositoryOutcome.DELETED)
        return RepositoryResult(removal, RepositoryOutcome.NOT_DELETED, message=str(error))
    except Exception as error:
        return RepositoryResult(removal, RepositoryOutcome.NOT_DELETED, message=unexpected(error))
    return RepositoryResult(removal, RepositoryOutcome.SCHEDULED)


def _change_since(reader: TagReader, removal: RepositoryRemoval) -> str:
    """What is not as it was planned, so that no tag of the repository is deleted; empty if nothing is.

    Raises:
        RequestError: the repository or its tags can't be read.
    """
    repository = removal.repository
    found = get_repository(reader.client, repository.id)
    if found.path != repository.path:
        return f"its path is {found.path} now"
    if found.being_deleted:
        return "GitLab is already deleting it for somebody else"
    planned = {decision.tag.name: decision.tag for decision in removal.tags.decisions} if removal.tags else {}
    listing = reader.list_names(repository)
    if listing.error:
        raise listing.error
    new = sorted(set(listing.names) - set(planned))
    if new:
        return f"it has the tag {new[0]} since the plan was made"
    guarded = [name for name in listing.names if planned[name].digest]
    again = reader.read_again(repository, guarded, listing.names) if guarded else {}
    for name, tag in again.items():
        if tag and tag.digest is None:
            return f"its tag {name} could not be read again: {tag.error}"
        if tag and (is_changed(tag, planned[name]) or tag.protected):
            return f"its tag {name} was pushed again or protected since the plan was made"
    return ""


def _empty(
    reader: TagReader, way: DeletionWay, host: RegistryHost, removal: RepositoryRemoval, journal: JournalWriter
) -> DeletionResult:
    """Delete the repository's tags as far as that is planned."""
    return delete(reader, Plan((removal.tags,) if removal.tags else ()), way, host, journal)


def _refusal_to_delete(reader: TagReader, removal: RepositoryRemoval, *, emptied: bool) -> str | None:
    """Why the repository must not be deleted, None where it may. emptied: this run deleted all its tags."""
    if not removal.must_be_empty:
        return None
    listing = confirm_empty(reader, reader.list_names(removal.repository))
    if reader.capabilities.mode is not Mode.DATABASE:
        listing = look_again(reader, listing, lambda found: not found.tags and not found.error)
    if listing.error:
        raise listing.error
    return why_not_empty(listing, emptied=emptied)


def _poll(reader: TagReader, removal: RepositoryRemoval) -> RepositoryResult:
    """How far GitLab is."""
    try:
        found = get_repository(reader.client, removal.repository.id)
    except RequestError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return RepositoryResult(removal, RepositoryOutcome.DELETED)
        lasting = error.kind.stops_task or error.kind is ErrorKind.FORBIDDEN
        return RepositoryResult(removal, RepositoryOutcome.SCHEDULED, message=str(error) if lasting else "")
    if found.deletion_failed:
        return RepositoryResult(removal, RepositoryOutcome.DELETE_FAILED, message=_WHY_FAILED)
    return RepositoryResult(removal, RepositoryOutcome.SCHEDULED)


def _is_gone(reader: TagReader, removal: RepositoryRemoval) -> bool:
    return _poll(reader, removal).outcome is RepositoryOutcome.DELETED
