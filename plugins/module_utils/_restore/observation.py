# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""What registry_restore reads. Nothing is changed here."""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError, cause_of
from .._core.oci import Manifest
from .._core.tag_writes import TagWrite
from .._deletion.refusals import archived_refusal
from .._gitlab.repository_lookup import RepositoryLookup, look_up_repositories
from .._module.registry import RegistryConnection
from .._registry.api import check_writable, current_digest, read_manifest, tag_names
from .._registry.auth import Registry, registry_of
from .._tags.token_rules import not_pushable
from .planning import ObservedRepository, needed_by
from .runs import DeletedTag


class Observation(t.NamedTuple):
    """What was read.

    Args:
        registry: the one that holds the images; None if nothing was to be read.
        repositories: by path.
    """

    registry: Registry | None
    repositories: dict[str, ObservedRepository]


def observe(connection: RegistryConnection, tags: t.Sequence[DeletedTag]) -> Observation:
    """Read which of the tags are there, and whether the images of the others are.

    Raises:
        UsageError: the address of the registry is not known.
        RequestError: the registry is in read-only mode, or no repository can be read. If only some can't be, they tell
            why.
    """
    by_path: dict[str, list[DeletedTag]] = {}
    for tag in tags:
        by_path.setdefault(tag.repository, []).append(tag)
    client = connection.client
    answers = look_up_repositories(client, [*by_path], job_token=connection.is_job_token)
    lookups = [each for each in answers.values() if isinstance(each, RepositoryLookup)]
    errors = {path: each for path, each in answers.items() if isinstance(each, RequestError)}
    registry = None
    read: dict[str, ObservedRepository] = {}
    if lookups:
        location = next((each.location for each in lookups if each.location), "")
        registry = opened = registry_of(client, connection.registry, location)
        registry.prefetch_scopes([each.path for each in lookups])
        registry.prefetch_push_scopes([each.path for each in lookups if _may_be_written(each)])
        found = client.try_all(lambda each: _read(opened, each, by_path[each.path]), lookups)
        for lookup, answer in zip(lookups, found):
            if isinstance(answer, RequestError):
                errors[lookup.path] = answer
            else:
                read[lookup.path] = answer
        written = next((each for each in read.values() if each.images and not each.locked), None)
        if written:
            check_writable(registry, written.path, "restore tags")
    if errors and not read:
        raise cause_of([errors[path] for path in by_path])
    unread = {path: ObservedRepository(path, error=error) for path, error in errors.items()}
    return Observation(registry, {**read, **unread})


def _read(registry: Registry, lookup: RepositoryLookup, tags: t.Sequence[DeletedTag]) -> ObservedRepository:
    """What is known of a repository from which tags were deleted.

    Raises:
        RequestError: it can't be read.
    """
    path = lookup.path
    listed = set(tag_names(registry, path) or ()) & {tag.name for tag in tags}
    now = _digests(registry, path, sorted(listed))
    wanted = sorted({tag.digest for tag in tags if tag.digest and tag.name not in now})
    manifests = registry.client.parallel(lambda digest: read_manifest(registry, path, digest), wanted)
    images = {image.digest: image for image in manifests if image}
    found = ObservedRepository(
        path, now=now, images=images, missing=_missing(registry, path, images), locked=_why_locked(lookup)
    )
    back = [(tag.name, images.get(tag.digest or "")) for tag in tags if tag.name not in now]
    writes = [TagWrite(name, image) for name, image in back if image]
    if writes and _may_be_written(lookup):
        found = found._replace(protected=not_pushable(registry, path, writes))
    return found


def _digests(registry: Registry, path: str, references: t.Sequence[str]) -> dict[str, str]:
    """The digests of those of some tags or manifests that are there."""
    found = registry.client.parallel(lambda each: current_digest(registry, path, each), references)
    return {reference: digest for reference, digest in zip(references, found) if digest}


def _missing(registry: Registry, path: str, images: t.Mapping[str, Manifest]) -> frozenset[str]:
    """What images refer to and the registry does not hold, although it held them once."""
    needed = set().union(*map(needed_by, images.values())) - images.keys()
    return frozenset(needed - _digests(registry, path, sorted(needed)).keys())


def _may_be_written(lookup: RepositoryLookup) -> bool:
    """Whether to ask for a token that may push. That makes a repository that GitLab does not have."""
    return lookup.repository is not None and not _why_locked(lookup)


def _why_locked(lookup: RepositoryLookup) -> str:
    if lookup.project and lookup.project.archived:
        return archived_refusal(lookup.project.path)
    if lookup.repository and lookup.repository.being_deleted:
        return f"GitLab is deleting repository {lookup.path} with all its tags"
    return ""
