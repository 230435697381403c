# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""Which tags are protected, as far as the registry's tokens tell.

A token proves that a tag is protected from its bearer. It never proves that one is not.
"""

from __future__ import annotations

import typing as t

from .._core.errors import RequestError
from .._core.models import Repository, Tag, TagListing
from .._core.server import ServerCapabilities, TagRules
from .._core.tag_writes import TagWrite
from .._registry.auth import TOKEN_SCOPES, Registry, scope_of
from .._registry.errors import not_granted
from .._registry.tokens import TokenRules
from .._rules.patterns import rule_search

# registry/handlers/manifests.go of GitLab's registry: with more or longer patterns it changes no tag at all.
_MOST_PATTERNS = 5
_LONGEST_PATTERN = 100


def _refuses_deletion(rules: TokenRules) -> t.Callable[[str], bool]:
    """Whether the registry does not let the bearer of a token delete a tag of a name."""
    return _refuses(rules.delete + rules.immutable, rules.delete + rules.immutable)


def refuses_push(rules: TokenRules, *, overwrites: bool) -> t.Callable[[str], bool]:
    """Whether the registry does not let the bearer of a token push a tag of a name.

    Args:
        rules: those in the token.
        overwrites: the tag is there already. Only then it matters whether it is immutable.
    """
    return _refuses(rules.push + (rules.immutable if overwrites else ()), rules.push + rules.immutable)


def not_pushable(registry: Registry, path: str, writes: t.Sequence[TagWrite]) -> frozenset[str]:
    """The names of the tags that the registry will not take, as the token to push them tells. One request at most.

    The repository has to be there: GitLab makes it for whoever asks for such a token.

    Args:
        registry: which one.
        path: of the repository.
        writes: the tags, one at least.

    Raises:
        RequestError: the token allows no push, or there is none.
    """
    operation = f"write {path}:{writes[0].name} in the registry"
    scopes = registry.push_scopes(path)
    rules = registry.tag_rules(scopes, path, operation)
    denied = registry.denied_actions(scopes, path, ("push",))
    # What a token for several repositories does not allow may be allowed to one that is asked for alone.
    if denied and registry.push_alone(path):
        return not_pushable(registry, path, writes)
    if denied:
        raise not_granted(path, denied, operation)
    return frozenset(write.name for write in writes if refuses_push(rules, overwrites=write.overwrites)(write.name))


def _refuses(patterns: t.Sequence[str], counted: t.Sequence[str]) -> t.Callable[[str], bool]:
    if len(counted) > _MOST_PATTERNS or any(len(pattern) > _LONGEST_PATTERN for pattern in patterns):
        return lambda name: True
    return rule_search(patterns)


def with_token_rules(
    registry: Registry | None, capabilities: ServerCapabilities, listings: t.Sequence[TagListing]
) -> list[TagListing]:
    """The listings, where tags that the caller's tokens do not let it delete are protected.

    The rules are those of a project: its first repository is asked about, and one request does for many projects. The
    token is read and never sent anywhere. Whoever may not delete in a project is told no rules of it.

    Args:
        registry: the registry itself; None if it can't be asked.
        capabilities: of the server.
        listings: of the same server.

    Returns:
        The listings in the same order. One whose rules could not be asked for carries the error, if that may pass.
    """
    first = _first_of_projects(listings) if capabilities.tag_rules is TagRules.HIDDEN else {}
    if registry is None or not first:
        return list(listings)
    try:
        rules = _delete_rules(registry, [repository.path for repository in first.values()])
    except RequestError as error:
        if not error.kind.is_inconclusive:
            return list(listings)
        return [listing if listing.error else TagListing(listing.repository, error=error) for listing in listings]
    refused = {project: _refuses_deletion(rules[repository.path]) for project, repository in first.items()}
    return [
        listing if listing.error else _protected(listing, refused[listing.repository.project_id])
        for listing in listings
    ]


def _first_of_projects(listings: t.Sequence[TagListing]) -> dict[int, Repository]:
    first: dict[int, Repository] = {}
    for listing in listings:
        if not listing.error:
            first.setdefault(listing.repository.project_id, listing.repository)
    return first


def _delete_rules(registry: Registry, paths: t.Sequence[str]) -> dict[str, TokenRules]:
    found: dict[str, TokenRules] = {}
    for start in range(0, len(paths), TOKEN_SCOPES):
        group = paths[start : start + TOKEN_SCOPES]
        scopes = tuple(scope_of(path, "delete") for path in group)
        operation = f"find out which tags of {group[0]} are protected"
        found.update((path, registry.tag_rules(scopes, path, operation)) for path in group)
    return found


def _protected(listing: TagListing, refused: t.Callable[[str], bool]) -> TagListing:
    def protect(tag: Tag) -> Tag:
        return tag._replace(protected=True) if tag.protected is None and refused(tag.name) else tag

    return listing._replace(tags=tuple(protect(tag) for tag in listing.tags))
