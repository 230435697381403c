# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to containerops.gitlab: may change in any release.

"""The catalog of a registry: what is wanted of it, and what was read."""

from __future__ import annotations

import typing as t

from .._core.errors import UsageError
from .._core.scope import check_globs, path_matcher
from .._core.words import counted, some
from .._gitlab.projects import any_image_prefix
from .._module.options import check_not_negative
from .._module.registry import RegistryConnection
from .._module.results import truncate_lists
from .._registry.auth import registry_of
from .._registry.catalog import read_catalog


class CatalogRequest(t.NamedTuple):
    """The checked options of registry_catalog_info.

    Args:
        patterns: of the paths that are wanted, empty is all.
        limit: the most paths that are read, None is all.
        return_limit: the most paths that are returned.
    """

    patterns: tuple[str, ...]
    limit: int | None
    return_limit: int


class CatalogState(t.NamedTuple):
    """What was read.

    Args:
        url: of the registry.
        paths: of its repositories, in its order.
        complete: every repository of the registry was looked at.
        unconfirmed: paths of which the registry does not show whether they are repositories.
    """

    url: str
    paths: tuple[str, ...]
    complete: bool = False
    unconfirmed: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What the listing leaves open."""
        if not self.unconfirmed:
            return []
        return [
            f"The catalog of {self.url} does not show whether "
            f"{counted(len(self.unconfirmed), 'path is a repository', 'paths are repositories')} "
            f"({some(self.unconfirmed)}), since each has 1,000 or more repositories below it. List their tags to find "
            "out."
        ]


def request_of(params: t.Mapping[str, t.Any]) -> CatalogRequest:
    """Check the options of registry_catalog_info.

    Raises:
        UsageError: they can't be served as they are written.
    """
    if params["limit"] is not None and params["limit"] < 1:
        raise UsageError(f"limit is {params['limit']}: it has to be at least 1.")
    check_not_negative(params, "return_limit")
    check_globs(params["repositories"] or (), "repositories")
    return CatalogRequest(
        patterns=tuple(params["repositories"] or ()), limit=params["limit"], return_limit=params["return_limit"]
    )


def observe(connection: RegistryConnection, request: CatalogRequest) -> CatalogState:
    """Read the catalog, as far as it is wanted.

    Raises:
        RequestError: it can't be read.
        UsageError: GitLab does not tell where its registry is.
    """
    location = "" if connection.registry.url else any_image_prefix(connection.client) or ""
    registry = registry_of(connection.client, connection.registry, location)
    found: list[str] = []
    unconfirmed: tuple[str, ...] = ()
    matching = path_matcher(request.patterns)

    def wanted(paths: t.Iterable[str]) -> list[str]:
        return [path for path in paths if not request.patterns or matching(path)]

    for page in read_catalog(registry):
        found += wanted(page.paths)
        if request.limit is not None and len(found) >= request.limit:
            return CatalogState(registry.url, tuple(found[: request.limit]))
        unconfirmed = tuple(wanted(page.unconfirmed))
    return CatalogState(registry.url, tuple(found), complete=not unconfirmed, unconfirmed=unconfirmed)


def result_of(state: CatalogState, request: CatalogRequest) -> dict[str, t.Any]:
    """What registry_catalog_info returns."""
    result = {
        "repositories": list(state.paths),
        "count": len(state.paths),
        "complete": state.complete,
        "unconfirmed": list(state.unconfirmed),
        "registry_url": state.url,
    }
    return truncate_lists(result, request.return_limit)
