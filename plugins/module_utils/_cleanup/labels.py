# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The labels by which images expire, asked of the registry itself for the tags that nothing else keeps."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.errors import RequestError
from .._core.models import TagListing
from .._registry.api import not_found
from .._registry.auth import Registry
from .._registry.images import read_image
from .._rules.reasons import Reason
from .._tags.reader import TagReader
from .planning import repository_plan
from .request import CleanupRequest
from .state import CleanupState, Criteria, criteria_on

# The path of a repository and a digest in it.
_Place = tuple[str, str]
# The values of all labels that were asked for, or why they are not known.
_Values = t.Union[t.Mapping[str, tuple[str, ...]], RequestError]


def with_expiry_labels(reader: TagReader, state: CleanupState, request: CleanupRequest) -> CleanupState:
    """The state, with what the labels of images say by which rules delete them.

    Each image that is not known takes its manifest and its config, and an index those of all its images besides. A
    repository counts as unread if an error there may pass.

    Args:
        reader: of the tags.
        state: what was observed.
        request: what is asked for.
    """
    if not request.expiry_labels:
        return state
    all_criteria = [
        criteria_on(state.capabilities, replace(request, retention=retention)) for retention in request.retentions
    ]
    unread = {
        listing.repository.id: set().union(*(_unlabelled(listing, state, criteria) for criteria in all_criteria))
        for listing in state.listings
    }
    places = list(
        dict.fromkeys(
            (each.repository.path, tag.digest)
            for each in state.listings
            for tag in each.tags
            if tag.digest and tag.name in unread[each.repository.id]
        )
    )
    if not places:
        return state
    registry = reader.registry
    if registry is None:
        why = state.capabilities.registry_unavailable_reason or "The address of the registry itself is unknown."
        return state._replace(unread_labels=(why,) * len(places))
    asked = registry
    answers = reader.client.try_all(lambda place: _labels_of(asked, *place), places)
    found: dict[_Place, _Values] = dict(zip(places, answers))
    failed = [answer for answer in answers if isinstance(answer, RequestError) and not answer.kind.is_inconclusive]
    return state._replace(
        listings=tuple(_with_values(each, unread[each.repository.id], found) for each in state.listings),
        unread_labels=tuple(map(str, failed)),
        sent=reader.client.requests_sent,
    )


def _unlabelled(listing: TagListing, state: CleanupState, criteria: Criteria) -> set[str]:
    """The names of tags that nothing else keeps, and of which the label is not known by which their rules delete."""
    rules = criteria.retention.rules_of(listing.repository)
    if rules is None or not rules.expiry_labels:
        return set()
    found = set()
    for decision in repository_plan(listing, state, criteria).decisions:
        rule = rules.judge(decision.tag.name).rule
        if decision.reason is Reason.UNKNOWN_EXPIRY and rule and rule.expires_label not in dict(decision.tag.labels):
            found.add(decision.tag.name)
    return found


def _labels_of(registry: Registry, path: str, digest: str) -> t.Mapping[str, tuple[str, ...]]:
    image = read_image(registry, path, digest, labels=True)
    if image is None:
        raise not_found(path, digest, "the registry answered 404")
    return dict(image.labels)


def _with_values(listing: TagListing, names: t.Collection[str], found: t.Mapping[_Place, _Values]) -> TagListing:
    """The listing with the values of all labels, or without its tags if another look may tell them.

    Args:
        listing: of the tags.
        names: of those whose labels are needed.
        found: the answers.
    """
    path = listing.repository.path
    tags = []
    for tag in listing.tags:
        values = found.get((path, tag.digest or "")) if tag.name in names else None
        if isinstance(values, RequestError) and values.kind.is_inconclusive:
            return TagListing(listing.repository, error=values)
        if values is None or isinstance(values, RequestError):
            tags.append(tag)
        else:
            tags.append(tag._replace(labels=tuple(values.items())))
    return listing._replace(tags=tuple(tags))
